"""Requests to a provider that a person waits for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final

from models import clock, db
from models.errors import MusterError
from models.queue import leases, work
from models.queue.enqueue import enqueue
from models.queue.leases import Lease, LeasedTable, Writes
from permissions.principal import PrincipalKind, Scope

MAX_ATTEMPTS: Final = 5
KEPT_DAYS: Final = 7
WAITS_SECONDS: Final = 1
"""After that its message counts as lost."""

AGAIN_SECONDS: Final = 1
"""Before the second attempt, where the provider gave no answer."""

LEASES: Final = LeasedTable(
    "provider_requests",
    seconds=60,
    open="status IN ('WAITING', 'RUNNING')",
    attempts_allowed=f"CASE WHEN kind = 'TEST' THEN 1 ELSE {MAX_ATTEMPTS} END",
    taken=Writes({"status": "RUNNING"}),
    given_up=Writes(
        {
            "status": "FAILED",
            "error": "The worker stopped before this was done: messages of a test send may have gone out.",
        },
        moments=("finished_at",),
    ),
)
"""A test send has one attempt: a message is never sent twice."""


class ProviderRequestKind(StrEnum):
    CHECK = "CHECK"
    SYNC_TEMPLATES = "SYNC_TEMPLATES"
    TEST = "TEST"
    META_CHECK = "META_CHECK"
    META_DELETE = "META_DELETE"


class Unanswered(MusterError):
    """The provider gave no answer, and may give one soon. The text is for people."""


@dataclass(frozen=True, slots=True)
class ProviderRequest:
    """A request and its result: `error` says why it FAILED, `lease` is for its worker."""

    workspace_id: int
    id: int
    kind: ProviderRequestKind
    status: str
    input: dict[str, Any]
    result: dict[str, Any]
    error: str | None
    lease: Lease | None = None

    @property
    def is_over(self) -> bool:
        return self.status in ("DONE", "FAILED", "CANCELLED")


_COLUMNS = "workspace_id, id, kind, status, input, result, error"


def _request(row: db.Record, lease: Lease | None = None) -> ProviderRequest:
    return ProviderRequest(
        row["workspace_id"],
        row["id"],
        ProviderRequestKind(row["kind"]),
        row["status"],
        db.load_json(row["input"]),
        db.load_json(row["result"]),
        row["error"],
        lease,
    )


async def ask(scope: Scope, kind: ProviderRequestKind, asked: Mapping[str, Any] | None = None) -> ProviderRequest:
    by = scope.principal.id if scope.principal.kind is PrincipalKind.MEMBER else None
    row = await db.fetch_row(
        f"""
        INSERT INTO provider_requests (workspace_id, kind, input, created_by, created_at) VALUES ($1, $2, $3, $4, $5)
        RETURNING {_COLUMNS}
        """,  # noqa: S608 - the columns are a constant
        scope.workspace_id,
        kind,
        db.dump_json(dict(asked or {})),
        by,
        clock.now(),
    )
    assert row is not None
    await enqueue(work.RUN_REQUEST, scope.workspace_id, row["id"])
    return _request(row)


async def read(workspace_id: int, request_id: int) -> ProviderRequest:
    return _request(await _row(workspace_id, request_id))


async def _row(workspace_id: int, request_id: int) -> db.Record:
    row = await db.fetch_row(
        f"SELECT {_COLUMNS} FROM provider_requests WHERE workspace_id = $1 AND id = $2",  # noqa: S608
        workspace_id,
        request_id,
    )
    assert row is not None
    return row


async def call_off(request: ProviderRequest) -> bool:
    """Cancels the request; False when a worker has begun it."""
    return bool(
        await db.execute(
            """
            UPDATE provider_requests SET status = 'CANCELLED', finished_at = $3
            WHERE workspace_id = $1 AND id = $2 AND status = 'WAITING'
            """,
            request.workspace_id,
            request.id,
            clock.now(),
        )
    )


async def take(workspace_id: int, request_id: int) -> ProviderRequest | None:
    """Returns None when it is held or has ended. Commit before the provider is called."""
    lease = await leases.take(LEASES, workspace_id, request_id)
    return None if lease is None else _request(await _row(workspace_id, request_id), lease)


async def renew(request: ProviderRequest) -> None:
    """Extends the lease. Raises LeaseLost when another worker holds the request."""
    assert request.lease is not None, "only who took it renews it"
    await leases.renew(request.lease)


async def put_off(request: ProviderRequest, error: str) -> None:
    """A worker takes it again after 1, 2, 4 and 8 seconds. FAILED with `error` when it has had its attempts."""
    assert request.lease is not None, "only who took it puts it off"
    if request.kind is ProviderRequestKind.TEST or request.lease.attempts >= MAX_ATTEMPTS:
        await end(request, error=error)
    else:
        await leases.fail(request.lease, AGAIN_SECONDS * 2 ** (request.lease.attempts - 1))


async def let_go(request: ProviderRequest) -> None:
    """After an error, or when the worker stops: nobody waits until the lease ends. The attempt counts."""
    assert request.lease is not None, "only who took it lets it go"
    await leases.fail(request.lease)


async def end(request: ProviderRequest, result: Mapping[str, Any] | None = None, error: str | None = None) -> None:
    """FAILED with an `error`, otherwise DONE. No effect when it is not ours any more."""
    assert request.lease is not None, "only who took it ends it"
    status, given = "DONE" if error is None else "FAILED", db.dump_json(dict(result or {}))
    outcome = Writes({"status": status, "result": given, "error": error}, moments=("finished_at",))
    await leases.finish(request.lease, outcome)


async def waiting(limit: int) -> list[tuple[int, int]]:
    """Those that a worker could take, as (workspace id, id). Reads all workspaces.

    Gives up those without attempts left, one workspace at a time.
    """
    now = clock.now()
    rows = await db.fetch(
        f"""
        /* all workspaces */ SELECT workspace_id, id, {leases.spent(LEASES, "$1")} AS spent FROM provider_requests
        WHERE status IN ('WAITING', 'RUNNING') AND ((leased_until IS NULL AND created_at < $2) OR leased_until <= $1)
        ORDER BY created_at LIMIT $3
        """,  # noqa: S608 - the condition is a constant
        now,
        now - timedelta(seconds=WAITS_SECONDS),
        limit,
    )
    for row in rows:
        if row["spent"]:
            await leases.give_up(LEASES, row["workspace_id"], row["id"])
    return [(row["workspace_id"], row["id"]) for row in rows if not row["spent"]]


async def forget_old() -> None:
    """Removes requests that ended KEPT_DAYS ago, one workspace at a time."""
    before = clock.now() - timedelta(days=KEPT_DAYS)
    rows = await db.fetch(
        "/* all workspaces */ SELECT DISTINCT workspace_id FROM provider_requests WHERE finished_at < $1", before
    )
    for row in rows:
        await db.execute(
            "DELETE FROM provider_requests WHERE workspace_id = $1 AND finished_at < $2", row["workspace_id"], before
        )
