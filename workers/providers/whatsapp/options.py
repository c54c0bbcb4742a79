"""What the front door tells the workers of the channel and of broadcasts."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WhatsAppOptions:
    """`url` is the API's address without a version, `timeout_seconds` bounds a call.

    `most_failures`: the share of recent outcomes (0 to 1) over which a broadcast pauses. `claim_seconds`: after so long an
    attempt of which nobody says anything is UNCONFIRMED; longer than a call can take.
    """

    url: str = "https://graph.facebook.com"
    version: str = "v26.0"
    timeout_seconds: float = 20.0
    most_failures: float = 0.5
    claim_seconds: float = 60.0
