"""Many at one node go on as each of them would by itself."""

from copy import copy
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from random import Random
from types import SimpleNamespace

import pytest

from models.workflows.arrivals import Arrival, Trail, end_together, go_together
from models.workflows.states import EnrollmentEnd, EnrollmentState

NOW = datetime(2026, 5, 4, 10, tzinfo=UTC)
PLAN = SimpleNamespace(numbers={"here": 1, "there": 2})


def at_one_node(random: Random) -> list[Arrival]:
    """Some have just come, by some ways; others waited, or have a message on its way."""
    ways = [Trail(), Trail().then((7, "yes", 1, 0, None))]
    arrivals = []
    for number in range(40):
        came_at = NOW - timedelta(seconds=random.choice((0, 0, 0, 0.5, 90)))
        arrival = Arrival(PLAN, number, 1, number, "entered", "here", came_at, came_at, NOW, random.choice(ways))  # type: ignore[arg-type]
        arrival.message_id = random.choice((None, None, None, 12))
        arrival.unsent = random.choice((None, 5))
        if came_at < NOW:
            arrival.state, arrival.wake_at, arrival.reason = EnrollmentState.WAITING, NOW, "because"
        arrivals.append(arrival)
    return arrivals


def seen(arrival: Arrival) -> dict[str, object]:
    values = {field.name: getattr(arrival, field.name) for field in fields(arrival)}
    return values | {"trail": arrival.trail.steps()}


@pytest.mark.parametrize("seed", range(10))
def test_those_who_go_on_together_go_as_each_would(seed):
    together = at_one_node(Random(seed))
    alone = [copy(arrival) for arrival in together]
    go_together(together, "next", "there")
    for arrival in alone:
        arrival.go("next", "there")
    assert [seen(arrival) for arrival in together] == [seen(arrival) for arrival in alone]
    assert [one.trail for one in together] == [one.trail for one in alone]


@pytest.mark.parametrize("seed", range(10))
def test_those_who_end_together_end_as_each_would(seed):
    together = at_one_node(Random(seed))
    alone = [copy(arrival) for arrival in together]
    end_together(together, EnrollmentEnd.REACHED_END, "done")
    for arrival in alone:
        arrival.end(EnrollmentEnd.REACHED_END, "done")
    assert [seen(arrival) for arrival in together] == [seen(arrival) for arrival in alone]
    assert [one.trail for one in together] == [one.trail for one in alone]
