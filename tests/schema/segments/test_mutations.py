"""Changes of segments."""

import pytest

from models import db
from models.membership import rebuild
from models.segments import uses
from models.segments.uses import UseKind
from tests.kit.api import ERRORS
from tests.kit.segments import dynamic_segment, in_segment, new_contacts, static_segment
from tests.schema.segments.operations import DELETE, LIST, UPDATE, VIP, contact_id, id_of, refusals

CREATE = f"""mutation ($input: SegmentCreateInput!) {{ segmentCreate(input: $input) {{
    segment {{ id name kind status version memberCount rule ruleText computedAt }} job {{ id }} {ERRORS} }} }}"""


async def test_a_static_segment_is_created_with_members_and_a_dynamic_one_with_a_rule(api, admin, scope):
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
async def test_mistakes_are_reported_with_their_field(api, admin, given, wrong):
    payload = (await api.data(admin, CREATE, input=given))["segmentCreate"]
    assert (payload["segment"], refusals(payload)) == (None, [wrong])
    assert await db.fetch_value("SELECT count(*) FROM segments") == 0


async def test_an_update_of_an_old_version_is_a_conflict(api, admin, scope):
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


async def test_a_segment_in_use_is_not_deleted_without_force(api, admin, scope):
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


async def test_a_deleted_segment_is_restored_with_its_members(api, admin, scope):
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


async def test_a_restored_dynamic_segment_has_no_computed_at_before_it_is_computed(api, admin, scope):
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


async def test_recomputing_twice_gives_the_same_job(api, admin, scope):
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
