"""Import enums from here: a type must not use one before it is registered."""

import strawberry

from models.broadcasts.audience import ExclusionReason
from models.broadcasts.states import BroadcastStatus
from models.messaging.message_states import MessageStatus

strawberry.enum(BroadcastStatus)
strawberry.enum(
    ExclusionReason,
    description="Each contact is counted under the first of these that holds, in the order of docs/broadcasts.md.",
)
strawberry.enum(
    MessageStatus,
    name="RecipientStatus",
    description="PENDING -> SENDING -> SENT -> DELIVERED -> READ, or FAILED / SKIPPED. UNCONFIRMED: the call's outcome was"
    " lost; it is never sent twice, and a webhook may still settle it.",
)


__all__ = ["BroadcastStatus", "ExclusionReason", "MessageStatus"]
