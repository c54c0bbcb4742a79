"""Members see what failed of webhooks, try it again and delete it."""

import pytest

from models import clock
from models.queue import failed_webhooks, inbox
from permissions.capabilities import Permission
from permissions.principal import Scope
from permissions.roles import Role
from tests.kit.api import ERRORS, Api, bearer_of

LIST = """query ($after: String) { inboundWebhookFailures(first: 2, after: $after) { totalCount pageInfo { endCursor hasNextPage }
    nodes { id item error reason attempts body receivedAt failedAt } } }"""
RETRY = f"mutation ($ids: [ID!]) {{ inboundWebhookFailuresRetry(ids: $ids) {{ retried {ERRORS} }} }}"
DELETE = f"mutation ($ids: [ID!]!) {{ inboundWebhookFailuresDelete(ids: $ids) {{ deletedIds {ERRORS} }} }}"


@pytest.fixture(autouse=True)
async def _three_have_failed(scope: Scope) -> None:
    for name in ("a", "b", "c"):
        failure = failed_webhooks.failure_of(KeyError(name), 1, "messages", f'"{name}ü"'.encode(), 1, clock.now())
        await failed_webhooks.keep(scope.workspace_id, [failure])


async def test_failures_are_listed_with_their_bodies(api: Api, bearer: str):
    page = (await api.data(bearer, LIST))["inboundWebhookFailures"]
    assert page["totalCount"] == 3
    assert [(one["item"], one["error"], one["reason"], one["body"]) for one in page["nodes"]] == [
        ("messages", "KeyError", "'c'", '"cü"'),
        ("messages", "KeyError", "'b'", '"bü"'),
    ]
    rest = (await api.data(bearer, LIST, after=page["pageInfo"]["endCursor"]))["inboundWebhookFailures"]
    assert [one["body"] for one in rest["nodes"]] == ['"aü"']


async def test_a_body_needs_the_permission_to_read_contacts(api: Api, scope: Scope):
    bearer = await bearer_of(scope, Role.USER, Permission.WEBHOOK_MANAGE)
    answer = await api.ask(bearer, "{ inboundWebhookFailures { nodes { item body } } }")
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"FORBIDDEN"}
    assert answer["data"]["inboundWebhookFailures"]["nodes"][0] == {"item": "messages", "body": None}


async def test_failures_are_tried_again_and_deleted(api: Api, scope: Scope, bearer: str):
    first, second = [one["id"] for one in (await api.data(bearer, LIST))["inboundWebhookFailures"]["nodes"]]
    assert (await api.data(bearer, DELETE, ids=[first]))["inboundWebhookFailuresDelete"]["deletedIds"] == [first]
    assert (await api.data(bearer, RETRY, ids=[second]))["inboundWebhookFailuresRetry"]["retried"] == 1
    assert (await api.data(bearer, RETRY))["inboundWebhookFailuresRetry"]["retried"] == 1
    assert await inbox.waiting() == [scope.workspace_id]
    wrong = (await api.data(bearer, DELETE, ids=["nonsense"]))["inboundWebhookFailuresDelete"]
    assert [(error["code"], error["field"]) for error in wrong["userErrors"]] == [("NOT_FOUND", ["ids", "0"])]
