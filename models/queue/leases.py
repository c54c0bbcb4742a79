"""Leases: the right of one worker to work on a row for a while. The columns of its table:

    lease_token   chosen by the worker; NULL when nobody holds the row
    leased_until  nobody else may take the row before; NULL when it is free
    attempts      takes since the last progress, this one included

Every write asks for the token, so a worker that lost its lease changes nothing. A dead worker's attempt counts.

The token is chosen before the row is taken: when the answer is lost, the lease can still be released. If the workers' clocks
differ by more than a lease, they take rows from each other, and nothing worse.
"""

import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from models import clock, db
from models.errors import MusterError


class LeaseLost(MusterError):
    """Another worker holds the row, or the work has ended: commit nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Writes:
    """Columns written beside the lease: `moments` become now, `first_moments` only where NULL."""

    values: Mapping[str, Any] = field(default_factory=dict)
    moments: Sequence[str] = ()
    first_moments: Sequence[str] = ()


NOTHING: Final = Writes()


@dataclass(frozen=True, slots=True, eq=False)
class LeasedTable:
    """Names and conditions are SQL, and come from the code only.

    `open`: there is work left. `order`: of `take_some`. `attempts_allowed`: SQL; None: any number. `taken`, `released` (also
    after a failure), `given_up`: what these steps write besides; with `given_up` None, rows without attempts stay. `on_given_up`
    (workspace id, key) runs in the transaction that gives a row up.
    """

    name: str
    seconds: float
    key: str = "id"
    open: str = "true"
    order: str = "id"
    attempts_allowed: str | None = None
    taken: Writes = NOTHING
    released: Writes = NOTHING
    given_up: Writes | None = None
    on_given_up: Callable[[int, int | str], Awaitable[None]] | None = None


@dataclass(frozen=True, slots=True)
class Lease:
    """A row that is held until the lease ends; `attempts` counts this one."""

    table: LeasedTable
    workspace_id: int
    key: int | str
    token: int
    attempts: int = 1


def new_token() -> int:
    return secrets.randbits(62)


# ---------------------------------------------------------------- conditions


def free(table: LeasedTable, moment: str) -> str:
    """Returns an SQL condition: the row can be taken at `moment`, a parameter."""
    left = "" if table.attempts_allowed is None else f" AND attempts < {table.attempts_allowed}"
    return f"({table.open}) AND (leased_until IS NULL OR (leased_until <= {moment}{left}))"


def spent(table: LeasedTable, moment: str) -> str:
    """SQL: nobody holds the row, and it has no attempts left. `moment` is a parameter."""
    allowed = table.attempts_allowed
    return "false" if allowed is None else f"({table.open}) AND leased_until <= {moment} AND attempts >= {allowed}"


# ---------------------------------------------------------------- taking


async def take(table: LeasedTable, workspace_id: int, key: int | str, *, token: int | None = None) -> Lease | None:
    """None when it is held or has no work left. Without attempts left it is given up."""
    now, bound = clock.now(), _Bound()
    token = new_token() if token is None else token
    attempts = await db.fetch_value(
        f"""
        UPDATE {table.name} SET {_taken(table, token, now, bound)}
        WHERE workspace_id = {bound(workspace_id)} AND {table.key} = {bound(key)} AND {free(table, bound(now))}
        RETURNING attempts
        """,  # noqa: S608 - names come from the code, values are bound
        *bound.values,
    )
    if attempts is not None:
        return Lease(table, workspace_id, key, token, attempts)
    await give_up(table, workspace_id, key)
    return None


async def take_some(table: LeasedTable, workspace_id: int, most: int, *, token: int | None = None) -> list[Lease]:
    """Takes up to `most` rows, without those that others are taking now."""
    token = new_token() if token is None else token
    async with db.transaction():
        found = await lock_some(table, workspace_id, most, table.key)
        bound = _Bound()
        rows = await db.fetch(
            f"""
            UPDATE {table.name} SET {_taken(table, token, clock.now(), bound)}
            WHERE workspace_id = {bound(workspace_id)} AND {table.key} = ANY ({bound([row[0] for row in found])})
            RETURNING {table.key}, attempts
            """,  # noqa: S608
            *bound.values,
        )
    attempts = {row[0]: row["attempts"] for row in rows}
    return [Lease(table, workspace_id, row[0], token, attempts[row[0]]) for row in found]


# ---------------------------------------------------------------- locking


async def lock(table: LeasedTable, workspace_id: int, key: int | str) -> bool:
    """Until the transaction ends. False when somebody holds it.

    Writes nothing: a dead worker leaves the row free at once, and no attempt is counted.
    """
    assert db.in_a_transaction(), "a lock lasts as long as its transaction"
    found = await db.fetch_value(
        f"""
        SELECT 1 FROM {table.name} WHERE workspace_id = $1 AND {table.key} = $2 AND {free(table, "$3")}
        FOR UPDATE SKIP LOCKED
        """,  # noqa: S608
        workspace_id,
        key,
        clock.now(),
    )
    return found is not None


async def lock_some(table: LeasedTable, workspace_id: int, most: int, columns: str) -> list[db.Record]:
    assert db.in_a_transaction(), "a lock lasts as long as its transaction"
    return await db.fetch(
        f"""
        SELECT {columns} FROM {table.name} WHERE workspace_id = $1 AND {free(table, "$2")}
        ORDER BY {table.order} LIMIT $3 FOR UPDATE SKIP LOCKED
        """,  # noqa: S608
        workspace_id,
        clock.now(),
        most,
    )


# ---------------------------------------------------------------- holding and releasing


async def renew(lease: Lease, returning: str = "lease_token") -> db.Record:
    """Extends the lease and returns the columns `returning`. Raises LeaseLost when the row is not ours any more."""
    until = clock.now() + timedelta(seconds=lease.table.seconds)
    row = await _write(lease, "leased_until = $4", until, returning=returning)
    if row is None:
        raise LeaseLost(f"{lease.table.name} {lease.key} is not ours any more")
    return row


async def release(lease: Lease) -> bool:
    """The attempt does not count. False when the lease was lost."""
    bound = _Bound(4)
    more = _assignments(lease.table.released, clock.now(), bound)
    changes = f"lease_token = NULL, leased_until = NULL, attempts = greatest(attempts - 1, 0){more}"
    return await _write(lease, changes, *bound.values) is not None


async def fail(lease: Lease, wait_seconds: float = 0) -> bool:
    """The attempt counts, and nobody takes the row for so long. False when the lease was lost."""
    now, bound = clock.now(), _Bound(4)
    changes = f"lease_token = NULL, leased_until = {bound(now + timedelta(seconds=wait_seconds))}"
    more = _assignments(lease.table.released, now, bound)
    return await _write(lease, changes + more, *bound.values) is not None


async def finish(lease: Lease, writes: Writes) -> datetime | None:
    """Returns the moment; None when the lease was lost."""
    now, bound = clock.now(), _Bound(4)
    changes = f"lease_token = NULL, leased_until = NULL{_assignments(writes, now, bound)}"
    return now if await _write(lease, changes, *bound.values) is not None else None


async def give_up(table: LeasedTable, workspace_id: int, key: int | str) -> bool:
    """Returns False when the row is held or has attempts left."""
    if table.given_up is None:
        return False
    if table.on_given_up is None:
        return await _give_up(table, table.given_up, workspace_id, key)
    async with db.transaction():
        given_up = await _give_up(table, table.given_up, workspace_id, key)
        if given_up:
            await table.on_given_up(workspace_id, key)
    return given_up


async def _give_up(table: LeasedTable, writes: Writes, workspace_id: int, key: int | str) -> bool:
    now, bound = clock.now(), _Bound()
    changed = await db.execute(
        f"""
        UPDATE {table.name} SET lease_token = NULL, leased_until = NULL{_assignments(writes, now, bound)}
        WHERE workspace_id = {bound(workspace_id)} AND {table.key} = {bound(key)} AND {spent(table, bound(now))}
        """,  # noqa: S608
        *bound.values,
    )
    return changed > 0


async def _write(lease: Lease, changes: str, *values: Any, returning: str = "lease_token") -> db.Record | None:
    """`values` are bound to $4 and following."""
    table = lease.table
    return await db.fetch_row(
        f"""
        UPDATE {table.name} SET {changes}
        WHERE workspace_id = $1 AND {table.key} = $2 AND lease_token = $3 AND ({table.open}) RETURNING {returning}
        """,  # noqa: S608
        lease.workspace_id,
        lease.key,
        lease.token,
        *values,
    )


# ---------------------------------------------------------------- statements


class _Bound:
    def __init__(self, first: int = 1) -> None:
        self._first = first
        self.values: list[Any] = []

    def __call__(self, value: Any) -> str:
        self.values.append(value)
        return f"${self._first + len(self.values) - 1}"


def _taken(table: LeasedTable, token: int, now: datetime, bound: _Bound) -> str:
    until = now + timedelta(seconds=table.seconds)
    lease = f"lease_token = {bound(token)}, leased_until = {bound(until)}, attempts = attempts + 1"
    return lease + _assignments(table.taken, now, bound)


def _assignments(writes: Writes, now: datetime, bound: _Bound) -> str:
    changes = [f"{column} = {bound(value)}" for column, value in writes.values.items()]
    changes += [f"{column} = {bound(now)}" for column in writes.moments]
    changes += [f"{column} = coalesce({column}, {bound(now)})" for column in writes.first_moments]
    return "".join(f", {change}" for change in changes)
