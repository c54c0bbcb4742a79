"""Requests to Meta that a person waits for: whether it takes a token, and the deletion of an audience there."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from models.accounts import workspaces
from models.accounts.secrets import SecretUnreadable
from models.destinations.audiences import connections
from models.destinations.audiences.answers import Answer
from models.destinations.audiences.connections import MetaCredentials
from models.queue import requests
from models.queue.requests import ProviderRequest, ProviderRequestKind, Unanswered
from workers.audiences import opened_client
from workers.context import PeriodicTask, Queue, WorkerContext
from workers.providers.meta.client import Client
from workers.providers.meta.errors import MetaError

Outcome = tuple[dict[str, Any], str | None]
"""The result, or why there is none."""

LOOK_EVERY_SECONDS: Final = 3600.0

_TERMS: Final = "The terms of custom audiences are not accepted: accept them in the Ads Manager for this ad account."


PASSING: Final = frozenset({Answer.FAULTY, Answer.UNKNOWN})
"""After these answers, an ad account is checked again soon."""


async def answer(context: WorkerContext, request: ProviderRequest) -> Outcome:
    """Raises Unanswered when a check is to be made again."""
    try:
        credentials = await connections.find_credentials(request.workspace_id)
        if credentials is None:
            return {}, "No ad account is connected any more."
        async with opened_client(context, credentials) as client:
            return await ANSWERS[request.kind](client, credentials, request)
    except MetaError as error:
        if request.kind is ProviderRequestKind.META_CHECK and error.trouble.answer in PASSING:
            raise Unanswered(error.trouble.reason) from error
        return {}, error.trouble.reason
    except SecretUnreadable as error:
        return {}, str(error)


async def _check(client: Client, credentials: MetaCredentials, request: ProviderRequest) -> Outcome:
    """CONNECTED: Meta takes the token for this account. REFUSED: a person must act."""
    workspace_id, connection_id = request.workspace_id, credentials.connection_id
    try:
        account = await client.account()
    except MetaError as error:
        if error.trouble.answer in (Answer.RECONNECT, Answer.STOPPED):
            await connections.refused(workspace_id, connection_id, error.trouble.reason)
        raise
    if not _accepted_terms(account):
        await connections.refused(workspace_id, connection_id, _TERMS)
        return {"connected": False}, None
    name = str(account.get("name") or "")[:200]
    return {"connected": await connections.checked(workspace_id, connection_id, name or None)}, None


def _accepted_terms(account: Mapping[str, Any]) -> bool:
    """Where Meta does not say it, the first call to an audience will."""
    accepted = account.get("tos_accepted")
    return (
        not isinstance(accepted, dict) or "custom_audience_tos" not in accepted or bool(accepted["custom_audience_tos"])
    )


async def _delete(client: Client, _: MetaCredentials, request: ProviderRequest) -> Outcome:
    """An audience that Meta no longer has is deleted as well."""
    try:
        await client.delete(request.input["external_id"])
    except MetaError as error:
        if not error.is_unknown_object:
            raise
    return {"deleted": True}, None


ANSWERS: Final[
    Mapping[ProviderRequestKind, Callable[[Client, MetaCredentials, ProviderRequest], Awaitable[Outcome]]]
] = {
    ProviderRequestKind.META_CHECK: _check,
    ProviderRequestKind.META_DELETE: _delete,
}


async def look_at_ad_accounts(_: WorkerContext) -> None:
    """A check that Meta did not answer is made again, and a token may have been taken back."""
    for workspace_id in await connections.unchecked(LOOK_EVERY_SECONDS, 100):
        scope = await workspaces.find_system_scope(workspace_id)
        if scope is not None:
            await requests.ask(scope, ProviderRequestKind.META_CHECK)


PERIODIC_TASKS: Final = [
    PeriodicTask("look_at_ad_accounts", Queue.BROADCAST, look_at_ad_accounts, every_seconds=30.0, alone=True),
]
