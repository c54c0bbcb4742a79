"""Segments, their members and their uses."""

from datetime import UTC, datetime, timedelta

from models import db
from models.broadcasts import lifecycle
from models.contacts.create import create_contact
from models.contacts.selections import ContactSelection
from models.segments import segments
from models.transfers.exports.export_file import Format
from models.transfers.exports.start import start_export
from models.transfers.imports import start
from models.transfers.imports.mapping import Column, Options
from permissions.capabilities import Permission
from permissions.roles import Role
from tests.kit import broadcasts
from tests.kit.api import bearer_of
from tests.kit.segments import dynamic_segment, in_segment, new_contacts, static_segment
from tests.kit.workspaces import new_workspace
from tests.schema.segments.operations import ADD, DELETE, LIST, UPDATE, id_of, refusals

MEMBERS = """query ($id: ID!, $first: Int, $after: String, $search: String) { segment(id: $id) {
    members(first: $first, after: $after, search: $search) {
        edges { cursor joinedAt origin node { id name } } pageInfo { hasNextPage endCursor } totalCount } } }"""


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


async def test_members_need_the_permission_to_read_contacts(api, scope):
    segment = await static_segment(scope)
    reader = await bearer_of(scope, Role.USER, Permission.SEGMENT_READ)
    assert await api.codes(reader, MEMBERS, id=id_of(segment)) == ["FORBIDDEN"]
    assert await api.data(reader, "query ($id: ID!) { segment(id: $id) { memberCount } }", id=id_of(segment)) == {
        "segment": {"memberCount": 0}
    }


async def test_segments_are_paged_searched_filtered_and_ordered(api, admin, scope):
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
    assert [n["name"] for n in (await api.data(admin, LIST, status="BUILDING"))["segments"]["nodes"]] == ["delta"]
    assert (await api.data(admin, LIST, status="FAILED"))["segments"]["totalCount"] == 0
    assert await api.codes(admin, LIST, after=after, orderBy="NAME_ASC") == ["BAD_REQUEST"]
    assert await api.codes(admin, LIST, after="nonsense") == ["BAD_REQUEST"]


async def test_a_use_shows_what_uses_the_segment_to_callers_who_may_read_it(api, admin, scope):
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


async def test_computed_at_tells_as_of_when_the_members_are_right(api, admin, scope):
    static, dynamic = await static_segment(scope), await dynamic_segment(scope)
    before = datetime.now(UTC) - timedelta(minutes=1)
    asked = "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Segment { name computedAt } } }"
    nodes = (await api.data(admin, asked, ids=[id_of(static), id_of(dynamic)]))["nodes"]
    assert all(datetime.fromisoformat(node["computedAt"]) > before for node in nodes)


async def test_segments_of_another_workspace_do_not_exist(api, scope):
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


async def test_a_list_with_all_fields_needs_a_few_statements(api, admin, scope, monkeypatch):
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
