"""The sources of messages, such as broadcasts.

The owner writes a source's state in the transaction that changes its own; the owner's row is locked first.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, NamedTuple

from models import clock, db
from models.messaging.policy import Reach


class SourceKind(StrEnum):
    BROADCAST = "BROADCAST"
    WORKFLOW = "WORKFLOW"
    """A SEND node of a workflow; its id is that of `workflow_senders`."""


class MessageSource(NamedTuple):
    kind: str
    id: int


class SourceState(StrEnum):
    """Whether messages of a source may be claimed; ENDED is final."""

    SENDING = "SENDING"
    PAUSED = "PAUSED"
    ENDED = "ENDED"


def of_broadcast(broadcast_id: int) -> MessageSource:
    return MessageSource(SourceKind.BROADCAST, broadcast_id)


def of_workflow(sender_id: int) -> MessageSource:
    return MessageSource(SourceKind.WORKFLOW, sender_id)


def of_row(row: Any) -> MessageSource:
    """Takes a row of messages or of message_sources."""
    return MessageSource(row["source_kind"], row["source_id"])


# ---------------------------------------------------------------- states


async def begin(
    workspace_id: int,
    source: MessageSource,
    message: Mapping[str, Any],
    template_id: int,
    business_account_id: str,
    *,
    ignores_cap: bool = False,
) -> None:
    """Starts to send `message`, a template in its sent form: {name, language, slots}."""
    await db.execute(
        """
        INSERT INTO message_sources
            (workspace_id, source_kind, source_id, state, message, template_id, business_account_id, ignores_cap)
        VALUES ($1, $2, $3, 'SENDING', $4, $5, $6, $7)
        """,
        workspace_id,
        *source,
        db.dump_json(dict(message)),
        template_id,
        business_account_id,
        ignores_cap,
    )


async def set_state(workspace_id: int, kind: SourceKind, ids: Collection[int], state: SourceState) -> None:
    """Changes the state of these sources, except those that have ENDED."""
    await db.execute(
        """
        UPDATE message_sources SET state = $4
        WHERE workspace_id = $1 AND source_kind = $2 AND source_id = ANY ($3::bigint[]) AND state NOT IN ('ENDED', $4)
        """,
        workspace_id,
        kind,
        list(ids),
        state,
    )


# ---------------------------------------------------------------- how far a stop reaches


@dataclass(frozen=True, slots=True)
class Stop:
    reach: Reach
    source: MessageSource
    reason: str


async def reached_by(workspace_id: int, stop: Stop) -> list[MessageSource]:
    """Returns the SENDING sources that the stop affects."""
    rows = await db.fetch(_REACHED[stop.reach], workspace_id, *stop.source)
    return [of_row(row) for row in rows]


_REACHED: Final = {
    reach: f"""
        SELECT s.source_kind, s.source_id FROM message_sources s
        JOIN message_sources cause ON cause.workspace_id = $1 AND cause.source_kind = $2 AND cause.source_id = $3
        WHERE s.workspace_id = $1 AND s.state = 'SENDING' AND {condition} ORDER BY s.source_kind, s.source_id
        """  # noqa: S608 - the conditions are these
    for reach, condition in {
        Reach.SOURCE: "s.source_kind = cause.source_kind AND s.source_id = cause.source_id",
        Reach.TEMPLATE: "s.template_id = cause.template_id",
        Reach.NUMBER: "s.business_account_id = cause.business_account_id",  # an account sends from one number here
        Reach.ACCOUNT: "s.business_account_id = cause.business_account_id",
    }.items()
}


async def sending(workspace_id: int, template_ids: Sequence[int] | None = None) -> list[MessageSource]:
    rows = await db.fetch(
        """
        SELECT source_kind, source_id FROM message_sources
        WHERE workspace_id = $1 AND state = 'SENDING' AND ($2::bigint[] IS NULL OR template_id = ANY ($2::bigint[]))
        ORDER BY source_kind, source_id
        """,
        workspace_id,
        None if template_ids is None else list(template_ids),
    )
    return [of_row(row) for row in rows]


def ids_of(kind: SourceKind, sources: Iterable[MessageSource]) -> list[int]:
    return [source.id for source in sources if source.kind == kind]


# ---------------------------------------------------------------- for the workers


@dataclass(frozen=True, slots=True)
class Sending:
    """A source with messages to send; `message` is JSON text."""

    source: MessageSource
    message: str


async def under_way(workspace_id: int) -> list[Sending]:
    """Returns the SENDING sources that still have messages to send."""
    rows = await db.fetch(
        """
        SELECT s.source_kind, s.source_id, s.message::text AS message FROM message_sources s
        JOIN message_counters c ON c.workspace_id = $1 AND c.source_kind = s.source_kind AND c.source_id = s.source_id
        WHERE s.workspace_id = $1 AND s.state = 'SENDING' AND c.pending > 0 ORDER BY s.source_kind, s.source_id
        """,
        workspace_id,
    )
    return [Sending(of_row(row), row["message"]) for row in rows]


async def has_due(workspace_id: int) -> bool:
    return bool(
        await db.fetch_value(
            """
            SELECT EXISTS (
                SELECT 1 FROM message_sources s JOIN messages m
                    ON m.workspace_id = $1 AND m.source_kind = s.source_kind AND m.source_id = s.source_id
                WHERE s.workspace_id = $1 AND s.state = 'SENDING' AND m.status = 'PENDING' AND m.due_at <= $2
                  AND (m.closes_at IS NULL OR m.closes_at > $2))
            """,
            workspace_id,
            clock.now(),
        )
    )


@dataclass(frozen=True, slots=True)
class Unfinished:
    workspace_id: int
    source: MessageSource
    state: SourceState
    pending: bool
    sending: bool


async def unfinished() -> list[Unfinished]:
    """Sources with messages left, of all workspaces, and broadcasts that are SENDING without one: they have ended."""
    rows = await db.fetch(
        """
        /* all workspaces */
        SELECT s.workspace_id, s.source_kind, s.source_id, s.state, c.pending > 0 AS pending, c.sending > 0 AS sending
        FROM message_counters c
        JOIN message_sources s ON s.workspace_id = c.workspace_id AND s.source_kind = c.source_kind AND s.source_id = c.source_id
        WHERE c.pending > 0 OR c.sending > 0
        UNION ALL
        SELECT s.workspace_id, s.source_kind, s.source_id, s.state, false, false
        FROM message_sources s
        JOIN message_counters c ON c.workspace_id = s.workspace_id AND c.source_kind = s.source_kind AND c.source_id = s.source_id
        WHERE s.state = 'SENDING' AND c.pending <= 0 AND c.sending <= 0 AND s.source_kind = $1
        """,
        SourceKind.BROADCAST,
    )
    return [
        Unfinished(row["workspace_id"], of_row(row), SourceState(row["state"]), row["pending"], row["sending"])
        for row in rows
    ]
