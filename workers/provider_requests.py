"""Calls to the provider that a person waits for, and checks of numbers."""

import contextlib
from datetime import timedelta
from typing import Any, Final

import structlog

from models import clock
from models.accounts import workspaces
from models.accounts.secrets import SecretUnreadable
from models.messaging import channels, placeholders, policy, quota, templates, test_sends
from models.messaging.channels import Credentials
from models.messaging.policy import Answer
from models.queue import requests, work
from models.queue.enqueue import enqueue
from models.queue.requests import ProviderRequest, ProviderRequestKind, Unanswered
from workers import meta_requests
from workers.context import PeriodicTask, Queue, Task, WorkerContext
from workers.leases import run_while_held
from workers.providers.whatsapp.client import Client, WhatsAppAccount, open_session
from workers.providers.whatsapp.errors import NotSent, Refused, Unconfirmed, WhatsAppError
from workers.providers.whatsapp.messages import Template, template_message
from workers.token_bucket import Bucket

log = structlog.get_logger(__name__)

LOOK_EVERY_SECONDS: Final = 3600.0

PASSING: Final = frozenset(
    {
        Answer.NOT_SENT,
        Answer.UNCONFIRMED,
        Answer.UNAVAILABLE,
        Answer.FAULTY,
        Answer.TOO_FAST,
        Answer.CROWDED,
    }
)
"""After these answers, a number is checked again soon: its channel stays CHECKING, and nothing is sent."""

TEST_PATIENCE_SECONDS: Final = 10.0

IDLE_SECONDS: Final = 2.0


async def run_request(context: WorkerContext, workspace_id: int, request_id: int) -> None:
    await context.broker.acknowledge(work.RUN_REQUEST, workspace_id, request_id)
    request = await requests.take(workspace_id, request_id)
    if request is None:
        return
    try:
        await run_while_held(_work(context, request), lambda: requests.renew(request), requests.LEASES.seconds / 3)
    except BaseException:
        with contextlib.suppress(Exception):  # without a database, the lease runs out
            await requests.let_go(request)
        raise


async def _work(context: WorkerContext, request: ProviderRequest) -> None:
    try:
        if request.kind in meta_requests.ANSWERS:
            outcome = await meta_requests.answer(context, request)
        else:
            options = context.config.whatsapp
            async with open_session(options.timeout_seconds) as session:
                outcome = await _answer(context, Client(session, options.url, options.version), request)
    except Unanswered as error:
        await requests.put_off(request, str(error))
    else:
        await requests.end(request, *outcome)


async def _answer(
    context: WorkerContext, client: Client, request: ProviderRequest
) -> tuple[dict[str, Any], str | None]:
    try:
        channel = await channels.find_credentials(request.workspace_id)
        if channel is None:
            return {}, "No channel is connected any more."
        if request.kind is ProviderRequestKind.TEST:
            return await _test(context, client, channel, request)
        return await (_check if request.kind is ProviderRequestKind.CHECK else _sync)(client, channel, request), None
    except WhatsAppError as error:
        if request.kind is ProviderRequestKind.CHECK and error.answer in PASSING:
            raise Unanswered(_message_of(error)) from error
        return {}, _message_of(error)
    except SecretUnreadable as error:
        return {}, str(error)


def _message_of(error: WhatsAppError) -> str:
    if isinstance(error, Refused):
        return f"WhatsApp said ({error.code}) {error.reason}"
    if isinstance(error, NotSent | Unconfirmed):
        return "WhatsApp cannot be reached at this moment: try again."
    return str(error)


def _account(channel: Credentials) -> WhatsAppAccount:
    return WhatsAppAccount(channel.number_id, channel.business_account_id, channel.token)


async def _check(client: Client, channel: Credentials, request: ProviderRequest) -> dict[str, Any]:
    """READY: the token works and the number belongs to the account. REFUSED: a person must act."""
    account = _account(channel)
    try:
        number = await client.number(account)
        if channel.number_id not in await client.numbers_of_account(account):
            reason = "The phone number does not belong to this business account."
            await channels.refused(request.workspace_id, channel.channel_id, reason)
            return {"ready": False}
    except Refused as error:
        if policy.stop_reach(error.answer) is not None:
            await channels.refused(request.workspace_id, channel.channel_id, _message_of(error))
        raise
    return {"ready": await channels.checked(request.workspace_id, channel.channel_id, number)}


async def _sync(client: Client, channel: Credentials, request: ProviderRequest) -> dict[str, Any]:
    listed = await client.templates(_account(channel))
    return {"templates": await templates.store(request.workspace_id, channel.business_account_id, listed)}


async def _test(
    context: WorkerContext, client: Client, channel: Credentials, request: ProviderRequest
) -> tuple[dict[str, Any], str | None]:
    people = request.input["people"]
    idle = await quota.is_idle(
        request.workspace_id, channel.business_account_id, clock.now() - timedelta(seconds=IDLE_SECONDS)
    )
    if not await test_sends.reaching(request.workspace_id, channel, [person["phone"] for person in people]):
        return {}, "The account's limit of people in 24 hours is reached: nothing was sent."
    message = request.input["message"]
    template = Template(message["name"], message["language"], tuple(placeholders.from_json(message["slots"])))
    bucket = Bucket(context.broker.redis, channel.number_id, channel.messages_per_second)
    failed: list[tuple[int, str]] = []
    for person in people:
        if not await bucket.wait_for_one(TEST_PATIENCE_SECONDS, idle=idle):
            failed.append((person["contact"], "The number's pace left no room: try again."))
            continue
        body = template_message(template, person["phone"], person["parameters"], f"muster:test:{request.id}")
        try:
            await client.send(_account(channel), body)
        except WhatsAppError as error:
            failed.append((person["contact"], _message_of(error)))
    return {"sent": len(people) - len(failed), "failed": failed}, None


async def find_requests(_: WorkerContext) -> None:
    for workspace_id, request_id in await requests.waiting(100):
        await enqueue(work.RUN_REQUEST, workspace_id, request_id)


async def look_at_channels(_: WorkerContext) -> None:
    """Pace and limit of a number change."""
    for workspace_id in await channels.unchecked(LOOK_EVERY_SECONDS, 100):
        scope = await workspaces.find_system_scope(workspace_id)
        if scope is not None:
            await requests.ask(scope, ProviderRequestKind.CHECK)


async def forget_requests(context: WorkerContext) -> None:  # noqa: ARG001 - every periodic task gets the context
    await requests.forget_old()


TASKS: Final = [Task(work.RUN_REQUEST, run_request, timeout_seconds=120)]

PERIODIC_TASKS: Final = [
    PeriodicTask("find_requests", Queue.BROADCAST, find_requests, every_seconds=2.0, alone=True),
    PeriodicTask("look_at_channels", Queue.BROADCAST, look_at_channels, every_seconds=30.0, alone=True),
    PeriodicTask("forget_requests", Queue.BROADCAST, forget_requests, every_seconds=3600, alone=True),
]
