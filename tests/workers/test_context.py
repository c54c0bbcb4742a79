"""What tasks share, and when periodic ones run."""

import pytest

from workers.context import PeriodicTask, Queue


@pytest.mark.parametrize(
    ("every_seconds", "took_seconds", "rest_seconds"),
    [(0.2, 0.0001, 0.2), (0.2, 0.02, 0.4), (0.2, 30.0, 2.0), (60.0, 30.0, 60.0)],
)
def test_a_search_that_takes_long_is_made_less_often_but_never_seldom(every_seconds, took_seconds, rest_seconds):
    async def run(_):
        return None

    task = PeriodicTask("find", Queue.REALTIME, run, every_seconds)
    assert task.rest_seconds(took_seconds) == rest_seconds
