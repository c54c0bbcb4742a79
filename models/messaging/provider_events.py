"""What a webhook of the channel can tell, free of the wire's shape."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from models.messaging.policy import Answer


class Receipt(StrEnum):
    """How far a message has come, as a status webhook says it."""

    SENT = "SENT"
    DELIVERED = "DELIVERED"
    READ = "READ"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class StatusEvent:
    """A message of ours has come so far. `reference` is what we sent along with it; `answer` says why it FAILED."""

    number_id: str
    message_id: str
    receipt: Receipt
    at: datetime
    reference: str | None = None
    error_code: int | None = None
    reason: str | None = None
    answer: Answer | None = None


@dataclass(frozen=True, slots=True)
class InboundEvent:
    """A person wrote to us. `wa_id` is their number without the plus; None when only an opaque user id is known."""

    number_id: str
    message_id: str
    wa_id: str | None
    at: datetime
    kind: str
    text: str | None = None
    payload: str | None = None
    answers: str | None = None


@dataclass(frozen=True, slots=True)
class PreferenceEvent:
    """A person stopped, or resumed, our marketing in WhatsApp's own settings."""

    number_id: str
    wa_id: str
    stop: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class TemplateEvent:
    """Meta changed the status of a template."""

    account_id: str
    name: str
    language: str
    status: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class AccountEvent:
    """Something about the account or its number changed: it is to be looked at again; with `stop`, nothing can be sent."""

    account_id: str
    kind: str
    stop: bool = False
    reason: str | None = None


Event = StatusEvent | InboundEvent | PreferenceEvent | TemplateEvent | AccountEvent
