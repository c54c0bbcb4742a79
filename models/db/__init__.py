"""The door to PostgreSQL: one pool for the ORM and for SQL text, and the only importer of asyncpg.

Every function here runs on the ambient transaction when there is one (`async with transaction():`), and on a connection of
the pool otherwise. JSON and JSONB travel as text: `dump_json` on the way in, `load_json` on the way out.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Hashable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
import orjson
from asyncpg import PostgresError, Record
from asyncpg.pool import PoolConnectionProxy
from asyncpg.transaction import Transaction
from tortoise import Tortoise
from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.connection import get_connections
from tortoise.exceptions import IntegrityError as OrmIntegrityError

from models.db import codecs
from models.db.release import released_at_once

__all__ = [
    "Busy",
    "Contended",
    "PostgresError",
    "Record",
    "TimedOut",
    "UniqueViolation",
    "advisory_lock",
    "after_commit",
    "before_commit",
    "connect",
    "copy_in",
    "copy_out",
    "disconnect",
    "dump_json",
    "each_row",
    "execute",
    "execute_many",
    "fetch",
    "fetch_row",
    "fetch_value",
    "in_a_transaction",
    "is_data_error",
    "load_json",
    "transaction",
    "try_advisory_lock",
    "violated_constraint",
]

TimedOut = (asyncpg.QueryCanceledError, TimeoutError)
"""What a statement that took too long ends with."""

Busy = (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError)
"""What a statement ends with that waited in vain for what others hold: it may go well a moment later."""

UniqueViolation = (asyncpg.UniqueViolationError, OrmIntegrityError)
"""What to catch around an insert or update that may break a unique constraint; ask `violated_constraint` which."""

Contended = (*UniqueViolation, asyncpg.DeadlockDetectedError, asyncpg.SerializationError)
"""What a transaction that lost to another one fails with: roll back and look again."""


# ---------------------------------------------------------------- the pool


class PoolClient(AsyncpgDBClient):
    """Tortoise's client, with a pool that takes a whole DSN (sockets too) and keeps no state worth a reset query."""

    async def create_pool(self, **_: Any) -> asyncpg.Pool:
        options = dict(self.extra)
        dsn = options.pop("dsn")
        return await asyncpg.create_pool(
            dsn,
            min_size=self.pool_minsize,
            max_size=self.pool_maxsize,
            server_settings=self.server_settings,
            init=_set_codecs,
            reset=_leave_as_is,
            **options,
        )


client_class = PoolClient  # tortoise looks this name up in the module that `engine` names


async def _leave_as_is(_: Any) -> None:
    """Nothing here sets session state (SET LOCAL and xact locks only), so a returned connection needs no reset."""


async def _set_codecs(connection: Any) -> None:
    await connection.set_type_codec(
        "date", schema="pg_catalog", format="tuple", encoder=codecs.encode_date, decoder=codecs.decode_date
    )
    await connection.set_type_codec(
        "timestamptz", schema="pg_catalog", format="tuple", encoder=codecs.encode_instant, decoder=codecs.decode_instant
    )


async def connect(
    url: str,
    *,
    pool_min: int = 1,
    pool_max: int = 10,
    statement_timeout_ms: int | None = None,
    application_name: str = "muster",
    keep_large_statements: bool = False,
) -> None:
    """Open this process's pool to `url` (a libpq URL) and tell the ORM of it.

    `statement_timeout_ms` bounds every statement (None: no bound). `keep_large_statements` keeps statements of any length
    prepared, for good: the engine's are long. Raises OSError or an asyncpg error when the server does not answer. One
    pool per process: `disconnect` before another `connect`.
    """
    settings = {"application_name": application_name, "timezone": "UTC"}
    if statement_timeout_ms is not None:
        settings["statement_timeout"] = str(statement_timeout_ms)
    credentials: dict[str, Any] = {
        "dsn": url,
        "minsize": pool_min,
        "maxsize": pool_max,
        "server_settings": settings,
        "max_inactive_connection_lifetime": 0,
    }
    if keep_large_statements:
        credentials |= {"max_cacheable_statement_size": 0, "max_cached_statement_lifetime": 0}
    await Tortoise.init(
        config={
            "connections": {"default": {"engine": "models.db", "credentials": credentials}},
            "apps": {"models": {"models": ["models.db.tables"], "default_connection": "default"}},
        },
        use_tz=True,
        _enable_global_fallback=True,
    )
    client = _client()
    if client._pool is None:
        await client.create_connection(with_db=True)
    global _opened
    _opened = client._pool


async def disconnect() -> None:
    """Close the pool. Harmless when there is none."""
    global _opened
    _opened = None
    await Tortoise.close_connections()


_opened: asyncpg.Pool | None = None  # the client's pool: to ask the ORM for its client costs more than an acquire


def _client() -> PoolClient:
    client = get_connections().get("default")
    assert isinstance(client, AsyncpgDBClient)
    return client  # type: ignore[return-value]


def _pool() -> asyncpg.Pool:
    if _opened is None:
        raise RuntimeError("not connected to PostgreSQL: call models.db.connect first")
    return _opened


# ---------------------------------------------------------------- transactions


@dataclass(slots=True)
class _Transaction:
    connection: asyncpg.Connection
    open: bool = True
    last_steps: list[Callable[[], Awaitable[None]]] = field(default_factory=list)
    after_commit: dict[Callable[[Sequence[Any]], Awaitable[None]], dict[Any, None]] = field(default_factory=dict)


_ambient: ContextVar[_Transaction | None] = ContextVar("transaction", default=None)


def _current() -> _Transaction | None:
    ambient = _ambient.get()
    return ambient if ambient is not None and ambient.open else None


def in_a_transaction() -> bool:
    """Whether the caller is inside `transaction()`."""
    return _current() is not None


@asynccontextmanager
async def transaction() -> AsyncIterator[None]:
    """One transaction for all that runs inside, ORM and SQL text alike. Nested, it joins the outer one.

    An exception rolls all of it back. Do not gather tasks inside: a connection does one thing at a time.
    """
    if _current() is not None:
        yield
        return
    pool = _pool()
    connection = await pool.acquire()
    own = _Transaction(connection)  # type: ignore[arg-type]
    began = connection.transaction()
    try:
        await began.start()
        with _ambient_for_all(own):
            yield
            while own.last_steps:
                await own.last_steps.pop(0)()
        await began.commit()
    except BaseException:
        # A task of its own, so that who is cancelled once more meanwhile leaves no connection behind.
        await asyncio.shield(asyncio.create_task(_abandon(pool, connection, began)))
        raise
    # Also a task of its own: what follows from a commit is done even when its caller is cancelled now.
    following = _start(_follow(own)) if own.after_commit else None
    await pool.release(connection)
    if following is not None:
        await asyncio.shield(following)


@contextmanager
def _ambient_for_all(own: _Transaction) -> Iterator[None]:
    """Make `own` the transaction of the SQL text and of the ORM alike, while it is open."""
    orm = TransactionWrapper(_client())
    orm._connection = own.connection
    ambient, connections = _ambient.set(own), get_connections()
    orm_ambient = connections.set("default", orm)
    try:
        yield
    finally:
        own.open = False
        connections.reset(orm_ambient)
        _ambient.reset(ambient)


async def _abandon(pool: asyncpg.Pool, connection: "PoolConnectionProxy[Record]", began: Transaction) -> None:
    try:
        with suppress(asyncpg.InterfaceError, asyncpg.PostgresError, OSError):  # the first error is the one to tell
            await began.rollback()
    finally:
        await pool.release(connection)


async def before_commit(step: Callable[[], Awaitable[None]]) -> None:
    """Run `step` as the last thing in the ambient transaction: for what takes a lock that everybody needs for a moment.

    Steps run in the order in which they were given; one may give others. When there is no transaction, `step` is one.
    """
    ambient = _current()
    if ambient is None:
        async with transaction():
            await step()
    else:
        ambient.last_steps.append(step)


T = TypeVar("T", bound=Hashable)


async def after_commit(run: Callable[[Sequence[T]], Awaitable[None]], item: T) -> None:
    """Call `run` once the ambient transaction has committed, with all the items that were given for it, each once.

    Never, if the transaction rolls back. With this item at once, when there is no transaction.
    """
    ambient = _current()
    if ambient is None:
        await asyncio.shield(_start(run([item])))
    else:
        ambient.after_commit.setdefault(run, {})[item] = None


async def _follow(own: _Transaction) -> None:
    await asyncio.gather(*(run(list(items)) for run, items in own.after_commit.items()))


_started: set[asyncio.Future[None]] = set()


def _start(work: Awaitable[None]) -> asyncio.Future[None]:
    """Start it as a task, which is kept until it ends though nobody may wait for it any more."""
    task = asyncio.ensure_future(work)
    _started.add(task)
    task.add_done_callback(_started.discard)
    return task


class _connection:  # noqa: N801 - a context manager; as a generator it would cost as much again as the pool
    """The ambient transaction's connection, or one of the pool for the length of a statement."""

    __slots__ = ("_borrowed",)

    async def __aenter__(self) -> asyncpg.Connection:
        ambient = _current()
        if ambient is not None:
            self._borrowed = None
            return ambient.connection
        self._borrowed = await _pool().acquire()
        return self._borrowed  # type: ignore[return-value]

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._borrowed is None or (kind is None and released_at_once(self._borrowed)):
            return
        await _pool().release(self._borrowed)  # which sees it through, even if we are cancelled meanwhile


# ---------------------------------------------------------------- statements


async def fetch(sql: str, *args: Any) -> list[Record]:
    """All rows."""
    async with _connection() as connection:
        return await connection.fetch(sql, *args)


async def fetch_row(sql: str, *args: Any) -> Record | None:
    """The first row, or None."""
    async with _connection() as connection:
        return await connection.fetchrow(sql, *args)


async def fetch_value(sql: str, *args: Any) -> Any:
    """The first column of the first row, or None."""
    async with _connection() as connection:
        return await connection.fetchval(sql, *args)


async def execute(sql: str, *args: Any) -> int:
    """Run a statement (or, without arguments, a script) and return how many rows it touched."""
    async with _connection() as connection:
        status = await connection.execute(sql, *args)
    last = status.rsplit(" ", 1)[-1]
    return int(last) if last.isdigit() else 0


async def execute_many(sql: str, rows: Iterable[Sequence[Any]]) -> None:
    """Run a statement once per row of arguments, in one round trip and one transaction."""
    async with _connection() as connection:
        await connection.executemany(sql, rows)


async def each_row(sql: str, *args: Any, prefetch: int = 1000) -> AsyncIterator[Record]:
    """Stream the rows through a server-side cursor, `prefetch` at a time, in a transaction."""
    async with transaction():
        ambient = _current()
        assert ambient is not None
        async for row in ambient.connection.cursor(sql, *args, prefetch=prefetch):
            yield row


async def copy_in(table: str, columns: Sequence[str], records: Iterable[Sequence[Any]]) -> int:
    """COPY `records` (tuples in the order of `columns`) into `table` in binary form. Returns the number of rows."""
    async with _connection() as connection:
        status = await connection.copy_records_to_table(table, records=records, columns=list(columns))
    return int(status.rsplit(" ", 1)[-1])


async def copy_out(
    sql: str, *args: Any, output: Path | Callable[[bytes], Coroutine[Any, Any, None]], **options: Any
) -> int:
    """COPY the result of a query to a file or a sink of byte blocks. `options` are asyncpg's (format, header, ...)."""
    async with _connection() as connection:
        status = await connection.copy_from_query(sql, *args, output=output, **options)
    return int(status.rsplit(" ", 1)[-1])


# ---------------------------------------------------------------- locks


async def advisory_lock(key: str, *, shared: bool = False) -> None:
    """Wait for the lock named `key`, held to the end of the ambient transaction. Several can hold it `shared`."""
    assert in_a_transaction(), "an advisory lock lives in a transaction"
    function = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
    await execute(f"SELECT {function}(hashtextextended($1, 0))", key)


async def try_advisory_lock(key: str, *, shared: bool = False) -> bool:
    """Take the lock named `key` to the end of the ambient transaction, if it is free. Several can hold it `shared`."""
    assert in_a_transaction(), "an advisory lock lives in a transaction"
    function = "pg_try_advisory_xact_lock_shared" if shared else "pg_try_advisory_xact_lock"
    return bool(await fetch_value(f"SELECT {function}(hashtextextended($1, 0))", key))


# ---------------------------------------------------------------- values


def violated_constraint(error: BaseException) -> str | None:
    """The name of the constraint that an error of the database or of the ORM speaks of."""
    source = error.args[0] if isinstance(error, OrmIntegrityError) and error.args else error
    name = getattr(source, "constraint_name", None)
    return name if isinstance(name, str) else None


def is_data_error(error: BaseException) -> bool:
    """Whether a statement failed for what it says or for the data that it met, and would fail again however often it is tried."""
    state = getattr(error, "sqlstate", None)
    return isinstance(state, str) and state[:2] in ("21", "22", "42", "54")


def dump_json(value: Any) -> str:
    """A value as JSON text, for a JSONB parameter."""
    return orjson.dumps(value).decode()


def same_json(one: Any, other: Any) -> bool:
    """Whether two values are the same JSON. To Python alone, true is 1."""
    return orjson.dumps(one, option=orjson.OPT_SORT_KEYS) == orjson.dumps(other, option=orjson.OPT_SORT_KEYS)


def load_json(text: str | bytes | None) -> Any:
    """A JSONB column's text as a value."""
    return None if text is None else orjson.loads(text)
