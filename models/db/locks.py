"""Advisory locks, held to the end of the ambient transaction."""

from models.db.statements import execute, fetch_value
from models.db.transactions import in_a_transaction


async def advisory_lock(key: str, *, shared: bool = False) -> None:
    """Wait for the lock. Several transactions can hold it `shared`."""
    assert in_a_transaction(), "an advisory lock needs a transaction"
    function = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
    await execute(f"SELECT {function}(hashtextextended($1, 0))", key)


async def try_advisory_lock(key: str, *, shared: bool = False) -> bool:
    """Takes the lock if it is free, and returns whether it was."""
    assert in_a_transaction(), "an advisory lock needs a transaction"
    function = "pg_try_advisory_xact_lock_shared" if shared else "pg_try_advisory_xact_lock"
    return bool(await fetch_value(f"SELECT {function}(hashtextextended($1, 0))", key))
