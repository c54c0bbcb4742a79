"""Changes and histories as the API shows them."""

from models import clock
from models.membership import manual_changes
from models.membership.origins import Origin
from permissions.capabilities import Permission
from permissions.roles import Role
from schema.server.ids import to_global_id
from tests.kit.api import bearer_of
from tests.kit.logs import drop_the_log, entered, months_ago
from tests.kit.segments import new_contacts, static_segment
from tests.kit.workspaces import new_workspace
from tests.schema.membership.operations import PAGE

__all__ = ["months_ago"]


async def test_a_contact_shows_when_it_entered_and_left(database, api):
    scope = await new_workspace()
    bearer = await bearer_of(scope)
    one, other = await static_segment(scope, name="One"), await static_segment(scope, name="Other")
    (ana,) = await new_contacts(scope, 1)
    await entered(scope, one, ana)
    await entered(scope, other, ana)
    await manual_changes.change_members(scope, one.id, remove=[ana], origin=Origin.API)
    query = """query ($id: ID!, $after: String, $segmentId: ID) { contact(id: $id) {
        membershipHistory(first: 2, after: $after, segmentId: $segmentId) {
            nodes { kind origin segment { name } } pageInfo { hasNextPage endCursor } } } }"""
    contact = to_global_id("Contact", ana)
    page = (await api.data(bearer, query, id=contact))["contact"]["membershipHistory"]
    assert [(n["kind"], n["segment"]["name"]) for n in page["nodes"]] == [("LEFT", "One"), ("ENTERED", "Other")]
    assert page["pageInfo"]["hasNextPage"]
    rest = (await api.data(bearer, query, id=contact, after=page["pageInfo"]["endCursor"]))["contact"]
    assert [n["segment"]["name"] for n in rest["membershipHistory"]["nodes"]] == ["One"]
    own = (await api.data(bearer, query, id=contact, segmentId=to_global_id("Segment", other.id)))["contact"]
    assert [n["kind"] for n in own["membershipHistory"]["nodes"]] == ["ENTERED"]


async def test_a_contacts_history_is_paged_to_the_end_of_what_is_kept(months_ago, api):
    scope, segment = months_ago, await static_segment(months_ago)
    (ana,) = await new_contacts(scope, 1)
    for _ in range(3):
        await entered(scope, segment, ana)
        await manual_changes.change_members(scope, segment.id, remove=[ana], origin=Origin.API)
    clock.set_source(None)
    await entered(scope, segment, ana)
    bearer = await bearer_of(scope)
    query = """query ($id: ID!, $after: String) { contact(id: $id) { membershipHistory(first: 2, after: $after) {
        edges { cursor node { kind } } pageInfo { hasNextPage endCursor } } } }"""

    async def kinds() -> list[str]:
        read, after, more = [], None, True
        while more:
            data = await api.data(bearer, query, id=to_global_id("Contact", ana), after=after)
            page = data["contact"]["membershipHistory"]
            read += [edge["node"]["kind"] for edge in page["edges"]]
            after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
        return read

    assert await kinds() == ["ENTERED", *["LEFT", "ENTERED"] * 3]
    await drop_the_log()
    assert await kinds() == ["ENTERED"]
    response = await api.ask(bearer, query, id=to_global_id("Contact", ana), after="garbage")
    assert [error["extensions"]["code"] for error in response["errors"]] == ["BAD_REQUEST"]


async def test_without_the_permission_changes_are_shown_without_contacts(database, api):
    scope = await new_workspace()
    bearer = await bearer_of(scope, Role.USER, Permission.SEGMENT_READ)
    segment = await static_segment(scope)
    await entered(scope, segment, *await new_contacts(scope, 1))
    response = await api.ask(bearer, PAGE)
    assert [error["extensions"]["code"] for error in response["errors"]] == ["FORBIDDEN"]
    assert response["data"]["membershipChanges"]["changes"][0]["contact"] is None
