"""Which tests are slow: tests/slow.txt, written from measured time by `make measure`."""

import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import pytest

LIST: Final = Path(__file__).parents[1] / "slow.txt"

FAST_SECONDS: Final = 35.0
"""What the tests that are not slow take together on two quiet cores, beside about 10 s to begin with."""

QUICKEST_OF_A_FOLDER: Final = 4
"""Tests of each folder of a room that are never slow, so that each part is tested while working."""

_WHOLE_HOUSE: Final = ("tests/faults", "tests/journeys")
"""Folders of which all tests may be slow."""

_MEASURES: Final = "MUSTER_TEST_MEASURE" in os.environ

_seconds: dict[str, list[float]] = defaultdict(lambda: [0.0])


def mark(items: list[pytest.Item]) -> None:
    """Mark the tests that are listed, with all of their parameters, and all journeys."""
    listed = set(LIST.read_text().split())
    for item in items:
        if _function(item.nodeid) in listed:
            item.add_marker("slow")
        if item.nodeid.startswith("tests/journeys/"):
            item.add_marker("journey")


def note(report: pytest.TestReport) -> None:
    """Remember what a step of a test took."""
    if report.when == "setup":
        _seconds[_function(report.nodeid)].append(0.0)
    _seconds[_function(report.nodeid)][-1] += report.duration


def write_list() -> None:
    """In `make measure`: list the slowest tests, as many as it takes for the others to stay within FAST_SECONDS."""
    if _MEASURES:
        LIST.write_text("".join(f"{function}\n" for function in sorted(slowest(_seconds, FAST_SECONDS))))


def slowest(seconds: Mapping[str, Sequence[float]], fast_seconds: float) -> list[str]:
    """The functions to list, from what each took with each of its parameters."""
    by_folder: dict[str, list[str]] = defaultdict(list)
    for function in sorted(seconds, key=lambda function: max(seconds[function])):
        by_folder[function.rpartition("/")[0]].append(function)
    candidates = [
        function
        for folder, functions in by_folder.items()
        for function in functions[0 if folder in _WHOLE_HOUSE else QUICKEST_OF_A_FOLDER :]
    ]
    rest, listed = sum(map(sum, seconds.values())), []
    for function in sorted(candidates, key=lambda function: max(seconds[function]), reverse=True):
        if rest <= fast_seconds:
            break
        rest -= sum(seconds[function])
        listed.append(function)
    return listed


def _function(nodeid: str) -> str:
    return nodeid.partition("[")[0]
