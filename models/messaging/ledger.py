"""The ledger at work: recipients are claimed, attempted, and what came of it is written down.

An attempt is committed as SENDING before its call, so a worker that dies leaves behind attempts whose outcome nobody knows, and
nothing worse. When their claim runs out these become UNCONFIRMED: a webhook may still settle them, and nothing here ever claims
them again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from models import clock, db
from models.broadcasts import counters
from models.broadcasts.audience import NORMAL_PHONE
from models.messaging import history, quota
from models.messaging.channels import Credentials
from models.messaging.pace import PAIR_INTERVAL, QUOTA_WINDOW
from models.messaging.states import RecipientStatus

CHUNK: Final = 5000
"""Recipients that one statement of a sweep touches at most."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A recipient that is ours to send to, now and by nobody else. `tries` counts this one."""

    id: int
    broadcast_id: int
    phone: str
    parameters: Sequence[str | None]
    tries: int


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a claim gave. `out_of_quota`: there were more, and the account has reached its limit of unique people."""

    attempts: Sequence[Attempt]
    out_of_quota: bool


# The planner cannot know how few rows a claim is about: LATERAL .. LIMIT 1 and = ANY keep it to the indexes.
_CLAIM: Final = f"""
    WITH offered AS (
        SELECT share.broadcast_id, due.id, due.phone, due.contact_id
        FROM unnest($2::bigint[], $3::integer[]) AS share (broadcast_id, most)
        JOIN broadcasts b ON b.workspace_id = $1 AND b.id = share.broadcast_id AND b.status = 'SENDING'
        CROSS JOIN LATERAL (
            SELECT r.id, r.phone, r.contact_id FROM broadcast_recipients r
            WHERE r.workspace_id = $1 AND r.broadcast_id = share.broadcast_id AND r.status = 'PENDING' AND r.due_at <= $4
            ORDER BY r.due_at, r.id LIMIT share.most FOR UPDATE SKIP LOCKED) AS due),
    judged AS (
        SELECT o.id, row_number() OVER (PARTITION BY o.broadcast_id ORDER BY o.id) AS turn, x.reached_at, CASE
            WHEN c.id IS NULL THEN 'GONE'
            WHEN {NORMAL_PHONE} IS DISTINCT FROM o.phone THEN 'MOVED'
            WHEN c.whatsapp_consent = 'OPTED_OUT' THEN 'OPTED_OUT'
            WHEN x.reached_at > $4::timestamptz - $6::interval THEN 'LATER'
            WHEN row_number() OVER (PARTITION BY o.phone ORDER BY o.broadcast_id) > 1 THEN 'LATER'
            WHEN x.reached_at > $4::timestamptz - $7::interval THEN 'KNOWN'
            ELSE 'NEW' END AS verdict
        FROM offered o
        LEFT JOIN LATERAL (
            SELECT c.id, c.phone, c.whatsapp_consent FROM contacts c WHERE c.workspace_id = $1 AND c.id = o.contact_id LIMIT 1
        ) AS c ON true
        LEFT JOIN LATERAL (
            SELECT x.reached_at FROM whatsapp_reached x
            WHERE x.workspace_id = $1 AND x.business_account_id = $5 AND x.phone = o.phone LIMIT 1
        ) AS x ON true),
    numbered AS (
        SELECT id, turn, verdict, verdict = 'NEW' AND $8::integer IS NOT NULL
               AND $8 < count(*) FILTER (WHERE verdict = 'NEW') OVER (ORDER BY turn, id) AS over_quota
        FROM judged WHERE verdict IN ('NEW', 'KNOWN')),
    chosen AS (SELECT id FROM numbered WHERE NOT over_quota ORDER BY turn, random() LIMIT $9),
    moved AS (
        UPDATE broadcast_recipients r SET
            status = CASE WHEN chosen.id IS NOT NULL THEN 'SENDING' WHEN verdict = 'LATER' THEN 'PENDING' ELSE 'SKIPPED' END,
            due_at = CASE WHEN verdict = 'LATER' THEN coalesce(reached_at, $4) + $6::interval ELSE due_at END,
            tries = tries + (chosen.id IS NOT NULL)::integer,
            claimed_until = CASE WHEN chosen.id IS NOT NULL THEN $10::timestamptz END,
            claimed_by = CASE WHEN chosen.id IS NOT NULL THEN $11::bigint END,
            reason = CASE verdict WHEN 'GONE' THEN 'The contact was deleted after the broadcast had started.'
                WHEN 'MOVED' THEN 'The contact''s number was changed or removed after the broadcast had started.'
                WHEN 'OPTED_OUT' THEN 'The contact opted out after the broadcast had started.' END
        FROM judged LEFT JOIN chosen USING (id)
        WHERE r.workspace_id = $1 AND r.id = ANY (ARRAY(SELECT id FROM offered)) AND r.id = judged.id
          AND (chosen.id IS NOT NULL OR verdict NOT IN ('NEW', 'KNOWN'))
        RETURNING r.id, r.broadcast_id, r.phone, r.parameters, r.tries, r.status, judged.verdict),
    reached AS (
        INSERT INTO whatsapp_reached (workspace_id, business_account_id, phone, reached_at)
        SELECT $1, $5, phone, $4 FROM moved WHERE status = 'SENDING' ORDER BY phone
        ON CONFLICT (workspace_id, business_account_id, phone) DO UPDATE SET reached_at = excluded.reached_at)
    SELECT moved.*, NULL::boolean AS over_quota FROM moved
    UNION ALL SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, true WHERE EXISTS (SELECT FROM numbered WHERE over_quota)
"""  # noqa: S608 - every value is bound


async def claim(
    workspace_id: int,
    channel: Credentials,
    shares: Mapping[int, int],
    grant: int,
    claimed_until: datetime,
    claimer: int,
) -> Claimed:
    """Take up to `grant` recipients of these broadcasts, in turns, and commit them as SENDING before returning.

    `shares` says how many to look at in each broadcast. Only what is due, of broadcasts that are SENDING now, is taken. Who has
    opted out, moved or gone since the start becomes SKIPPED; who was written to in the last six seconds waits. When this raises,
    the claim may have been made all the same: `let_go` of it, by the same `claimer` (a number of no other claim).
    """
    now = clock.now()
    async with db.transaction():
        room = await quota.room(workspace_id, channel, now)
        rows = await db.fetch(
            _CLAIM,
            workspace_id,
            list(shares.keys()),
            list(shares.values()),
            now,
            channel.business_account_id,
            PAIR_INTERVAL,
            QUOTA_WINDOW,
            room,
            grant,
            claimed_until,
            claimer,
        )
        moved = [row for row in rows if row["id"] is not None]
        await quota.take(workspace_id, channel, sum(row["verdict"] == "NEW" for row in moved))
        await counters.move(
            workspace_id,
            [(row["broadcast_id"], "PENDING", row["status"]) for row in moved if row["status"] != "PENDING"],
        )
    attempts = [_attempt(row) for row in moved if row["status"] == RecipientStatus.SENDING]
    return Claimed(attempts, out_of_quota=len(moved) < len(rows))


def _attempt(row: db.Record) -> Attempt:
    return Attempt(row["id"], row["broadcast_id"], row["phone"], row["parameters"], row["tries"])


async def let_go(workspace_id: int, claimer: int) -> int:
    """A claim whose answer was lost: none of its recipients was sent to, so they wait again. Returns how many there were."""
    async with db.transaction():
        rows = await db.fetch(
            """
            UPDATE broadcast_recipients r SET status = 'PENDING', tries = r.tries - 1, claimed_until = NULL, claimed_by = NULL
            FROM (SELECT r.id FROM broadcast_tallies t
                  JOIN broadcast_recipients r ON r.workspace_id = t.workspace_id AND r.broadcast_id = t.broadcast_id
                  WHERE t.workspace_id = $1 AND t.sending > 0 AND r.status = 'SENDING' AND r.claimed_by = $2
                  ORDER BY r.id FOR UPDATE OF r) AS held
            WHERE r.workspace_id = $1 AND r.id = held.id RETURNING r.broadcast_id, r.phone
            """,
            workspace_id,
            claimer,
        )
        await _not_reached(workspace_id, [row["phone"] for row in rows])
        await counters.move(workspace_id, [(row["broadcast_id"], "SENDING", "PENDING") for row in rows])
    return len(rows)


# ---------------------------------------------------------------- outcomes


@dataclass(frozen=True, slots=True)
class AttemptOutcome:
    """What came of an attempt.

    `status`: SENT (with its `message_id`), FAILED or UNCONFIRMED (with a `reason`), or PENDING: to be tried again at `again_at`.
    `counts`: whether the attempt counts as one of its tries. `wa_id`: WhatsApp's own name of the number.
    """

    recipient_id: int
    status: RecipientStatus
    message_id: str | None = None
    wa_id: str | None = None
    error_code: int | None = None
    reason: str | None = None
    again_at: datetime | None = None
    counts: bool = True


_SETTLE: Final = """
    WITH given AS (
        SELECT * FROM unnest($2::bigint[], $3::text[], $4::text[], $5::integer[], $6::text[], $7::timestamptz[], $8::boolean[])
            AS given (id, status, message_id, error_code, reason, again_at, counts)),
    held AS (
        SELECT r.id, r.status AS was FROM broadcast_recipients r
        WHERE r.workspace_id = $1 AND r.id = ANY ($2::bigint[]) ORDER BY r.id FOR UPDATE),
    wanted AS (
        SELECT held.was, given.*, CASE
            WHEN held.was = 'SENDING' THEN given.status
            WHEN held.was = 'UNCONFIRMED' AND given.status = 'PENDING' THEN 'FAILED'
            WHEN held.was = 'UNCONFIRMED' THEN given.status
            ELSE held.was END AS now
        FROM held JOIN given ON given.id = held.id),
    moved AS (
        UPDATE broadcast_recipients r SET
            status = w.now,
            message_id = coalesce(r.message_id, w.message_id),
            error_code = CASE WHEN w.now = w.was THEN r.error_code ELSE w.error_code END,
            reason = CASE WHEN w.now = w.was THEN r.reason ELSE w.reason END,
            due_at = coalesce(w.again_at, r.due_at),
            tries = r.tries - (NOT w.counts)::integer,
            claimed_until = NULL,
            sent_at = CASE WHEN w.now = 'SENT' THEN coalesce(r.sent_at, $9) ELSE r.sent_at END,
            failed_at = CASE WHEN w.now = 'FAILED' THEN coalesce(r.failed_at, $9) ELSE r.failed_at END
        FROM wanted w WHERE r.workspace_id = $1 AND r.id = ANY ($2::bigint[]) AND r.id = w.id
        RETURNING r.id, r.broadcast_id, r.contact_id, r.phone, r.error_code, w.was, w.now)
    SELECT moved.*, b.message ->> 'name' AS template
    FROM moved JOIN broadcasts b ON b.workspace_id = $1 AND b.id = moved.broadcast_id
"""


async def settle(workspace_id: int, outcomes: Sequence[AttemptOutcome]) -> None:
    """Write down what came of attempts, all at once. A webhook that was quicker keeps what it said."""
    if not outcomes:
        return
    now = clock.now()
    async with db.transaction():
        rows = await db.fetch(
            _SETTLE,
            workspace_id,
            [one.recipient_id for one in outcomes],
            [one.status for one in outcomes],
            [one.message_id for one in outcomes],
            [one.error_code for one in outcomes],
            [one.reason for one in outcomes],
            [one.again_at for one in outcomes],
            [one.counts for one in outcomes],
            now,
        )
        await _remember_aliases(workspace_id, rows, outcomes)
        await _not_reached(workspace_id, [row["phone"] for row in rows if row["now"] == RecipientStatus.PENDING])
        await history.record(workspace_id, [_happening(row, now) for row in rows if _is_news(row)])
        await counters.move(workspace_id, [(row["broadcast_id"], row["was"], row["now"]) for row in rows])


def _is_news(row: Any) -> bool:
    return row["was"] != row["now"] and row["now"] in (RecipientStatus.SENT, RecipientStatus.FAILED)


def _happening(row: Any, now: datetime) -> history.Happening:
    kind = "sent" if row["now"] == RecipientStatus.SENT else "failed"
    return history.of_message(row, kind, now, errorCode=row["error_code"])


async def _not_reached(workspace_id: int, phones: Sequence[str]) -> None:
    """These got nothing after all: the next message need not wait because of this one. (They still count as reached today.)"""
    if phones:
        await db.execute(
            """
            UPDATE whatsapp_reached r SET reached_at = r.reached_at - $3::interval
            FROM (SELECT business_account_id, phone FROM whatsapp_reached
                  WHERE workspace_id = $1 AND phone = ANY ($2::text[]) ORDER BY phone FOR UPDATE) AS held
            WHERE r.workspace_id = $1 AND r.business_account_id = held.business_account_id AND r.phone = held.phone
            """,
            workspace_id,
            list(phones),
            PAIR_INTERVAL,
        )


async def _remember_aliases(workspace_id: int, rows: Sequence[Any], outcomes: Sequence[AttemptOutcome]) -> None:
    """WhatsApp names some numbers otherwise (Brazil, Mexico): what they write comes under that name."""
    named = {one.recipient_id: one.wa_id for one in outcomes if one.wa_id}
    other = {
        named[row["id"]]: row["phone"] for row in rows if row["id"] in named and f"+{named[row['id']]}" != row["phone"]
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


# ---------------------------------------------------------------- sweeps


async def expire_claims(workspace_id: int, broadcast_id: int) -> int:
    """Attempts whose claim ran out become UNCONFIRMED: their worker died, or lost its database, with the call under way."""
    async with db.transaction():
        rows = await db.fetch(
            """
            UPDATE broadcast_recipients r
            SET status = 'UNCONFIRMED', claimed_until = NULL, reason = 'The worker stopped before WhatsApp''s answer was known.'
            FROM (SELECT id FROM broadcast_recipients
                  WHERE workspace_id = $1 AND broadcast_id = $2 AND status = 'SENDING' AND claimed_until < $3
                  ORDER BY id LIMIT $4 FOR UPDATE SKIP LOCKED) AS old
            WHERE r.workspace_id = $1 AND r.id = old.id RETURNING r.id
            """,
            workspace_id,
            broadcast_id,
            clock.now(),
            CHUNK,
        )
        await counters.move(workspace_id, [(broadcast_id, "SENDING", "UNCONFIRMED")] * len(rows))
    return len(rows)


async def skip_pending(workspace_id: int, broadcast_id: int) -> int:
    """The recipients that a cancelled broadcast has not got to become SKIPPED, a chunk at a time; returns how many did."""
    async with db.transaction():
        rows = await db.fetch(
            """
            UPDATE broadcast_recipients r SET status = 'SKIPPED', reason = 'The broadcast was cancelled.'
            FROM (SELECT p.id FROM broadcast_recipients p JOIN broadcasts b ON b.workspace_id = $1 AND b.id = p.broadcast_id
                  WHERE p.workspace_id = $1 AND p.broadcast_id = $2 AND p.status = 'PENDING' AND b.status = 'CANCELLED'
                  ORDER BY p.id LIMIT $3 FOR UPDATE OF p) AS left_over
            WHERE r.workspace_id = $1 AND r.id = left_over.id RETURNING r.id
            """,
            workspace_id,
            broadcast_id,
            CHUNK,
        )
        await counters.move(workspace_id, [(broadcast_id, "PENDING", "SKIPPED")] * len(rows))
    return len(rows)
