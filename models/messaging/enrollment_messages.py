"""Messages of workflows in the ledger: written, put off and looked at by the engine of workflows, in its transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Final

from models import db
from models.messaging import counters
from models.messaging.message_states import MessageStatus
from models.messaging.sources import MessageSource
from models.queue import work
from models.queue.enqueue import enqueue


@dataclass(frozen=True, slots=True)
class EnrollmentMessage:
    """One message of an enrollment's arrival `visit` at a node. It is not sent from `closes_at` on."""

    enrollment_id: int
    visit: int
    contact_id: int
    phone: str
    parameters: Sequence[str | None]
    closes_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class MessageState:
    status: MessageStatus
    reason: str | None
    due_at: datetime
    sent_at: datetime | None
    closes_at: datetime | None


async def add(
    workspace_id: int, source: MessageSource, messages: Sequence[EnrollmentMessage], now: datetime
) -> dict[int, int]:
    """Messages that are due now. Returns their ids, by enrollment.

    An arrival that has a message already gets no other one: its id is returned.
    """
    ordered = sorted(messages, key=lambda one: one.enrollment_id)
    visits = [visit_of(one.enrollment_id, one.visit) for one in ordered]
    rows = await db.fetch(
        _ADD,
        workspace_id,
        *source,
        [one.contact_id for one in ordered],
        [one.phone for one in ordered],
        [db.dump_json(list(one.parameters)) for one in ordered],
        visits,
        [one.enrollment_id for one in ordered],
        [one.closes_at for one in ordered],
        now,
    )
    await counters.add(workspace_id, source, len(rows))
    await enqueue(work.SEND_SLICE, workspace_id, 0)
    found = {row["enrollment_id"]: row["id"] for row in rows}
    return found | await _earlier(workspace_id, [one for one in ordered if one.enrollment_id not in found])


_ADD: Final = """
    INSERT INTO messages
        (workspace_id, source_kind, source_id, contact_id, phone, parameters, visit, enrollment_id, closes_at, due_at)
    SELECT $1, $2, $3, contact_id, phone, ARRAY(SELECT jsonb_array_elements_text(parameters)),
           visit, enrollment_id, closes_at, $10
    FROM unnest($4::bigint[], $5::text[], $6::jsonb[], $7::bigint[], $8::bigint[], $9::timestamptz[])
        AS new (contact_id, phone, parameters, visit, enrollment_id, closes_at)
    ON CONFLICT (workspace_id, enrollment_id, visit) WHERE enrollment_id IS NOT NULL DO NOTHING
    RETURNING enrollment_id, id
"""


async def _earlier(workspace_id: int, messages: Sequence[EnrollmentMessage]) -> dict[int, int]:
    if not messages:
        return {}
    rows = await db.fetch(
        """
        SELECT m.enrollment_id, m.id FROM messages m
        JOIN unnest($2::bigint[], $3::bigint[]) AS asked (enrollment_id, visit)
            ON m.enrollment_id = asked.enrollment_id AND m.visit = asked.visit
        WHERE m.workspace_id = $1 AND m.enrollment_id = ANY ($2::bigint[])
        """,
        workspace_id,
        [one.enrollment_id for one in messages],
        [visit_of(one.enrollment_id, one.visit) for one in messages],
    )
    return {row["enrollment_id"]: row["id"] for row in rows}


def visit_of(enrollment_id: int, visit: int) -> int:
    """Two people may share a number: the visits of all enrollments differ in the key of the ledger."""
    digest = blake2b(f"{enrollment_id}:{visit}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


async def put_off(workspace_id: int, until: Mapping[int, tuple[datetime, datetime | None]]) -> None:
    """Messages that nobody has begun to send: due at the first moment, not sent from the second one on."""
    await db.execute(
        """
        UPDATE messages m SET due_at = given.due_at, closes_at = given.closes_at
        FROM unnest($2::bigint[], $3::timestamptz[], $4::timestamptz[]) AS given (id, due_at, closes_at)
        WHERE m.workspace_id = $1 AND m.id = ANY ($2::bigint[]) AND m.id = given.id AND m.status = 'PENDING'
        """,
        workspace_id,
        list(until),
        [due_at for due_at, _ in until.values()],
        [closes_at for _, closes_at in until.values()],
    )


async def states(workspace_id: int, message_ids: Sequence[int]) -> dict[int, MessageState]:
    """Of messages by id; those that are no longer kept are left out."""
    rows = await db.fetch(
        """
        SELECT id, status, reason, due_at, sent_at, closes_at FROM messages
        WHERE workspace_id = $1 AND id = ANY ($2::bigint[])
        """,
        workspace_id,
        list(message_ids),
    )
    return {
        row["id"]: MessageState(
            MessageStatus(row["status"]), row["reason"], row["due_at"], row["sent_at"], row["closes_at"]
        )
        for row in rows
    }
