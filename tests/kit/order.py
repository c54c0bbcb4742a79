"""In which order several processes take the files of tests."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

import pytest

WAITING: Final = ("tests/faults/", "tests/journeys/")
"""Folders whose tests mostly wait for processes that they start."""


def spread(items: list[pytest.Item]) -> None:
    """Put the files that wait between the others, so that one process waits while others use the processors."""
    place = {file: at for at, file in enumerate(ordered(Counter(map(_file, items))))}
    items.sort(key=lambda item: place[_file(item)])


def ordered(tests: Counter[str]) -> list[str]:
    """The files, from how many tests each has: long ones first, and those that wait spread evenly among the others."""
    files = sorted(tests, key=lambda file: (-tests[file], file))
    waiting = [file for file in files if file.startswith(WAITING)]
    others = [file for file in files if not file.startswith(WAITING)]
    return [file for _, _, file in sorted([*_places(waiting, 0), *_places(others, 1)])]


def _places(files: Sequence[str], after: int) -> list[tuple[float, int, str]]:
    """Their places between 0 and 1. At one place those of `after` come after others."""
    return [(at / len(files), after, file) for at, file in enumerate(files)]


def _file(item: pytest.Item) -> str:
    return item.nodeid.partition("::")[0]
