"""The errors of PostgreSQL and of the ORM, by what a caller can do about them."""

import asyncpg
from tortoise.exceptions import IntegrityError as OrmIntegrityError

TimedOut = (asyncpg.QueryCanceledError, TimeoutError)
"""A statement took too long."""

Busy = (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError)
"""A statement waited in vain for a lock: it may succeed a moment later."""

UniqueViolation = (asyncpg.UniqueViolationError, OrmIntegrityError)
"""An insert or update broke a unique constraint; `violated_constraint` says which."""

Contended = (*UniqueViolation, asyncpg.DeadlockDetectedError, asyncpg.SerializationError)
"""A transaction lost to another one: roll back and read again."""


def violated_constraint(error: BaseException) -> str | None:
    """The name of the constraint that the error names, if it names one."""
    source = error.args[0] if isinstance(error, OrmIntegrityError) and error.args else error
    name = getattr(source, "constraint_name", None)
    return name if isinstance(name, str) else None


def is_data_error(error: BaseException) -> bool:
    """Whether a statement failed for its text or its data, and would fail again."""
    state = getattr(error, "sqlstate", None)
    return isinstance(state, str) and state[:2] in ("21", "22", "42", "54")
