"""Settings of the channel and of broadcasts."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WhatsAppOptions:
    """`url`: without a version. `timeout_seconds` bounds a call.

    `most_failures`: a broadcast pauses above this share (0 to 1) of recent outcomes. `claim_seconds`: longer than any call;
    after it an attempt becomes UNCONFIRMED."""

    url: str = "https://graph.facebook.com"
    version: str = "v26.0"
    timeout_seconds: float = 20.0
    most_failures: float = 0.5
    claim_seconds: float = 60.0
