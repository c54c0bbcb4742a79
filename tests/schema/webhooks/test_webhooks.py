"""Endpoints through the API."""

import orjson
import pytest

from models import clock, db
from models.accounts import secrets
from models.destinations.webhooks import dispatch, endpoints, outcomes, planning, rows, urls
from models.destinations.webhooks.bodies import delivery_of
from models.destinations.webhooks.outcomes import Attempt, Outcome
from permissions.capabilities import Permission
from permissions.principal import Scope
from permissions.roles import Role
from schema.server.ids import split_global_id, to_global_id
from tests.kit.api import Api, bearer_of
from tests.kit.broadcasts import SECRET_KEY
from tests.kit.logs import entered
from tests.kit.segments import new_contacts, static_segment
from tests.kit.webhook_endpoints import prove

CREATE = """mutation($input: WebhookEndpointInput!) { webhookEndpointCreate(input: $input) {
    webhookEndpoint { id url status eventTypes segments { id } mode onFailure batchSize includeContacts headers cursor
        pendingEvents pendingEventsIsMinimum lagSeconds nextAttemptAt lastDeliveredAt }
    secret userErrors { code message field } } }"""
UPDATE = """mutation($id: ID!, $input: WebhookEndpointInput!) { webhookEndpointUpdate(id: $id, input: $input) {
    webhookEndpoint { description headers segments { id } status } userErrors { code field } } }"""
DELIVERIES = """query($id: ID!, $first: Int, $after: String, $succeeded: Boolean) { webhookEndpoint(id: $id) {
    deliveries(first: $first, after: $after, succeeded: $succeeded) {
        nodes { id eventType events succeeded replay payload attempts { at milliseconds status error response } }
        pageInfo { hasNextPage endCursor } } } }"""

URL = "https://example.com/hooks"
GIVEN = {"url": URL, "eventTypes": ["membership.changes"]}


@pytest.fixture(autouse=True)
def _keys() -> None:
    secrets.use_keys([SECRET_KEY])
    urls.allow_local(False)


async def test_an_endpoint_is_made_and_shows_no_secret_again(api: Api, workspace: Scope, admin: str) -> None:
    segment = to_global_id("Segment", (await static_segment(workspace)).id)
    given = {**GIVEN, "segmentIds": [segment], "headers": {"Authorization": "Bearer theirs"}}
    made = (await api.data(admin, CREATE, input=given))["webhookEndpointCreate"]
    assert made["userErrors"] == []
    assert made["secret"].startswith("whsec_")
    endpoint = made["webhookEndpoint"]
    assert endpoint["status"] == "CHECKING"
    assert endpoint["segments"] == [{"id": segment}]
    assert endpoint["headers"] == {"Authorization": None}
    assert (endpoint["pendingEvents"], endpoint["pendingEventsIsMinimum"]) == (0, False)
    assert (endpoint["mode"], endpoint["onFailure"], endpoint["batchSize"]) == ("ORDERED", "BLOCK", 100)
    changed = await api.data(admin, UPDATE, id=endpoint["id"], input={**GIVEN, "description": "Ours"})
    assert changed["webhookEndpointUpdate"] == {
        "webhookEndpoint": {
            "description": "Ours",
            "headers": {"Authorization": None},
            "segments": [],
            "status": "CHECKING",
        },
        "userErrors": [],
    }
    uses = await api.data(
        admin, "query($id: ID!) { segment(id: $id) { uses { nodes { kind active usedBy { id } } } } }", id=segment
    )
    assert uses["segment"]["uses"]["nodes"] == [{"kind": "WEBHOOK", "active": False, "usedBy": {"id": endpoint["id"]}}]


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"url": "https://10.0.0.1/"}, ["input", "url"]),
        ({"eventTypes": ["everything"]}, ["input", "eventTypes", "0"]),
        ({"segmentIds": ["nonsense"]}, ["input", "segmentIds"]),
        ({"headers": ["x"]}, ["input", "headers"]),
        ({"headers": {"webhook-id": "x"}}, ["input", "headers", "webhook-id"]),
        ({"startAt": "nonsense"}, ["input", "startAt"]),
    ],
    ids=range(6),
)
async def test_a_mistake_has_its_place(api: Api, workspace: Scope, admin: str, wrong: dict, path: list[str]) -> None:
    made = (await api.data(admin, CREATE, input={**GIVEN, **wrong}))["webhookEndpointCreate"]
    assert [error["field"] for error in made["userErrors"]] == [path]
    assert made["secret"] is None


@pytest.mark.parametrize(
    ("permission", "given"),
    [
        (Permission.SEGMENT_READ, {}),
        (Permission.CONTACT_READ, {"includeContacts": True}),
        (Permission.JOB_READ, {"eventTypes": ["job.finished"]}),
        (Permission.BROADCAST_READ, {"eventTypes": ["broadcast.finished"]}),
        (Permission.WORKFLOW_READ, {"eventTypes": ["workflow.message"]}),
    ],
    ids=range(5),
)
async def test_nobody_is_sent_what_its_maker_may_not_read(
    api: Api, workspace: Scope, permission: Permission, given: dict
) -> None:
    others = [one for one in Permission if one is not permission]
    without = await bearer_of(workspace, Role.USER, *others)
    assert await api.codes(without, CREATE, input={**GIVEN, **given}) == ["FORBIDDEN"]
    assert await rows.all_of(workspace) == []


async def test_deliveries_show_each_attempt_and_the_body(api: Api, workspace: Scope, admin: str) -> None:
    made = (await api.data(admin, CREATE, input={**GIVEN, "batchSize": 1, "includeContacts": True}))[
        "webhookEndpointCreate"
    ]
    global_id = made["webhookEndpoint"]["id"]
    endpoint_id = split_global_id(global_id)[1]  # type: ignore[index]
    await prove(workspace, endpoint_id)
    (contact_id, _) = await new_contacts(workspace, 2, name="Ana")
    await entered(workspace, await static_segment(workspace), contact_id, contact_id + 1)
    await attempted(workspace, endpoint_id)
    page = (await api.data(admin, DELIVERIES, id=global_id, first=1))["webhookEndpoint"]["deliveries"]
    assert page["pageInfo"]["hasNextPage"]
    (newest,) = page["nodes"]
    assert (newest["succeeded"], newest["attempts"]) == (None, [])
    more = await api.data(admin, DELIVERIES, id=global_id, first=9, after=page["pageInfo"]["endCursor"])
    (failed,) = more["webhookEndpoint"]["deliveries"]["nodes"]
    assert failed["attempts"][0] | {"at": ""} == {
        "at": "",
        "milliseconds": 9,
        "status": 500,
        "error": None,
        "response": "no",
    }
    assert failed["payload"]["data"]["changes"][0]["contact"]["name"] == "Ana"
    none = await api.data(admin, DELIVERIES, id=global_id, first=9, succeeded=True)
    assert none["webhookEndpoint"]["deliveries"]["nodes"] == []
    without = await bearer_of(workspace, Role.USER, Permission.WEBHOOK_MANAGE)
    response = await api.ask(without, DELIVERIES, id=global_id, first=9)
    assert {error["extensions"]["code"] for error in response["errors"]} == {"FORBIDDEN"}
    assert [one["payload"] for one in response["data"]["webhookEndpoint"]["deliveries"]["nodes"]] == [None, None]


async def attempted(scope: Scope, endpoint_id: int) -> None:
    """The first delivery has failed once."""
    lease = await dispatch.take(scope.workspace_id, endpoint_id)
    assert lease is not None
    situation = await dispatch.look_at(lease)
    await planning.plan(scope, situation.endpoint, situation.behind, 9)
    first = await db.fetch_row("SELECT * FROM webhook_deliveries WHERE kind = 'LIVE' ORDER BY id LIMIT 1")
    await outcomes.record(scope, lease, [Outcome(delivery_of(first), Attempt(clock.now(), 9, 500, response="no"))])


async def test_event_types_are_described_to_everybody_who_signed_in(api: Api, workspace: Scope) -> None:
    anybody = await bearer_of(workspace, Role.USER)
    found = await api.data(anybody, "{ webhookEventTypes { name description schema example } }")
    names = {one["name"] for one in found["webhookEventTypes"]}
    assert {"membership.changes", "segment.deleted", "job.finished", "contact.merged", "workflow.message"} <= names
    assert all(
        orjson.dumps(one["schema"]) and one["example"]["type"] == one["name"] for one in found["webhookEventTypes"]
    )


ROTATE = """mutation($id: ID!, $overlap: Duration!) { webhookSecretRotate(id: $id, overlap: $overlap) {
    secret userErrors { field } } }"""


@pytest.mark.parametrize(
    ("overlap", "right"), [("PT24H", True), ("PT0S", True), ("P7D", True), ("P8D", False), ("P1M", False)]
)
async def test_secrets_overlap_for_a_week_at_most(
    api: Api, workspace: Scope, admin: str, overlap: str, right: bool
) -> None:
    made = (await api.data(admin, CREATE, input=GIVEN))["webhookEndpointCreate"]
    rotated = (await api.data(admin, ROTATE, id=made["webhookEndpoint"]["id"], overlap=overlap))["webhookSecretRotate"]
    assert [error["field"] for error in rotated["userErrors"]] == ([] if right else [["overlap"]])
    assert (rotated["secret"] not in (None, made["secret"])) == right


async def test_too_many_endpoints_are_refused(
    api: Api, workspace: Scope, admin: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoints, "MOST_ENDPOINTS", 1)
    await api.data(admin, CREATE, input=GIVEN)
    second = (await api.data(admin, CREATE, input=GIVEN))["webhookEndpointCreate"]
    assert [error["code"] for error in second["userErrors"]] == ["LIMIT_EXCEEDED"]
