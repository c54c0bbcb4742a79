"""Every write marks its contacts, in the same transaction, with what changed."""

from datetime import UTC, date, datetime, timedelta

import pytest

from models import clock, db
from models.changelog.members import MEMBERS
from models.changelog.read import read_page
from models.contacts import activities
from models.contacts.activities import NewActivity
from models.contacts.delete import delete_contacts
from models.contacts.tagging import add_tags
from models.membership import batches, dirty_contacts
from models.messaging import history
from models.messaging.history import MessageActivity
from models.rules.contact_changes import (
    CREATED,
    DELETED,
    ChangeOf,
    activity_changed,
    field_changed,
    membership_changed,
    read,
    rule_to_evaluate,
)
from schema.server.ids import to_global_id
from tests.kit.api import Api, bearer_of
from tests.kit.engine import assert_all_is_right, settled
from tests.kit.segments import dynamic_segment, members_of, new_contacts, static_segment
from tests.kit.transfers import imported
from tests.kit.workspaces import new_workspace

COLUMNS = """
SELECT column_name FROM information_schema.columns
WHERE table_name = 'contacts' AND is_generated = 'NEVER' AND column_name NOT IN ('workspace_id', 'id')
  AND column_name NOT IN ('consent_source', 'consent_at', 'phone_twin') -- no rule reads these
ORDER BY 1
"""

OTHERWISE = {
    "attributes": '{"city": "Rome", "same": 1, "new": null}',
    "created_at": datetime(2020, 1, 1, tzinfo=UTC),
    "updated_at": datetime(2020, 1, 2, tzinfo=UTC),
    "last_interaction_at": datetime(2020, 1, 3, tzinfo=UTC),
    "subscribed_at": datetime(2020, 1, 4, tzinfo=UTC),
    "date_of_birth": date(1980, 2, 29),
    "score": 7,
    "tags": ["b", "a"],
    "whatsapp_consent": "OPTED_IN",
}
"""A value for each column that is no text, other than a new contact's."""

SAID = {
    "attributes": {"attributes.city", "attributes.new", "attributes.gone"},
    "tags": {"tags", "tag+:b"},
    "timezone": {"timezone", "timezone-:"},
}
"""The words of a change, where they are more than the column's name."""


async def _marks(scope):
    """The marks that wait, by contact, and take them away."""
    rows = await db.fetch(
        "DELETE FROM dirty_contacts WHERE workspace_id = $1 RETURNING contact_id, fields", scope.workspace_id
    )
    marks = {}
    for contact_id, fields in rows:
        marks.setdefault(contact_id, set()).update(fields)
    return marks


async def test_marks_name_the_tags_that_came_and_went(database):
    scope = await new_workspace()
    (contact_id,) = await new_contacts(scope, 1, tags=["Old", "kept"])
    assert await _marks(scope) == {contact_id: {"*", "tag+:old", "tag+:kept"}}
    await db.execute("UPDATE contacts SET tags = '{KEPT,New}'")
    assert await _marks(scope) == {contact_id: {"tags", "tag+:new", "tag-:old", "updated_at"}}


async def test_the_mark_of_a_new_activity_names_it(database):
    scope = await new_workspace()
    (contact_id,) = await new_contacts(scope, 1)
    await _marks(scope)
    activity_id = await db.fetch_value(
        "INSERT INTO activities (workspace_id, contact_id, kind, occurred_at) VALUES ($1, $2, 'visit', now()) RETURNING id",
        scope.workspace_id,
        contact_id,
    )
    rows = await db.fetch("SELECT contact_id, fields, activity_id FROM dirty_contacts")
    assert [tuple(row) for row in rows] == [(contact_id, ["activity:visit"], activity_id)]


async def test_a_write_of_a_contact_marks_the_changed_columns(database):
    scope = await new_workspace()
    (contact_id,) = await new_contacts(scope, 1, tags=["a"])
    await db.execute('UPDATE contacts SET attributes = \'{"city": "Bonn", "same": 1, "gone": 2}\'')
    columns = [row["column_name"] for row in await db.fetch(COLUMNS)]
    assert OTHERWISE.keys() < set(columns)
    await _marks(scope)
    for column in columns:
        await db.execute(f"UPDATE contacts SET {column} = $1", OTHERWISE.get(column, "something else"))
        said = SAID.get(column, {column})
        assert await _marks(scope) == {contact_id: said if column == "created_at" else said | {"updated_at"}}
        await db.execute(f"UPDATE contacts SET {column} = {column}")
        assert await _marks(scope) == {}, "what changes nothing was marked"


async def test_a_moved_activity_marks_the_old_and_the_new_contact(database):
    scope = await new_workspace()
    one, two = await new_contacts(scope, 2)
    await _marks(scope)
    await db.execute(
        "INSERT INTO activities (workspace_id, contact_id, kind, occurred_at) VALUES ($1, $2, 'visit', now())",
        scope.workspace_id, one,
    )  # fmt: skip
    assert await _marks(scope) == {one: {"activity:visit"}}
    await db.execute("UPDATE activities SET kind = 'purchase'")
    assert await _marks(scope) == {one: {"activity:visit", "activity:purchase"}}
    await db.execute("UPDATE activities SET properties = '{\"amount\": 5}'")
    assert await _marks(scope) == {one: {"activity:purchase"}}
    await db.execute("UPDATE activities SET contact_id = $1", two)
    assert await _marks(scope) == {one: {"activity:purchase"}, two: {"activity:purchase"}}
    await db.execute("DELETE FROM activities")
    assert await _marks(scope) == {two: {"activity:purchase"}}


FUNCTIONS = """
SELECT proname FROM pg_proc
WHERE pronamespace = current_schema()::regnamespace AND prosrc LIKE '%INSERT INTO dirty_contacts%'
"""

INTO_ACTIVITIES = "INSERT INTO activities (workspace_id, contact_id, kind, occurred_at) VALUES ($1, $2, 'visit', now())"
INTO_OVERRIDES = """
INSERT INTO membership_overrides (workspace_id, segment_id, contact_id, override)
SELECT $1, id, $2, 'INCLUDE' FROM segments
"""
INTO_MEMBERS = """
INSERT INTO memberships (workspace_id, segment_id, contact_id, origin) SELECT $1, id, $2, 'MANUAL' FROM segments
"""

WRITES = {
    "muster_capture_contact": [
        ("INSERT INTO contacts (workspace_id, id) OVERRIDING SYSTEM VALUE VALUES ($1, $2 + 1)", {ChangeOf.CREATION}),
        ('UPDATE contacts SET attributes = \'{"city": "Bonn"}\' WHERE workspace_id = $1 AND id = $2', {ChangeOf.FIELD}),
        ("DELETE FROM contacts WHERE workspace_id = $1 AND id = $2", {ChangeOf.DELETION}),
    ],
    "muster_capture_activity": [
        (INTO_ACTIVITIES, {ChangeOf.ACTIVITY}),
        ("UPDATE activities SET kind = 'purchase' WHERE workspace_id = $1 AND contact_id = $2", {ChangeOf.ACTIVITY}),
        ("DELETE FROM activities WHERE workspace_id = $1 AND contact_id = $2", {ChangeOf.ACTIVITY}),
    ],
    "muster_capture_override": [
        (INTO_OVERRIDES, {ChangeOf.RULE}),
        (
            "UPDATE membership_overrides SET override = 'EXCLUDE' WHERE workspace_id = $1 AND contact_id = $2",
            {ChangeOf.RULE},
        ),
        ("DELETE FROM membership_overrides WHERE workspace_id = $1 AND contact_id = $2", {ChangeOf.RULE}),
    ],
    "muster_capture_member": [
        (INTO_MEMBERS, {ChangeOf.MEMBERSHIP, ChangeOf.RULE}),
        (
            "DELETE FROM memberships WHERE workspace_id = $1 AND contact_id = $2",
            {ChangeOf.MEMBERSHIP, ChangeOf.RULE},
        ),
    ],
    "muster_capture_truncate": [
        (INTO_ACTIVITIES, {ChangeOf.ACTIVITY}),
        ("TRUNCATE activities", {ChangeOf.ACTIVITY}),
        (INTO_OVERRIDES, {ChangeOf.RULE}),
        ("TRUNCATE membership_overrides", {ChangeOf.RULE}),
        (INTO_MEMBERS, {ChangeOf.MEMBERSHIP, ChangeOf.RULE}),
        ("TRUNCATE memberships", {ChangeOf.MEMBERSHIP, ChangeOf.RULE}),
        ("TRUNCATE contacts CASCADE", {ChangeOf.DELETION}),
    ],
}
"""By function of the database: statements ($1: the workspace, $2: a contact) that call it, and what it writes then."""

WRITERS = {
    ChangeOf.CREATION: lambda _: CREATED,
    ChangeOf.DELETION: lambda _: DELETED,
    ChangeOf.FIELD: field_changed,
    ChangeOf.ACTIVITY: activity_changed,
    ChangeOf.MEMBERSHIP: membership_changed,
    ChangeOf.RULE: rule_to_evaluate,
}


async def test_the_functions_that_write_marks_are_known(database):
    assert {row["proname"] for row in await db.fetch(FUNCTIONS)} == WRITES.keys()


@pytest.mark.parametrize("function", WRITES)
async def test_the_words_of_a_trigger_are_the_words_of_python(database, function):
    scope = await new_workspace()
    (contact_id,) = await new_contacts(scope, 1)
    segment = await static_segment(scope)
    await _marks(scope)
    for statement, expected in WRITES[function]:
        arguments = [scope.workspace_id, contact_id][: statement.count("$")]
        await db.execute(statement, *arguments)
        changes = set().union(*(await _marks(scope)).values())
        readings = {change: read(change) for change in changes}
        assert {reading.of for reading in readings.values()} == expected
        for change, (of, subject) in readings.items():
            assert WRITERS[of](subject) == change
            assert of not in (ChangeOf.MEMBERSHIP, ChangeOf.RULE) or subject == segment.id


async def test_graphql_an_import_and_psql_mark_the_same_change_alike(database):
    scope = await new_workspace()
    vips = await dynamic_segment(scope)
    ids = [(await new_contacts(scope, 1, external_id=name))[0] for name in ("asked", "imported", "written")]
    await settled(scope)
    given = '{tags: ["vip"], timezone: "Asia/Tokyo"}'
    mutation = f"mutation ($id: ID!) {{ contactUpdate(id: $id, input: {given}) {{ userErrors {{ message }} }} }}"
    said = await Api().data(await bearer_of(scope), mutation, id=to_global_id("Contact", ids[0]))
    assert said["contactUpdate"]["userErrors"] == []
    await imported(scope, "external_id,tags,timezone\nimported,vip,Asia/Tokyo\n", overwrite=True)
    await db.execute("UPDATE contacts SET tags = '{vip}', timezone = 'Asia/Tokyo' WHERE id = $1", ids[2])
    rows = await db.fetch("SELECT contact_id, fields FROM dirty_contacts")
    assert {(row["contact_id"], frozenset(row["fields"])) for row in rows} == {
        (contact_id, frozenset({"tags", "tag+:vip", "timezone", "timezone-:", "updated_at"})) for contact_id in ids
    }
    await settled(scope)
    assert await members_of(scope, vips) == set(ids)
    assert {(c.contact_id, c.kind, c.origin) for c in (await read_page(scope, MEMBERS, None, 10)).entries} == {
        (contact_id, "ENTERED", "RULE") for contact_id in ids
    }
    await assert_all_is_right(scope)


async def test_freshness_says_how_far_behind_the_segments_are(database):
    scope = await new_workspace()
    vips = await dynamic_segment(scope)
    await settled(scope)
    fresh = await dirty_contacts.freshness(scope)
    assert (fresh.pending_contacts, fresh.lag_seconds < 0.5) == (0, True)
    ids = await new_contacts(scope, 3, tags=["vip"])
    await db.execute("UPDATE contacts SET score = 5 WHERE id = $1", ids[0])
    await db.execute(
        "UPDATE dirty_contacts SET marked_at = (marked_at AT TIME ZONE 'UTC' - interval '5 seconds') AT TIME ZONE 'UTC'"
    )
    behind = await dirty_contacts.freshness(scope)
    assert behind.pending_contacts == 3
    assert 4.9 < behind.lag_seconds < 7
    assert behind.as_of < fresh.as_of + timedelta(seconds=1)
    await settled(scope)
    assert (await dirty_contacts.freshness(scope)).pending_contacts == 0
    assert await members_of(scope, vips) == set(ids)


MANY = dirty_contacts.MANY + 1


@pytest.fixture
async def scope(database):
    return await new_workspace()


async def test_an_edit_is_processed_in_the_next_batch_whatever_bulk_waits(scope):
    vips = await dynamic_segment(scope)
    flood = await new_contacts(scope, 600)
    await settled(scope)
    for start in range(0, 600, 200):
        await activities.record(scope, [NewActivity("visit", one) for one in flood[start : start + 200]])
        if start == 200:
            await add_tags(scope, [flood[-1]], ["vip"])
    await batches.process_batch(scope.workspace_id, 50)
    assert await members_of(scope, vips) == {flood[-1]}
    await settled(scope)
    await assert_all_is_right(scope)


async def test_a_write_of_many_contacts_is_bulk_and_a_later_edit_is_not(scope):
    many = await new_contacts(scope, MANY)
    await _forget_marks()
    await add_tags(scope, many, ["vip"])
    assert await _marked(scope) == {True: MANY}
    await add_tags(scope, many[:3], ["regular"])
    assert await _marked(scope) == {True: MANY, False: 3}
    await _forget_marks()
    await delete_contacts(scope, many)
    assert await _marked(scope) == {True: MANY}


async def test_message_statuses_are_bulk_and_replies_are_not(scope):
    one, two = await new_contacts(scope, 2)
    await _forget_marks()
    async with db.transaction():
        await history.record(scope.workspace_id, [_happening(one, "message.delivered")])
        await history.record(scope.workspace_id, [_happening(two, "message.received")])
    rows = await db.fetch("SELECT contact_id, bulk FROM dirty_contacts ORDER BY contact_id")
    assert [tuple(row) for row in rows] == [(one, True), (two, False)]


def _happening(contact_id, kind):
    return MessageActivity(contact_id, kind, clock.now(), f"{kind}:{contact_id}", {})


async def _forget_marks():
    await db.execute("DELETE FROM dirty_contacts")


async def _marked(scope):
    rows = await db.fetch("SELECT bulk, count(DISTINCT contact_id) AS contacts FROM dirty_contacts GROUP BY bulk")
    return {row["bulk"]: row["contacts"] for row in rows}
