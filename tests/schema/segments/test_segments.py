"""Segments over the API."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from models import db
from models.broadcasts import lifecycle
from models.contacts.create import create_contact
from models.contacts.selections import ContactSelection
from models.membership import engine_lock, rebuild
from models.segments import members, segments, uses
from models.segments.uses import UseKind
from models.transfers.exports.export_file import Format
from models.transfers.exports.start import start_export
from models.transfers.imports import start
from models.transfers.imports.mapping import Column, Options
from permissions.capabilities import Permission
from permissions.principal import Scope
from permissions.roles import Role
from schema.server.ids import to_global_id
from tests.kit import broadcasts
from tests.kit.api import Api, bearer_of
from tests.kit.segments import dynamic_segment, in_segment, many_contacts, new_contacts, static_segment
from tests.kit.workspaces import new_workspace

VIP = {"tags": {"operator": "HAS_ANY", "tags": ["vip"]}}
ERRORS = "userErrors { code field message }"
CREATE = f"""mutation ($input: SegmentCreateInput!) {{ segmentCreate(input: $input) {{
    segment {{ id name kind status version memberCount rule ruleText computedAt }} job {{ id }} {ERRORS} }} }}"""
UPDATE = f"""mutation ($id: ID!, $input: SegmentUpdateInput!) {{ segmentUpdate(id: $id, input: $input) {{
    segment {{ name description status version }} {ERRORS} }} }}"""
DELETE = f"mutation ($id: ID!, $force: Boolean) {{ segmentDelete(id: $id, force: $force) {{ deletedId {ERRORS} }} }}"
ADD = f"""mutation ($id: ID!, $contacts: ContactSelection!) {{ segmentContactsAdd(segmentId: $id, contacts: $contacts) {{
    segment {{ memberCount }} changed job {{ __typename id kind status done total }} {ERRORS} }} }}"""
MEMBERS = """query ($id: ID!, $first: Int, $after: String, $search: String) { segment(id: $id) {
    members(first: $first, after: $after, search: $search) {
        edges { cursor joinedAt origin node { id name } } pageInfo { hasNextPage endCursor } totalCount } } }"""
LIST = """query ($first: Int, $after: String, $search: String, $kind: SegmentKind, $unusedSince: DateTime,
                 $deleted: Boolean, $orderBy: SegmentOrder! = NAME_ASC) {
    segments(first: $first, after: $after, search: $search, kind: $kind, unusedSince: $unusedSince, deleted: $deleted,
             orderBy: $orderBy) {
        nodes { name deletedAt lastUsedAt } pageInfo { hasNextPage endCursor } totalCount } }"""


@pytest.fixture
async def scope(database: str) -> Scope:
    return await new_workspace()


@pytest.fixture
async def admin(scope: Scope) -> str:
    return await bearer_of(scope)


@pytest.fixture
def api() -> Api:
    return Api()


def contact_id(number: int) -> str:
    return to_global_id("Contact", number)


def id_of(segment) -> str:
    return to_global_id("Segment", segment.id)


def refusals(payload: dict) -> list[tuple[str, list[str]]]:
    return [(error["code"], error["field"]) for error in payload["userErrors"]]


async def test_a_static_segment_is_made_with_first_members_and_a_dynamic_one_with_its_rule(api, admin, scope):
    ids = await new_contacts(scope, 2, tags=["vip"])
    given = {"name": " Hand-picked ", "kind": "STATIC", "contacts": {"ids": [contact_id(n) for n in ids]}}
    made = (await api.data(admin, CREATE, input=given))["segmentCreate"]["segment"]
    assert (made["name"], made["status"], made["memberCount"], made["rule"]) == ("Hand-picked", "READY", 2, None)
    rule = {"all": [VIP, {"segment": {"segmentId": made["id"]}}]}
    made = (await api.data(admin, CREATE, input={"name": "VIPs", "kind": "DYNAMIC", "rule": rule}))["segmentCreate"][
        "segment"
    ]
    assert (made["status"], made["memberCount"], made["computedAt"], made["version"]) == ("BUILDING", 0, None, 1)
    assert made["rule"] == {
        "all": [VIP, {"segment": {"segmentId": rule["all"][1]["segment"]["segmentId"], "member": True}}]
    }
    assert "vip" in made["ruleText"]
    assert "Hand-picked" in made["ruleText"]


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({"name": "x", "kind": "STATIC", "rule": VIP}, ("UNSUPPORTED", ["rule"])),
        ({"name": "x", "kind": "DYNAMIC", "rule": VIP, "contacts": {"search": "a"}}, ("UNSUPPORTED", ["contacts"])),
        ({"name": "", "kind": "DYNAMIC", "rule": VIP}, ("INVALID", ["name"])),
        (
            {
                "name": "x",
                "kind": "DYNAMIC",
                "rule": {"all": [{"field": {"field": "score", "operator": "GT", "value": "a"}}]},
            },
            ("INVALID", ["rule", "all", "0", "field", "value"]),
        ),
        (
            {"name": "x", "kind": "STATIC", "contacts": {"ids": ["nonsense"]}},
            ("NOT_FOUND", ["contacts", "ids", "0"]),
        ),
        (
            {"name": "x", "kind": "STATIC", "contacts": {"segmentId": "nonsense"}},
            ("NOT_FOUND", ["contacts", "segmentId"]),
        ),
    ],
)
async def test_what_makes_no_sense_is_told_where_it_stands(api, admin, given, wrong):
    payload = (await api.data(admin, CREATE, input=given))["segmentCreate"]
    assert (payload["segment"], refusals(payload)) == (None, [wrong])
    assert await db.fetch_value("SELECT count(*) FROM segments") == 0


async def test_an_update_under_an_old_version_is_a_conflict_and_an_absent_field_stays(api, admin, scope):
    segment = await static_segment(scope)
    updated = (await api.data(admin, UPDATE, id=id_of(segment), input={"description": "x", "version": 1}))[
        "segmentUpdate"
    ]
    assert updated["segment"] == {"name": "Hand-picked", "description": "x", "status": "READY", "version": 2}
    lost = (await api.data(admin, UPDATE, id=id_of(segment), input={"name": "y", "version": 1}))["segmentUpdate"]
    assert refusals(lost) == [("CONFLICT", ["version"])]
    cleared = (await api.data(admin, UPDATE, id=id_of(segment), input={"description": None}))["segmentUpdate"]
    assert cleared["segment"] == {"name": "Hand-picked", "description": None, "status": "READY", "version": 3}
    nameless = (await api.data(admin, UPDATE, id=id_of(segment), input={"name": None}))["segmentUpdate"]
    assert refusals(nameless) == [("REQUIRED", ["name"])]


async def test_members_are_paged_counted_and_searched(api, admin, scope):
    ids = [(await create_contact(scope, {"name": name}))["id"] for name in ("Ana", "Luis", "Anabel")]
    segment = await static_segment(scope, ids)
    page = (await api.data(admin, MEMBERS, id=id_of(segment), first=2))["segment"]["members"]
    assert [edge["node"]["name"] for edge in page["edges"]] == ["Anabel", "Luis"]
    assert (page["totalCount"], page["edges"][0]["origin"], page["pageInfo"]["hasNextPage"]) == (3, "API", True)
    rest = (await api.data(admin, MEMBERS, id=id_of(segment), after=page["pageInfo"]["endCursor"]))["segment"][
        "members"
    ]
    assert [edge["node"]["name"] for edge in rest["edges"]] == ["Ana"]
    everybody = (await api.data(admin, MEMBERS, id=id_of(segment), search=" "))["segment"]["members"]
    assert everybody["totalCount"] == 3
    found = (await api.data(admin, MEMBERS, id=id_of(segment), search="ana"))["segment"]["members"]
    assert ([edge["node"]["name"] for edge in found["edges"]], found["totalCount"]) == (["Anabel", "Ana"], 2)


async def test_members_are_shown_to_those_who_may_read_contacts(api, scope):
    segment = await static_segment(scope)
    reader = await bearer_of(scope, Role.USER, Permission.SEGMENT_READ)
    assert await api.codes(reader, MEMBERS, id=id_of(segment)) == ["FORBIDDEN"]
    assert await api.data(reader, "query ($id: ID!) { segment(id: $id) { memberCount } }", id=id_of(segment)) == {
        "segment": {"memberCount": 0}
    }


async def test_lists_are_paged_searched_narrowed_and_ordered(api, admin, scope):
    for name in ("charlie", "Alpha", "bravo"):
        await static_segment(scope, name=name)
    await dynamic_segment(scope, name="delta", built=False)
    first = (await api.data(admin, LIST, first=3))["segments"]
    assert ([node["name"] for node in first["nodes"]], first["totalCount"]) == (["Alpha", "bravo", "charlie"], 4)
    rest = (await api.data(admin, LIST, after=first["pageInfo"]["endCursor"]))["segments"]
    assert ([node["name"] for node in rest["nodes"]], rest["pageInfo"]["hasNextPage"]) == (["delta"], False)
    for order in ("NAME_DESC", "CREATED_AT_ASC", "MEMBER_COUNT_DESC", "LAST_USED_AT_ASC", "LAST_USED_AT_DESC"):
        read, after = [], None
        for _ in range(4):
            page = (await api.data(admin, LIST, first=1, after=after, orderBy=order))["segments"]
            after = page["pageInfo"]["endCursor"]
            read += [node["name"] for node in page["nodes"]]
        assert sorted(read) == ["Alpha", "bravo", "charlie", "delta"]
    assert [n["name"] for n in (await api.data(admin, LIST, kind="DYNAMIC"))["segments"]["nodes"]] == ["delta"]
    assert [n["name"] for n in (await api.data(admin, LIST, search="RAV"))["segments"]["nodes"]] == ["bravo"]
    assert await api.codes(admin, LIST, after=after, orderBy="NAME_ASC") == ["BAD_REQUEST"]
    assert await api.codes(admin, LIST, after="nonsense") == ["BAD_REQUEST"]


async def test_a_segment_in_use_is_refused_and_names_what_uses_it(api, admin, scope):
    base = await static_segment(scope, name="Base")
    dependent = await dynamic_segment(scope, in_segment(base), name="Builds on it", built=False)
    async with db.transaction():
        await uses.register(scope, [base.id], UseKind.WEBHOOK, 77, "an app", active=False)
    asked = """query ($id: ID!) { segment(id: $id) { useCount lastUsedAt uses { totalCount nodes {
        id kind label active segment { name } usedBy { __typename id } } } } }"""
    found = (await api.data(admin, asked, id=id_of(base)))["segment"]
    assert (found["useCount"], found["uses"]["totalCount"], found["lastUsedAt"] is not None) == (2, 2, True)
    webhook, rule = found["uses"]["nodes"]
    assert (webhook["kind"], webhook["active"], webhook["usedBy"]) == ("WEBHOOK", False, None)
    assert (rule["kind"], rule["label"], rule["active"], rule["segment"]) == (
        "SEGMENT",
        "Builds on it",
        True,
        {"name": "Base"},
    )
    assert rule["usedBy"] == {"__typename": "Segment", "id": id_of(dependent)}
    as_node = await api.data(admin, "query ($id: ID!) { node(id: $id) { __typename id } }", id=rule["id"])
    assert as_node["node"] == {"__typename": "SegmentUse", "id": rule["id"]}
    refused = (await api.data(admin, DELETE, id=id_of(base)))["segmentDelete"]
    assert (refused["deletedId"], refusals(refused)) == (None, [("IN_USE", ["id"])])
    assert "Builds on it" in refused["userErrors"][0]["message"]
    assert (await api.data(admin, DELETE, id=id_of(base), force=True))["segmentDelete"]["deletedId"] == id_of(base)


async def test_behind_each_use_is_the_thing_that_uses_for_those_who_may_see_it(api, admin, scope):
    await broadcasts.connected(scope)
    segment = await static_segment(scope, name="Used")
    await start_export(scope, ContactSelection(segment_id=segment.id), None, Format.CSV)
    options = Options((Column("email", "email"),), add_to_segment_id=segment.id)
    await start.from_text(scope, "email\na@example.com\n", options)
    await lifecycle.schedule(scope, (await broadcasts.a_draft(scope, segment.id)).id, None)
    await dynamic_segment(scope, in_segment(segment), name="Builds on it", built=False)
    asked = """query ($id: ID!) { segment(id: $id) { uses { nodes {
        kind active label usedBy { __typename ... on Node { id } } } } } }"""
    nodes = (await api.data(admin, asked, id=id_of(segment)))["segment"]["uses"]["nodes"]
    assert {(node["kind"], node["active"], node["usedBy"]["__typename"]) for node in nodes} == {
        ("EXPORT", True, "ExportJob"),
        ("IMPORT", True, "ImportJob"),
        ("BROADCAST", True, "Broadcast"),
        ("SEGMENT", True, "Segment"),
    }
    refused = (await api.data(admin, DELETE, id=id_of(segment)))["segmentDelete"]
    assert refusals(refused) == [("IN_USE", ["id"])]
    for node in nodes:
        assert f'{node["kind"].lower()} "{node["label"]}"' in refused["userErrors"][0]["message"]
    reader = await bearer_of(scope, Role.USER, Permission.SEGMENT_READ)
    answer = await api.ask(reader, asked, id=id_of(segment))
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"FORBIDDEN"}
    seen = {node["kind"] for node in answer["data"]["segment"]["uses"]["nodes"] if node["usedBy"] is not None}
    assert seen == {"SEGMENT"}


async def test_a_deleted_segment_is_gone_listed_apart_and_restored_with_its_members(api, admin, scope):
    segment = await static_segment(scope, await new_contacts(scope, 2))
    await api.data(admin, DELETE, id=id_of(segment))
    assert (await api.data(admin, "query ($id: ID!) { segment(id: $id) { id } }", id=id_of(segment)))["segment"] is None
    assert (await api.data(admin, LIST))["segments"]["totalCount"] == 0
    listed = (await api.data(admin, LIST, deleted=True))["segments"]["nodes"]
    assert [(node["name"], node["deletedAt"] is not None) for node in listed] == [("Hand-picked", True)]
    restore = f"mutation ($id: ID!) {{ segmentRestore(id: $id) {{ segment {{ memberCount deletedAt }} {ERRORS} }} }}"
    restored = (await api.data(admin, restore, id=id_of(segment)))["segmentRestore"]
    assert restored["segment"] == {"memberCount": 2, "deletedAt": None}
    again = (await api.data(admin, restore, id=id_of(segment)))["segmentRestore"]
    assert refusals(again) == [("NOT_ALLOWED_IN_STATE", ["id"])]


async def test_a_rule_that_comes_back_is_right_as_of_no_moment_until_it_is_computed(api, admin, scope):
    segment = await dynamic_segment(scope)
    asked = "query ($id: ID!) { segment(id: $id) { status computedAt memberCount } }"
    await api.data(admin, DELETE, id=id_of(segment))
    await new_contacts(scope, 1, tags=["vip"])
    restore = f"mutation ($id: ID!) {{ segmentRestore(id: $id) {{ segment {{ status computedAt }} {ERRORS} }} }}"
    restored = (await api.data(admin, restore, id=id_of(segment)))["segmentRestore"]["segment"]
    assert restored == {"status": "BUILDING", "computedAt": None}
    assert (await api.data(admin, asked, id=id_of(segment)))["segment"]["computedAt"] is None
    await rebuild.rebuild(scope.workspace_id, segment.id)
    found = (await api.data(admin, asked, id=id_of(segment)))["segment"]
    assert (found["status"], found["memberCount"], found["computedAt"] is not None) == ("READY", 1, True)


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


async def test_overrides_hold_contacts_in_and_out_and_null_lifts_them(api, admin, scope):
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
    assert (await hold(vip, None))["segment"] == {"memberCount": 2}
    assert refusals(await hold(999, "INCLUDE")) == [("NOT_FOUND", ["contactIds", "0"])]


async def test_who_waits_in_vain_for_the_engine_is_told_to_try_again_and_nothing_is_changed(
    api, admin, scope, monkeypatch
):
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


async def test_recomputing_gives_a_job_and_asking_again_the_same_one(api, admin, scope):
    segment = await dynamic_segment(scope)
    recompute = f"mutation ($id: ID!) {{ segmentRecompute(id: $id) {{ job {{ id kind status segment {{ name }} }} {ERRORS} }} }}"
    payload = (await api.data(admin, recompute, id=id_of(segment)))["segmentRecompute"]
    assert (payload["job"]["kind"], payload["job"]["segment"]) == ("RECOMPUTE", {"name": "VIPs"})
    assert (await api.data(admin, recompute, id=id_of(segment)))["segmentRecompute"] == payload
    static = await static_segment(scope)
    assert refusals((await api.data(admin, recompute, id=id_of(static)))["segmentRecompute"]) == [
        ("UNSUPPORTED", ["id"])
    ]


async def test_a_copy_has_a_name_of_its_own(api, admin, scope):
    segment = await static_segment(scope, await new_contacts(scope, 2))
    duplicate = f"""mutation ($id: ID!, $name: String!) {{ segmentDuplicate(id: $id, name: $name) {{
        segment {{ id name memberCount }} {ERRORS} }} }}"""
    copy = (await api.data(admin, duplicate, id=id_of(segment), name="Copy"))["segmentDuplicate"]["segment"]
    assert (copy["name"], copy["memberCount"]) == ("Copy", 2)
    assert copy["id"] != id_of(segment)
    nameless = (await api.data(admin, duplicate, id=id_of(segment), name=" "))["segmentDuplicate"]
    assert refusals(nameless) == [("INVALID", ["name"])]


async def test_the_members_are_right_as_of_a_moment_that_is_told(api, admin, scope):
    static, dynamic = await static_segment(scope), await dynamic_segment(scope)
    before = datetime.now(UTC) - timedelta(minutes=1)
    asked = "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Segment { name computedAt } } }"
    nodes = (await api.data(admin, asked, ids=[id_of(static), id_of(dynamic)]))["nodes"]
    assert all(datetime.fromisoformat(node["computedAt"]) > before for node in nodes)


async def test_another_workspaces_segments_are_not_there(api, scope):
    segment = await static_segment(scope)
    stranger = await bearer_of(await new_workspace("Other"))
    assert (await api.data(stranger, "query ($id: ID!) { segment(id: $id) { id } }", id=id_of(segment)))[
        "segment"
    ] is None
    for mutation, variables in (
        (UPDATE, {"input": {"name": "mine"}}),
        (DELETE, {"force": True}),
        (ADD, {"contacts": {"search": "a"}}),
    ):
        payload = next(iter((await api.data(stranger, mutation, id=id_of(segment), **variables)).values()))
        assert [code for code, _ in refusals(payload)] == ["NOT_FOUND"]
    assert (await segments.get(scope, segment.id)).version == 1


async def test_a_list_with_all_that_hangs_on_it_asks_the_database_a_handful_of_times(api, admin, scope, monkeypatch):
    ids = await new_contacts(scope, 3)
    for number in range(20):
        await static_segment(scope, ids, name=f"segment {number}")
    await dynamic_segment(scope, in_segment(await static_segment(scope)))
    asked = """query ($from: DateTime!, $to: DateTime!) { segments { totalCount nodes {
        name ruleText computedAt useCount members(first: 2) { totalCount nodes { name } }
        uses { totalCount nodes { label usedBy { id } segment { name } } }
        analytics(from: $from, to: $to) { entered left points { at members } } } } }"""
    statements = []
    fetch = db.fetch

    async def counted(sql, *args):
        statements.append(sql)
        return await fetch(sql, *args)

    monkeypatch.setattr(db, "fetch", counted)
    day = datetime.now(UTC)
    data = await api.data(admin, asked, **{"from": (day - timedelta(days=2)).isoformat(), "to": day.isoformat()})
    assert len(data["segments"]["nodes"]) == 22
    assert len(statements) < 25
