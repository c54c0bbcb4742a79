"""Limits of a number and an account, as the API reports them. Pure."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from models.messaging.sources import MessageSource

DEFAULT_PER_SECOND: Final = 80

PER_SECOND: Final[Mapping[str, int]] = {"STANDARD": 80, "HIGH": 1000}

WITH_BUSINESS_APP_PER_SECOND: Final = 20

PAIR_INTERVAL: Final = timedelta(seconds=6)
"""Between two messages to one person."""

CAP_INTERVAL: Final = timedelta(minutes=5)
"""Between two looks at a message of a workflow that the workspace's cap holds back."""

QUOTA_WINDOW: Final = timedelta(hours=24)
"""For unique recipients."""

CAUTIOUS_DAILY_LIMIT: Final = 250
"""Every account may write to so many people."""

_TIERS: Final[Mapping[str, int | None]] = {
    "TIER_50": 50,
    "TIER_250": 250,
    "TIER_1K": 1_000,
    "TIER_2K": 2_000,
    "TIER_10K": 10_000,
    "TIER_100K": 100_000,
    "TIER_UNLIMITED": None,
}


def messages_per_second(number: Mapping[str, Any]) -> int:
    if number.get("is_on_biz_app"):
        return WITH_BUSINESS_APP_PER_SECOND
    throughput = number.get("throughput")
    level = throughput.get("level") if isinstance(throughput, Mapping) else None
    return PER_SECOND.get(str(level), DEFAULT_PER_SECOND)


def daily_limit(number: Mapping[str, Any]) -> int | None:
    """Unique people in 24 hours; None: no limit."""
    return _TIERS.get(str(number.get("whatsapp_business_manager_messaging_limit")), CAUTIOUS_DAILY_LIMIT)


def shares(grant: int, sources: Sequence[MessageSource]) -> dict[MessageSource, int]:
    """Messages to look at in each source, so that a source with few leaves no gap."""
    if not sources:
        return {}
    each = min(grant, -(-2 * grant // len(sources)) + 1)
    return dict.fromkeys(sources, each)
