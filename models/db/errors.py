"""Errors of PostgreSQL and the ORM, by what a caller can do about them."""

import re
from collections.abc import Mapping
from typing import Any, Final

import asyncpg
from tortoise.exceptions import BaseORMException as OrmError
from tortoise.exceptions import IntegrityError as OrmIntegrityError

TimedOut = (asyncpg.QueryCanceledError, TimeoutError)

Busy = (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError)
"""No lock in time: a retry may succeed."""

UniqueViolation = (asyncpg.UniqueViolationError, OrmIntegrityError)
"""`violated_constraint` says which."""

Contended = (*UniqueViolation, asyncpg.DeadlockDetectedError, asyncpg.SerializationError)
"""Lost to another transaction: roll back and read again."""


PASSING_STATES = ("08", "25", "40", "53", "57", "58")
"""Classes of SQLSTATE: connection, state of the transaction, rollback, resources, an operator, the system."""


def is_passing(error: BaseException) -> bool:
    """Whether the same work may succeed later, because the connection, the server or a lock was the trouble."""
    source = _source_of(error)
    if isinstance(source, OSError | TimeoutError | MemoryError):
        return True
    if is_lost_node(source):
        return True
    if isinstance(source, asyncpg.InterfaceError):
        return not isinstance(source, ValueError)  # asyncpg's own class for values that it cannot encode
    state = getattr(source, "sqlstate", None)
    return isinstance(state, str) and (state[:2] in PASSING_STATES or isinstance(source, asyncpg.LockNotAvailableError))


def is_lost_node(error: BaseException) -> bool:
    """Whether a node of a Citus cluster went away: Citus has no SQLSTATE for that in a transaction, and says what libpq does."""
    return isinstance(error, asyncpg.InternalServerError) and any(text in str(error) for text in _LOST_NODE)


_LOST_NODE: Final = (
    "could not commit transaction for shard",
    "failed to prepare transaction",
    "failure on connection marked as essential",
    "closed the connection unexpectedly",
    "connection has been closed unexpectedly",
    "connection not open",
    "no connection to the server",
    "SSL SYSCALL error",  # nodes talk over TLS where they can
    "invalid socket",
    "could not receive data from server",
    "could not send data to server",
)


def is_definition_in_motion(error: BaseException) -> bool:
    """Whether another transaction changes the definition of the same table: nodes of a cluster say it without a SQLSTATE."""
    return isinstance(error, asyncpg.InternalServerError) and any(text in str(error) for text in _IN_MOTION)


_IN_MOTION: Final = ("tuple concurrently updated", "could not open relation with OID")


def raise_as_its_own_kind(error: asyncpg.InternalServerError) -> None:
    """Raises what a node of a cluster refused as the error that it is. Returns when it is another one.

    A coordinator gives on no more than its text, where it copies rows: of a COPY, and of an INSERT .. SELECT that reads no table.
    """
    for beginning, kind in _KINDS.items():
        if str(error).startswith(beginning):
            raise kind(str(error)) from error


_KINDS: Final[Mapping[str, type[asyncpg.PostgresError]]] = {
    "duplicate key value violates unique constraint": asyncpg.UniqueViolationError,
    "deadlock detected": asyncpg.DeadlockDetectedError,
    "canceling statement due to lock timeout": asyncpg.LockNotAvailableError,
    "canceling statement due to": asyncpg.QueryCanceledError,
}
"""The first that fits."""


def _source_of(error: BaseException) -> Any:
    """Returns what PostgreSQL raised where the ORM wraps it."""
    return error.args[0] if isinstance(error, OrmError) and error.args else error


def violated_constraint(error: BaseException) -> str | None:
    source = _source_of(error)
    name = getattr(source, "constraint_name", None)
    return name if isinstance(name, str) else _constraint_in(str(source))


def _constraint_in(message: str) -> str | None:
    """Citus gives an error of another node on without its fields, and its names end with the number of a shard."""
    found = _CONSTRAINT.search(message)
    return found[1] if found else None


_CONSTRAINT: Final = re.compile(r'constraint "(\w+?)(?:_\d{6,})?"')


def is_data_error(error: BaseException) -> bool:
    """Whether the statement failed because of its text or its data, so that it would fail again."""
    state = getattr(error, "sqlstate", None)
    return isinstance(state, str) and state[:2] in ("21", "22", "42", "54")
