"""The states of a message, and which of them a provider's status can move it to."""

from enum import StrEnum
from typing import Final


class MessageStatus(StrEnum):
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
    MessageStatus.PENDING,
    MessageStatus.SENDING,
    MessageStatus.SKIPPED,
    MessageStatus.UNCONFIRMED,
    MessageStatus.SENT,
    MessageStatus.FAILED,
    MessageStatus.DELIVERED,
    MessageStatus.READ,
)
"""A provider's status moves a message up and never down: "sent" after "failed" is late news, "delivered" is proof."""


def higher(one: MessageStatus, other: MessageStatus) -> MessageStatus:
    """Whichever of the two is further up the ladder."""
    return max(one, other, key=LADDER.index)
