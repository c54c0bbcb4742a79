"""Runs SQL text, in the ambient transaction or on a connection of the pool."""

from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Iterable, Sequence
from pathlib import Path
from typing import Any

from asyncpg import Record

from models.db.transactions import acquire, ambient_connection, transaction


async def fetch(sql: str, *args: Any) -> list[Record]:
    async with acquire() as connection:
        return await connection.fetch(sql, *args)


async def fetch_row(sql: str, *args: Any) -> Record | None:
    async with acquire() as connection:
        return await connection.fetchrow(sql, *args)


async def fetch_value(sql: str, *args: Any) -> Any:
    async with acquire() as connection:
        return await connection.fetchval(sql, *args)


async def fetch_by_key(
    sql: str, keys: Collection[tuple[int, int]], *args: Any
) -> dict[tuple[int, int], tuple[Any, ...]]:
    """Rows of any workspaces by their keys, which are pairs of a workspace id and an id.

    `sql` takes the workspace ids as $1, the ids as $2 and then `args`. Its first two columns are the key; the others
    are returned.
    """
    workspace_ids, ids = [key[0] for key in keys], [key[1] for key in keys]
    return {(row[0], row[1]): tuple(row.values())[2:] for row in await fetch(sql, workspace_ids, ids, *args)}


async def execute(sql: str, *args: Any) -> int:
    """A statement, or without arguments a script, which may be empty. Returns how many rows it touched."""
    if not sql:
        return 0
    async with acquire() as connection:
        status = await connection.execute(sql, *args)
    last = status.rsplit(" ", 1)[-1]
    return int(last) if last.isdigit() else 0


async def execute_many(sql: str, rows: Iterable[Sequence[Any]]) -> None:
    """Runs once per row of arguments, in one round trip and one transaction."""
    async with acquire() as connection:
        await connection.executemany(sql, rows)


async def each_row(sql: str, *args: Any, prefetch: int = 1000) -> AsyncIterator[Record]:
    """Through a server-side cursor, `prefetch` rows at a time, in a transaction."""
    async with transaction():
        async for row in ambient_connection().cursor(sql, *args, prefetch=prefetch):
            yield row


async def copy_in(table: str, columns: Sequence[str], records: Iterable[Sequence[Any]]) -> int:
    """COPY in binary form. Returns the number of rows."""
    async with acquire() as connection:
        status = await connection.copy_records_to_table(table, records=records, columns=list(columns))
    return int(status.rsplit(" ", 1)[-1])


async def copy_out(
    sql: str, *args: Any, output: Path | Callable[[bytes], Coroutine[Any, Any, None]], **options: Any
) -> int:
    """COPY the rows of a query to a file or a sink of blocks. `options` are asyncpg's (format, header, ...)."""
    async with acquire() as connection:
        status = await connection.copy_from_query(sql, *args, output=output, **options)
    return int(status.rsplit(" ", 1)[-1])
