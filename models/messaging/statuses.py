"""What status webhooks tell of our messages, taken into the ledger in bulk.

They come twice, late, out of order and with gaps. A recipient's status only moves up the ladder, whatever the order; each
instant is kept whenever it comes; and each activity is recorded once.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from models import db
from models.broadcasts import counters, lifecycle
from models.messaging import consent, history
from models.messaging.provider_events import Halt, Receipt, StatusEvent
from models.messaging.states import LADDER_SQL

REFERENCE: Final = "muster:"
"""Every message carries this and its recipient's number; WhatsApp says it again with each status."""


def reference_of(recipient_id: int) -> str:
    """What a message to this recipient carries along."""
    return f"{REFERENCE}{recipient_id}"


def recipient_of(reference: str | None) -> int | None:
    """The recipient's number, when the reference is one of ours."""
    digits = reference.removeprefix(REFERENCE) if reference is not None and reference.startswith(REFERENCE) else ""
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 19 else None


@dataclass(slots=True)
class _Told:
    """All that a batch of webhooks tells of one message."""

    message_id: str
    at: dict[Receipt, datetime]
    error_code: int | None = None
    reason: str | None = None
    halt: Halt | None = None
    opted_out: bool = False

    def add(self, event: StatusEvent) -> None:
        """One more status. The earliest instant of each counts: a double is told again later."""
        self.at[event.receipt] = min(event.at, self.at.get(event.receipt, event.at))
        if event.receipt is Receipt.FAILED:
            self.error_code, self.reason = event.error_code, event.reason
            self.halt, self.opted_out = event.halt, event.opted_out

    @property
    def furthest(self) -> Receipt:
        """The highest step of the ladder that it has reached."""
        order = (Receipt.READ, Receipt.DELIVERED, Receipt.FAILED, Receipt.SENT)
        return next(receipt for receipt in order if receipt in self.at)


async def process(workspace_id: int, events: Sequence[StatusEvent]) -> int:
    """Take statuses into the ledger, in the caller's transaction; returns how many recipients they were about.

    What is not about a message of ours is left alone.
    """
    told = await _by_recipient(workspace_id, events)
    if not told:
        return 0
    rows = await _move(workspace_id, told)
    await history.record(workspace_id, [one for row in rows for one in _happenings(row, told[row["id"]])])
    await counters.move(workspace_id, [(row["broadcast_id"], row["was"], row["now"]) for row in rows])
    await _react(workspace_id, rows, told)
    return len(rows)


async def _by_recipient(workspace_id: int, events: Iterable[StatusEvent]) -> dict[int, _Told]:
    told: dict[int, _Told] = {}
    without: list[StatusEvent] = []
    for event in events:
        recipient_id = recipient_of(event.reference)
        if recipient_id is None:
            if event.reference is None:
                without.append(event)
            continue
        told.setdefault(recipient_id, _Told(event.message_id, {})).add(event)
    for event, recipient_id in await _by_message(workspace_id, without):
        told.setdefault(recipient_id, _Told(event.message_id, {})).add(event)
    return told


async def _by_message(workspace_id: int, events: Sequence[StatusEvent]) -> list[tuple[StatusEvent, int]]:
    """Statuses that came without our reference are found by the message's id."""
    if not events:
        return []
    rows = await db.fetch(
        "SELECT message_id, id FROM broadcast_recipients WHERE workspace_id = $1 AND message_id = ANY ($2::text[])",
        workspace_id,
        [event.message_id for event in events],
    )
    found = {row["message_id"]: row["id"] for row in rows}
    return [(event, found[event.message_id]) for event in events if event.message_id in found]


_MOVE: Final = f"""
    WITH told AS (
        SELECT * FROM unnest($2::bigint[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[], $7::timestamptz[],
                             $8::timestamptz[], $9::integer[], $10::text[])
            AS told (id, message_id, status, sent_at, delivered_at, read_at, failed_at, error_code, reason)),
    held AS (
        SELECT r.id, r.status AS was, r.delivered_at IS NOT NULL AS had_delivered, r.read_at IS NOT NULL AS had_read
        FROM broadcast_recipients r JOIN told ON told.id = r.id
        WHERE r.workspace_id = $1 AND r.id = ANY ($2::bigint[]) AND (r.message_id IS NULL OR r.message_id = told.message_id)
        ORDER BY r.id FOR UPDATE OF r),
    wanted AS (
        SELECT held.*, CASE WHEN array_position({LADDER_SQL}, told.status) > array_position({LADDER_SQL}, held.was)
                            THEN told.status ELSE held.was END AS now
        FROM held JOIN told ON told.id = held.id),
    moved AS (
        UPDATE broadcast_recipients r SET
            status = w.now,
            message_id = coalesce(r.message_id, told.message_id),
            claimed_until = CASE WHEN w.now = w.was THEN r.claimed_until END,
            sent_at = coalesce(r.sent_at, told.sent_at, CASE WHEN w.now IN ('SENT', 'DELIVERED', 'READ')
                                                             THEN least(told.delivered_at, told.read_at) END),
            delivered_at = coalesce(r.delivered_at, told.delivered_at),
            read_at = coalesce(r.read_at, told.read_at),
            failed_at = CASE WHEN w.now = 'FAILED' THEN coalesce(r.failed_at, told.failed_at) END,
            error_code = CASE WHEN w.now = w.was THEN r.error_code WHEN w.now = 'FAILED' THEN told.error_code END,
            reason = CASE WHEN w.now = w.was THEN r.reason WHEN w.now = 'FAILED' THEN told.reason END
        FROM wanted w JOIN told ON told.id = w.id WHERE r.workspace_id = $1 AND r.id = ANY ($2::bigint[]) AND r.id = w.id
        RETURNING r.id, r.broadcast_id, r.contact_id, r.sent_at, w.was, w.now, w.had_delivered, w.had_read)
    SELECT moved.*, b.message ->> 'name' AS template
    FROM moved JOIN broadcasts b ON b.workspace_id = $1 AND b.id = moved.broadcast_id
"""  # noqa: S608 - the ladder is a constant


async def _move(workspace_id: int, told: Mapping[int, _Told]) -> list[db.Record]:
    return await db.fetch(
        _MOVE,
        workspace_id,
        list(told.keys()),
        [one.message_id for one in told.values()],
        [one.furthest for one in told.values()],
        *([one.at.get(receipt) for one in told.values()] for receipt in Receipt),
        [one.error_code for one in told.values()],
        [one.reason for one in told.values()],
    )


_BEFORE_SENT: Final = frozenset({"PENDING", "SENDING", "SKIPPED", "UNCONFIRMED"})
_GOT_OUT: Final = frozenset({"SENT", "DELIVERED", "READ"})


def _happenings(row: db.Record, told: _Told) -> list[history.Happening]:
    """What is new. (A double of an old status is left out here, and would be refused by its key.)"""
    found = []
    if row["was"] in _BEFORE_SENT and row["now"] in _GOT_OUT:
        found.append(history.of_message(row, "sent", row["sent_at"]))
    if Receipt.DELIVERED in told.at and not row["had_delivered"]:
        found.append(history.of_message(row, "delivered", told.at[Receipt.DELIVERED]))
    if Receipt.READ in told.at and not row["had_read"]:
        found.append(history.of_message(row, "read", told.at[Receipt.READ]))
    if row["now"] == "FAILED" != row["was"]:
        found.append(history.of_message(row, "failed", told.at[Receipt.FAILED], errorCode=told.error_code))
    return found


async def _react(workspace_id: int, rows: Sequence[db.Record], told: Mapping[int, _Told]) -> None:
    """Who opted out is written down; what would fail for everybody pauses."""
    failed = [row for row in rows if row["now"] == "FAILED" != row["was"]]
    await consent.opt_out_contacts(workspace_id, [row["contact_id"] for row in failed if told[row["id"]].opted_out])
    halted: set[tuple[Any, int]] = set()
    for row in failed:
        one = told[row["id"]]
        if one.halt is not None and (one.halt, row["broadcast_id"]) not in halted:
            halted.add((one.halt, row["broadcast_id"]))
            await lifecycle.halt(
                workspace_id, one.halt, row["broadcast_id"], f"WhatsApp said ({one.error_code}) {one.reason}"
            )
