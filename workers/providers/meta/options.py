"""Settings of advertising audiences."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MetaOptions:
    """`url`: without a version. `timeout_seconds` bounds a call."""

    url: str = "https://graph.facebook.com"
    version: str = "v26.0"
    timeout_seconds: float = 60.0
