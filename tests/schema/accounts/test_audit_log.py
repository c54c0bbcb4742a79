"""The audit log over the API: pages, filters, and what an entry shows."""

from datetime import UTC, datetime, timedelta
from typing import Any

from models import clock, db
from models.accounts import audit_log
from models.contacts.create import create_contact
from permissions.capabilities import Permission
from permissions.principal import OPERATOR, Scope
from permissions.roles import Role
from schema.server.ids import to_global_id
from tests.kit.api import Api, bearer_of, token_with
from tests.kit.workspaces import new_workspace

LOG = """
    query ($first: Int, $after: String, $actorId: ID, $subjectId: ID, $action: String, $from: DateTime, $to: DateTime) {
        auditLog(
            first: $first, after: $after, actorId: $actorId, subjectId: $subjectId, action: $action, from: $from, to: $to
        ) {
            nodes {
                id at action actorKind details requestId address
                actorId subjectId actor { __typename id } subject { __typename id ... on Contact { name } }
            }
            pageInfo { endCursor hasNextPage }
        }
    }
"""
CREATE = "mutation ($input: ContactInput!) { contactCreate(input: $input) { contact { id } userErrors { message } } }"


async def entries(api: Api, bearer: str, **variables: Any) -> list[dict[str, Any]]:
    nodes: list[dict[str, Any]] = (await api.data(bearer, LOG, **variables))["auditLog"]["nodes"]
    return nodes


async def test_an_entry_says_who_did_what_to_what_from_where(api: Api, admin: str) -> None:
    made = (await api.data(admin, CREATE, input={"name": "Ana", "email": "ana@example.com"}))["contactCreate"][
        "contact"
    ]
    entry = (await entries(api, admin))[0]
    member = (await api.data(admin, "{ viewer { member { id } } }"))["viewer"]["member"]
    assert entry | {"at": None, "id": None} == {
        "id": None,
        "at": None,
        "action": "ContactCreate",
        "actorKind": "MEMBER",
        "actorId": member["id"],
        "actor": {"__typename": "Member", **member},
        "subjectId": made["id"],
        "subject": {"__typename": "Contact", "id": made["id"], "name": "Ana"},
        "details": {"created": True, "fields": ["name", "email"]},
        "requestId": "a-request",
        "address": "192.0.2.7",
    }
    node = await api.data(admin, "query ($id: ID!) { node(id: $id) { ... on AuditEntry { action } } }", id=entry["id"])
    assert node == {"node": {"action": "ContactCreate"}}


async def test_pages_go_from_the_newest_to_the_oldest_without_a_gap(api: Api, workspace: Scope, admin: str) -> None:
    moment = datetime(2026, 11, 28, tzinfo=UTC)
    for number in range(7):  # some in one moment
        clock.set_source(lambda number=number: moment + timedelta(seconds=number // 3))  # type: ignore[misc]
        await audit_log.record(workspace, "contact_update", "Contact", number)
    clock.set_source(None)
    seen, after = [], None
    while True:
        page = (await api.data(admin, LOG, first=2, after=after, action="ContactUpdate"))["auditLog"]
        seen += [node["id"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert len(seen) == len(set(seen)) == 7
    rows = await db.fetch("SELECT id FROM audit_log WHERE action = 'contact_update' ORDER BY at DESC, id DESC")
    assert seen == [to_global_id("AuditEntry", row["id"]) for row in rows]


async def test_filters_narrow_the_log(api: Api, workspace: Scope, admin: str) -> None:
    other = await bearer_of(workspace, Role.MANAGER)
    secret = await token_with(workspace, Permission.CONTACT_WRITE)
    for bearer in (admin, other, secret):
        await api.data(bearer, CREATE, input={"name": "Ana"})
    made = {
        entry["actorKind"] + entry["actor"]["id"]: entry for entry in await entries(api, admin, action="contactCreate")
    }
    assert len(made) == 3
    for entry in made.values():
        assert [
            one["id"] for one in await entries(api, admin, actorId=entry["actor"]["id"], action="ContactCreate")
        ] == [entry["id"]]
        assert [one["id"] for one in await entries(api, admin, subjectId=entry["subject"]["id"])] == [entry["id"]]
        assert entry["id"] in [one["id"] for one in await entries(api, admin, **{"from": entry["at"]})]
        assert entry["id"] not in [one["id"] for one in await entries(api, admin, to=entry["at"])]
    assert await entries(api, admin, action="NoSuchThing") == []


async def test_what_is_gone_or_several_things_has_no_node(api: Api, workspace: Scope, admin: str) -> None:
    operator = Scope(workspace.workspace_id, OPERATOR)
    await audit_log.record(operator, "contacts_delete", "Contact", 2**40)
    await audit_log.record(operator, "activities_record", "Activity")
    two = await entries(api, admin, first=2)
    assert [(entry["actorKind"], entry["actor"], entry["subject"]) for entry in two] == [("OPERATOR", None, None)] * 2


async def test_who_did_it_can_be_told_after_the_member_is_gone(api: Api, workspace: Scope, admin: str) -> None:
    gone = await bearer_of(workspace, Role.MANAGER)
    await api.data(gone, CREATE, input={"name": "Ana"})
    (member,) = [entry["actorId"] for entry in await entries(api, admin, action="ContactCreate")]
    await api.data(admin, "mutation ($id: ID!) { memberDelete(id: $id) { deletedId } }", id=member)
    (made,) = await entries(api, admin, actorId=member)
    assert (made["actorId"], made["actor"]) == (member, None)
    deleted = (await entries(api, admin, subjectId=member))[0]
    assert (deleted["action"], deleted["details"]) == ("MemberDelete", {"name": "MANAGER 1", "role": "MANAGER"})


async def test_what_the_reader_may_not_see_is_refused_by_itself(api: Api, workspace: Scope) -> None:
    await create_contact(workspace, {"name": "Ana"})
    reader = await bearer_of(workspace, Role.USER, Permission.AUDIT_READ)
    answer = await api.ask(reader, LOG, action="ContactCreate")
    (entry,) = answer["data"]["auditLog"]["nodes"]
    assert (entry["action"], entry["subject"]) == ("ContactCreate", None)
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN"]


async def test_another_workspaces_log_is_not_shown(api: Api, workspace: Scope, admin: str) -> None:
    stranger = await bearer_of(await new_workspace("Other"))
    mine = (await entries(api, admin))[0]
    assert mine["id"] not in [entry["id"] for entry in await entries(api, stranger)]
    node = await api.data(stranger, "query ($id: ID!) { node(id: $id) { id } }", id=mine["id"])
    assert node == {"node": None}
