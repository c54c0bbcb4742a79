"""Errands to the API that a person waits for: look at the number, fetch the templates, send a test. And the look every hour."""

from datetime import timedelta
from typing import Any, Final

import structlog

from models import clock, workspaces
from models.broadcasting import channels, errands, quota, slots, templates, trials
from models.broadcasting.channels import Credentials
from models.broadcasting.errands import Errand, ErrandKind
from models.broadcasting.sealing import SealBroken
from workers.pace import Bucket
from workers.tasks import Desk, Queue, Sweep, Task
from workers.whatsapp.client import Account, Client, open_session
from workers.whatsapp.errors import NotSent, Refused, StopBroadcast, Unconfirmed, WhatsAppError
from workers.whatsapp.messages import Template, template_message

log = structlog.get_logger(__name__)

LOOK_EVERY_SECONDS: Final = 3600.0

TEST_PATIENCE_SECONDS: Final = 10.0

IDLE_SECONDS: Final = 2.0


async def run_errand(desk: Desk, workspace_id: int, errand_id: int) -> None:
    """Do an errand, if nobody else does."""
    await desk.bells.answered("run_errand", workspace_id, errand_id)
    errand = await errands.claim(workspace_id, errand_id)
    if errand is None:
        return
    options = desk.config.whatsapp
    async with open_session(options.timeout_seconds) as session:
        result, error = await _done(desk, Client(session, options.url, options.version), errand)
    await errands.end(errand, result, error)


async def _done(desk: Desk, client: Client, errand: Errand) -> tuple[dict[str, Any], str | None]:
    try:
        channel = await channels.find_credentials(errand.workspace_id)
        if channel is None:
            return {}, "No channel is connected any more."
        if errand.kind is ErrandKind.TEST:
            return await _test(desk, client, channel, errand)
        return await (_check if errand.kind is ErrandKind.CHECK else _sync)(client, channel, errand), None
    except (WhatsAppError, SealBroken) as error:
        return {}, _told(error)


def _told(error: Exception) -> str:
    if isinstance(error, Refused):
        return f"WhatsApp said ({error.code}) {error.reason}"
    if isinstance(error, NotSent | Unconfirmed):
        return "WhatsApp cannot be reached at this moment: try again."
    return str(error)


def _account(channel: Credentials) -> Account:
    return Account(channel.number_id, channel.business_account_id, channel.token)


# ---------------------------------------------------------------- number and templates


async def _check(client: Client, channel: Credentials, errand: Errand) -> dict[str, Any]:
    """The number answers to the token, and belongs to the business account: READY. Refused for good: REFUSED."""
    account = _account(channel)
    try:
        number = await client.number(account)
        if channel.number_id not in await client.numbers_of_account(account):
            reason = "The phone number does not belong to this business account."
            await channels.refused(errand.workspace_id, channel.channel_id, reason)
            return {"ready": False}
    except StopBroadcast as error:
        await channels.refused(errand.workspace_id, channel.channel_id, _told(error))
        raise
    await channels.checked(errand.workspace_id, channel.channel_id, number)
    return {"ready": True}


async def _sync(client: Client, channel: Credentials, errand: Errand) -> dict[str, Any]:
    listed = await client.templates(_account(channel))
    return {"templates": await templates.store(errand.workspace_id, channel.business_account_id, listed)}


# ---------------------------------------------------------------- tests


async def _test(desk: Desk, client: Client, channel: Credentials, errand: Errand) -> tuple[dict[str, Any], str | None]:
    people = errand.input["people"]
    idle = await quota.is_idle(
        errand.workspace_id, channel.business_account_id, clock.now() - timedelta(seconds=IDLE_SECONDS)
    )
    if not await trials.reaching(errand.workspace_id, channel, [person["phone"] for person in people]):
        return {}, "The account's limit of people in 24 hours is reached: nothing was sent."
    message = errand.input["message"]
    template = Template(message["name"], message["language"], tuple(slots.from_json(message["slots"])))
    bucket = Bucket(desk.bells.redis, channel.number_id, channel.messages_per_second)
    failed: list[tuple[int, str]] = []
    for person in people:
        if not await bucket.wait_for_one(TEST_PATIENCE_SECONDS, idle=idle):
            failed.append((person["contact"], "The number's pace left no room: try again."))
            continue
        body = template_message(template, person["phone"], person["parameters"], f"muster:test:{errand.id}")
        try:
            await client.send(_account(channel), body)
        except WhatsAppError as error:
            failed.append((person["contact"], _told(error)))
    return {"sent": len(people) - len(failed), "failed": failed}, None


# ---------------------------------------------------------------- sweeps


async def find_errands(desk: Desk) -> None:
    """Errands whose bell was lost, or whose worker died."""
    for workspace_id, errand_id in await errands.waiting(100):
        await desk.bells.job(Queue.BROADCAST, "run_errand", workspace_id, errand_id)


async def look_at_channels(desk: Desk) -> None:
    """Ask for a look at each number that has not been looked at for an hour: its pace and its limit change."""
    for workspace_id in await channels.unchecked(LOOK_EVERY_SECONDS, 100):
        scope = await workspaces.find_system_scope(workspace_id)
        if scope is not None:
            errand = await errands.ask(scope, ErrandKind.CHECK)
            await desk.bells.job(Queue.BROADCAST, "run_errand", workspace_id, errand.id)


async def forget_errands(desk: Desk) -> None:  # noqa: ARG001 - a sweep is handed the desk
    """Remove errands that ended long ago."""
    await errands.forget_old()


TASKS: Final = [Task("run_errand", Queue.BROADCAST, run_errand, timeout_seconds=120)]

SWEEPS: Final = [
    Sweep("find_errands", Queue.BROADCAST, find_errands, every_seconds=2.0, alone=True),
    Sweep("look_at_channels", Queue.BROADCAST, look_at_channels, every_seconds=30.0, alone=True),
    Sweep("forget_errands", Queue.BROADCAST, forget_errands, every_seconds=3600, alone=True),
]
