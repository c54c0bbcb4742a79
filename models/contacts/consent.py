"""What a contact consented to, and what a person's own words make of it.

A person's words belong to the number. Each number keeps the last moment of each kind of word, so their order of arrival and their
repetition do not matter. A stop and its undoing in the same moment are a stop: WhatsApp's times are whole seconds.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final


class ConsentSource(StrEnum):
    """Who or what set the consent. PERSON: a message, a button, or WhatsApp's own settings."""

    PERSON = "PERSON"
    MEMBER = "MEMBER"
    API = "API"
    IMPORT = "IMPORT"


class Word(StrEnum):
    """PLATFORM_*: in WhatsApp's settings. START undoes stops, and is also what somebody enters with evidence."""

    STOP = "STOP"
    START = "START"
    PLATFORM_STOP = "PLATFORM_STOP"
    PLATFORM_RESUME = "PLATFORM_RESUME"


@dataclass(frozen=True, slots=True)
class Consent:
    """`value`: UNKNOWN, OPTED_IN or OPTED_OUT."""

    value: str = "UNKNOWN"
    source: str | None = None
    at: datetime | None = None

    @property
    def is_own_stop(self) -> bool:
        return self.value == "OPTED_OUT" and self.source == ConsentSource.PERSON


def consent_of(row: Any) -> Consent:
    """From a row of contacts."""
    return Consent(row["whatsapp_consent"], row["consent_source"], row["consent_at"])


_NEVER: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class NumberWords:
    """The last moment of each word of a number."""

    stopped_at: datetime | None = None
    started_at: datetime | None = None
    platform_stopped_at: datetime | None = None
    platform_resumed_at: datetime | None = None

    @property
    def stopped_since(self) -> datetime | None:
        """None: nothing stops messages to this number. (The column `suppressions.active` says the same.)"""
        started = self.started_at or _NEVER
        resumed = max(started, self.platform_resumed_at or _NEVER)
        stops = [
            stop
            for stop, undone in ((self.stopped_at, started), (self.platform_stopped_at, resumed))
            if stop is not None and stop >= undone
        ]
        return max(stops, default=None)

    @property
    def ever_stopped(self) -> bool:
        return self.stopped_at is not None or self.platform_stopped_at is not None


def after_words(contact: Consent, before: Consent, number: NumberWords) -> Consent:
    """Returns a contact's consent by the words of its number; `before` is the one that its own stop took the place of."""
    since = number.stopped_since
    if since is not None:
        return Consent("OPTED_OUT", ConsentSource.PERSON, since)
    if not contact.is_own_stop:
        return contact
    if not number.ever_stopped:  # it stopped when it had no number
        return before if (number.started_at or _NEVER) > (contact.at or _NEVER) else contact
    return before
