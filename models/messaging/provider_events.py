"""Events of webhooks, in a form of no provider."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from models.messaging.policy import Answer


class Receipt(StrEnum):
    SENT = "SENT"
    DELIVERED = "DELIVERED"
    READ = "READ"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class StatusEvent:
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
    """`wa_id` is the number without the plus; None when only an opaque id is known."""

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
    """Marketing was stopped or resumed in WhatsApp's settings."""

    number_id: str
    wa_id: str
    stop: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class TemplateEvent:
    account_id: str
    name: str
    language: str
    status: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class AccountEvent:
    """The account must be checked; with `stop`, it cannot send at present."""

    account_id: str
    kind: str
    stop: bool = False
    reason: str | None = None


Event = StatusEvent | InboundEvent | PreferenceEvent | TemplateEvent | AccountEvent
