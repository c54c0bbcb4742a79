"""The states of a message."""

from enum import StrEnum
from typing import Final


class MessageStatus(StrEnum):
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
"""A status moves a message only up: "sent" after "failed" is late, "delivered" is proof."""


def higher(one: MessageStatus, other: MessageStatus) -> MessageStatus:
    return max(one, other, key=LADDER.index)
