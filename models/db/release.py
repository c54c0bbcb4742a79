"""A connection goes back to the pool without a task of its own, when there is nothing to wait for.

`Pool.release` resets a connection in a task that cancelling cannot reach, and waits for it: that costs each statement some 20 us
and a turn of the event loop. After a statement that went well outside of a transaction there is nothing to reset. This uses
private parts of asyncpg; tests/models/db/test_release.py fails when an upgrade changes them.
"""

from typing import Any


def released_at_once(borrowed: Any) -> bool:
    """Give a pool's connection back if it is as good as new. False: it is still borrowed, `Pool.release` has to look after it."""
    holder = borrowed._holder
    connection = holder._con
    if (
        holder._proxy is not borrowed
        or connection is None
        or connection.is_closed()
        or not _as_good_as_new(holder, connection)
    ):
        return False
    connection._on_release()
    holder._release()
    return True


def _as_good_as_new(holder: Any, connection: Any) -> bool:
    protocol = connection._protocol
    return (
        holder._generation == holder._pool._generation
        and protocol.queries_count < holder._max_queries
        and not protocol._is_cancelling()
        and not protocol.is_in_transaction()
        and not (connection._listeners or connection._log_listeners)
    )
