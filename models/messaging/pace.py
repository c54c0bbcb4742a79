"""What the channel's limits mean: how fast, and how many. Pure."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from models.messaging.sources import MessageSource

DEFAULT_PER_SECOND: Final = 80
"""Messages a second of a number that says nothing else."""

PER_SECOND: Final[Mapping[str, int]] = {"STANDARD": 80, "HIGH": 1000}
"""By the level of throughput that the number reports."""

WITH_BUSINESS_APP_PER_SECOND: Final = 20
"""Of a number that is used from the WhatsApp Business app as well."""

PAIR_INTERVAL: Final = timedelta(seconds=6)
"""Between two messages to one person."""

QUOTA_WINDOW: Final = timedelta(hours=24)
"""In which unique recipients are counted."""

CAUTIOUS_DAILY_LIMIT: Final = 250
"""Unique recipients of an account whose limit is not known: what every account may."""

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
    """How fast a number may send, by what the API says of it."""
    if number.get("is_on_biz_app"):
        return WITH_BUSINESS_APP_PER_SECOND
    throughput = number.get("throughput")
    level = throughput.get("level") if isinstance(throughput, Mapping) else None
    return PER_SECOND.get(str(level), DEFAULT_PER_SECOND)


def daily_limit(number: Mapping[str, Any]) -> int | None:
    """How many unique people the account may write to in 24 hours, by what the API says; None: as many as it likes."""
    return _TIERS.get(str(number.get("whatsapp_business_manager_messaging_limit")), CAUTIOUS_DAILY_LIMIT)


def shares(grant: int, sources: Sequence[MessageSource]) -> dict[MessageSource, int]:
    """How many of `grant` messages to look for in each source: enough that one with few leaves no gap."""
    if not sources:
        return {}
    each = min(grant, -(-2 * grant // len(sources)) + 1)
    return dict.fromkeys(sources, each)
