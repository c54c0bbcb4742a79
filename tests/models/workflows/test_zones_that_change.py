"""Dates and schedules come once, also on the day on which a contact or the workspace moves to another time zone."""

from datetime import UTC, date, datetime

import pytest

from models import clock, db
from models.segments import workspace_settings
from models.workflows import batches
from models.workflows.timed import dates
from tests.kit.segments import new_contacts, static_segment
from tests.kit.workflows import ends_of, graph, moved, node, running
from tests.kit.workspaces import new_workspace

END = node("end", end={})
BIRTHDAY = {"field": "date_of_birth", "yearly": True, "at": "10:00"}
BORN = {"date_of_birth": date(1990, 11, 24)}
MADRID, TOKYO, NEW_YORK = "Europe/Madrid", "Asia/Tokyo", "America/New_York"


def to(text):
    moment = datetime.fromisoformat(text).replace(tzinfo=UTC)
    clock.set_source(lambda: moment)


@pytest.fixture
async def scope(database):
    to("2026-11-23T12:00")
    return await new_workspace(timezone=MADRID)


async def on(scope, event, **more):
    triggers = [{"key": "time", "on": event}]
    workflow_id = await running(scope, graph(triggers, [END], reentry={"policy": "EVERY_TIME"}, **more))
    await moved(scope)
    return workflow_id


async def who_comes(scope, workflow_id, *moments):
    """Who enters at each of these moments, once for each time."""
    came = []
    for moment in moments:
        to(moment)
        await moved(scope)
        came.append(sorted(contact_id for contact_id, _ in await ends_of(scope, workflow_id)))
        await db.execute("DELETE FROM enrollments_ended")
    return came


async def move(contact_id, zone):
    """The contact lives in another zone from now on, by the clock of the test."""
    await db.execute("UPDATE contacts SET timezone = $2 WHERE id = $1", contact_id, zone)
    await db.execute("UPDATE dirty_contacts SET marked_at = $2 WHERE contact_id = $1", contact_id, clock.now())


NOON = {"last_interaction_at": datetime(2026, 11, 24, 11, tzinfo=UTC)}


@pytest.mark.parametrize(
    "event", [BIRTHDAY, {"field": "last_interaction_at", "at": "10:00"}], ids=["yearly", "instant"]
)
async def test_who_moves_over_the_moment_meets_it_on_arrival_and_who_has_met_it_not_again(scope, event):
    workflow_id = await on(scope, {"date": event}, zone="CONTACT")
    (east,) = await new_contacts(scope, 1, **BORN, **NOON)
    (west,) = await new_contacts(scope, 1, timezone=TOKYO, **BORN, **NOON)
    (stays,) = await new_contacts(scope, 1, **BORN, **NOON)
    assert await who_comes(scope, workflow_id, "2026-11-24T01:00", "2026-11-24T05:00") == [[west], []]
    await move(east, TOKYO)
    await move(west, MADRID)
    assert await who_comes(scope, workflow_id, "2026-11-24T05:00:01") == [[east]]
    assert await who_comes(scope, workflow_id, "2026-11-24T09:00", "2026-11-25T03:00") == [[stays], []]
    await move(stays, NEW_YORK)
    assert await who_comes(scope, workflow_id, "2026-11-25T20:00") == [[]]
    if event is BIRTHDAY:
        assert await who_comes(scope, workflow_id, "2027-11-24T09:00", "2027-11-24T15:00") == [[east, west], [stays]]


async def test_who_moves_while_the_workers_are_away_meets_what_came_before(scope):
    workflow_id = await on(scope, {"date": BIRTHDAY}, zone="CONTACT")
    (west,) = await new_contacts(scope, 1, timezone=TOKYO, **BORN)
    assert await who_comes(scope, workflow_id, "2026-11-23T23:00") == [[]]
    to("2026-11-24T02:00")
    await move(west, MADRID)
    assert await who_comes(scope, workflow_id, "2026-11-24T03:00", "2026-11-24T09:00") == [[west], []]


async def test_a_move_of_which_the_engine_has_not_heard_yet_is_known_all_the_same(scope):
    workflow_id = await on(scope, {"date": BIRTHDAY}, zone="CONTACT")
    (west,) = await new_contacts(scope, 1, timezone=TOKYO, **BORN)
    (east,) = await new_contacts(scope, 1, timezone=NEW_YORK, **BORN)
    assert await who_comes(scope, workflow_id, "2026-11-24T01:00", "2026-11-24T08:59") == [[west], []]
    await move(west, MADRID)
    await move(east, MADRID)
    to("2026-11-24T09:00")
    await batches.process_batch(scope.workspace_id)
    assert await db.fetch_value("SELECT count(*) FROM dirty_contacts") == 2
    assert await ends_of(scope, workflow_id) == [(east, "REACHED_END")]
    assert await who_comes(scope, workflow_id, "2026-11-24T09:00:01", "2026-11-24T15:00") == [[east], []]


@pytest.mark.parametrize("zone", ["WORKSPACE", "CONTACT"])
@pytest.mark.parametrize("event", [BIRTHDAY, {"field": "date_of_birth"}], ids=["yearly", "once"])
async def test_the_workspace_moves_and_everybody_who_lives_there_with_it(scope, monkeypatch, zone, event):
    monkeypatch.setattr(dates, "AT_ONCE", 2)
    born = BORN if event is BIRTHDAY else {"date_of_birth": date(2026, 11, 24)}
    workflow_id = await on(scope, {"date": event}, zone=zone)
    ids = await new_contacts(scope, 5, **born)
    next_day = await new_contacts(scope, 1, date_of_birth=born["date_of_birth"].replace(day=25))
    assert await who_comes(scope, workflow_id, "2026-11-23T20:00") == [[]]
    await workspace_settings.update(scope, {"timezone": TOKYO})
    came = await who_comes(scope, workflow_id, "2026-11-23T20:00:01", "2026-11-24T01:00", "2026-11-24T05:00")
    assert came == ([[], ids, []] if event is BIRTHDAY else [ids, [], []])
    await workspace_settings.update(scope, {"timezone": NEW_YORK})
    came = await who_comes(scope, workflow_id, "2026-11-24T05:00", "2026-11-24T15:00", "2026-11-25T14:59:59")
    assert came == ([[], [], []] if event is BIRTHDAY else [[], [], next_day])
    assert await who_comes(scope, workflow_id, "2026-11-25T15:00") == [next_day if event is BIRTHDAY else []]


async def test_a_schedule_keeps_its_local_times(scope):
    ids = await new_contacts(scope, 2)
    segment = await static_segment(scope, ids)
    rule = {"rrule": "FREQ=DAILY;INTERVAL=2;BYHOUR=10;BYMINUTE=0", "segmentId": segment.id}
    workflow_id = await on(scope, {"schedule": rule})
    assert await who_comes(scope, workflow_id, "2026-11-25T08:00") == [[]]
    await workspace_settings.update(scope, {"timezone": TOKYO})
    assert await who_comes(scope, workflow_id, "2026-11-25T08:00:01", "2026-11-25T09:00") == [ids, []]
    assert await who_comes(scope, workflow_id, "2026-11-27T00:59", "2026-11-27T01:00") == [[], ids]
    await workspace_settings.update(scope, {"timezone": MADRID})
    assert await who_comes(scope, workflow_id, "2026-11-27T09:00", "2026-11-29T08:59", "2026-11-29T09:00") == [
        [],
        [],
        ids,
    ]
