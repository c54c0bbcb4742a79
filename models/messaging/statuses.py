"""Statuses from webhooks, written in bulk.

They come twice, late, out of order and with gaps: a message only moves up the ladder, and each instant is kept.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from models import db
from models.contacts.consent import Word
from models.messaging import consent, counters, history, milestones, policy, sources
from models.messaging.consent import Said
from models.messaging.message_states import LADDER, MessageStatus, higher
from models.messaging.policy import Answer
from models.messaging.provider_events import Receipt, StatusEvent
from models.messaging.sources import Stop

REFERENCE: Final = "muster:"
"""Before the message's id; the provider repeats it."""


def reference_of(message_id: int) -> str:
    return f"{REFERENCE}{message_id}"


def message_of(reference: str | None) -> int | None:
    """Returns the message's id, or None when the reference is not one of ours."""
    digits = reference.removeprefix(REFERENCE) if reference is not None and reference.startswith(REFERENCE) else ""
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 19 else None


_LADDER: Final = (Receipt.READ, Receipt.DELIVERED, Receipt.FAILED, Receipt.SENT)


@dataclass(slots=True)
class _Reported:
    message_id: str
    at: dict[Receipt, datetime]
    error_code: int | None = None
    reason: str | None = None
    answer: Answer | None = None

    def add(self, event: StatusEvent) -> None:
        """The earliest instant counts: repeats come later."""
        self.at[event.receipt] = min(event.at, self.at.get(event.receipt, event.at))
        if event.receipt is Receipt.FAILED:
            self.error_code, self.reason, self.answer = event.error_code, event.reason, event.answer

    @property
    def furthest(self) -> MessageStatus:
        return MessageStatus(next(receipt for receipt in _LADDER if receipt in self.at))


@dataclass(frozen=True, slots=True)
class _Moved:
    row: db.Record
    reported: _Reported
    was: MessageStatus
    now: MessageStatus

    @property
    def sent_at(self) -> datetime | None:
        """A delivered message was sent, even if no status said when."""
        known: datetime | None = self.row["sent_at"] or self.reported.at.get(Receipt.SENT)
        if known is None and self.now in _GOT_OUT:
            later = [
                self.reported.at[receipt]
                for receipt in (Receipt.DELIVERED, Receipt.READ)
                if receipt in self.reported.at
            ]
            return min(later, default=None)
        return known

    @property
    def passed(self) -> list[MessageStatus]:
        """What it came to now; who waits for its delivery must not miss it when it is also read."""
        reported = {MessageStatus(receipt) for receipt in self.reported.at} - {MessageStatus.FAILED}
        above = LADDER[LADDER.index(self.was) + 1 :]
        return [one for one in above if one is self.now or (one in reported and self.now is not MessageStatus.FAILED)]

    @property
    def has_failed(self) -> bool:
        return self.now is MessageStatus.FAILED is not self.was


async def process(workspace_id: int, events: Sequence[StatusEvent]) -> list[Stop]:
    """Stores statuses in the caller's transaction, and returns what must be paused."""
    reported = await _by_message(workspace_id, events)
    if not reported:
        return []
    moved = await _move(workspace_id, reported)
    sent = await history.sent_by(workspace_id, [sources.of_row(one.row) for one in moved])
    await history.record(workspace_id, [one for each in moved for one in _activities(each, sent)])
    failed = [one for one in moved if one.has_failed]
    opted_out = [one for one in failed if one.reported.answer is Answer.OPTED_OUT]
    await consent.heed(workspace_id, [_opt_out_of(one) for one in opted_out])
    await counters.move(workspace_id, [(sources.of_row(one.row), one.was, one.now) for one in moved])
    await milestones.record(
        workspace_id, [milestones.of_message(one.row, status) for one in moved for status in one.passed]
    )
    return _stops(failed)


async def _by_message(workspace_id: int, events: Iterable[StatusEvent]) -> dict[int, _Reported]:
    reported: dict[int, _Reported] = {}
    without: list[StatusEvent] = []
    for event in events:
        message_id = message_of(event.reference)
        if message_id is None:
            if event.reference is None:
                without.append(event)
            continue
        reported.setdefault(message_id, _Reported(event.message_id, {})).add(event)
    for event, message_id in await _by_provider_id(workspace_id, without):
        reported.setdefault(message_id, _Reported(event.message_id, {})).add(event)
    return reported


async def _by_provider_id(workspace_id: int, events: Sequence[StatusEvent]) -> list[tuple[StatusEvent, int]]:
    if not events:
        return []
    rows = await db.fetch(
        "SELECT message_id, id FROM messages WHERE workspace_id = $1 AND message_id = ANY ($2::text[])",
        workspace_id,
        [event.message_id for event in events],
    )
    found = {row["message_id"]: row["id"] for row in rows}
    return [(event, found[event.message_id]) for event in events if event.message_id in found]


_HOLD: Final = """
    SELECT m.id, m.source_kind, m.source_id, m.contact_id, m.enrollment_id, m.phone, m.message_id, m.status, m.sent_at,
           m.delivered_at IS NOT NULL AS had_delivered, m.read_at IS NOT NULL AS had_read, s.message ->> 'name' AS template
    FROM messages m
    JOIN message_sources s ON s.workspace_id = $1 AND s.source_kind = m.source_kind AND s.source_id = m.source_id
    WHERE m.workspace_id = $1 AND m.id = ANY ($2::bigint[]) ORDER BY m.id FOR UPDATE OF m
"""

_MOVE: Final = """
    UPDATE messages m SET
        status = g.now,
        message_id = CASE WHEN m.phone NOT LIKE 'erased:%' THEN coalesce(m.message_id, g.message_id) END, -- it holds the number
        leased_until = CASE WHEN g.now = g.was THEN m.leased_until END,
        sent_at = g.sent_at,
        delivered_at = coalesce(m.delivered_at, g.delivered_at),
        read_at = coalesce(m.read_at, g.read_at),
        failed_at = CASE WHEN g.now = 'FAILED' THEN coalesce(m.failed_at, g.failed_at) END,
        error_code = CASE WHEN g.now = g.was THEN m.error_code WHEN g.now = 'FAILED' THEN g.error_code END,
        reason = CASE WHEN g.now = g.was THEN m.reason WHEN g.now = 'FAILED' THEN g.reason END
    FROM unnest($2::bigint[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::timestamptz[], $8::timestamptz[],
                $9::timestamptz[], $10::integer[], $11::text[])
        AS g (id, was, now, message_id, sent_at, delivered_at, read_at, failed_at, error_code, reason)
    WHERE m.workspace_id = $1 AND m.id = ANY ($2::bigint[]) AND m.id = g.id
"""


async def _move(workspace_id: int, reported: Mapping[int, _Reported]) -> list[_Moved]:
    held = await db.fetch(_HOLD, workspace_id, list(reported))
    moved = [
        _moved(row, reported[row["id"]]) for row in held if row["message_id"] in (None, reported[row["id"]].message_id)
    ]
    await db.execute(
        _MOVE,
        workspace_id,
        [one.row["id"] for one in moved],
        [one.was for one in moved],
        [one.now for one in moved],
        [one.reported.message_id for one in moved],
        [one.sent_at for one in moved],
        *(
            [one.reported.at.get(receipt) for one in moved]
            for receipt in (Receipt.DELIVERED, Receipt.READ, Receipt.FAILED)
        ),
        [one.reported.error_code for one in moved],
        [one.reported.reason for one in moved],
    )
    return moved


def _moved(row: db.Record, reported: _Reported) -> _Moved:
    was = MessageStatus(row["status"])
    return _Moved(row, reported, was, higher(was, reported.furthest))


_BEFORE_SENT: Final = frozenset(
    {MessageStatus.PENDING, MessageStatus.SENDING, MessageStatus.SKIPPED, MessageStatus.UNCONFIRMED}
)
_GOT_OUT: Final = frozenset({MessageStatus.SENT, MessageStatus.DELIVERED, MessageStatus.READ})


def _activities(one: _Moved, sent: history.Sent) -> list[history.MessageActivity]:
    at = one.reported.at
    found = []
    if one.was in _BEFORE_SENT and one.now in _GOT_OUT and one.sent_at is not None:
        found.append(history.of_message(one.row, sent, "sent", one.sent_at))
    if Receipt.DELIVERED in at and not one.row["had_delivered"]:
        found.append(history.of_message(one.row, sent, "delivered", at[Receipt.DELIVERED]))
    if Receipt.READ in at and not one.row["had_read"]:
        found.append(history.of_message(one.row, sent, "read", at[Receipt.READ]))
    if one.has_failed:
        found.append(history.of_message(one.row, sent, "failed", at[Receipt.FAILED], errorCode=one.reported.error_code))
    return found


def _opt_out_of(one: _Moved) -> Said:
    """Of the number that the message went to, which another contact may have now."""
    evidence = f"whatsapp:{one.reported.message_id}"[:200]
    return Said(Word.PLATFORM_STOP, one.reported.at[Receipt.FAILED], one.row["phone"], evidence=evidence)


def _stops(failed: Iterable[_Moved]) -> list[Stop]:
    stops: dict[tuple[policy.Reach, sources.MessageSource], Stop] = {}
    for one in failed:
        reach = policy.stop_reach(one.reported.answer)
        if reach is not None:
            source = sources.of_row(one.row)
            reason = f"WhatsApp said ({one.reported.error_code}) {one.reported.reason}"
            stops.setdefault((reach, source), Stop(reach, source, reason))
    return list(stops.values())
