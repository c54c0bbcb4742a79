"""What each mutation enqueues: after the commit of what it changed, and nothing when it was refused or rolled back."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from models import db
from permissions.principal import Scope
from permissions.roles import Role
from tests.kit.api import Api, bearer_of
from tests.kit.queue import RecordingSender, recording
from tests.schema.test_denials import MUTATIONS, document, variables_of

CHANGES, LOG = "process_changes", "log_grew"

ENQUEUED: dict[str, set[str]] = {
    "workspaceUpdate": {"rebuild", "process_workflows"},
    "contactCreate": {CHANGES},
    "contactUpdate": {CHANGES},
    "contactUpsert": {CHANGES},
    "contactConsentGrant": {CHANGES},
    "contactsDelete": {CHANGES},
    "contactIdentify": {CHANGES},
    "scoreModelCreate": {"build_score"},
    "scoreModelUpdate": {"build_score"},
    "scoreAdjust": {CHANGES},
    "contactsMerge": {CHANGES, LOG},
    "contactUnmerge": {CHANGES, LOG},
    "contactErase": {CHANGES, "erase_contact"},
    "contactTagsAdd": {CHANGES},
    "contactTagsRemove": {CHANGES},
    "workflowContactsAdd": {LOG},
    "workflowContactsRemove": {LOG},
    "workflowContactsMove": {LOG},
    "workflowActivate": {"process_workflows"},
    "workflowResume": {"process_workflows"},
    "workflowDrain": {"process_workflows", "retire_workflows"},
    "tagRename": {"run_job"},
    "tagDelete": {"run_job"},
    "activitiesRecord": {CHANGES},
    "segmentCreate": {CHANGES, LOG},
    "segmentUpdate": {LOG},
    "segmentDelete": {CHANGES, LOG},
    "segmentRestore": {CHANGES, LOG},
    "segmentDuplicate": set(),
    "segmentContactsAdd": {CHANGES, LOG},
    "segmentContactsRemove": {CHANGES, LOG},
    "segmentOverride": set(),  # the segment is BUILDING: its members are computed with the override
    "segmentRecompute": {"run_job"},
    "jobCancel": {LOG},
    "exportStart": {"run_job"},
    "importStart": {"run_job"},
    "importUndo": {"run_job", CHANGES, LOG},
    "broadcastSchedule": {"prepare_broadcast"},
    "broadcastResume": {"prepare_broadcast"},
    "broadcastCancel": {"end_broadcast", LOG},
    "broadcastTest": {"run_request"},
    "messageTemplatesSync": {"run_request"},
    "whatsappChannelConnect": {"run_request"},
    "metaConnect": {"run_request"},
    "audienceCreate": {"sync_audience"},
    "audienceUpdate": {"sync_audience"},
    "audienceResume": {"sync_audience"},
    "audienceReconcile": {"run_job"},
    "audienceDelete": {"sync_audience"},
    "inboundWebhookFailuresRetry": {"process_webhooks"},
    "webhookEndpointCreate": {"send_webhooks"},
    "webhookEndpointUpdate": {"send_webhooks"},
    "webhookEndpointResume": {"send_webhooks"},
    "webhookTest": {"send_webhooks"},
    "webhookDeliveryResend": {"send_webhooks"},
    "webhookReplay": {"send_webhooks"},
    "workflowBacktest": {"run_job"},
    "workflowTestStart": {LOG},
    "workflowTestAdvance": {LOG},
    "workflowTestEnd": {LOG},
}
"""The names of the work that each mutation's sample enqueues; other mutations enqueue nothing."""


@pytest.fixture
async def bearer(workspace: Scope) -> str:
    return await bearer_of(workspace)


async def call(api: Api, bearer: str, name: str, variables: dict[str, Any]) -> tuple[dict[str, Any], RecordingSender]:
    with recording() as sender:
        response = await api.ask(bearer, document("mutation", name, MUTATIONS[name], variables), **variables)
    return response, sender


@asynccontextmanager
async def commits_that_fail() -> AsyncIterator[None]:
    """In this context, transactions that write to the audit log fail at their commit."""
    for statement in _REFUSE:  # one by one: a cluster sends definitions to its nodes
        await db.execute(statement)
    try:
        yield
    finally:
        await db.execute("DROP TRIGGER refuse ON audit_log")
        await db.execute("DROP FUNCTION refuse_commit()")


_REFUSE = (
    "CREATE FUNCTION refuse_commit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refused'; END $$",
    """CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON audit_log DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION refuse_commit()""",
)


def names(sender: RecordingSender) -> set[str]:
    return {message[0] for message in sender.sent}


@pytest.mark.parametrize("name", MUTATIONS)
async def test_a_mutation_enqueues_what_follows_from_its_change(api: Api, workspace: Scope, bearer: str, name: str):
    variables = await variables_of(name, workspace)
    response, sender = await call(api, bearer, name, variables)
    assert response["data"][name]["userErrors"] == []
    assert names(sender) == ENQUEUED.get(name, set())
    assert {message[1] for message in sender.sent} <= {workspace.workspace_id}


@pytest.mark.parametrize("name", [name for name in ENQUEUED if ENQUEUED[name]])
async def test_a_mutation_that_is_denied_or_rolled_back_enqueues_nothing(
    api: Api, workspace: Scope, bearer: str, name: str
):
    variables = await variables_of(name, workspace)
    _, sender = await call(api, await bearer_of(workspace, Role.USER), name, variables)
    assert sender.sent == []
    async with commits_that_fail():
        response, sender = await call(api, bearer, name, variables)
    assert response["errors"]
    assert sender.sent == []
