"""What is followed by its id is told as it is, after each change, and when it is deleted."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from datetime import timedelta
from typing import Any

import pytest

from models import clock, db
from models.broadcasts import drafts, lifecycle
from models.destinations.audiences import audiences
from models.destinations.webhooks import endpoints
from models.destinations.webhooks import lifecycle as endpoint_lifecycle
from models.messaging import channels
from permissions.principal import Scope
from schema.server.ids import split_global_id
from tests.kit.api import Api
from tests.schema.samples import SAMPLES

Call = Callable[[Scope, int], Awaitable[Any]]


async def schedule(scope: Scope, broadcast_id: int) -> None:
    await lifecycle.schedule(scope, broadcast_id, clock.now() + timedelta(days=1))


async def check(scope: Scope, channel_id: int) -> None:
    await db.execute(
        "UPDATE whatsapp_channels SET status = 'CHECKING' WHERE workspace_id = $1 AND id = $2",
        scope.workspace_id,
        channel_id,
    )


async def disconnect(scope: Scope, _: int) -> None:
    await channels.disconnect(scope)


async def followed(api: Api, scope: Scope, bearer: str, field: str) -> tuple[int, AsyncIterator[dict[str, Any]]]:
    """Of a new row with a sample of that root field: its id, and the events of its subscription."""
    given = await SAMPLES[field](scope)
    events = api.listen(bearer, f"subscription ($id: ID!) {{ {field}(id: $id) {{ id status }} }}", **given)
    return split_global_id(given["id"])[1], events


@pytest.mark.parametrize(
    ("field", "change", "status"),
    [
        ("webhookEndpointProgress", endpoint_lifecycle.pause, "PAUSED"),
        ("audienceProgress", audiences.pause, "PAUSED"),
        ("broadcastProgress", schedule, "SCHEDULED"),
        ("whatsappChannelProgress", check, "CHECKING"),
    ],
)
async def test_it_is_told_as_it_is_and_after_each_change(
    api: Api, workspace: Scope, admin: str, field: str, change: Call, status: str
) -> None:
    row_id, events = await followed(api, workspace, admin, field)
    async with aclosing(events):  # type: ignore[type-var]
        first = (await anext(events))["data"][field]
        assert split_global_id(first["id"])[1] == row_id
        assert first["status"] != status
        await change(workspace, row_id)
        async for event in events:
            if event["data"][field]["status"] == status:
                break


@pytest.mark.parametrize(
    ("field", "delete"),
    [
        ("webhookEndpointProgress", endpoints.delete),
        ("audienceProgress", audiences.delete),
        ("broadcastProgress", drafts.delete),
        ("whatsappChannelProgress", disconnect),
    ],
)
async def test_it_ends_with_an_error_when_it_is_deleted(
    api: Api, workspace: Scope, admin: str, field: str, delete: Call
) -> None:
    row_id, events = await followed(api, workspace, admin, field)
    await anext(events)
    await delete(workspace, row_id)
    *_, last = [event async for event in events]
    assert last["errors"][0]["extensions"]["reason"] == "NOT_FOUND"
