"""Settings of the channel and of broadcasts."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WhatsAppOptions:
    """`url`: the API's address without a version. `timeout_seconds` bounds a call.

    `most_failures`: the share of recent outcomes (0 to 1) above which a broadcast pauses. `claim_seconds`: the lease of an
    attempt; it is longer than any call, and the attempt becomes UNCONFIRMED after it.
    """

    url: str = "https://graph.facebook.com"
    version: str = "v26.0"
    timeout_seconds: float = 20.0
    most_failures: float = 0.5
    claim_seconds: float = 60.0
