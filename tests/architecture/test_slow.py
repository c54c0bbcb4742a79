"""Which tests `make measure` calls slow."""

from tests.kit.slow import slowest


def test_the_slowest_are_listed_until_the_others_take_no_longer_than_they_may() -> None:
    seconds = {f"tests/models/test_a.py::test_{number}": [float(number)] * 2 for number in range(10)}
    assert slowest(seconds, 2 * (0 + 1 + 2 + 3 + 4 + 5)) == [f"tests/models/test_a.py::test_{n}" for n in (9, 8, 7, 6)]


def test_each_folder_of_a_room_keeps_its_quickest() -> None:
    seconds = {f"tests/{folder}/test_a.py::test_{n}": [100.0 + n] for folder in ("models", "faults") for n in range(5)}
    assert sorted(slowest(seconds, 1.0)) == [
        *(f"tests/faults/test_a.py::test_{n}" for n in range(5)),
        "tests/models/test_a.py::test_4",
    ]
