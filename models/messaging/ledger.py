"""Claims of messages.

An attempt is committed as SENDING, under a lease, before its call. When the lease runs out it becomes UNCONFIRMED and is never
claimed again: nobody knows whether it was sent.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from models import clock, db
from models.accounts import message_cap
from models.accounts.message_cap import MessageCap
from models.messaging import caps, counters, milestones, quota, sources
from models.messaging.channels import Credentials
from models.messaging.message_states import MessageStatus
from models.messaging.pace import CAP_INTERVAL, PAIR_INTERVAL, QUOTA_WINDOW
from models.messaging.sources import MessageSource, SourceKind

NORMAL_PHONE: Final = "nullif('+' || regexp_replace(c.phone, '[^0-9]', '', 'g'), '+')"
"""As a message is addressed: the spelling that is shown."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A message that only its claimer may send; `attempts` includes this one."""

    id: int
    source: MessageSource
    phone: str
    parameters: Sequence[str | None]
    attempts: int
    lease_token: int


@dataclass(frozen=True, slots=True)
class Claimed:
    attempts: Sequence[Attempt]
    out_of_quota: bool


# ---------------------------------------------------------------- claiming


class Verdict(StrEnum):
    NEW = "NEW"
    """Not reached in the quota's window."""
    KNOWN = "KNOWN"
    LATER = "LATER"
    """The person was written to within PAIR_INTERVAL."""
    GONE = "GONE"
    MOVED = "MOVED"
    OPTED_OUT = "OPTED_OUT"
    CAPPED = "CAPPED"


SKIPPED_BECAUSE: Final[Mapping[Verdict, str]] = {
    Verdict.GONE: "The contact was deleted after the {source} had started.",
    Verdict.MOVED: "The contact's number was changed or removed after the {source} had started.",
    Verdict.OPTED_OUT: "The contact opted out after the {source} had started.",
    Verdict.CAPPED: "The workspace sends {cap}, and this would be one more.",
}


@dataclass(frozen=True, slots=True)
class Offered:
    """A due message, locked and judged; `free_at` is when the pair limit allows it, or when the cap is looked at again."""

    id: int
    source: MessageSource
    phone_key: str
    verdict: Verdict
    free_at: datetime | None

    @property
    def waits(self) -> bool:
        """Until `free_at`; a broadcast does not wait for the cap, which could last longer than it."""
        return self.verdict is Verdict.LATER or (
            self.verdict is Verdict.CAPPED and self.source.kind == SourceKind.WORKFLOW
        )


# The planner does not know how few rows a claim needs: LATERAL .. LIMIT makes it use the indexes.
_OFFER: Final = """
    WITH offered AS (
        SELECT share.source_kind, share.source_id, due.id, muster_phone_key(due.phone) AS phone_key, due.contact_id,
               s.ignores_cap
        FROM unnest($2::text[], $3::bigint[], $4::integer[]) AS share (source_kind, source_id, most)
        JOIN message_sources s ON s.workspace_id = $1 AND s.source_kind = share.source_kind
                              AND s.source_id = share.source_id AND s.state = 'SENDING'
        CROSS JOIN LATERAL (
            SELECT m.id, m.phone, m.contact_id FROM messages m
            WHERE m.workspace_id = $1 AND m.source_kind = share.source_kind AND m.source_id = share.source_id
              AND m.status = 'PENDING' AND m.due_at <= $5 AND (m.closes_at IS NULL OR m.closes_at > $5)
            ORDER BY m.due_at, m.id LIMIT share.most FOR UPDATE SKIP LOCKED) AS due)
    SELECT o.id, o.source_kind, o.source_id, o.phone_key, x.reached_at, CASE
        WHEN c.id IS NULL THEN 'GONE'
        WHEN c.phone_key IS DISTINCT FROM o.phone_key THEN 'MOVED'
        WHEN c.whatsapp_consent = 'OPTED_OUT' THEN 'OPTED_OUT'
        {capped}
        WHEN x.reached_at > $7 THEN 'LATER'
        WHEN row_number() OVER (PARTITION BY o.phone_key ORDER BY o.source_kind, o.source_id, o.id) > 1 THEN 'LATER'
        WHEN x.reached_at > $8 THEN 'KNOWN'
        ELSE 'NEW' END AS verdict
    FROM offered o
    LEFT JOIN LATERAL (
        SELECT c.id, c.phone_key, c.whatsapp_consent FROM contacts c
        WHERE c.workspace_id = $1 AND c.id = coalesce(
            (SELECT r.kept_id FROM merged_contacts r WHERE r.workspace_id = $1 AND r.merged_id = o.contact_id), o.contact_id)
        LIMIT 1
    ) AS c ON true
    LEFT JOIN LATERAL (
        SELECT x.reached_at FROM whatsapp_reached x
        WHERE x.workspace_id = $1 AND x.business_account_id = $6 AND x.phone_key = o.phone_key LIMIT 1
    ) AS x ON true
"""

_OFFER_UNCAPPED: Final = _OFFER.format(capped="")
_OFFER_CAPPED: Final = _OFFER.format(
    capped=f"WHEN NOT o.ignores_cap AND {caps.reached_sql('o.phone_key', '$9::integer', '$10::timestamptz')} THEN 'CAPPED'"
)

# Another claim may have taken the person since the offer was judged. The upsert locks the person's row, looks again and returns
# only free people.
_TAKE: Final = """
    WITH reached AS (
        INSERT INTO whatsapp_reached AS r (workspace_id, business_account_id, phone_key, reached_at)
        SELECT $1, $11, g.phone_key, $12::timestamptz FROM unnest($3::text[], $4::text[]) AS g (phone_key, status)
        WHERE g.status = 'SENDING' ORDER BY g.phone_key
        ON CONFLICT (workspace_id, business_account_id, phone_key) DO UPDATE SET reached_at = excluded.reached_at
            WHERE r.reached_at <= $7
        RETURNING r.phone_key)
    UPDATE messages m SET
        status = CASE WHEN g.is_late THEN 'PENDING' ELSE g.status END,
        due_at = CASE WHEN g.is_ours THEN $12::timestamptz WHEN g.is_late THEN $8::timestamptz
                      WHEN g.due_at IS NULL THEN m.due_at ELSE g.due_at END,
        reason = g.reason,
        attempts = CASE WHEN g.is_ours THEN m.attempts + 1 ELSE m.attempts END,
        leased_until = CASE WHEN g.is_ours THEN $9::timestamptz END,
        lease_token = CASE WHEN g.is_ours THEN $10::bigint END
    FROM (
        SELECT g.*, g.status = 'SENDING' AND r.phone_key IS NOT NULL AS is_ours,
               g.status = 'SENDING' AND r.phone_key IS NULL AS is_late
        FROM unnest($2::bigint[], $3::text[], $4::text[], $5::timestamptz[], $6::text[])
            AS g (id, phone_key, status, due_at, reason)
        LEFT JOIN reached r ON r.phone_key = g.phone_key) AS g
    WHERE m.workspace_id = $1 AND m.id = ANY ($2::bigint[]) AND m.id = g.id
    RETURNING m.id, m.source_kind, m.source_id, m.contact_id, m.enrollment_id, m.phone, m.parameters, m.attempts, m.status
"""


async def claim(
    workspace_id: int,
    channel: Credentials,
    shares: Mapping[MessageSource, int],
    grant: int,
    leased_until: datetime,
    lease_token: int,
) -> Claimed:
    """Commit up to `grant` due messages as SENDING. Sources take part equally.

    `shares`: how many messages to look at in each source. Contacts who opted out, changed their number or were deleted become
    SKIPPED; people written to within PAIR_INTERVAL wait. When this raises, the commit may have happened: call `release`.
    """
    now, cap = clock.now(), await message_cap.find(workspace_id)
    async with db.transaction():
        room = await quota.room(workspace_id, channel, now)
        offered = await _offered(workspace_id, channel, shares, now, cap)
        chosen, out_of_quota = choose(offered, grant, room)
        taken = await _take(workspace_id, channel, offered, chosen, now, leased_until, lease_token, cap)
        await quota.take(workspace_id, channel, sum(chosen[one] is Verdict.NEW for one in chosen))
        await counters.move(
            workspace_id,
            [
                (sources.of_row(row), "PENDING", row["status"])
                for row in taken
                if row["status"] != MessageStatus.PENDING
            ],
        )
        await milestones.record(workspace_id, [milestones.of_message(row, row["status"]) for row in taken])
    sending = [row for row in taken if row["status"] == MessageStatus.SENDING]
    return Claimed([_attempt(row, lease_token) for row in sending], out_of_quota)


async def _offered(
    workspace_id: int, channel: Credentials, shares: Mapping[MessageSource, int], now: datetime, cap: MessageCap | None
) -> list[Offered]:
    rows = await db.fetch(
        _OFFER_UNCAPPED if cap is None else _OFFER_CAPPED,
        workspace_id,
        [source.kind for source in shares],
        [source.id for source in shares],
        list(shares.values()),
        now,
        channel.business_account_id,
        now - PAIR_INTERVAL,
        now - QUOTA_WINDOW,
        *(() if cap is None else (cap.count, cap.since)),
    )
    return [_judged(row, now) for row in rows]


def _judged(row: db.Record, now: datetime) -> Offered:
    verdict = Verdict(row["verdict"])
    free_at = (row["reached_at"] or now) + PAIR_INTERVAL if verdict is Verdict.LATER else None
    if verdict is Verdict.CAPPED and row["source_kind"] == SourceKind.WORKFLOW:
        free_at = now + CAP_INTERVAL
    return Offered(row["id"], sources.of_row(row), row["phone_key"], verdict, free_at)


def choose(offered: Sequence[Offered], grant: int, room: int | None) -> tuple[dict[int, Verdict], bool]:
    """The messages to send (by id), and whether the quota held some back.

    `room`: new people that the account may write to (None: no limit).
    """
    counts: dict[MessageSource, int] = {}
    ranked: list[tuple[int, float, Offered]] = []
    out_of_quota = False
    for one in sorted(offered, key=lambda one: one.id):
        rank = counts[one.source] = counts.get(one.source, 0) + 1
        if one.verdict in (Verdict.NEW, Verdict.KNOWN):
            ranked.append((rank, random.random(), one))  # noqa: S311 - to be fair, not secret
    within = []
    for rank, dice, one in sorted(ranked, key=lambda ranked: (ranked[0], ranked[2].id)):
        if one.verdict is Verdict.NEW and room is not None:
            room -= 1
            if room < 0:
                out_of_quota = True
                continue
        within.append((rank, dice, one))
    within.sort(key=lambda ranked: ranked[:2])
    return {one.id: one.verdict for _, _, one in within[:grant]}, out_of_quota


async def _take(
    workspace_id: int,
    channel: Credentials,
    offered: Sequence[Offered],
    chosen: Mapping[int, Verdict],
    now: datetime,
    leased_until: datetime,
    lease_token: int,
    cap: MessageCap | None,
) -> list[db.Record]:
    moved = [one for one in offered if one.id in chosen or one.verdict not in (Verdict.NEW, Verdict.KNOWN)]
    if not moved:
        return []
    return await db.fetch(
        _TAKE,
        workspace_id,
        [one.id for one in moved],
        [one.phone_key for one in moved],
        [_status_of(one, one.id in chosen) for one in moved],
        [one.free_at for one in moved],
        [_skipped_because(one, cap) for one in moved],
        now - PAIR_INTERVAL,
        now + PAIR_INTERVAL,
        leased_until,
        lease_token,
        channel.business_account_id,
        now,
    )


def _status_of(one: Offered, is_ours: bool) -> MessageStatus:
    if is_ours:
        return MessageStatus.SENDING
    return MessageStatus.PENDING if one.waits else MessageStatus.SKIPPED


def _skipped_because(one: Offered, cap: MessageCap | None) -> str | None:
    reason = SKIPPED_BECAUSE.get(one.verdict)
    return None if reason is None else reason.format(source=one.source.kind.lower(), cap=cap)


def _attempt(row: db.Record, lease_token: int) -> Attempt:
    return Attempt(row["id"], sources.of_row(row), row["phone"], row["parameters"], row["attempts"], lease_token)


async def has_open(workspace_id: int, source: MessageSource) -> bool:
    """Whether the source has PENDING or SENDING messages, as read from the ledger."""
    return bool(
        await db.fetch_value(
            """
            SELECT EXISTS (SELECT 1 FROM messages
                           WHERE workspace_id = $1 AND source_kind = $2 AND source_id = $3 AND status = 'PENDING')
                OR EXISTS (SELECT 1 FROM messages
                           WHERE workspace_id = $1 AND source_kind = $2 AND source_id = $3 AND status = 'SENDING')
            """,
            workspace_id,
            *source,
        )
    )


async def release(workspace_id: int, lease_token: int) -> int:
    """Undo a claim whose answer was lost: nothing was sent. Returns how many."""
    async with db.transaction():
        held = await db.fetch(
            """
            SELECT m.id FROM message_counters c
            JOIN messages m ON m.workspace_id = $1 AND m.source_kind = c.source_kind AND m.source_id = c.source_id
            WHERE c.workspace_id = $1 AND c.sending > 0 AND m.status = 'SENDING' AND m.lease_token = $2
            ORDER BY m.id FOR UPDATE OF m
            """,
            workspace_id,
            lease_token,
        )
        rows = await db.fetch(
            """
            UPDATE messages SET status = 'PENDING', attempts = attempts - 1, leased_until = NULL, lease_token = NULL
            WHERE workspace_id = $1 AND id = ANY ($2::bigint[]) RETURNING source_kind, source_id, phone
            """,
            workspace_id,
            [row["id"] for row in held],
        )
        await quota.not_reached(workspace_id, [row["phone"] for row in rows])
        await counters.move(workspace_id, [(sources.of_row(row), "SENDING", "PENDING") for row in rows])
    return len(rows)
