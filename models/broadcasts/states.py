"""The states of a broadcast."""

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
"""Final; its messages may still change."""
