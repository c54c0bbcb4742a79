"""Activities over GraphQL."""

import pytest

from models.contacts.create import create_contact
from permissions.capabilities import Permission
from permissions.principal import Scope
from tests.kit.api import Api, bearer_of, token_with

RECORD = """
    mutation ($input: [ActivityInput!]!) {
        activitiesRecord(input: $input) { recorded duplicates userErrors { code message field } }
    }
"""
SHOW = """
    query ($first: Int, $after: String, $kind: String) {
        contact(externalId: "ana") {
            activities(first: $first, after: $after, kind: $kind) {
                nodes { kind occurredAt properties } pageInfo { hasNextPage endCursor }
            }
        }
    }
"""


@pytest.fixture
async def ana(workspace: Scope) -> None:
    await create_contact(workspace, {"external_id": "ana"})


async def test_an_app_records_activities(api: Api, workspace: Scope, ana: None) -> None:
    app = await token_with(workspace, Permission.ACTIVITY_WRITE)
    admin = await bearer_of(workspace)
    given = [
        {"externalId": "ana", "kind": "purchase", "occurredAt": f"2026-01-0{day}T10:00:00Z", "properties": {"n": day}}
        for day in (1, 3, 2)
    ]
    visit = {"externalId": "ana", "kind": "product.visit", "occurredAt": "2026-01-04T10:00:00+01:00"}
    recorded = (await api.data(app, RECORD, input=[*given, {**visit, "idempotencyKey": "x"}]))["activitiesRecord"]
    assert recorded == {"recorded": 4, "duplicates": 0, "userErrors": []}
    again = (await api.data(app, RECORD, input=[{**visit, "idempotencyKey": "x"}]))["activitiesRecord"]
    assert again == {"recorded": 0, "duplicates": 1, "userErrors": []}

    first = (await api.data(admin, SHOW, first=2))["contact"]["activities"]
    assert first["nodes"] == [
        {"kind": "product.visit", "occurredAt": "2026-01-04T09:00:00Z", "properties": {}},
        {"kind": "purchase", "occurredAt": "2026-01-03T10:00:00Z", "properties": {"n": 3}},
    ]
    rest = (await api.data(admin, SHOW, first=2, after=first["pageInfo"]["endCursor"]))["contact"]["activities"]
    assert [node["properties"]["n"] for node in rest["nodes"]] == [2, 1]
    assert rest["pageInfo"]["hasNextPage"] is False
    purchases = (await api.data(admin, SHOW, kind="purchase"))["contact"]["activities"]["nodes"]
    assert len(purchases) == 3
    assert await api.codes(admin, SHOW, after="nonsense") == ["BAD_REQUEST"]


async def test_mistakes_are_reported_with_their_index(api: Api, workspace: Scope, ana: None) -> None:
    app = await token_with(workspace, Permission.ACTIVITY_WRITE)
    wrong = [{"externalId": "ana", "kind": "Big"}, {"contactId": "bm9uZQ", "kind": "a"}, {"kind": "a"}]
    for given, expected in (
        (wrong[:1], [("INVALID", ["0", "kind"])]),
        (wrong[1:2], [("NOT_FOUND", ["0", "contactId"])]),
        ([{"externalId": "ana", "kind": "a"}, wrong[2]], [("REQUIRED", ["1", "contactId"])]),
        ([{"externalId": "bob", "kind": "a"}], [("NOT_FOUND", ["0", "externalId"])]),
        ([{"externalId": "ana", "kind": "a", "properties": "x"}], [("INVALID", ["0", "properties"])]),
    ):
        payload = (await api.data(app, RECORD, input=given))["activitiesRecord"]
        assert [(error["code"], error["field"]) for error in payload["userErrors"]] == expected
        assert payload["recorded"] == 0
