"""Results of attempts, and the end of messages that nobody sends."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from models import clock, db
from models.messaging import counters, history, milestones, quota, sources
from models.messaging.ledger import Attempt
from models.messaging.message_states import MessageStatus
from models.messaging.sources import MessageSource
from models.values.phones import phone_key

CHUNK: Final = 5000


@dataclass(frozen=True, slots=True)
class AttemptOutcome:
    """`status`: SENT, FAILED, UNCONFIRMED, or PENDING until `again_at`. `wa_id`: the provider's id of the person."""

    attempt: Attempt
    status: MessageStatus
    message_id: str | None = None
    wa_id: str | None = None
    error_code: int | None = None
    reason: str | None = None
    again_at: datetime | None = None
    counts: bool = True

    def after(self, was: MessageStatus) -> MessageStatus:
        """The status after `was`. What a provider's status said first stays."""
        if was is MessageStatus.UNCONFIRMED and self.status is MessageStatus.PENDING:
            return MessageStatus.FAILED
        return self.status if was in (MessageStatus.SENDING, MessageStatus.UNCONFIRMED) else was


_HOLD: Final = """
    SELECT m.id, m.lease_token, m.source_kind, m.source_id, m.contact_id, m.enrollment_id, m.phone, m.status AS was,
           s.message ->> 'name' AS template
    FROM messages m
    JOIN message_sources s ON s.workspace_id = $1 AND s.source_kind = m.source_kind AND s.source_id = m.source_id
    WHERE m.workspace_id = $1 AND m.id = ANY ($2::bigint[]) ORDER BY m.id FOR UPDATE OF m
"""

_SETTLE: Final = """
    UPDATE messages m SET
        status = g.now,
        message_id = coalesce(m.message_id, g.message_id),
        error_code = CASE WHEN g.now = g.was THEN m.error_code ELSE g.error_code END,
        reason = CASE WHEN g.now = g.was THEN m.reason ELSE g.reason END,
        due_at = coalesce(g.again_at, m.due_at),
        attempts = m.attempts - g.uncounted,
        leased_until = NULL,
        lease_token = CASE WHEN g.now = 'PENDING' THEN NULL ELSE m.lease_token END,
        sent_at = CASE WHEN g.now = 'SENT' THEN coalesce(m.sent_at, $10) ELSE m.sent_at END,
        failed_at = CASE WHEN g.now = 'FAILED' THEN coalesce(m.failed_at, $10) ELSE m.failed_at END
    FROM unnest($2::bigint[], $3::text[], $4::text[], $5::text[], $6::integer[], $7::text[], $8::timestamptz[], $9::smallint[])
        AS g (id, was, now, message_id, error_code, reason, again_at, uncounted)
    WHERE m.workspace_id = $1 AND m.id = ANY ($2::bigint[]) AND m.id = g.id
"""


async def settle(workspace_id: int, outcomes: Sequence[AttemptOutcome]) -> None:
    """A message that was claimed again under another lease is left alone."""
    if not outcomes:
        return
    now = clock.now()
    leased = {(one.attempt.id, one.attempt.lease_token): one for one in outcomes}
    async with db.transaction():
        held = await db.fetch(_HOLD, workspace_id, [message_id for message_id, _ in leased])
        settled = [_settled(row, leased[lease]) for row in held if (lease := (row["id"], row["lease_token"])) in leased]
        await _write(workspace_id, settled, now)
        await _remember_aliases(workspace_id, settled)
        await quota.not_reached(workspace_id, [one.row["phone"] for one in settled if one.now is MessageStatus.PENDING])
        news = [one for one in settled if one.is_news]
        sent = await history.sent_by(workspace_id, [sources.of_row(one.row) for one in news])
        await history.record(workspace_id, [_activity(one, sent, now) for one in news])
        await counters.move(workspace_id, [(sources.of_row(one.row), one.was, one.now) for one in settled])
        await milestones.record(
            workspace_id, [milestones.of_message(one.row, one.now) for one in settled if one.was != one.now]
        )


@dataclass(frozen=True, slots=True)
class _Settled:
    row: db.Record
    was: MessageStatus
    now: MessageStatus
    outcome: AttemptOutcome

    @property
    def is_news(self) -> bool:
        return self.was != self.now and self.now in (MessageStatus.SENT, MessageStatus.FAILED)


def _settled(row: db.Record, outcome: AttemptOutcome) -> _Settled:
    was = MessageStatus(row["was"])
    return _Settled(row, was, outcome.after(was), outcome)


async def _write(workspace_id: int, settled: Sequence[_Settled], now: datetime) -> None:
    await db.execute(
        _SETTLE,
        workspace_id,
        [one.row["id"] for one in settled],
        [one.was for one in settled],
        [one.now for one in settled],
        [one.outcome.message_id for one in settled],
        [one.outcome.error_code for one in settled],
        [one.outcome.reason for one in settled],
        [one.outcome.again_at for one in settled],
        [int(not one.outcome.counts) for one in settled],
        now,
    )


def _activity(one: _Settled, sent: history.Sent, now: datetime) -> history.MessageActivity:
    if one.now is MessageStatus.SENT:
        return history.of_message(one.row, sent, "sent", now)
    return history.of_message(one.row, sent, "failed", now, errorCode=one.outcome.error_code)


async def _remember_aliases(workspace_id: int, settled: Sequence[_Settled]) -> None:
    """Answers come from WhatsApp's id of the person. `phone_key` explains most of those that differ from the number."""
    other = {
        one.outcome.wa_id: one.row["phone"]
        for one in settled
        if one.outcome.wa_id and phone_key(one.outcome.wa_id) != phone_key(one.row["phone"])
    }
    if other:
        await db.execute(
            """
            INSERT INTO whatsapp_aliases (workspace_id, wa_id, phone) SELECT $1, * FROM unnest($2::text[], $3::text[])
            ON CONFLICT (workspace_id, wa_id) DO UPDATE SET phone = excluded.phone
            """,
            workspace_id,
            list(other.keys()),
            list(other.values()),
        )


# ---------------------------------------------------------------- never sent


async def withdraw(workspace_id: int, message_ids: Sequence[int], reason: str) -> set[int]:
    """Skips those that nobody has begun to send, in the caller's transaction; returns them."""
    held = await db.fetch(
        """
        SELECT id, source_kind, source_id, contact_id, enrollment_id FROM messages
        WHERE workspace_id = $1 AND id = ANY ($2::bigint[]) AND status = 'PENDING' ORDER BY id FOR UPDATE
        """,
        workspace_id,
        list(message_ids),
    )
    await _give_up(workspace_id, held, MessageStatus.PENDING, MessageStatus.SKIPPED, reason)
    return {row["id"] for row in held}


async def expire_leases(workspace_id: int, source: MessageSource) -> int:
    """Attempts whose worker died become UNCONFIRMED; returns how many."""
    async with db.transaction():
        held = await db.fetch(
            """
            SELECT id, source_kind, source_id, contact_id, enrollment_id FROM messages
            WHERE workspace_id = $1 AND source_kind = $2 AND source_id = $3 AND status = 'SENDING' AND leased_until < $4
            ORDER BY id LIMIT $5 FOR UPDATE SKIP LOCKED
            """,
            workspace_id,
            *source,
            clock.now(),
            CHUNK,
        )
        reason = "The worker stopped before WhatsApp's answer was known."
        await _give_up(workspace_id, held, MessageStatus.SENDING, MessageStatus.UNCONFIRMED, reason)
    return len(held)


async def skip_rest(workspace_id: int, source: MessageSource, reason: str) -> int:
    """Skip up to CHUNK waiting messages of an ended source; returns how many."""
    async with db.transaction():
        held = await db.fetch(
            """
            SELECT m.id, m.source_kind, m.source_id, m.contact_id, m.enrollment_id FROM messages m
            JOIN message_sources s ON s.workspace_id = $1 AND s.source_kind = $2 AND s.source_id = $3 AND s.state = 'ENDED'
            WHERE m.workspace_id = $1 AND m.source_kind = $2 AND m.source_id = $3 AND m.status = 'PENDING'
            ORDER BY m.id LIMIT $4 FOR UPDATE OF m
            """,
            workspace_id,
            *source,
            CHUNK,
        )
        await _give_up(workspace_id, held, MessageStatus.PENDING, MessageStatus.SKIPPED, reason)
    return len(held)


async def _give_up(
    workspace_id: int,
    held: Sequence[db.Record],
    was: MessageStatus,
    now: MessageStatus,
    reason: str,
) -> None:
    if held:
        await db.execute(
            """
            UPDATE messages SET status = $3, reason = $4, leased_until = NULL
            WHERE workspace_id = $1 AND id = ANY ($2::bigint[])
            """,
            workspace_id,
            [row["id"] for row in held],
            now,
            reason,
        )
        await counters.move(workspace_id, [(sources.of_row(row), was, now) for row in held])
        await milestones.record(workspace_id, [milestones.of_message(row, now) for row in held])
