"""Audiences by the API: created, listed, seen, and what people did wrong."""

from typing import Any

import pytest

from models import db
from models.destinations.audiences import replacing
from permissions.principal import Scope
from schema.server.ids import to_global_id
from tests.kit import audiences as kit
from tests.kit.api import Api, bearer_of
from tests.kit.broadcasts import a_segment, people
from tests.kit.meta import a_sandbox

AUDIENCE = """
    query ($id: ID!) { audience(id: $id) {
        name status reason mode keys externalId lagSeconds lastSyncedAt deliveryStatus approximateLower
        counts { members present pending unmatchable excluded refused leaving kept }
        refusedContacts(first: 1) { nodes { id } pageInfo { hasNextPage endCursor } }
        segment { name deletedAt uses { nodes { kind label active usedBy { id } } } }
    } }
"""

CREATE = """
    mutation ($input: AudienceCreateInput!) { audienceCreate(input: $input) {
        audience { id keys mode status } userErrors { code message field }
    } }
"""


@pytest.fixture
async def scope(workspace: Scope) -> Scope:
    return await kit.with_account(workspace)


async def ask(api: Api, scope: Scope, document: str, **variables: Any) -> Any:
    return await api.data(await bearer_of(scope), document, **variables)


async def test_an_audience_shows_what_it_knows(api: Api, scope: Scope) -> None:
    async with a_sandbox() as server:
        ids = await people(scope, 5, consent="UNKNOWN")
        await db.execute("UPDATE contacts SET email = 'p' || id::text || '@example.com', whatsapp_consent = 'OPTED_IN'")
        await db.execute("UPDATE contacts SET whatsapp_consent = 'OPTED_OUT' WHERE id = $1", ids[0])
        server.sandbox.faults.invalid = frozenset(kit.hashed(f"p{contact}@example.com") for contact in ids[3:])
        segment = await a_segment(scope, ids)
        given = {"name": " Friends ", "segmentId": to_global_id("Segment", segment)}
        created = (await ask(api, scope, CREATE, input=given))["audienceCreate"]
        assert created["userErrors"] == []
        assert created["audience"]["keys"] == ["EMAIL", "PHONE", "EXTERN_ID"]
        audience_id = await db.fetch_value("SELECT id FROM audiences")
        await kit.sync_audience(kit.a_context(server), scope.workspace_id, audience_id)
        audience = (await ask(api, scope, AUDIENCE, id=created["audience"]["id"]))["audience"]
        assert (audience["name"], audience["status"], audience["reason"]) == ("Friends", "IN_SYNC", None)
        counts = {"members": 5, "present": 2, "pending": 0, "unmatchable": 0, "excluded": 1, "refused": 2}
        assert audience["counts"] == counts | {"leaving": 0, "kept": 0}
        assert audience["refusedContacts"]["nodes"] == [{"id": to_global_id("Contact", ids[3])}]
        assert audience["refusedContacts"]["pageInfo"]["hasNextPage"]
        use = {"kind": "AUDIENCE", "label": "Friends", "active": True, "usedBy": {"id": created["audience"]["id"]}}
        assert audience["segment"]["uses"]["nodes"] == [use]
        assert audience["lagSeconds"] == 0.0


async def test_audiences_are_listed_in_pages_and_by_segment(api: Api, scope: Scope) -> None:
    first, second = await a_segment(scope, []), await a_segment(scope, [], "Others")
    made = [await kit.an_audience(scope, segment) for segment in (first, second, first)]
    listed = """query ($first: Int, $after: String, $segment: ID) {
        audiences(first: $first, after: $after, segmentId: $segment) {
            nodes { id } edges { cursor } pageInfo { hasNextPage endCursor } } }"""
    page = (await ask(api, scope, listed, first=2))["audiences"]
    assert [one["id"] for one in page["nodes"]] == [to_global_id("Audience", one.id) for one in made[:0:-1]]
    rest = (await ask(api, scope, listed, first=2, after=page["pageInfo"]["endCursor"]))["audiences"]
    assert [one["id"] for one in rest["nodes"]] == [to_global_id("Audience", made[0].id)]
    own = (await ask(api, scope, listed, segment=to_global_id("Segment", second)))["audiences"]
    assert [one["id"] for one in own["nodes"]] == [to_global_id("Audience", made[1].id)]


async def test_what_is_wrong_is_said_at_its_field(api: Api, scope: Scope) -> None:
    segment = to_global_id("Segment", await a_segment(scope, []))
    wrong: list[tuple[dict[str, Any], str, list[str]]] = [
        ({"name": " ", "segmentId": segment}, "INVALID", ["name"]),
        ({"name": "A", "segmentId": to_global_id("Segment", 999)}, "NOT_FOUND", ["segmentId"]),
        ({"name": "A", "segmentId": "nothing"}, "NOT_FOUND", ["segmentId"]),
        ({"name": "A", "segmentId": segment, "keys": []}, "REQUIRED", ["keys"]),
        ({"name": "A", "segmentId": segment, "description": "d" * 401}, "INVALID", ["description"]),
    ]
    for given, code, field in wrong:
        payload = (await ask(api, scope, CREATE, input=given))["audienceCreate"]
        assert payload["audience"] is None
        assert [(error["code"], error["field"]) for error in payload["userErrors"]] == [(code, field)], given
    assert await db.fetch_value("SELECT count(*) FROM audiences") == 0


async def test_a_reconciliation_is_a_job_that_names_its_audience(api: Api, scope: Scope) -> None:
    audience = await kit.an_audience(scope, await a_segment(scope, []))
    job = await replacing.ask(scope, audience.id)
    shown = "query ($id: ID!) { job(id: $id) { kind status ... on AudienceJob { audience { name } } } }"
    found = (await ask(api, scope, shown, id=to_global_id("AudienceJob", job.id)))["job"]
    assert found == {"kind": "AUDIENCE", "status": "QUEUED", "audience": {"name": "Friends"}}
