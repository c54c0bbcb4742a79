"""The states of a broadcast and of each of its recipients, and which way they go."""

from enum import StrEnum
from typing import Final


class BroadcastStatus(StrEnum):
    """DRAFT -> (SCHEDULED ->) PREPARING -> SENDING <-> PAUSED -> COMPLETED, or CANCELLED, or FAILED."""

    DRAFT = "DRAFT"
    SCHEDULED = "SCHEDULED"
    PREPARING = "PREPARING"
    SENDING = "SENDING"
    PAUSED = "PAUSED"
    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"
    FAILED = "FAILED"


FINISHED: Final = frozenset({BroadcastStatus.COMPLETED, BroadcastStatus.CANCELLED, BroadcastStatus.FAILED})
"""From here a broadcast goes nowhere; its recipients may still be told of."""


class RecipientStatus(StrEnum):
    """Where a message stands."""

    PENDING = "PENDING"
    SENDING = "SENDING"
    SENT = "SENT"
    DELIVERED = "DELIVERED"
    READ = "READ"
    FAILED = "FAILED"
    SKIPPED = "SKIPPED"
    UNCONFIRMED = "UNCONFIRMED"


LADDER: Final = (
    RecipientStatus.PENDING,
    RecipientStatus.SENDING,
    RecipientStatus.SKIPPED,
    RecipientStatus.UNCONFIRMED,
    RecipientStatus.SENT,
    RecipientStatus.FAILED,
    RecipientStatus.DELIVERED,
    RecipientStatus.READ,
)
"""What a webhook tells moves a recipient up and never down: "sent" after "failed" is late news, "delivered" is proof."""

LADDER_SQL: Final = "ARRAY[" + ", ".join(f"'{status.value}'" for status in LADDER) + "]"
