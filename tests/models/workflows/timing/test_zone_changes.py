"""A moment that comes at a local time is met once by somebody who moves between time zones."""

from datetime import UTC, datetime, timedelta
from random import Random

from models.workflows.timing.zone_changes import Stay, met_at, stays_of

START = datetime(2026, 11, 24, tzinfo=UTC)
AWAY = {"west": timedelta(hours=8), "home": timedelta(), "east": timedelta(hours=-8)}
"""When the moment comes there, from the moment at home."""


def hour(hours):
    return START + timedelta(hours=hours)


def met_by_a_watch(comes, stays, begins):
    """Hour by hour: it is met as it comes; and where somebody arrives after it, if it was still to come where they left."""
    before = None
    for hours in range(begins + 1, 60):
        zone = next(stay.zone for stay in stays if hour(hours) <= stay.until)
        if before is not None and zone != before and comes[before] > hour(hours - 1) and comes[zone] <= hour(hours - 1):
            return hour(hours - 1)
        if comes[zone] == hour(hours):
            return hour(hours)
        before = zone
    return None


def drawn(random):
    """Some changes between zones, and from which hour on it is watched."""
    moments = sorted(random.sample(range(4, 46), random.randint(0, 3)))
    zones: list[str] = []
    for _ in range(len(moments) + 1):
        zones.append(random.choice([zone for zone in AWAY if not zones or zone != zones[-1]]))
    stays = [Stay(zone, hour(until)) for zone, until in zip(zones, moments, strict=False)]
    return [*stays, Stay(zones[-1])], random.randint(0, 50)


def test_it_is_met_as_by_a_watch():
    comes = {zone: hour(24) + away for zone, away in AWAY.items()}
    for seed in range(300):
        stays, begins = drawn(Random(seed))
        expected = met_by_a_watch(comes, stays, begins)
        assert met_at(comes.__getitem__, stays, hour(begins)) == expected, (seed, stays, begins)


def test_who_has_no_zone_of_its_own_lives_where_the_workspace_does():
    workspace = [Stay("A", hour(10)), Stay("B", hour(20)), Stay("C")]
    last = workspace[-1].until
    assert stays_of([(None, last)], workspace) == workspace
    assert stays_of([("X", hour(5)), (None, hour(15)), ("Y", last)], workspace) == [
        *(Stay("X", hour(5)), Stay("A", hour(10)), Stay("B", hour(15)), Stay("Y")),
    ]
