"""Short work with the outside world that a person waits for: look at the number, fetch the templates, send a test.

An errand is a row: whoever waits reads it, a worker claims it, and one that no worker took in time can still be called off.
A test whose worker died is not sent again: its outcome is not known.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from models import clock, db
from permissions.principal import PrincipalKind, Scope

CLAIM_SECONDS: Final = 60
KEPT_DAYS: Final = 7


class ProviderRequestKind(StrEnum):
    """What is to be done."""

    CHECK = "CHECK"
    SYNC_TEMPLATES = "SYNC_TEMPLATES"
    TEST = "TEST"


@dataclass(frozen=True, slots=True)
class ProviderRequest:
    """What was asked, and what came of it: `error` says why it FAILED."""

    workspace_id: int
    id: int
    kind: ProviderRequestKind
    status: str
    input: dict[str, Any]
    result: dict[str, Any]
    error: str | None

    @property
    def is_over(self) -> bool:
        """Whether nothing more comes of it."""
        return self.status in ("DONE", "FAILED", "CANCELLED")


_COLUMNS = "workspace_id, id, kind, status, input, result, error"


def _errand(row: db.Record) -> ProviderRequest:
    return ProviderRequest(
        row["workspace_id"],
        row["id"],
        ProviderRequestKind(row["kind"]),
        row["status"],
        db.load_json(row["input"]),
        db.load_json(row["result"]),
        row["error"],
    )


async def ask(scope: Scope, kind: ProviderRequestKind, asked: Mapping[str, Any] | None = None) -> ProviderRequest:
    """Ask for an errand. The caller rings the bell `errand` (workspace, id) after the commit."""
    by = scope.principal.id if scope.principal.kind is PrincipalKind.MEMBER else None
    row = await db.fetch_row(
        f"""
        INSERT INTO channel_errands (workspace_id, kind, input, created_by, created_at) VALUES ($1, $2, $3, $4, $5)
        RETURNING {_COLUMNS}
        """,  # noqa: S608 - the columns are a constant
        scope.workspace_id,
        kind,
        db.dump_json(dict(asked or {})),
        by,
        clock.now(),
    )
    assert row is not None
    return _errand(row)


async def read(workspace_id: int, errand_id: int) -> ProviderRequest:
    """The errand as it stands."""
    row = await db.fetch_row(
        f"SELECT {_COLUMNS} FROM channel_errands WHERE workspace_id = $1 AND id = $2",  # noqa: S608
        workspace_id,
        errand_id,
    )
    assert row is not None
    return _errand(row)


async def call_off(errand: ProviderRequest) -> bool:
    """Give up waiting: True when no worker had begun, so that nothing will come of it."""
    return bool(
        await db.execute(
            """
            UPDATE channel_errands SET status = 'CANCELLED', finished_at = $3
            WHERE workspace_id = $1 AND id = $2 AND status = 'WAITING'
            """,
            errand.workspace_id,
            errand.id,
            clock.now(),
        )
    )


async def claim(workspace_id: int, errand_id: int) -> ProviderRequest | None:
    """Take it, or None when it is taken or over. Committed before the outside world hears of it."""
    row = await db.fetch_row(
        f"""
        UPDATE channel_errands SET status = 'RUNNING', claimed_until = $3::timestamptz + $4 * interval '1 second'
        WHERE workspace_id = $1 AND id = $2
          AND (status = 'WAITING' OR (status = 'RUNNING' AND kind <> 'TEST' AND claimed_until < $3))
        RETURNING {_COLUMNS}
        """,  # noqa: S608
        workspace_id,
        errand_id,
        clock.now(),
        CLAIM_SECONDS,
    )
    return None if row is None else _errand(row)


async def end(errand: ProviderRequest, result: Mapping[str, Any] | None = None, error: str | None = None) -> None:
    """Write down what came of it: DONE, or FAILED with an `error`."""
    await db.execute(
        """
        UPDATE channel_errands SET status = $3, result = $4, error = $5, finished_at = $6
        WHERE workspace_id = $1 AND id = $2 AND status = 'RUNNING'
        """,
        errand.workspace_id,
        errand.id,
        "DONE" if error is None else "FAILED",
        db.dump_json(dict(result or {})),
        error,
        clock.now(),
    )


async def waiting(limit: int) -> list[tuple[int, int]]:
    """Errands that a worker could take, as (workspace, id); tests whose worker died are given up here."""
    now = clock.now()
    await db.execute(
        """
        UPDATE channel_errands SET status = 'FAILED', finished_at = $1,
            error = 'The worker stopped while it sent: some of the messages may have gone out.'
        WHERE status = 'RUNNING' AND kind = 'TEST' AND claimed_until < $1
        """,
        now,
    )
    rows = await db.fetch(
        """
        SELECT workspace_id, id FROM channel_errands
        WHERE (status = 'WAITING' AND created_at < $1::timestamptz - interval '1 second')
           OR (status = 'RUNNING' AND claimed_until < $1)
        ORDER BY created_at LIMIT $2
        """,
        now,
        limit,
    )
    return [(row["workspace_id"], row["id"]) for row in rows]


async def forget_old() -> int:
    """Remove errands that ended long ago."""
    return await db.execute(
        "DELETE FROM channel_errands WHERE finished_at < $1::timestamptz - $2 * interval '1 day'",
        clock.now(),
        KEPT_DAYS,
    )
