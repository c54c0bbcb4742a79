"""What people do with broadcasts, and watching them go on."""

from collections.abc import AsyncGenerator, Sequence
from datetime import datetime
from typing import Any

import strawberry

from models import db
from models.accounts import audit_log
from models.broadcasts import drafts, lifecycle, test_sends
from models.broadcasts.drafts import Draft
from models.errors import Invalid, Problems
from models.messaging import channels, templates
from models.messaging.message_states import MessageStatus
from models.messaging.rendering import Binding
from models.queue import requests
from models.queue.requests import ProviderRequestKind
from permissions.capabilities import Permission
from schema.broadcasts.broadcast_watch import WATCH
from schema.broadcasts.broadcasts import Broadcast, MessageTemplate
from schema.messaging.request_wait import outcome
from schema.server.context import Info
from schema.server.execution.rows import all_shown, shown
from schema.server.guard import mutation, scope_of, subscription
from schema.server.ids import find_id, get_id
from schema.server.types.scalars import Duration
from schema.server.user_errors import UserError, user_errors

# ---------------------------------------------------------------- inputs and payloads


@strawberry.input(
    description="Fills one placeholder from a contact's field, with what to say when that is empty. Without a fallback such a"
    " contact is skipped."
)
class TemplateParameterInput:
    """How one placeholder is filled."""

    name: str
    field: str | None = None
    text: str | None = None
    fallback: str | None = None


@strawberry.input
class BroadcastCreateInput:
    """A broadcast as a person writes it."""

    name: str
    template_id: strawberry.ID
    parameters: list[TemplateParameterInput] | None = strawberry.field(default_factory=list)
    include_segment_ids: list[strawberry.ID]
    exclude_segment_ids: list[strawberry.ID] | None = strawberry.field(default_factory=list)
    max_lateness: Duration | None = None
    require_opt_in: bool = strawberry.field(
        default=True, description="Send only to contacts that opted in; otherwise to all but those that opted out."
    )

    def draft(self) -> Draft:
        """As the models take it. An id that is none becomes 0, which is found nowhere."""
        return Draft(
            name=self.name,
            template_id=find_id("MessageTemplate", self.template_id) or 0,
            parameters=[Binding(one.name, one.field, one.text, one.fallback) for one in self.parameters or ()],
            include_segment_ids=_segments(self.include_segment_ids),
            exclude_segment_ids=_segments(self.exclude_segment_ids or ()),
            max_lateness=self.max_lateness,
            require_opt_in=self.require_opt_in,
        )


def _segments(ids: Sequence[strawberry.ID]) -> list[int]:
    return [find_id("Segment", one) or 0 for one in ids]


@strawberry.type
class BroadcastPayload:
    """Of what makes or changes a broadcast."""

    broadcast: Broadcast | None = None
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class BroadcastTestPayload:
    """Of broadcastTest."""

    sent: int = 0
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class MessageTemplatesPayload:
    """Of messageTemplatesSync."""

    message_templates: list[MessageTemplate] = strawberry.field(default_factory=list)
    user_errors: list[UserError] = strawberry.field(default_factory=list)


def _payload(row: Any) -> BroadcastPayload:
    return BroadcastPayload(broadcast=shown(Broadcast, row))


# ---------------------------------------------------------------- mutations


@strawberry.type
class BroadcastMutation:
    """Writing, starting and stopping broadcasts."""

    @mutation(
        Permission.BROADCAST_SEND,
        MessageTemplatesPayload,
        description="Fetches the templates of the connected business account, and waits for them.",
    )
    async def message_templates_sync(self, info: Info) -> MessageTemplatesPayload:
        scope = scope_of(info)
        await channels.get(scope)
        async with db.transaction():
            errand = await requests.ask(scope, ProviderRequestKind.SYNC_TEMPLATES)
            await audit_log.record(scope, "message_templates_sync")
        await outcome(errand)
        return MessageTemplatesPayload(message_templates=all_shown(MessageTemplate, await templates.all_of(scope)))

    @mutation(Permission.BROADCAST_SEND, BroadcastPayload)
    async def broadcast_create(self, info: Info, input: BroadcastCreateInput) -> BroadcastPayload:
        return _payload(await drafts.create(scope_of(info), input.draft()))

    @mutation(Permission.BROADCAST_SEND, BroadcastPayload, description="A draft only.")
    async def broadcast_update(self, info: Info, id: strawberry.ID, input: BroadcastCreateInput) -> BroadcastPayload:
        return _payload(await drafts.update(scope_of(info), get_id("Broadcast", id, ("id",)), input.draft()))

    @mutation(Permission.BROADCAST_SEND, BroadcastPayload, description="Starts now, or at `at`.")
    async def broadcast_schedule(self, info: Info, id: strawberry.ID, at: datetime | None = None) -> BroadcastPayload:
        return _payload(await lifecycle.schedule(scope_of(info), get_id("Broadcast", id, ("id",)), at))

    @mutation(
        Permission.BROADCAST_SEND, BroadcastPayload, description="In force at once; calls under way come to their end."
    )
    async def broadcast_pause(self, info: Info, id: strawberry.ID) -> BroadcastPayload:
        return _payload(await lifecycle.pause(scope_of(info), get_id("Broadcast", id, ("id",))))

    @mutation(Permission.BROADCAST_SEND, BroadcastPayload)
    async def broadcast_resume(self, info: Info, id: strawberry.ID) -> BroadcastPayload:
        return _payload(await lifecycle.resume(scope_of(info), get_id("Broadcast", id, ("id",))))

    @mutation(Permission.BROADCAST_SEND, BroadcastPayload, description="For good. What was sent stays sent.")
    async def broadcast_cancel(self, info: Info, id: strawberry.ID) -> BroadcastPayload:
        return _payload(await lifecycle.cancel(scope_of(info), get_id("Broadcast", id, ("id",))))

    @mutation(
        Permission.BROADCAST_SEND,
        BroadcastPayload,
        description="A new draft for the recipients of a finished broadcast that are in one of these states, with the"
        " parameters frozen as they were.",
    )
    async def broadcast_retry(
        self,
        info: Info,
        id: strawberry.ID,
        statuses: list[MessageStatus] = [MessageStatus.FAILED],  # noqa: B006 - never changed; the contract's default
    ) -> BroadcastPayload:
        return _payload(await drafts.retry(scope_of(info), get_id("Broadcast", id, ("id",)), statuses))

    @mutation(
        Permission.BROADCAST_SEND,
        BroadcastTestPayload,
        description="Sends the message to these contacts alone, at once, outside of any broadcast's counts.",
    )
    async def broadcast_test(
        self, info: Info, id: strawberry.ID, contact_ids: list[strawberry.ID]
    ) -> BroadcastTestPayload:
        numbers = [find_id("Contact", one) or 0 for one in contact_ids]
        errand = await outcome(await test_sends.ask(scope_of(info), get_id("Broadcast", id, ("id",)), numbers))
        failed = [Invalid(reason, ("contactIds", numbers.index(number))) for number, reason in errand.result["failed"]]
        return BroadcastTestPayload(
            sent=errand.result["sent"], user_errors=user_errors(Problems(failed)) if failed else []
        )


# ---------------------------------------------------------------- subscriptions


@strawberry.type
class BroadcastSubscription:
    """Broadcasts as they go on."""

    @subscription(
        Permission.BROADCAST_READ,
        description="The broadcast as it goes on, at most ten times a second; ends when it does.",
    )
    async def broadcast_progress(self, info: Info, id: strawberry.ID) -> AsyncGenerator[Broadcast, None]:
        async for row in WATCH.follow(scope_of(info), get_id("Broadcast", id, ("id",))):
            yield shown(Broadcast, row)
