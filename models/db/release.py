"""Gives a connection back to the pool without a task, when it needs no reset.

`Pool.release` uses a task, which costs each statement about 20 us and a step of the event loop. This uses private parts of
asyncpg: tests/models/db/test_release.py fails when an upgrade changes them.
"""

from typing import Any


def released_at_once(borrowed: Any) -> bool:
    """Releases a connection that needs no reset. When it returns False, the caller must use `Pool.release`."""
    holder = borrowed._holder
    connection = holder._con
    if (
        holder._proxy is not borrowed
        or connection is None
        or connection.is_closed()
        or not _needs_no_reset(holder, connection)
    ):
        return False
    connection._on_release()
    holder._release()
    return True


def _needs_no_reset(holder: Any, connection: Any) -> bool:
    protocol = connection._protocol
    return (
        holder._generation == holder._pool._generation
        and protocol.queries_count < holder._max_queries
        and not protocol._is_cancelling()
        and not protocol.is_in_transaction()
        and not (connection._listeners or connection._log_listeners)
    )
