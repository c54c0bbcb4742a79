"""Whoever writes, and whatever is written: what changed about whom is marked in the writer's own transaction."""

from datetime import UTC, date, datetime

from models import db
from models.changelog.members import MEMBERS
from models.changelog.read import read_page
from schema.server.ids import to_global_id
from tests.kit.api import Api, bearer_of
from tests.kit.engine import assert_all_is_right, settled
from tests.kit.segments import dynamic_segment, members_of, new_contacts
from tests.kit.transfers import imported
from tests.kit.workspaces import new_workspace

COLUMNS = """
SELECT column_name FROM information_schema.columns
WHERE table_name = 'contacts' AND is_generated = 'NEVER' AND column_name NOT IN ('workspace_id', 'id') ORDER BY 1
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


async def _marks(scope):
    """The marks that wait, by contact, and take them away."""
    rows = await db.fetch(
        "DELETE FROM dirty_contacts WHERE workspace_id = $1 RETURNING contact_id, fields", scope.workspace_id
    )
    marks = {}
    for contact_id, fields in rows:
        marks.setdefault(contact_id, set()).update(fields)
    return marks


async def test_a_write_of_any_column_of_a_contact_says_which(database):
    scope = await new_workspace()
    (contact_id,) = await new_contacts(scope, 1, tags=["a"])
    await db.execute('UPDATE contacts SET attributes = \'{"city": "Bonn", "same": 1, "gone": 2}\'')
    columns = [row["column_name"] for row in await db.fetch(COLUMNS)]
    assert OTHERWISE.keys() < set(columns)
    await _marks(scope)
    for column in columns:
        await db.execute(f"UPDATE contacts SET {column} = $1", OTHERWISE.get(column, "something else"))
        said = {"attributes.city", "attributes.new", "attributes.gone"} if column == "attributes" else {column}
        assert await _marks(scope) == {contact_id: said if column == "created_at" else said | {"updated_at"}}
        await db.execute(f"UPDATE contacts SET {column} = {column}")
        assert await _marks(scope) == {}, "what changes nothing was marked"


async def test_activities_mark_the_contact_whose_they_were_and_the_one_whose_they_are(database):
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


async def test_the_same_change_is_captured_alike_from_graphql_a_task_and_psql(database):
    scope = await new_workspace()
    vips = await dynamic_segment(scope)
    ids = [(await new_contacts(scope, 1, external_id=name))[0] for name in ("asked", "imported", "written")]
    await settled(scope)
    mutation = 'mutation ($id: ID!) { contactUpdate(id: $id, input: {tags: ["vip"]}) { userErrors { message } } }'
    said = await Api().data(await bearer_of(scope), mutation, id=to_global_id("Contact", ids[0]))
    assert said["contactUpdate"]["userErrors"] == []
    await imported(scope, "external_id,tags\nimported,vip\n", overwrite=True)
    await db.execute("UPDATE contacts SET tags = '{vip}' WHERE id = $1", ids[2])
    rows = await db.fetch("SELECT contact_id, fields FROM dirty_contacts")
    assert {(row["contact_id"], frozenset(row["fields"])) for row in rows} == {
        (contact_id, frozenset({"tags", "updated_at"})) for contact_id in ids
    }
    await settled(scope)
    assert await members_of(scope, vips) == set(ids)
    assert {(c.contact_id, c.kind, c.origin) for c in (await read_page(scope, MEMBERS, None, 10)).entries} == {
        (contact_id, "ENTERED", "RULE") for contact_id in ids
    }
    await assert_all_is_right(scope)
