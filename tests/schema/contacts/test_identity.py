"""Visitors, merges and their undoing through GraphQL."""

from models import db
from tests.kit.api import ERRORS, Api
from tests.schema.contacts.operations import create

VISITED = (
    'mutation ($id: String!) { activitiesRecord(input: [{anonymousId: $id, kind: "product.visit"}]) { recorded } }'
)

IDENTIFY = f"""
    mutation ($id: String!, $input: ContactInput!) {{
        contactIdentify(anonymousId: $id, input: $input) {{
            created contact {{ id anonymous aliases {{ kind value }} activities {{ nodes {{ kind }} }} }} {ERRORS}
        }}
    }}
"""

MERGE = f"""
    mutation ($keep: ID!, $merge: ID!, $choices: [MergeChoiceInput!]) {{
        contactsMerge(keepId: $keep, mergeId: $merge, choices: $choices) {{
            merge {{ id mergedId undoableUntil undoneAt kept {{ id name email }} by {{ id }} }} {ERRORS}
        }}
    }}
"""

PREVIEW = """
    query ($keep: ID!, $merge: ID!) {
        contactsMergePreview(keepId: $keep, mergeId: $merge) {
            blocked fields { field kept merged result } entering { id } leaving { id } activities
        }
    }
"""

UNMERGE = f"mutation ($id: ID!) {{ contactUnmerge(id: $id) {{ merge {{ undoneAt }} notices {ERRORS} }} }}"


async def test_a_visitor_browses_and_is_identified(api: Api, admin: str) -> None:
    assert (await api.data(admin, VISITED, id="v-1"))["activitiesRecord"] == {"recorded": 1}
    [visitor] = (await api.data(admin, "{ contacts { nodes { anonymous aliases { kind value } } } }"))["contacts"][
        "nodes"
    ]
    assert visitor == {"anonymous": True, "aliases": [{"kind": "ANONYMOUS_ID", "value": "v-1"}]}
    payload = (await api.data(admin, IDENTIFY, id="v-1", input={"email": "ana@example.com"}))["contactIdentify"]
    assert (payload["created"], payload["userErrors"]) == (False, [])
    contact = payload["contact"]
    assert contact.pop("id")
    assert contact == {
        "anonymous": False,
        "aliases": [{"kind": "EMAIL", "value": "ana@example.com"}, {"kind": "ANONYMOUS_ID", "value": "v-1"}],
        "activities": {"nodes": [{"kind": "product.visit"}]},
    }
    refused = (await api.data(admin, IDENTIFY, id="undefined", input={"email": "a@example.com"}))["contactIdentify"]
    assert [(error["code"], error["field"]) for error in refused["userErrors"]] == [("INVALID", ["anonymousId"])]


async def test_a_wrong_merge_is_undone(api: Api, admin: str) -> None:
    ana = await create(api, admin, name="Ana", email="ana@example.com")
    bob = await create(api, admin, name="Bob", email="bob@example.com")
    seen = (await api.data(admin, PREVIEW, keep=ana["id"], merge=bob["id"]))["contactsMergePreview"]
    assert {field["field"]: field["result"] for field in seen["fields"]} == {
        "name": "Ana",
        "email": "ana@example.com",
        "createdAt": seen["fields"][-1]["kept"],
    }
    choices = [{"field": "name", "takeMerged": True}]
    merge = (await api.data(admin, MERGE, keep=ana["id"], merge=bob["id"], choices=choices))["contactsMerge"]["merge"]
    assert (merge["kept"], merge["mergedId"]) == (
        {"id": ana["id"], "name": "Bob", "email": "ana@example.com"},
        bob["id"],
    )
    both = "query ($id: ID!) { node(id: $id) { id } contact(id: $id) { id merges { nodes { id } } } }"
    answer = await api.data(admin, both, id=bob["id"])
    assert answer == {
        "node": {"id": ana["id"]},
        "contact": {"id": ana["id"], "merges": {"nodes": [{"id": merge["id"]}]}},
    }
    undone = (await api.data(admin, UNMERGE, id=merge["id"]))["contactUnmerge"]
    assert (undone["notices"], undone["userErrors"]) == ([], [])
    assert (await api.data(admin, both, id=bob["id"]))["contact"]["id"] == bob["id"]
    again = (await api.data(admin, UNMERGE, id=merge["id"]))["contactUnmerge"]
    assert [error["code"] for error in again["userErrors"]] == ["NOT_ALLOWED_IN_STATE"]
    assert (
        await db.fetch_value("SELECT count(*) FROM audit_log WHERE action IN ('contacts_merge', 'contact_unmerge')")
        == 2
    )
