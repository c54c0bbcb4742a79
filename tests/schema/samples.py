"""One good call of each root field, which the denial tests make as callers of every kind.

For a new mutation, query or subscription, write a function here that creates what the call needs in `scope`'s workspace (which
has only its members) and returns the variables. Queries and subscriptions without required arguments need none.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from models import clock, db
from models.accounts import api_tokens, members, password_links, secrets
from models.broadcasts import lifecycle, starting, stopping
from models.broadcasts.states import BroadcastStatus
from models.changelog.cursor import to_cursor
from models.changelog.members import MEMBERS
from models.contacts import fields
from models.contacts.create import create_contact
from models.contacts.selections import ContactSelection
from models.db.tables.broadcasts import Broadcast
from models.destinations.audiences import audiences
from models.destinations.webhooks import endpoints, rows
from models.destinations.webhooks.settings import EndpointSettings
from models.identity.merge import merge_contacts
from models.messaging import channels
from models.queue import failed_webhooks, requests, running_jobs
from models.rules.tree import FieldType
from models.score_models import score_models
from models.segments import segments
from models.segments.segments import SegmentKind
from models.tracking import keys as tracking_keys
from models.transfers.imports import run, saved_mappings, start, uploads
from models.transfers.imports.mapping import Column as ImportColumn
from models.transfers.imports.mapping import Options
from models.workflows import drafts, versions
from models.workflows.lifecycle import commands
from models.workflows.lifecycle import contacts as workflow_contacts
from models.workflows.publishing.preview import preview
from models.workflows.states import EnrolledContactsPolicy
from models.workflows.trials import runs
from permissions.principal import Scope
from permissions.roles import Role
from sandbox.whatsapp.provider import BUSINESS_ACCOUNT_ID, NUMBER_ID
from schema.server.ids import split_global_id, to_global_id
from tests.kit import audiences as advertising
from tests.kit import broadcasts as sending
from tests.kit.workflow_graphs import end_of, graph_of, wait_of
from tests.kit.workflow_runs import activated, published
from tests.kit.workflows import running
from tests.kit.workspaces import PASSWORD

Variables = dict[str, Any]
Sample = Callable[[Scope], Awaitable[Variables]]

SAMPLES: dict[str, Sample] = {}
"""By the GraphQL name of the root field."""


def sample(name: str) -> Callable[[Sample], Sample]:
    """Register the sample of the root field `name`."""

    def register(make: Sample) -> Sample:
        assert name not in SAMPLES, f"there are two samples of {name}"
        SAMPLES[name] = make
        return make

    return register


# ---------------------------------------------------------------- what calls need


async def a_contact(scope: Scope, **values: Any) -> str:
    """The id of a new contact."""
    contact = await create_contact(scope, {"name": "Ana García", **values})
    return to_global_id("Contact", contact["id"])


async def a_member(scope: Scope) -> str:
    """The id of a new USER without permissions."""
    person = await members.create(scope, email="u@example.com", name="U", password=PASSWORD, role=Role.USER)
    return to_global_id("Member", person.id)


# ---------------------------------------------------------------- accounts


@sample("signIn")
async def sign_in(scope: Scope) -> Variables:
    await a_member(scope)
    return {"email": "u@example.com", "password": PASSWORD}


@sample("workspaceUpdate")
async def workspace_update(scope: Scope) -> Variables:
    await a_dynamic_segment(scope)
    return {"input": {"name": "Acme Two", "timezone": "Asia/Tokyo", "defaultCountry": "JP"}}


@sample("sessionStart")
async def session_start(scope: Scope) -> Variables:
    return await sign_in(scope)


@sample("sessionEnd")
@sample("tokenRefresh")
async def without_arguments(_: Scope) -> Variables:
    return {}


@sample("passwordChange")
async def password_change(_: Scope) -> Variables:
    return {"current": PASSWORD, "new": "seven purple umbrellas"}


@sample("passwordSet")
async def password_set(scope: Scope) -> Variables:
    member_id = split_global_id(await a_member(scope))
    assert member_id is not None
    link = await password_links.create(scope, member_id[1])
    return {"token": link.token, "new": "seven purple umbrellas"}


@sample("memberInvite")
async def member_invite(scope: Scope) -> Variables:
    return {"id": await a_member(scope)}


@sample("memberCreate")
async def member_create(scope: Scope) -> Variables:
    return {"input": {"email": "new@example.com", "name": "New", "password": PASSWORD, "role": "USER"}}


@sample("memberUpdate")
async def member_update(scope: Scope) -> Variables:
    return {"id": await a_member(scope), "input": {"name": "Another", "password": PASSWORD + "!"}}


@sample("memberDelete")
async def member_delete(scope: Scope) -> Variables:
    return {"id": await a_member(scope)}


@sample("apiTokenCreate")
async def api_token_create(scope: Scope) -> Variables:
    return {"input": {"name": "an app", "permissions": []}}


@sample("apiTokenRevoke")
async def api_token_revoke(scope: Scope) -> Variables:
    token, _ = await api_tokens.create(scope, name="an app", permissions=[])
    return {"id": to_global_id("ApiToken", token.id)}


# ---------------------------------------------------------------- contacts


@sample("contactFieldCreate")
async def contact_field_create(scope: Scope) -> Variables:
    return {"input": {"key": "city", "label": "City", "type": "TEXT"}}


@sample("contactFieldUpdate")
async def contact_field_update(scope: Scope) -> Variables:
    field = await fields.create(scope, key="size", label="Size", kind=FieldType.CHOICE, choices=["S", "M"])
    return {"id": to_global_id("ContactField", field.id), "input": {"label": "Sizes", "choices": ["S", "M", "L"]}}


@sample("contactFieldDelete")
async def contact_field_delete(scope: Scope) -> Variables:
    field = await fields.create(scope, key="city", label="City", kind=FieldType.TEXT)
    return {"id": to_global_id("ContactField", field.id)}


@sample("contactCreate")
async def contact_create(scope: Scope) -> Variables:
    return {"input": {"name": "Bob Miller", "email": "bob@example.com", "phone": "+34600111222"}}


@sample("contactUpdate")
async def contact_update(scope: Scope) -> Variables:
    return {"id": await a_contact(scope), "input": {"email": "ana@example.com", "score": 3}}


@sample("contactUpsert")
async def contact_upsert(scope: Scope) -> Variables:
    await a_contact(scope, email="ana@example.com")
    return {"input": {"email": "ana@example.com", "phone": "+34600111222"}}


@sample("contactConsentGrant")
async def contact_consent_grant(scope: Scope) -> Variables:
    return {"id": await a_contact(scope, phone="+34600111222"), "evidence": "Signed at the counter"}


@sample("contactIdentify")
async def contact_identify(scope: Scope) -> Variables:
    return {"anonymousId": "0b4f6c0e-visitor", "input": {"email": "ana@example.com"}}


@sample("contactsMerge")
@sample("contactsMergePreview")
async def two_contacts_that_are_one(scope: Scope) -> Variables:
    return {"keepId": await a_contact(scope), "mergeId": await a_contact(scope, email="ana@example.com")}


@sample("contactUnmerge")
async def contact_unmerge(scope: Scope) -> Variables:
    kept, merged = await create_contact(scope, {"name": "Ana"}), await create_contact(scope, {"name": "Ana"})
    merge = await merge_contacts(scope, kept["id"], merged["id"], {})
    return {"id": to_global_id("ContactMerge", merge["id"])}


@sample("duplicateDismiss")
async def duplicate_dismiss(scope: Scope) -> Variables:
    return {"a": await a_contact(scope), "b": await a_contact(scope)}


SCORE = {
    "key": "interest",
    "name": "Interest",
    "groups": [{"name": "Does", "parts": [{"label": "Buys", "points": 5, "earn": {"each": {"kind": "purchase"}}}]}],
}


async def a_score(scope: Scope) -> str:
    return to_global_id("ScoreModel", (await score_models.create(scope, SCORE))["id"])


@sample("scoreModelCreate")
@sample("scorePreview")
async def score_input(scope: Scope) -> Variables:
    return {"input": SCORE}


@sample("scoreModelUpdate")
async def score_model_update(scope: Scope) -> Variables:
    return {"id": await a_score(scope), "input": {**SCORE, "maximum": 20}}


@sample("scoreModelDelete")
async def score_model_delete(scope: Scope) -> Variables:
    return {"id": await a_score(scope)}


@sample("scoreAdjust")
async def score_adjust(scope: Scope) -> Variables:
    return {
        "contactId": await a_contact(scope),
        "modelId": await a_score(scope),
        "points": 3,
        "reason": "Met at a fair",
    }


@sample("scoreModel")
async def score_model(scope: Scope) -> Variables:
    return {"id": await a_score(scope)}


@sample("trackingKeyCreate")
async def tracking_key_create(scope: Scope) -> Variables:
    return {"input": {"name": "Shop", "origins": ["https://shop.example"]}}


@sample("trackingKeyRevoke")
async def tracking_key_revoke(scope: Scope) -> Variables:
    return {"id": to_global_id("TrackingKey", (await tracking_keys.create(scope, "Shop"))["id"])}


@sample("contactErase")
@sample("contactExport")
async def one_contact(scope: Scope) -> Variables:
    return {"id": await a_contact(scope)}


@sample("contactsDelete")
async def contacts_delete(scope: Scope) -> Variables:
    return {"ids": [await a_contact(scope)]}


@sample("contactTagsAdd")
async def contact_tags_add(scope: Scope) -> Variables:
    return {"contactIds": [await a_contact(scope)], "tags": ["vip"]}


@sample("contactTagsRemove")
async def contact_tags_remove(scope: Scope) -> Variables:
    return {"contactIds": [await a_contact(scope, tags=["vip"])], "tags": ["VIP"]}


@sample("tagRename")
async def tag_rename(scope: Scope) -> Variables:
    await a_contact(scope, tags=["vip"])
    return {"tag": "VIP", "to": "Gold"}


@sample("tagDelete")
async def tag_delete(scope: Scope) -> Variables:
    await a_contact(scope, tags=["vip"])
    return {"tag": "VIP"}


@sample("activitiesRecord")
async def activities_record(scope: Scope) -> Variables:
    return {"input": [{"contactId": await a_contact(scope), "kind": "purchase", "properties": {"total": 9.5}}]}


@sample("contact")
async def contact(scope: Scope) -> Variables:
    return {"id": await a_contact(scope)}


@sample("node")
async def node(scope: Scope) -> Variables:
    return {"id": await a_contact(scope)}


@sample("nodes")
async def nodes(scope: Scope) -> Variables:
    return {"ids": [await a_contact(scope)]}


# ---------------------------------------------------------------- segments and jobs


async def a_segment(scope: Scope, **given: Any) -> int:
    """The row id of a new segment: STATIC, or DYNAMIC when a rule is given."""
    kind = SegmentKind.STATIC if given.get("rule") is None else SegmentKind.DYNAMIC
    return (await segments.create(scope, kind, name="Regulars", **given)).segment.id


async def a_dynamic_segment(scope: Scope) -> int:
    """The row id of a new DYNAMIC segment."""
    return await a_segment(scope, rule={"tags": {"operator": "HAS_ANY", "tags": ["vip"]}})


async def a_job(scope: Scope) -> dict[str, Any]:
    """A job that no worker has taken."""
    job = await segments.recompute(scope, await a_dynamic_segment(scope))
    return {"id": to_global_id("RecomputeJob", job.id)}


@sample("segmentCreate")
async def segment_create(scope: Scope) -> Variables:
    contacts_ = {"ids": [await a_contact(scope)]}
    return {"input": {"name": "Regulars", "kind": "STATIC", "contacts": contacts_}}


@sample("segmentUpdate")
async def segment_update(scope: Scope) -> Variables:
    return {"id": to_global_id("Segment", await a_segment(scope)), "input": {"name": "Others", "version": 1}}


@sample("segmentDelete")
async def segment_delete(scope: Scope) -> Variables:
    return {"id": to_global_id("Segment", await a_segment(scope))}


@sample("segmentRestore")
async def segment_restore(scope: Scope) -> Variables:
    number = await a_segment(scope)
    await segments.delete(scope, number)
    return {"id": to_global_id("Segment", number)}


@sample("segmentDuplicate")
async def segment_duplicate(scope: Scope) -> Variables:
    return {"id": to_global_id("Segment", await a_segment(scope)), "name": "Copy"}


@sample("segmentContactsAdd")
async def segment_contacts_add(scope: Scope) -> Variables:
    return {"segmentId": to_global_id("Segment", await a_segment(scope)), "contacts": {"ids": [await a_contact(scope)]}}


@sample("segmentContactsRemove")
async def segment_contacts_remove(scope: Scope) -> Variables:
    contact_id = await a_contact(scope)
    number = await a_segment(scope, contacts=ContactSelection(search="Ana"))
    return {"segmentId": to_global_id("Segment", number), "contacts": {"ids": [contact_id]}}


@sample("segmentOverride")
async def segment_override(scope: Scope) -> Variables:
    number = await a_dynamic_segment(scope)
    return {"segmentId": to_global_id("Segment", number), "contactIds": [await a_contact(scope)], "override": "INCLUDE"}


@sample("segmentRecompute")
async def segment_recompute(scope: Scope) -> Variables:
    return {"id": to_global_id("Segment", await a_dynamic_segment(scope))}


@sample("segmentEstimate")
@sample("segmentPreview")
async def segment_preview(scope: Scope) -> Variables:
    return {"rule": {"tags": {"operator": "HAS_ANY", "tags": ["vip"]}}}


@sample("segmentExplain")
async def segment_explain(scope: Scope) -> Variables:
    return {"segmentId": to_global_id("Segment", await a_dynamic_segment(scope)), "contactId": await a_contact(scope)}


@sample("activityValueSuggestions")
async def activity_value_suggestions(scope: Scope) -> Variables:
    return {"kind": "purchase", "property": "total"}


@sample("ruleQueryCompletions")
async def rule_query_completions(scope: Scope) -> Variables:
    return {"query": "tagged any ('vip')", "cursor": 6}


@sample("ruleFromQuery")
async def rule_from_query(scope: Scope) -> Variables:
    return {"query": "tagged any ('vip')"}


@sample("ruleToQuery")
async def rule_to_query(scope: Scope) -> Variables:
    return {"rule": {"tags": {"operator": "HAS_ANY", "tags": ["vip"]}}}


@sample("ruleValueSuggestions")
async def rule_value_suggestions(scope: Scope) -> Variables:
    return {"field": "tags"}


@sample("segment")
async def segment(scope: Scope) -> Variables:
    return {"id": to_global_id("Segment", await a_segment(scope))}


@sample("job")
async def job(scope: Scope) -> Variables:
    return await a_job(scope)


@sample("jobProgress")
async def job_progress(scope: Scope) -> Variables:
    return await a_job(scope)


@sample("contactsChanged")
async def contacts_changed(scope: Scope) -> Variables:
    contact = await create_contact(scope, {"name": "Ada"})
    return {"ids": [to_global_id("Contact", contact["id"])]}


@sample("jobCancel")
async def job_cancel(scope: Scope) -> Variables:
    return await a_job(scope)


# ---------------------------------------------------------------- broadcasts

_workers: set[asyncio.Task[None]] = set()


def answer_requests(scope: Scope) -> None:
    """Answer each provider request of the workspace, until `stop_workers`."""

    async def work() -> None:
        while True:
            for row in await db.fetch("SELECT id FROM provider_requests WHERE workspace_id = $1", scope.workspace_id):
                taken = await requests.take(scope.workspace_id, row["id"])
                if taken is not None:
                    await requests.end(taken, {"sent": 1, "failed": [], "templates": 0})
            await asyncio.sleep(0.03)

    task = asyncio.create_task(work())
    _workers.add(task)
    task.add_done_callback(_workers.discard)


async def stop_workers() -> None:
    """Stop the workers that samples have started."""
    for task in _workers:
        task.cancel()
    await asyncio.gather(*_workers, return_exceptions=True)


async def a_broadcast(scope: Scope, status: BroadcastStatus | None = None) -> Broadcast:
    """A broadcast with this status, or a draft, in a workspace that can send."""
    broadcast = await sending.a_draft_to(await sending.connected(scope), 2)
    if status is not None:
        await lifecycle.schedule(scope, broadcast.id, None)
    if status not in (None, BroadcastStatus.PREPARING):
        await starting.prepare(scope, broadcast.id)
    if status is BroadcastStatus.PAUSED:
        await lifecycle.pause(scope, broadcast.id)
    if status is BroadcastStatus.CANCELLED:
        await lifecycle.cancel(scope, broadcast.id)
    return broadcast


def its_input(broadcast: Broadcast) -> Variables:
    """An input that changes the broadcast."""
    return {
        "name": "Another name",
        "templateId": to_global_id("MessageTemplate", broadcast.template_id),
        "parameters": [{"name": "1", "field": "name", "fallback": "you"}],
        "includeSegmentIds": [to_global_id("Segment", segment_id) for segment_id in broadcast.include_segment_ids],
        "maxLateness": "PT1H",
    }


@sample("broadcast")
@sample("broadcastProgress")
@sample("broadcastSchedule")
@sample("broadcastDelete")
async def a_draft_broadcast(scope: Scope) -> Variables:
    return {"id": to_global_id("Broadcast", (await a_broadcast(scope)).id)}


@sample("broadcastCreate")
async def broadcast_create(scope: Scope) -> Variables:
    return {"input": its_input(await a_broadcast(scope))}


@sample("broadcastUpdate")
async def broadcast_update(scope: Scope) -> Variables:
    broadcast = await a_broadcast(scope)
    return {"id": to_global_id("Broadcast", broadcast.id), "input": its_input(broadcast)}


@sample("broadcastPause")
@sample("broadcastCancel")
async def a_broadcast_under_way(scope: Scope) -> Variables:
    return {"id": to_global_id("Broadcast", (await a_broadcast(scope, BroadcastStatus.SENDING)).id)}


@sample("broadcastResume")
async def broadcast_resume(scope: Scope) -> Variables:
    return {"id": to_global_id("Broadcast", (await a_broadcast(scope, BroadcastStatus.PAUSED)).id)}


@sample("broadcastRetry")
async def broadcast_retry(scope: Scope) -> Variables:
    broadcast = await a_broadcast(scope, BroadcastStatus.SENDING)
    await lifecycle.cancel(scope, broadcast.id)
    await stopping.end_cancelled(scope.workspace_id, broadcast.id)
    return {"id": to_global_id("Broadcast", broadcast.id), "statuses": ["SKIPPED"]}


@sample("broadcastTest")
async def broadcast_test(scope: Scope) -> Variables:
    broadcast = await a_broadcast(scope)
    answer_requests(scope)
    contact = await a_contact(scope, phone="+34600999999")
    return {"id": to_global_id("Broadcast", broadcast.id), "contactIds": [contact]}


@sample("messageTemplatesSync")
async def message_templates_sync(scope: Scope) -> Variables:
    await sending.connected(scope)
    answer_requests(scope)
    return {}


@sample("whatsappChannelConnect")
async def whatsapp_channel_connect(scope: Scope) -> Variables:
    await sending.connected(
        scope
    )  # a number belongs to one workspace, and the denial test tries another workspace first
    secrets = {"token": "a new token", "appSecret": "a new secret", "verifyToken": "a new verify token"}
    return {"input": {"phoneNumberId": NUMBER_ID, "businessAccountId": BUSINESS_ACCOUNT_ID, **secrets}}


@sample("inboundWebhookFailuresDelete")
@sample("inboundWebhookFailuresRetry")
async def a_failed_item(scope: Scope) -> Variables:
    failure = failed_webhooks.failure_of(ValueError("odd"), 1, "messages", b'{"entry": []}', 1, clock.now())
    await failed_webhooks.keep(scope.workspace_id, [failure])
    (row,) = await failed_webhooks.newest_first(scope, 1)
    return {"ids": [to_global_id("InboundWebhookFailure", row["id"])]}


@sample("whatsappChannelProgress")
async def whatsapp_channel_progress(scope: Scope) -> Variables:
    channel = await channels.find(await sending.connected(scope))
    assert channel is not None
    return {"id": to_global_id("WhatsAppChannel", channel.id)}


@sample("whatsappChannelDisconnect")
async def whatsapp_channel_disconnect(scope: Scope) -> Variables:
    await sending.connected(scope)
    return {}


# ---------------------------------------------------------------- advertising audiences


async def an_audience(scope: Scope) -> int:
    """An audience of a segment without members, in a workspace with an ad account."""
    await advertising.with_account(scope)
    return int((await advertising.an_audience(scope, await a_segment(scope))).id)


@sample("metaConnect")
async def meta_connect(scope: Scope) -> Variables:
    await advertising.with_account(scope)
    return {"input": {"adAccountId": "act_120330000000001", "accessToken": "another-token"}}


@sample("metaDisconnect")
async def meta_disconnect(scope: Scope) -> Variables:
    await advertising.with_account(scope)
    return {}


@sample("audienceCreate")
async def audience_create(scope: Scope) -> Variables:
    await advertising.with_account(scope)
    segment = to_global_id("Segment", await a_segment(scope))
    return {
        "input": {"name": "Friends", "segmentId": segment, "mode": "ADD_ONLY", "keys": ["EMAIL"], "description": "d"}
    }


@sample("audience")
@sample("audienceProgress")
@sample("audiencePause")
@sample("audienceReconcile")
@sample("audienceDelete")
async def the_audience(scope: Scope) -> Variables:
    return {"id": to_global_id("Audience", await an_audience(scope))}


@sample("audienceUpdate")
async def audience_update(scope: Scope) -> Variables:
    return {"id": to_global_id("Audience", await an_audience(scope)), "name": "Enemies", "mode": "ADD_ONLY"}


@sample("audienceResume")
async def audience_resume(scope: Scope) -> Variables:
    audience_id = await an_audience(scope)
    await audiences.pause(scope, audience_id)
    return {"id": to_global_id("Audience", audience_id)}


# ---------------------------------------------------------------- files in and out


async def a_stored_upload(scope: Scope, content: bytes = b"email\na@example.com\n") -> str:
    """The id of an upload that was received."""
    row = await uploads.create(scope, "contacts.csv", None, 1_000)

    async def blocks() -> AsyncIterator[bytes]:
        yield content

    await uploads.receive(scope.workspace_id, row["id"], blocks(), 1_000)
    return to_global_id("StagedUpload", row["id"])


async def a_finished_import(scope: Scope) -> str:
    """The id of a finished import."""
    options = Options((ImportColumn("email", "email"),))
    job = await start.from_text(scope, "email\na@example.com\n", options)
    held = await running_jobs.take(scope.workspace_id, job.id)
    assert held is not None
    async for _ in run.carry_on(scope, held):
        pass
    await running_jobs.finish(held)
    return to_global_id("ImportJob", job.id)


@sample("stagedUploadCreate")
async def staged_upload_create(scope: Scope) -> Variables:
    return {"filename": "contacts.csv"}


@sample("importColumnSuggestions")
async def import_column_suggestions(scope: Scope) -> Variables:
    return {"uploadId": await a_stored_upload(scope)}


@sample("importStart")
async def import_start(scope: Scope) -> Variables:
    options = {"columns": [{"column": "email", "field": "email"}]}
    return {"input": {"upload": {"uploadId": await a_stored_upload(scope), "options": options}}}


@sample("importMappingSave")
async def import_mapping_save(scope: Scope) -> Variables:
    return {"input": {"name": "Shop", "options": {"columns": [{"column": "E-mail", "field": "email"}]}}}


@sample("importMappingDelete")
async def import_mapping_delete(scope: Scope) -> Variables:
    row = await saved_mappings.save(scope, "Shop", Options((ImportColumn("E-mail", "email"),)))
    return {"id": to_global_id("ImportMapping", row["id"])}


@sample("importUndo")
async def import_undo(scope: Scope) -> Variables:
    return {"id": await a_finished_import(scope)}


@sample("exportStart")
async def export_start(scope: Scope) -> Variables:
    return {"input": {}}


# ---------------------------------------------------------------- webhooks


WEBHOOKS = {"url": "https://example.com/hooks", "eventTypes": ["membership.changes"]}


async def a_webhook_endpoint(scope: Scope) -> int:
    secrets.use_keys([sending.SECRET_KEY])
    row, _ = await endpoints.create(scope, EndpointSettings("https://example.com/hooks", ["membership.changes"]))
    await db.execute("UPDATE webhook_endpoints SET status = 'ACTIVE', proved_at = now() WHERE id = $1", row["id"])
    await db.execute("UPDATE webhook_deliveries SET status = 'DELIVERED', finished_at = now()")
    return int(row["id"])


@sample("webhookEndpointCreate")
async def webhook_endpoint_create(_: Scope) -> Variables:
    secrets.use_keys([sending.SECRET_KEY])
    return {"input": {**WEBHOOKS, "headers": {"X-Api-Key": "a secret of theirs"}}}


@sample("webhookEndpointUpdate")
async def webhook_endpoint_update(scope: Scope) -> Variables:
    return {**await one_webhook_endpoint(scope), "input": {**WEBHOOKS, "description": "Ours"}}


@sample("webhookEndpoint")
@sample("webhookEndpointProgress")
@sample("webhookEndpointDelete")
@sample("webhookEndpointPause")
@sample("webhookEndpointResume")
@sample("webhookSecretRotate")
@sample("webhookTest")
async def one_webhook_endpoint(scope: Scope) -> Variables:
    return {"id": to_global_id("WebhookEndpoint", await a_webhook_endpoint(scope))}


@sample("webhookDeliveryResend")
async def webhook_delivery_resend(scope: Scope) -> Variables:
    endpoint_id = await a_webhook_endpoint(scope)
    (delivery,) = (await rows.deliveries_newest_first(scope, [endpoint_id], 1))[endpoint_id]
    return {"id": to_global_id("WebhookDelivery", delivery["id"])}


@sample("webhookReplay")
async def webhook_replay(scope: Scope) -> Variables:
    return {**await one_webhook_endpoint(scope), "after": to_cursor(MEMBERS, scope.workspace_id, 0)}


# ---------------------------------------------------------------- workflows


async def a_workflow(scope: Scope) -> str:
    """The id of a new workflow."""
    workflow = await drafts.create(scope, "Welcome", graph_json=graph_of(wait_of("wait", "P1D", "end"), end_of()))
    return to_global_id("Workflow", workflow.id)


@sample("workflow")
@sample("workflowProgress")
async def _workflow(scope: Scope) -> Variables:
    return {"id": await a_workflow(scope)}


@sample("workflowValidate")
async def _workflow_validate(_: Scope) -> Variables:
    return {"graph": graph_of(wait_of("wait", "P1D", "end"), end_of())}


@sample("workflowCreate")
async def _workflow_create(_: Scope) -> Variables:
    return {"input": {"name": "Welcome"}}


@sample("workflowUpdate")
async def _workflow_update(scope: Scope) -> Variables:
    return {"id": await a_workflow(scope), "input": {"name": "Hello"}}


@sample("workflowDuplicate")
async def _workflow_duplicate(scope: Scope) -> Variables:
    return {"id": await a_workflow(scope), "name": "Another"}


@sample("workflowVersionRestore")
async def _workflow_version_restore(scope: Scope) -> Variables:
    workflow = await drafts.create(scope, "Welcome")
    await versions.insert(scope, workflow, drafts.EMPTY, None, clock.now())
    return {"id": to_global_id("Workflow", workflow.id), "number": 1}


@sample("workflowExplain")
async def _workflow_explain(scope: Scope) -> Variables:
    contact = await create_contact(scope, {"name": "Ana"})
    return {"workflowId": await a_workflow(scope), "contactId": to_global_id("Contact", contact["id"])}


@sample("workflowSimulate")
async def _workflow_simulate(scope: Scope) -> Variables:
    contact = await create_contact(scope, {"name": "Ana"})
    graph = graph_of(wait_of("wait", "P1D", "end"), end_of())
    return {"graph": graph, "contactId": to_global_id("Contact", contact["id"])}


@sample("enrollment")
async def _enrollment(scope: Scope) -> Variables:
    """Somebody who waits in a workflow."""
    workflow = await drafts.create(scope, "Welcome", graph_json=graph_of(wait_of("wait", "P1D", "end"), end_of()))
    enrollment_id = await db.fetch_value(
        "INSERT INTO enrollments (workspace_id, workflow_id, number, contact_id, trigger, node, node_at, state, entered_at)"
        " VALUES ($1, $2, 1, 1, 'added', 1, now(), 'WAITING', now()) RETURNING id",
        scope.workspace_id,
        workflow.id,
    )
    return {"id": to_global_id("Enrollment", enrollment_id)}


async def a_published_workflow(scope: Scope) -> tuple[str, int]:
    """The id of a workflow that runs, and a contact."""
    workflow_id = await running(scope, graph_of(wait_of("wait", "P1D", "end"), end_of()))
    return to_global_id("Workflow", workflow_id), (await create_contact(scope, {"name": "Ana"}))["id"]


@sample("workflowTestStart")
async def _workflow_test_start(scope: Scope) -> Variables:
    workflow, contact = await a_published_workflow(scope)
    return {"id": workflow, "contactIds": [to_global_id("Contact", contact)]}


@sample("workflowTestAdvance")
async def _workflow_test_advance(scope: Scope) -> Variables:
    workflow, contact = await a_published_workflow(scope)
    found = split_global_id(workflow)
    assert found is not None
    await runs.start(scope, found[1], [contact])
    return {"id": workflow, "to": f"{clock.now().year + 1}-06-01T00:00:00Z"}


@sample("workflowTestEnd")
async def _workflow_test_end(scope: Scope) -> Variables:
    variables = await _workflow_test_advance(scope)
    return {"id": variables["id"]}


async def a_running_workflow(scope: Scope) -> str:
    graph = graph_of(wait_of("wait", "P1D", "end"), end_of())
    return to_global_id("Workflow", await activated(scope, graph))


@sample("workflowPublishPreview")
@sample("workflowDrain")
@sample("workflowPause")
@sample("workflowArchive")
async def _running_workflow(scope: Scope) -> Variables:
    return {"id": await a_running_workflow(scope)}


@sample("workflowResume")
async def _workflow_resume(scope: Scope) -> Variables:
    workflow_id = await activated(scope, graph_of(wait_of("wait", "P1D", "end"), end_of()))
    await commands.pause(scope, workflow_id)
    return {"id": to_global_id("Workflow", workflow_id)}


@sample("workflowActivate")
async def _workflow_activate(scope: Scope) -> Variables:
    workflow = await drafts.create(scope, "Welcome", graph_json=graph_of(wait_of("wait", "P1D", "end"), end_of()))
    await published(scope, workflow.id)
    return {"id": to_global_id("Workflow", workflow.id)}


@sample("workflowPublish")
async def _workflow_publish(scope: Scope) -> Variables:
    workflow = await drafts.create(scope, "Welcome", graph_json=graph_of(wait_of("wait", "P1D", "end"), end_of()))
    shown = await preview(scope, workflow.id, EnrolledContactsPolicy.MOVE, {})
    return {"id": to_global_id("Workflow", workflow.id), "input": {"token": shown.token}}


async def somebody_inside(scope: Scope) -> tuple[str, str]:
    """The ids of a workflow and of a contact that waits in it."""
    workflow_id = await activated(scope, graph_of(wait_of("wait", "P1D", "end"), end_of()))
    contact = await create_contact(scope, {"name": "Ana García"})
    await workflow_contacts.add(scope, workflow_id, ContactSelection(ids=(contact["id"],)))
    return to_global_id("Workflow", workflow_id), to_global_id("Contact", contact["id"])


@sample("workflowContactsAdd")
async def _workflow_contacts_add(scope: Scope) -> Variables:
    return {"workflowId": await a_running_workflow(scope), "contacts": {"ids": [await a_contact(scope)]}}


@sample("workflowContactsRemove")
async def _workflow_contacts_remove(scope: Scope) -> Variables:
    workflow_id, contact_id = await somebody_inside(scope)
    return {"workflowId": workflow_id, "contacts": {"ids": [contact_id]}}


@sample("workflowContactsMove")
async def _workflow_contacts_move(scope: Scope) -> Variables:
    workflow_id, _ = await somebody_inside(scope)
    return {"workflowId": workflow_id, "fromKey": "wait", "toKey": "end"}


@sample("workflowBacktest")
async def _workflow_backtest(_: Scope) -> Variables:
    graph = graph_of(wait_of("wait", "P1D", "end"), end_of())
    return {"graph": graph, "from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z"}
