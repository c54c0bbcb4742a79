"""Transactions, and what runs at or after their commit."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import asyncpg
from asyncpg import Record
from asyncpg.pool import PoolConnectionProxy
from asyncpg.transaction import Transaction
from tortoise.backends.asyncpg.client import TransactionWrapper
from tortoise.connection import get_connections

from models.db.direct.connections import Connections
from models.db.direct.reads import node_of_reader
from models.db.errors import raise_as_its_own_kind
from models.db.pool import opened_pool, orm_client, sharing
from models.db.release import released_at_once
from models.db.shares import present_share


@dataclass(slots=True)
class _Transaction:
    """`turns`: by which several tasks take turns, as a connection runs one statement at a time; the ORM takes them anyway."""

    connection: asyncpg.Connection
    orm_turns: asyncio.Lock
    open: bool = True
    turns: asyncio.Lock | None = None
    before_savepoints: Callable[[], Awaitable[None]] | None = None
    last_steps: list[Callable[[], Awaitable[None]]] = field(default_factory=list)
    after_commit: dict[Callable[[Sequence[Any]], Awaitable[None]], dict[Any, None]] = field(default_factory=dict)


_ambient: ContextVar[_Transaction | None] = ContextVar("transaction", default=None)


def _current() -> _Transaction | None:
    ambient = _ambient.get()
    return ambient if ambient is not None and ambient.open else None


def in_a_transaction() -> bool:
    return _current() is not None


@asynccontextmanager
async def transaction() -> AsyncIterator[None]:
    """One transaction for ORM and SQL text; nested, it joins the outer one.

    An exception rolls all of it back. Do not gather tasks inside: a connection runs one statement at a time.
    """
    if _current() is not None:
        yield
        return
    pool = opened_pool()
    place = _Place()
    connection = await place.connection_of(pool)
    orm = TransactionWrapper(orm_client())
    orm._connection = connection
    own = _Transaction(connection, orm._lock)
    began = connection.transaction()
    try:
        await began.start()
        with _ambient_for_all(own, orm):
            yield
            while own.last_steps:
                await own.last_steps.pop(0)()
        await _commit(connection, began)
    except BaseException:
        # In a task: a second cancellation must not leak the connection.
        await asyncio.shield(asyncio.create_task(_abandon(pool, connection, began, place)))
        raise
    # In a task: done even when the caller is cancelled.
    following = _start(_follow(own)) if own.after_commit else None
    try:
        await pool.release(connection)
    finally:
        place.leave()  # before what follows, which needs a place too
    if following is not None:
        await asyncio.shield(following)


async def _commit(connection: "PoolConnectionProxy[Record]", began: Transaction) -> None:
    """Raises TransactionResolutionUnknownError when a node of a cluster did not confirm it.

    Citus calls such a commit a success, and only warns, where the transaction read from several nodes and then copied rows in.
    """
    unconfirmed: list[str] = []

    def note(_: Any, message: asyncpg.PostgresLogMessage) -> None:
        if _UNCONFIRMED in message.message:
            unconfirmed.append(message.message)

    connection.add_log_listener(note)
    try:
        await began.commit()
    finally:
        connection.remove_log_listener(note)
    if unconfirmed:
        raise asyncpg.TransactionResolutionUnknownError(unconfirmed[0])


_UNCONFIRMED: Final = "failed to commit transaction on"


@asynccontextmanager
async def savepoint() -> AsyncIterator[None]:
    """A part of the ambient transaction: an exception undoes this part, with its steps at and after the commit."""
    ambient = _current()
    assert ambient is not None, "a savepoint lies in a transaction"
    if ambient.before_savepoints is not None:
        await ambient.before_savepoints()
    steps, following = list(ambient.last_steps), {run: dict(items) for run, items in ambient.after_commit.items()}
    try:
        async with ambient.connection.transaction():
            yield
    except BaseException:
        ambient.last_steps, ambient.after_commit = steps, following
        raise


@contextmanager
def _ambient_for_all(own: _Transaction, orm: TransactionWrapper) -> Iterator[None]:
    ambient, connections = _ambient.set(own), get_connections()
    orm_ambient = connections.set("default", orm)
    try:
        yield
    finally:
        own.open = False
        connections.reset(orm_ambient)
        _ambient.reset(ambient)


async def _abandon(
    pool: asyncpg.Pool, connection: "PoolConnectionProxy[Record]", began: Transaction, place: "_Place"
) -> None:
    try:
        with suppress(asyncpg.InterfaceError, asyncpg.PostgresError, OSError):
            await began.rollback()
    finally:
        try:
            await pool.release(connection)
        finally:
            place.leave()


@contextmanager
def turns_taken(before_savepoints: Callable[[], Awaitable[None]]) -> Iterator[None]:
    """Inside the block, several tasks may send statements of the ambient transaction: each waits for the one that runs.

    `before_savepoints` waits until the others have nothing to send: a savepoint is nobody else's.
    """
    ambient = _current()
    assert ambient is not None, "statements that take turns lie in a transaction"
    assert ambient.turns is None, "one block of a transaction at a time"
    ambient.turns, ambient.before_savepoints = ambient.orm_turns, before_savepoints
    try:
        yield
    finally:
        ambient.turns = ambient.before_savepoints = None


async def before_commit(step: Callable[[], Awaitable[None]]) -> None:
    """Run `step` at the end of the ambient transaction, or in its own: for locks to be held briefly.

    Steps run in order, and may add others.
    """
    ambient = _current()
    if ambient is None:
        async with transaction():
            await step()
    else:
        ambient.last_steps.append(step)


T = TypeVar("T", bound=Hashable)


async def after_commit(run: Callable[[Sequence[T]], Awaitable[None]], item: T) -> None:
    """Call `run` once after the commit, with all items given for it, each once.

    Without a transaction, at once. After a rollback, never.
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
    """Holds a reference until the task ends."""
    task = asyncio.ensure_future(work)
    _started.add(task)
    task.add_done_callback(_started.discard)
    return task


class _Place:
    """The right of a share to hold a connection."""

    __slots__ = ("_share", "_sharing", "_since")

    def __init__(self) -> None:
        self._sharing, self._share = sharing(), present_share()
        self._since = time.perf_counter()

    async def connection_of(self, pool: asyncpg.Pool, node: Connections | None = None) -> Any:
        """Takes the place, when it is the share's turn, and a connection: an idle one of the node, or one of the pool.

        Raises Throttled when too many of its caller wait.
        """
        if self._share is not None and not self._sharing.try_enter(self._share):
            await self._sharing.wait(self._share)
            self._since = time.perf_counter()
        try:
            if node is not None and (connection := node.take()) is not None:
                return connection
            return await pool.acquire()
        except BaseException:
            self.leave()
            raise

    def leave(self) -> None:
        if self._share is not None:
            self._sharing.leave(self._share, time.perf_counter() - self._since)


class acquire:  # noqa: N801 - a context manager; as a generator it would double the cost of the pool
    """The ambient transaction's connection, or one of the pool, or of the node that the task reads at."""

    __slots__ = ("_borrowed", "_node", "_place", "_turns")

    async def __aenter__(self) -> asyncpg.Connection:
        ambient = _current()
        if ambient is not None:
            self._borrowed = None
            self._turns = ambient.turns
            if self._turns is not None:
                await self._turns.acquire()
            return ambient.connection
        self._place, self._node = _Place(), node_of_reader()
        self._borrowed = await self._place.connection_of(opened_pool(), self._node)
        return self._borrowed  # type: ignore[no-any-return]

    async def __aexit__(self, _: object, error: BaseException | None, __: object) -> None:
        if self._borrowed is not None:
            await self._give_back(self._borrowed, error)
        elif self._turns is not None:
            self._turns.release()
            await asyncio.sleep(0)  # who waits sends its statement, before Python goes on here
        if isinstance(error, asyncpg.InternalServerError):
            raise_as_its_own_kind(error)

    async def _give_back(self, borrowed: Any, error: BaseException | None) -> None:
        try:
            if self._node is not None and self._node.takes_back(borrowed, error):
                return
            if error is not None or not released_at_once(borrowed):
                await opened_pool().release(borrowed)  # completes even when we are cancelled
        finally:
            self._place.leave()


def ambient_connection() -> asyncpg.Connection:
    """Returns the connection of the ambient transaction, which must be open."""
    ambient = _current()
    assert ambient is not None
    return ambient.connection
