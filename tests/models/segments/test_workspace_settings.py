"""A workspace's own settings: checked, written and recorded, and what follows from a new zone."""

from datetime import UTC, datetime

import pytest

from models import clock, db
from models.accounts import workspaces
from models.errors import Problems
from models.membership import rebuild
from models.segments import segments, workspace_settings
from tests.kit.engine import settled
from tests.kit.queue import recording
from tests.kit.segments import dynamic_segment, members_of, new_contacts, static_segment
from tests.kit.workspaces import new_workspace

BIRTHDAY_TODAY = {"field": {"field": "date_of_birth", "operator": "ANNIVERSARY_WITHIN_NEXT", "value": "P0D"}}


async def test_name_zone_and_country_change_and_are_recorded(database: str) -> None:
    scope = await new_workspace(timezone="UTC", default_country="ES")
    given = {"name": " Clinic ", "timezone": "Asia/Tokyo", "default_country": "jp"}
    workspace = await workspace_settings.update(scope, given)
    assert (workspace.name, workspace.timezone, workspace.default_country) == ("Clinic", "Asia/Tokyo", "JP")
    (row,) = await db.fetch("SELECT action, details FROM audit_log WHERE action = 'workspace_update'")
    assert row["details"] == (
        '{"name": "Clinic", "fields": ["name", "timezone", "default_country"], "timezone": "Asia/Tokyo", "default_country": "JP"}'
    )
    assert (await workspace_settings.update(scope, {"default_country": None})).default_country is None


async def test_what_is_the_same_changes_and_records_nothing(database: str) -> None:
    scope = await new_workspace("Clinic", timezone="UTC")
    await workspace_settings.update(scope, {"name": "Clinic", "timezone": "UTC"})
    assert await db.fetch("SELECT 1 FROM audit_log WHERE action = 'workspace_update'") == []


async def test_each_wrong_value_is_told_and_nothing_changes(database: str) -> None:
    scope = await new_workspace("Clinic", timezone="UTC", default_country="ES")
    with pytest.raises(Problems) as refused:
        await workspace_settings.update(scope, {"name": " ", "timezone": "Mars/Base", "default_country": "XX"})
    assert [error.path for error in refused.value.errors] == [("name",), ("timezone",), ("defaultCountry",)]
    workspace = await workspaces.get(scope)
    assert (workspace.name, workspace.timezone, workspace.default_country) == ("Clinic", "UTC", "ES")


async def test_a_new_zone_computes_the_rules_with_calendar_days_again(database: str) -> None:
    scope = await new_workspace(timezone="UTC")
    clock.set_source(lambda: datetime(2026, 11, 25, 23, 30, tzinfo=UTC))
    today, fixed = await dynamic_segment(scope, BIRTHDAY_TODAY), await static_segment(scope)
    ben = await new_contacts(scope, 1, date_of_birth="1980-11-25")
    ana = await new_contacts(scope, 1, date_of_birth="1980-11-26")
    await settled(scope)
    assert await members_of(scope, today) == set(ben)
    with recording() as sender:
        await workspace_settings.update(scope, {"timezone": "Asia/Tokyo"})
    assert sender.sent == [("rebuild", scope.workspace_id, today.id), ("process_workflows", scope.workspace_id)]
    assert [(await segments.get(scope, one.id)).status for one in (today, fixed)] == ["BUILDING", "READY"]
    await rebuild.rebuild(scope.workspace_id, today.id)
    assert await members_of(scope, today) == set(ana)
