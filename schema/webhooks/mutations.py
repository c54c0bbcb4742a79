from datetime import timedelta
from typing import Any, Final

import strawberry

from models.destinations.webhooks import endpoints, lifecycle, resending
from models.errors import Invalid, at
from models.rules.operands import read_duration
from permissions.capabilities import Permission
from schema.server.context import Info
from schema.server.execution.rows import shown
from schema.server.guard import mutation, scope_of
from schema.server.ids import get_id, to_global_id
from schema.server.types.delete_payload import DeletePayload
from schema.server.types.scalars import ChangeCursor, Duration
from schema.server.user_errors import UserError
from schema.webhooks.inputs import WebhookEndpointInput
from schema.webhooks.types import WebhookDelivery, WebhookEndpoint

A_DAY: Final = Duration("PT24H")


@strawberry.type
class WebhookEndpointPayload:
    webhook_endpoint: WebhookEndpoint | None = None
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class WebhookEndpointCreatePayload:
    webhook_endpoint: WebhookEndpoint | None = None
    secret: str | None = strawberry.field(
        default=None, description="What signs its webhooks (whsec_...); shown only here."
    )
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class WebhookDeliveryPayload:
    webhook_delivery: WebhookDelivery | None = None
    user_errors: list[UserError] = strawberry.field(default_factory=list)


def _payload(row: Any) -> WebhookEndpointPayload:
    return WebhookEndpointPayload(webhook_endpoint=shown(WebhookEndpoint, row))


def _with_secret(made: tuple[Any, str]) -> WebhookEndpointCreatePayload:
    return WebhookEndpointCreatePayload(webhook_endpoint=shown(WebhookEndpoint, made[0]), secret=made[1])


def _sent(row: Any) -> WebhookDeliveryPayload:
    return WebhookDeliveryPayload(webhook_delivery=shown(WebhookDelivery, row))


def _elapsed(overlap: Duration) -> timedelta:
    """Months are of no certain length, and too long."""
    with at("overlap"):
        read = read_duration(overlap)
        if read.months:
            raise Invalid(f"must be at most 7 days (P7D), not {read}")
    return read.elapsed


def _endpoint_id(global_id: str) -> int:
    return get_id("WebhookEndpoint", global_id, ("id",))


@strawberry.type
class WebhookMutation:
    @mutation(
        Permission.WEBHOOK_MANAGE,
        WebhookEndpointCreatePayload,
        description="The secret (whsec_...) is shown once. A signed `ping` has to be answered with 2xx before the endpoint is"
        " ACTIVE. It needs the permission to read what the endpoint is sent.",
    )
    async def webhook_endpoint_create(self, info: Info, input: WebhookEndpointInput) -> WebhookEndpointCreatePayload:
        settings = input.settings(info.context)
        with at("input"):
            return _with_secret(await endpoints.create(scope_of(info), settings, input.start_at))

    @mutation(
        Permission.WEBHOOK_MANAGE,
        WebhookEndpointPayload,
        description="Sets all of it anew. With `startAt` it goes on from there, and what waits is left out.",
    )
    async def webhook_endpoint_update(
        self, info: Info, id: strawberry.ID, input: WebhookEndpointInput
    ) -> WebhookEndpointPayload:
        endpoint_id, settings = _endpoint_id(id), input.settings(info.context)
        await endpoints.get(scope_of(info), endpoint_id)
        with at("input"):
            return _payload(await endpoints.update(scope_of(info), endpoint_id, settings, input.start_at))

    @mutation(
        Permission.WEBHOOK_MANAGE, DeletePayload, description="Nothing more is sent to it. Its deliveries go too."
    )
    async def webhook_endpoint_delete(self, info: Info, id: strawberry.ID) -> DeletePayload:
        endpoint_id = _endpoint_id(id)
        await endpoints.delete(scope_of(info), endpoint_id)
        return DeletePayload(deleted_id=strawberry.ID(to_global_id("WebhookEndpoint", endpoint_id)))

    @mutation(
        Permission.WEBHOOK_MANAGE,
        WebhookEndpointPayload,
        description="Sends nothing until it is resumed; a request under way is finished. Nothing is lost while the log is kept.",
    )
    async def webhook_endpoint_pause(self, info: Info, id: strawberry.ID) -> WebhookEndpointPayload:
        return _payload(await lifecycle.pause(scope_of(info), _endpoint_id(id)))

    @mutation(
        Permission.WEBHOOK_MANAGE,
        WebhookEndpointPayload,
        description="Goes on at once where it was, or with `skipToNow` leaves out what waited.",
    )
    async def webhook_endpoint_resume(
        self, info: Info, id: strawberry.ID, skip_to_now: bool = False
    ) -> WebhookEndpointPayload:
        return _payload(await lifecycle.resume(scope_of(info), _endpoint_id(id), skip_to_now=skip_to_now))

    @mutation(
        Permission.WEBHOOK_MANAGE,
        WebhookEndpointCreatePayload,
        description="Makes a new secret, shown once. Both secrets sign for `overlap`.",
    )
    async def webhook_secret_rotate(
        self, info: Info, id: strawberry.ID, overlap: Duration = A_DAY
    ) -> WebhookEndpointCreatePayload:
        return _with_secret(await lifecycle.rotate_secret(scope_of(info), _endpoint_id(id), _elapsed(overlap)))

    @mutation(
        Permission.WEBHOOK_MANAGE,
        WebhookDeliveryPayload,
        description="Sends a signed ping, once, in any state. The delivery's `succeeded` says what came of it.",
    )
    async def webhook_test(self, info: Info, id: strawberry.ID) -> WebhookDeliveryPayload:
        return _sent(await resending.test(scope_of(info), _endpoint_id(id)))

    @mutation(
        Permission.WEBHOOK_MANAGE,
        WebhookDeliveryPayload,
        description="Sends once more what a delivery held, in a delivery of its own that is marked as a replay.",
    )
    async def webhook_delivery_resend(self, info: Info, id: strawberry.ID) -> WebhookDeliveryPayload:
        return _sent(await resending.resend(scope_of(info), get_id("WebhookDelivery", id, ("id",))))

    @mutation(
        Permission.WEBHOOK_MANAGE,
        WebhookEndpointPayload,
        description="Sends again what is in the log between the two, marked as a replay, without moving the endpoint's cursor.",
    )
    async def webhook_replay(
        self, info: Info, id: strawberry.ID, after: ChangeCursor, until: ChangeCursor | None = None
    ) -> WebhookEndpointPayload:
        return _payload(await resending.replay(scope_of(info), _endpoint_id(id), after, until))
