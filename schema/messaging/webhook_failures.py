"""Items of webhooks that failed: seen, tried again and deleted by members."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import strawberry

from models.errors import NotFound
from models.queue import failed_webhooks
from permissions.capabilities import Permission
from permissions.principal import Scope
from schema.server.context import Info
from schema.server.execution.batched import batched
from schema.server.execution.rows import global_id, read, shown
from schema.server.guard import admit, mutation, query, scope_of
from schema.server.ids import get_id, to_global_id
from schema.server.types.connection import PageInfo, counted, page_of, page_size
from schema.server.types.cursors import Cursors, a_number
from schema.server.types.nodes import Node, node
from schema.server.user_errors import UserError


async def _bodies_of(rows: Sequence[Any], info: Info) -> Sequence[str]:
    admit(info.context, Permission.CONTACT_READ)
    return [read(row, "body").decode("utf-8", "replace") for row in rows]


@strawberry.type(description="An item of a webhook, such as a message, that could not be processed and is kept.")
class InboundWebhookFailure(Node):
    id: strawberry.ID = global_id("InboundWebhookFailure")
    item: str = strawberry.field(
        description="The list of the webhook that it stands in, or the field of its change; `webhook`: all of it."
    )
    error: str = strawberry.field(description="The class of the error.")
    reason: str = strawberry.field(description="What the error said.")
    attempts: int = strawberry.field(description="How often it was tried.")
    received_at: datetime
    failed_at: datetime
    body: str | None = batched(
        _bodies_of,
        description="A webhook that holds this item alone. It needs CONTACT_READ: people's words stand in it.",
    )


@node("InboundWebhookFailure", Permission.WEBHOOK_MANAGE)
async def _failures(scope: Scope, ids: Sequence[int]) -> Sequence[Any]:
    return await failed_webhooks.by_ids(scope, ids)


@strawberry.type
class InboundWebhookFailureEdge:
    cursor: str
    node: InboundWebhookFailure


@strawberry.type
class InboundWebhookFailureConnection:
    """A page of failures, the newest first."""

    edges: list[InboundWebhookFailureEdge]
    nodes: list[InboundWebhookFailure]
    page_info: PageInfo
    total_count: int = counted()


@strawberry.type
class InboundWebhookFailureQuery:
    @query(
        Permission.WEBHOOK_MANAGE,
        description="Items of WhatsApp's webhooks that could not be processed, the newest first. The others had their effect.",
    )
    async def inbound_webhook_failures(
        self,
        info: Info,
        first: Annotated[int | None, strawberry.argument(description="How many to return.")] = 50,
        after: Annotated[str | None, strawberry.argument(description="The cursor to go on after.")] = None,
    ) -> InboundWebhookFailureConnection:
        scope = scope_of(info)

        async def count() -> int:
            return await failed_webhooks.count(scope)

        cursors = Cursors(scope, "inboundWebhookFailures")
        key = cursors.read(after, a_number)
        rows = await failed_webhooks.newest_first(scope, page_size(first) + 1, None if key is None else key[0])
        page = page_of(rows, first, after, lambda row: cursors.write(row["id"]), count)
        return shown(InboundWebhookFailureConnection, page)


@strawberry.type
class InboundWebhookFailuresRetryPayload:
    retried: int = strawberry.field(default=0, description="How many wait for a worker now.")
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class InboundWebhookFailuresDeletePayload:
    deleted_ids: list[strawberry.ID] = strawberry.field(default_factory=list)
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class InboundWebhookFailureMutation:
    @mutation(
        Permission.WEBHOOK_MANAGE,
        InboundWebhookFailuresRetryPayload,
        description="Puts failed items back to be processed. What fails again is listed again, with one attempt more.",
    )
    async def inbound_webhook_failures_retry(
        self,
        info: Info,
        ids: Annotated[
            list[strawberry.ID] | None, strawberry.argument(description="Which; all of them when absent.")
        ] = None,
    ) -> InboundWebhookFailuresRetryPayload:
        scope = scope_of(info)
        chosen = None if ids is None else await _failure_ids(scope, ids)
        return InboundWebhookFailuresRetryPayload(retried=await failed_webhooks.retry(scope, chosen))

    @mutation(
        Permission.WEBHOOK_MANAGE,
        InboundWebhookFailuresDeletePayload,
        description="Deletes failed items for good, with what people wrote in them.",
    )
    async def inbound_webhook_failures_delete(
        self, info: Info, ids: Annotated[list[strawberry.ID], strawberry.argument(description="Which.")]
    ) -> InboundWebhookFailuresDeletePayload:
        scope = scope_of(info)
        deleted = await failed_webhooks.delete(scope, await _failure_ids(scope, ids))
        return InboundWebhookFailuresDeletePayload(
            deleted_ids=[strawberry.ID(to_global_id("InboundWebhookFailure", one)) for one in deleted]
        )


async def _failure_ids(scope: Scope, ids: Sequence[str]) -> list[int]:
    """Raises NotFound when the workspace lacks one of them."""
    wanted = [get_id("InboundWebhookFailure", failure_id, ("ids", index)) for index, failure_id in enumerate(ids)]
    known = {row["id"] for row in await failed_webhooks.by_ids(scope, wanted)}
    for index, failure_id in enumerate(wanted):
        if failure_id not in known:
            raise NotFound(f"there is no failed item with the id {ids[index][:100]!r}", ("ids", index))
    return wanted
