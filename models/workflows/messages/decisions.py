"""What SEND does with a contact, and with what became of the message. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from models.messaging.enrollment_messages import MessageState
from models.messaging.message_states import MessageStatus
from models.workflows.graph.actions import Send
from models.workflows.graph.tree import Window
from models.workflows.timing import windows

DELIVERY_PATIENCE: Final = timedelta(minutes=2)
"""How long a sent message may take to arrive where the way of what failed is another one. Phones may be off for days."""


class SkipReason(StrEnum):
    """The first one that holds counts."""

    CONTROL = "CONTROL"
    NO_PHONE = "NO_PHONE"
    OPTED_OUT = "OPTED_OUT"
    NO_CONSENT = "NO_CONSENT"
    MISSING_PARAMETER = "MISSING_PARAMETER"


@dataclass(frozen=True, slots=True)
class Recipient:
    """What decides about a contact. `capped_until`: the workspace's cap allows no message before; None: it does now."""

    contact_id: int
    phone: str | None
    consent: str
    parameters: Sequence[str | None]
    is_missing: bool
    capped_until: datetime | None = None


def nobody(contact_id: int) -> Recipient:
    """A contact that is gone: its enrollment ends soon."""
    return Recipient(contact_id, None, "UNKNOWN", (), is_missing=True)


@dataclass(frozen=True, slots=True)
class SendNow:
    """Write it into the ledger; it may be sent until `closes_at`."""

    closes_at: datetime | None


@dataclass(frozen=True, slots=True)
class Skip:
    reason: SkipReason


@dataclass(frozen=True, slots=True)
class Hold:
    """Look again at that moment."""

    reason: str
    until: datetime


OUTSIDE_WINDOW: Final = "it is outside of the hours in which the workflow sends"
NEVER_OPENS: Final = "the hours in which the workflow sends do not come again"
CAPPED: Final = "the contact has had as many messages as the workspace allows"

LOOK_AGAIN: Final = timedelta(days=7)


def before(
    recipient: Recipient, do: Send, window: Window | None, zone: ZoneInfo, now: datetime, *, control: bool
) -> SendNow | Skip | Hold:
    """Whether a message goes to this contact now."""
    reason = _reason_against(recipient, do, control=control)
    if reason is not None:
        return Skip(reason)
    if window is not None and not windows.is_open(window, now, zone):
        opens_at = windows.opens_at(window, now, zone)
        return Hold(NEVER_OPENS, now + LOOK_AGAIN) if opens_at is None else Hold(OUTSIDE_WINDOW, opens_at)
    if recipient.capped_until is not None and recipient.capped_until > now and not do.ignore_cap:
        return Hold(CAPPED, recipient.capped_until)
    return SendNow(None if window is None else windows.closes_at(window, now, zone))


def _reason_against(recipient: Recipient, do: Send, *, control: bool) -> SkipReason | None:
    if control:
        return SkipReason.CONTROL
    if recipient.phone is None:
        return SkipReason.NO_PHONE
    if recipient.consent == "OPTED_OUT":
        return SkipReason.OPTED_OUT
    if do.require_opt_in and recipient.consent != "OPTED_IN":
        return SkipReason.NO_CONSENT
    return SkipReason.MISSING_PARAMETER if recipient.is_missing else None


@dataclass(frozen=True, slots=True)
class Stay:
    """Wait for the ledger; look again at that moment, if nothing is heard before."""

    until: datetime | None


@dataclass(frozen=True, slots=True)
class PutOff:
    """The window closed before it was sent: the moment of the next one, and when that closes."""

    due_at: datetime
    closes_at: datetime | None


@dataclass(frozen=True, slots=True)
class Settled:
    """`outcome` is next, skipped or failed."""

    outcome: str


def after(
    state: MessageState, do: Send, window: Window | None, zone: ZoneInfo, now: datetime
) -> Stay | PutOff | Settled:
    """What follows from the state of the message. One that may have been sent is never sent again."""
    match state.status:
        case MessageStatus.PENDING:
            return _of_waiting(state, window, zone, now)
        case MessageStatus.SENDING:
            return Stay(None)
        case MessageStatus.SKIPPED:
            return Settled("skipped")
        case MessageStatus.FAILED:
            return Settled("failed")
        case MessageStatus.SENT if do.failed is not None and state.sent_at is not None:
            arrives_by = state.sent_at + DELIVERY_PATIENCE
            return Settled("next") if arrives_by <= now else Stay(arrives_by)
        case _:
            return Settled("next")


def _of_waiting(state: MessageState, window: Window | None, zone: ZoneInfo, now: datetime) -> Stay | PutOff:
    if state.closes_at is None or state.closes_at > now:
        return Stay(state.closes_at)
    opens_at = now if window is None else windows.opens_at(window, now, zone)
    if opens_at is None:
        return PutOff(now + LOOK_AGAIN, now + LOOK_AGAIN)
    return PutOff(opens_at, None if window is None else windows.closes_at(window, opens_at, zone))


def edge_of(do: Send, outcome: str) -> str:
    """Where an outcome leads: on, unless it has a way of its own."""
    return {"skipped": do.skipped, "failed": do.failed}.get(outcome) or do.next
