"""In which order several processes take the files of tests."""

from collections import Counter

from tests.kit.order import ordered


def test_files_that_wait_are_spread_among_the_others_and_long_files_come_first() -> None:
    tests = {f"tests/models/test_{n}.py": n for n in range(1, 7)}
    tests |= {"tests/faults/test_a.py": 1, "tests/journeys/test_b.py": 9}
    assert [file.removeprefix("tests/") for file in ordered(Counter(tests))] == [
        *("journeys/test_b.py", "models/test_6.py", "models/test_5.py", "models/test_4.py"),
        *("faults/test_a.py", "models/test_3.py", "models/test_2.py", "models/test_1.py"),
    ]
