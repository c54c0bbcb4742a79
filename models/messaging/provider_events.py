"""Events of webhooks, in a form of no provider."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from models.messaging.policy import Answer


class Receipt(StrEnum):
    SENT = "SENT"
    DELIVERED = "DELIVERED"
    READ = "READ"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class Sender:
    """A person as a provider names it: `wa_id` is the number without the plus, `user_id` an opaque id; one may be None."""

    wa_id: str | None = None
    user_id: str | None = None
    name: str | None = field(default=None, compare=False)


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
    recipient: Sender | None = None


@dataclass(frozen=True, slots=True)
class InboundEvent:
    """`kind` is the provider's type of message, `answers` the message that it is about, `details` what else it holds.

    `new_wa_id`: the person has this number from now on.
    """

    number_id: str
    message_id: str
    sender: Sender
    at: datetime
    kind: str
    text: str | None = None
    payload: str | None = None
    answers: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    new_wa_id: str | None = None


@dataclass(frozen=True, slots=True)
class PreferenceEvent:
    """Marketing was stopped or resumed in WhatsApp's settings."""

    number_id: str
    sender: Sender
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
    """With `stop`, the account cannot send."""

    account_id: str
    kind: str
    stop: bool = False
    reason: str | None = None


Event = StatusEvent | InboundEvent | PreferenceEvent | TemplateEvent | AccountEvent
