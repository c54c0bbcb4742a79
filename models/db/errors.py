"""Errors of PostgreSQL and the ORM, by what a caller can do about them."""

import asyncpg
from tortoise.exceptions import IntegrityError as OrmIntegrityError

TimedOut = (asyncpg.QueryCanceledError, TimeoutError)

Busy = (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError)
"""No lock in time: a retry may succeed."""

UniqueViolation = (asyncpg.UniqueViolationError, OrmIntegrityError)
"""`violated_constraint` says which."""

Contended = (*UniqueViolation, asyncpg.DeadlockDetectedError, asyncpg.SerializationError)
"""Lost to another transaction: roll back and read again."""


def violated_constraint(error: BaseException) -> str | None:
    source = error.args[0] if isinstance(error, OrmIntegrityError) and error.args else error
    name = getattr(source, "constraint_name", None)
    return name if isinstance(name, str) else None


def is_data_error(error: BaseException) -> bool:
    """Whether the statement failed because of its text or its data, so that it would fail again."""
    state = getattr(error, "sqlstate", None)
    return isinstance(state, str) and state[:2] in ("21", "22", "42", "54")
