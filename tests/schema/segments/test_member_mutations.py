"""Manual changes of the members of segments."""

import asyncio

from models import db
from models.membership import engine_lock
from models.segments import members, segments
from permissions.capabilities import Permission
from permissions.principal import Scope
from permissions.roles import Role
from tests.kit.api import ERRORS, Api, bearer_of
from tests.kit.segments import dynamic_segment, many_contacts, new_contacts, static_segment
from tests.kit.workspaces import new_workspace
from tests.schema.segments.operations import ADD, DELETE, VIP, contact_id, id_of, refusals


async def test_contacts_are_added_by_rule_search_segment_and_ids(api, admin, scope):
    await new_contacts(scope, 2, tags=["vip"], name="Ana")
    source = await static_segment(scope, await new_contacts(scope, 1, name="Luis"))
    ids = await new_contacts(scope, 1)
    segment = await static_segment(scope)
    selections = [{"filter": VIP}, {"search": "LUIS"}, {"segmentId": id_of(source)}, {"ids": [contact_id(ids[0])]}]
    changed = [(await api.data(admin, ADD, id=id_of(segment), contacts=s))["segmentContactsAdd"] for s in selections]
    assert [payload["changed"] for payload in changed] == [2, 1, 0, 1]
    assert changed[-1]["segment"] == {"memberCount": 4}
    dynamic = await dynamic_segment(scope, built=False)
    refused = (await api.data(admin, ADD, id=id_of(dynamic), contacts={"filter": VIP}))["segmentContactsAdd"]
    assert refusals(refused) == [("UNSUPPORTED", ["segmentId"])]
    bad = {"filter": {"tags": {"operator": "HAS_ANY", "tags": []}}}
    refused = (await api.data(admin, ADD, id=id_of(segment), contacts=bad))["segmentContactsAdd"]
    assert refusals(refused) == [("INVALID", ["contacts", "filter", "tags", "tags"])]


async def test_a_large_selection_becomes_a_job(api, admin, scope, monkeypatch):
    monkeypatch.setattr(members, "AT_ONCE", 5)
    await many_contacts(scope, 8)
    segment = await static_segment(scope)
    payload = (await api.data(admin, ADD, id=id_of(segment), contacts={"search": "contact"}))["segmentContactsAdd"]
    assert (payload["changed"], payload["job"]["__typename"], payload["job"]["status"]) == (
        0,
        "SegmentContactsJob",
        "QUEUED",
    )
    asked = "query ($id: ID!) { job(id: $id) { kind status ... on SegmentContactsJob { changed segment { name } } } }"
    job = (await api.data(admin, asked, id=payload["job"]["id"]))["job"]
    assert job == {"kind": "SEGMENT_CONTACTS", "status": "QUEUED", "changed": 0, "segment": {"name": "Hand-picked"}}


async def override_pages(api: Api, admin: str, scope: Scope, segment: str, wanted: list[tuple[int, str]]) -> None:
    """Those that are held, the newest contact first, one on a page; for callers who may read contacts."""
    asked = """query ($id: ID!, $after: String) { segment(id: $id) { overrides(first: 1, after: $after) {
        totalCount edges { override overriddenAt node { id } } pageInfo { hasNextPage endCursor } } } }"""
    found, after, more = [], None, True
    while more:
        page = (await api.data(admin, asked, id=segment, after=after))["segment"]["overrides"]
        assert page["totalCount"] == len(wanted)
        found += [(edge["node"]["id"], edge["override"]) for edge in page["edges"]]
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    assert found == [(contact_id(number), how) for number, how in wanted]
    reader = await bearer_of(scope, Role.USER, Permission.SEGMENT_READ)
    assert await api.codes(reader, asked, id=segment) == ["FORBIDDEN"]
    stranger = await bearer_of(await new_workspace("Other"))
    assert (await api.data(stranger, asked, id=segment))["segment"] is None


async def test_overrides_keep_contacts_in_or_out_until_null_lifts_them(api, admin, scope):
    vip, plain = *await new_contacts(scope, 1, tags=["vip"]), *await new_contacts(scope, 1)
    segment = await dynamic_segment(scope)
    override = f"""mutation ($id: ID!, $ids: [ID!]!, $override: MembershipOverride) {{
        segmentOverride(segmentId: $id, contactIds: $ids, override: $override) {{
            changed segment {{ memberCount }} {ERRORS} }} }}"""

    async def hold(number: int, how: str | None) -> dict:
        return (await api.data(admin, override, id=id_of(segment), ids=[contact_id(number)], override=how))[
            "segmentOverride"
        ]

    assert (await hold(plain, "INCLUDE"))["segment"] == {"memberCount": 2}
    assert (await hold(vip, "EXCLUDE"))["segment"] == {"memberCount": 1}
    assert (await hold(vip, "EXCLUDE"))["changed"] == 0
    await override_pages(api, admin, scope, id_of(segment), [(plain, "INCLUDE"), (vip, "EXCLUDE")])
    assert (await hold(vip, None))["segment"] == {"memberCount": 2}
    assert refusals(await hold(999, "INCLUDE")) == [("NOT_FOUND", ["contactIds", "0"])]


async def test_a_change_that_cannot_get_the_engine_lock_is_refused_and_changes_nothing(api, admin, scope, monkeypatch):
    monkeypatch.setattr(engine_lock, "PATIENCE", "50ms")
    (vip,) = await new_contacts(scope, 1, tags=["vip"])
    segment = await dynamic_segment(scope)
    has_it, is_over = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        async with db.transaction():
            await engine_lock.take(scope.workspace_id)
            has_it.set()
            await is_over.wait()

    holding = asyncio.create_task(hold())
    await has_it.wait()
    override = """mutation ($id: ID!, $ids: [ID!]!) {
        segmentOverride(segmentId: $id, contactIds: $ids, override: EXCLUDE) { changed } }"""
    for asked, variables in ((override, {"ids": [contact_id(vip)]}), (DELETE, {"force": True})):
        refused = await api.ask(admin, asked, id=id_of(segment), **variables)
        assert [error["extensions"]["code"] for error in refused["errors"]] == ["TIMEOUT"]
        assert "try again" in refused["errors"][0]["message"]
    is_over.set()
    await holding
    assert (await segments.get(scope, segment.id)).member_count == 1
    assert (await api.data(admin, override, id=id_of(segment), ids=[contact_id(vip)]))["segmentOverride"] == {
        "changed": 1
    }
