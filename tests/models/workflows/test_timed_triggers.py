"""Dates and schedules that let in, by the clocks of the workspace or of each contact."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from models import clock, db
from models.contacts import fields
from models.rules.tree import FieldType
from models.workflows.lifecycle import commands
from models.workflows.lifecycle.activation import Activation, activate
from models.workflows.timed import dates, indexes, progress, schedules
from tests.kit.segments import new_contacts, static_segment
from tests.kit.workflows import ends_of, graph, moved, node, running
from tests.kit.workspaces import new_workspace

END = node("end", end={})


def to(text: str) -> datetime:
    moment = datetime.fromisoformat(text).replace(tzinfo=UTC)
    clock.set_source(lambda: moment)
    return moment


@pytest.fixture
async def scope(database: str):
    to("2026-11-23T12:00")
    return await new_workspace()


async def on(scope: Any, event: dict, **more: Any) -> int:
    workflow_id = await running(
        scope, graph([{"key": "time", "on": event}], [END], reentry={"policy": "EVERY_TIME"}, **more)
    )
    await moved(scope)
    return workflow_id


async def who_came(scope: Any, workflow_id: int) -> list[int]:
    """Who entered, once for each time; then they are forgotten."""
    await moved(scope)
    found = [contact_id for contact_id, _ in await ends_of(scope, workflow_id)]
    await db.execute("DELETE FROM enrollments_ended")
    return sorted(found)


async def next_look() -> datetime | None:
    moment: datetime | None = await db.fetch_value("SELECT due_at FROM workflow_engines")
    return moment


async def test_a_birthday_comes_at_ten_where_the_contact_lives_once_a_year(scope):
    workflow_id = await on(scope, {"date": {"field": "date_of_birth", "yearly": True, "at": "10:00"}}, zone="CONTACT")
    born = {"date_of_birth": date(1990, 11, 24)}
    (tokyo,) = await new_contacts(scope, 1, timezone="Asia/Tokyo", **born)
    (here,) = await new_contacts(scope, 1, **born)
    (leap,) = await new_contacts(scope, 1, date_of_birth=date(2000, 2, 29))
    await new_contacts(scope, 1, date_of_birth=date(1990, 11, 25))
    assert await who_came(scope, workflow_id) == []
    assert await next_look() == datetime(2026, 11, 24, 1, tzinfo=UTC), "ten o'clock in Tokyo"
    to("2026-11-24T01:00")
    assert await who_came(scope, workflow_id) == [tokyo]
    to("2026-11-24T08:59:59")
    assert await who_came(scope, workflow_id) == []
    to("2026-11-24T09:00")
    assert await who_came(scope, workflow_id) == [here]
    to("2026-11-24T09:00:01")
    assert await who_came(scope, workflow_id) == []
    to("2027-02-28T09:00")
    assert leap in await who_came(scope, workflow_id)
    to("2027-03-01T09:00")
    assert await who_came(scope, workflow_id) == []


async def test_three_days_after_an_instant_and_before_a_day_of_a_custom_field(scope):
    await fields.create(scope, key="renewal", label="Renewal", kind=FieldType.DATE)
    after = await on(scope, {"date": {"field": "last_interaction_at", "offset": "P3D"}})
    before = await on(scope, {"date": {"field": "attributes.renewal", "offset": "P7D", "before": True}})
    (one,) = await new_contacts(scope, 1, last_interaction_at=datetime(2026, 11, 22, 15, 30, tzinfo=UTC))
    (two,) = await new_contacts(scope, 1, attributes={"renewal": "2026-12-03"})
    await moved(scope)
    assert clock.now() < (await next_look() or clock.now()) <= datetime(2026, 11, 25, 15, 30, tzinfo=UTC)
    to("2026-11-25T15:29:59")
    assert await who_came(scope, after) == []
    to("2026-11-25T15:30")
    assert await who_came(scope, after) == [one]
    assert await who_came(scope, before) == []
    to("2026-11-25T23:00")
    assert await who_came(scope, before) == [two], "midnight in Madrid, a week before"
    assert await indexes.build(scope)
    assert await db.fetch("SELECT 1 FROM pg_indexes WHERE indexname LIKE 'contacts_attributes_renewal%'")


async def test_the_next_look_comes_nearer_and_nearer(scope):
    await on(scope, {"date": {"field": "subscribed_at", "offset": "P10D"}})
    await new_contacts(scope, 1, subscribed_at=datetime(2026, 11, 23, 12, tzinfo=UTC))
    comes_at, looks = datetime(2026, 12, 3, 12, tzinfo=UTC), 0
    await moved(scope)
    while (look := await next_look()) is not None and look < comes_at - timedelta(seconds=1):
        looks += 1
        clock.set_source(lambda look=look: look)
        await moved(scope)
    assert look is not None
    assert look - comes_at < timedelta(seconds=1)
    assert looks < 60


async def test_members_of_a_segment_enter_each_friday_at_ten_in_parts(scope, monkeypatch):
    monkeypatch.setattr(progress, "AT_ONCE", 2)
    monkeypatch.setattr(schedules, "AT_ONCE", 2)
    ids = await new_contacts(scope, 5)
    segment = await static_segment(scope, ids)
    rule = "FREQ=WEEKLY;BYDAY=FR;BYHOUR=10;BYMINUTE=0"
    workflow_id = await on(scope, {"schedule": {"rrule": rule, "segmentId": segment.id}})
    assert await next_look() == datetime(2026, 11, 27, 9, tzinfo=UTC)
    to("2026-11-27T09:00")
    assert await who_came(scope, workflow_id) == ids
    assert await next_look() == datetime(2026, 12, 4, 9, tzinfo=UTC)
    to("2026-12-12T00:00")
    assert await who_came(scope, workflow_id) == ids, "once for two that were missed"
    assert await next_look() == datetime(2026, 12, 18, 9, tzinfo=UTC)


async def test_what_came_while_nobody_was_let_in_does_not_come_later(scope):
    ids = await new_contacts(scope, 2, date_of_birth=date(1990, 11, 27))
    segment = await static_segment(scope, ids)
    rule = "FREQ=WEEKLY;BYDAY=FR;BYHOUR=10;BYMINUTE=0"
    scheduled = await on(scope, {"schedule": {"rrule": rule, "segmentId": segment.id}})
    dated = await on(scope, {"date": {"field": "date_of_birth", "yearly": True, "at": "10:00"}})
    for workflow_id in (scheduled, dated):
        await commands.drain(scope, workflow_id)
    to("2026-11-28T12:00")
    assert await who_came(scope, dated) == []
    for workflow_id in (scheduled, dated):
        await activate(scope, workflow_id, Activation())
    assert await who_came(scope, scheduled) == []
    to("2026-12-04T09:00")
    assert await who_came(scope, scheduled) == ids
    to("2026-12-11T09:00")
    assert await who_came(scope, scheduled) == ids


async def test_more_contacts_than_enter_at_once_come_once_each(scope, monkeypatch):
    monkeypatch.setattr(dates, "AT_ONCE", 2)
    workflow_id = await on(scope, {"date": {"field": "date_of_birth", "yearly": True}})
    ids = await new_contacts(scope, 5, date_of_birth=date(1990, 11, 24))
    to("2026-11-23T23:00")
    assert await who_came(scope, workflow_id) == ids
    to("2026-11-23T23:01")
    assert await who_came(scope, workflow_id) == []
