"""A test that does not end is failed by pytest-timeout. What it began ends here, so that the next tests meet no lock of it."""

import asyncio
import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import pytest

from tests.kit import cluster

MOST_SECONDS: Final = 120
"""That a test may take with its fixtures, if no mark allows it more."""

ON_A_CLUSTER: Final = 300
"""There a first database of all tables is made on each node, which takes two minutes on a busy machine; and when that is cut off,
all tests of the process fail."""

_SECONDS: Final = 10
"""That cancelled tasks have to end."""


def limit(items: list[pytest.Item], config: pytest.Config) -> None:
    """Limits the time of each test, unless `--timeout` does: a broadcast to a million takes longer, and 0 is no limit."""
    if config.getoption("timeout", None) is None:
        seconds = ON_A_CLUSTER if cluster.workers() else MOST_SECONDS
        for item in items:
            if item.get_closest_marker("timeout") is None:
                item.add_marker(pytest.mark.timeout(seconds))


@contextmanager
def nothing_is_left(item: pytest.Item, loop: asyncio.AbstractEventLoop | None) -> Iterator[None]:
    """Cancels the tasks that a failed test left, and shows in its report where each of them waited."""
    if loop is None:
        yield
        return
    before = asyncio.all_tasks(loop)
    try:
        yield
    except pytest.fail.Exception:
        left = asyncio.all_tasks(loop) - before
        if left:
            item.add_report_section("call", "tasks that waited", "\n".join(map(_stack, left)))
            for task in left:
                task.cancel()
            loop.run_until_complete(asyncio.wait(left, timeout=_SECONDS))
        raise


def _stack(task: "asyncio.Task[object]") -> str:
    text = io.StringIO()
    task.print_stack(file=text)
    return text.getvalue()
