"""The membership log, page by page."""

from models import db
from models.changelog.cursor import from_cursor, to_cursor
from models.changelog.members import MEMBERS
from schema.server.ids import to_global_id
from tests.kit.api import bearer_of
from tests.kit.logs import entered
from tests.kit.segments import new_contacts, static_segment
from tests.kit.workspaces import new_workspace
from tests.schema.membership.operations import PAGE

FROM_NOW = """
    query ($after: ChangeCursor) {
        membershipChanges(after: $after, fromNow: true) { changes { contactId } cursor hasMore }
    }
"""


async def test_the_log_is_paged_and_its_cursor_goes_on(database, api):
    scope = await new_workspace()
    bearer = await bearer_of(scope)
    segment = await static_segment(scope, name="Friends")
    ana, ben = (await new_contacts(scope, 1, name="Ana")) + (await new_contacts(scope, 1, name="Ben"))
    start = (await api.data(bearer, PAGE))["membershipChanges"]
    assert start["changes"] == []
    await entered(scope, segment, ana)
    await entered(scope, segment, ben)
    page = (await api.data(bearer, PAGE, after=start["cursor"], first=1))["membershipChanges"]
    assert page["hasMore"]
    (change,) = page["changes"]
    assert change["segment"] == {"name": "Friends"}
    assert change["contact"] == {"name": "Ana"}
    assert (change["kind"], change["origin"]) == ("ENTERED", "MANUAL")
    assert change["contactId"] == to_global_id("Contact", ana)
    page = (await api.data(bearer, PAGE, after=page["cursor"]))["membershipChanges"]
    assert [change["contactId"] for change in page["changes"]] == [to_global_id("Contact", ben)]
    assert not page["hasMore"]


async def test_a_reader_that_begins_now_is_told_what_comes_and_nothing_before(database, api):
    scope = await new_workspace()
    bearer = await bearer_of(scope)
    segment = await static_segment(scope)
    ana, ben = await new_contacts(scope, 2)
    await entered(scope, segment, ana)
    now = (await api.data(bearer, FROM_NOW))["membershipChanges"]
    assert (now["changes"], now["hasMore"]) == ([], False)
    await entered(scope, segment, ben)
    page = (await api.data(bearer, PAGE, after=now["cursor"]))["membershipChanges"]
    assert [change["contactId"] for change in page["changes"]] == [to_global_id("Contact", ben)]
    (error,) = (await api.ask(bearer, FROM_NOW, after=now["cursor"]))["errors"]
    assert "not both" in error["message"]


async def test_an_invalid_cursor_and_an_unknown_segment_have_different_errors(database, api):
    scope, other = await new_workspace(), await new_workspace("Other")
    bearer = await bearer_of(scope)
    foreign = await static_segment(other)
    for variables, words in (
        ({"after": to_cursor(MEMBERS, other.workspace_id, 0)}, "no cursor of this workspace"),
        ({"after": "garbage"}, "no cursor of this workspace"),
        ({"after": to_cursor(MEMBERS, scope.workspace_id, 99)}, "ahead of the log"),
        ({"segmentIds": [to_global_id("Segment", foreign.id)]}, "there is no segment"),
        ({"segmentIds": ["x"]}, "there is no segment"),
        ({"first": 0}, "between 1 and 250"),
        ({"first": 251}, "between 1 and 250"),
    ):
        (error,) = (await api.ask(bearer, PAGE, **variables))["errors"]
        assert words in error["message"]
        assert error["extensions"]["code"] == "BAD_REQUEST"


async def test_the_log_of_one_huge_append_is_paged_to_its_end_for_some_segments_and_for_all(database, api):
    scope = await new_workspace()
    bearer = await bearer_of(scope)
    await db.execute("INSERT INTO contacts (workspace_id) SELECT $1 FROM generate_series(1, 900)", scope.workspace_id)
    rows = await db.fetch("SELECT id FROM contacts WHERE workspace_id = $1", scope.workspace_id)
    one, other = await static_segment(scope), await static_segment(scope)
    await entered(scope, one, *[row["id"] for row in rows])
    await entered(scope, other, *[row["id"] for row in rows[:250]])
    for wanted, first, positions in (
        (None, None, range(1, 1151)),
        ([one.id], 250, range(1, 901)),
        ([other.id], 125, range(901, 1151)),
        ([], 250, ()),
    ):
        ids = None if wanted is None else [to_global_id("Segment", number) for number in wanted]
        read, cursor, more = [], to_cursor(MEMBERS, scope.workspace_id, 0), True
        while more:
            page = (await api.data(bearer, PAGE, after=cursor, segmentIds=ids, first=first))["membershipChanges"]
            read += [from_cursor(scope, MEMBERS, change["cursor"]) for change in page["changes"]]
            assert page["changes"] or not page["hasMore"]
            cursor, more = page["cursor"], page["hasMore"]
        assert read == list(positions)
        assert from_cursor(scope, MEMBERS, cursor) == 1150
