from datetime import datetime
from typing import Annotated, Any

import strawberry

from models.broadcasts import drafts, lifecycle, retries, test_sends
from models.errors import Invalid, Problems
from permissions.capabilities import Permission
from schema.broadcasts.enums import MessageStatus
from schema.broadcasts.inputs import BroadcastCreateInput
from schema.broadcasts.types import Broadcast
from schema.messaging.request_wait import outcome
from schema.server.context import Info
from schema.server.execution.rows import shown
from schema.server.guard import mutation, scope_of
from schema.server.ids import find_id, get_id, to_global_id
from schema.server.types.delete_payload import DeletePayload
from schema.server.user_errors import UserError, user_errors


@strawberry.type
class BroadcastPayload:
    broadcast: Broadcast | None = None
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class BroadcastTestPayload:
    sent: int = 0
    user_errors: list[UserError] = strawberry.field(default_factory=list)


def _payload(row: Any) -> BroadcastPayload:
    return BroadcastPayload(broadcast=shown(Broadcast, row))


@strawberry.type
class BroadcastMutation:
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
        Permission.BROADCAST_SEND, BroadcastPayload, description="Takes effect at once; calls under way are finished."
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
        return _payload(await retries.retry(scope_of(info), get_id("Broadcast", id, ("id",)), statuses))

    @mutation(
        Permission.BROADCAST_SEND, DeletePayload, description="Deletes a draft for good. Only drafts can be deleted."
    )
    async def broadcast_delete(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The draft to delete.")]
    ) -> DeletePayload:
        broadcast_id = get_id("Broadcast", id, ("id",))
        await drafts.delete(scope_of(info), broadcast_id)
        return DeletePayload(deleted_id=strawberry.ID(to_global_id("Broadcast", broadcast_id)))

    @mutation(
        Permission.BROADCAST_SEND,
        BroadcastTestPayload,
        description="Sends the message to these contacts alone, at once, outside of any broadcast's counts.",
    )
    async def broadcast_test(
        self, info: Info, id: strawberry.ID, contact_ids: list[strawberry.ID]
    ) -> BroadcastTestPayload:
        ids = [find_id("Contact", one) or 0 for one in contact_ids]
        request = await outcome(await test_sends.ask(scope_of(info), get_id("Broadcast", id, ("id",)), ids))
        failed = [Invalid(reason, ("contactIds", ids.index(one))) for one, reason in request.result["failed"]]
        return BroadcastTestPayload(
            sent=request.result["sent"], user_errors=user_errors(Problems(failed)) if failed else []
        )
