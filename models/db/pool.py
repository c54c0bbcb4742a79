"""This process's pool of connections, for the ORM and SQL text."""

from typing import Any, Final

import asyncpg
from tortoise import Tortoise
from tortoise.backends.asyncpg.client import AsyncpgDBClient
from tortoise.connection import get_connections

from models.db import planning
from models.db.codecs import set_codecs
from models.db.direct import opening, reads
from models.db.direct.connections import Connections
from models.db.shares import Sharing


class PoolClient(AsyncpgDBClient):
    """Tortoise's client, with a pool that takes a whole DSN (sockets too), and reads that go to nodes."""

    async def create_pool(self, **_: Any) -> asyncpg.Pool:
        options = dict(self.extra)
        dsn = options.pop("dsn")
        return await asyncpg.create_pool(
            dsn,
            min_size=self.pool_minsize,
            max_size=self.pool_maxsize,
            server_settings=self.server_settings,
            init=set_codecs,
            reset=_leave_as_is,
            **options,
        )

    def acquire_connection(self) -> Any:
        """For a statement outside of transactions."""
        node = reads.node_of_reader()
        ordinary = super().acquire_connection()
        return ordinary if node is None else _AtNode(node, ordinary)


class _AtNode:
    """Takes an idle connection to the node, or else one of the pool."""

    def __init__(self, node: Connections, ordinary: Any) -> None:
        self._node, self._ordinary = node, ordinary

    async def __aenter__(self) -> Any:
        self._taken = self._node.take()
        return await self._ordinary.__aenter__() if self._taken is None else self._taken

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: Any) -> None:
        if not self._node.takes_back(self._taken, error):
            await self._ordinary.__aexit__(kind, error, trace)


client_class = PoolClient  # tortoise looks it up by this name


async def _leave_as_is(_: Any) -> None:
    """No session state is set (only SET LOCAL and xact locks), so no reset query is needed."""


_CATALOGUE_AS_IT_IS: Final = {"citus.override_table_visibility": "off"}
"""Citus hides shards by a condition for each row of the catalogue, with which reading a type takes seconds."""


async def connect(
    url: str,
    *,
    pool_min: int = 1,
    pool_max: int = 10,
    statement_timeout_ms: int | None = None,
    application_name: str = "muster",
    keep_large_statements: bool = False,
) -> None:
    """Open the pool to `url` (a libpq URL).

    `statement_timeout_ms` None: no bound. `keep_large_statements` keeps statements of any length prepared, for the engine.
    Raises OSError or an asyncpg error when the server does not answer.
    """
    settings = {"application_name": application_name, "timezone": "UTC"} | _CATALOGUE_AS_IT_IS
    if statement_timeout_ms is not None:
        settings["statement_timeout"] = str(statement_timeout_ms)
    statements = (
        {"max_cacheable_statement_size": 0, "max_cached_statement_lifetime": 0} if keep_large_statements else {}
    )
    credentials: dict[str, Any] = {
        "dsn": url,
        "minsize": pool_min,
        "maxsize": pool_max,
        "server_settings": settings,
        "max_inactive_connection_lifetime": 0,
        **statements,
    }
    await Tortoise.init(
        config={
            "connections": {"default": {"engine": "models.db.pool", "credentials": credentials}},
            "apps": {"models": {"models": ["models.db.tables"], "default_connection": "default"}},
        },
        use_tz=True,
        _enable_global_fallback=True,
    )
    client = orm_client()
    if client._pool is None:
        await client.create_connection(with_db=True)
    global _opened, _sharing
    _opened, _sharing = client._pool, Sharing(pool_max)
    assert _opened is not None
    is_cluster = await _opened.fetchval("SELECT to_regclass('pg_catalog.pg_dist_partition') IS NOT NULL")
    planning.set_distributed(is_cluster)
    if is_cluster:
        reads.use(opening.reads_at_nodes(_opened, url, pool_max, settings, statements))


async def disconnect() -> None:
    global _opened
    _opened, at_nodes = None, reads.use(None)
    if at_nodes is not None:
        await at_nodes.close()
    await Tortoise.close_connections()


_opened: asyncpg.Pool | None = None  # asking the ORM for it costs more than an acquire
_sharing = Sharing(1)


def sharing() -> Sharing:
    """Returns who holds and who waits for connections of this process's pool."""
    return _sharing


def opened_pool() -> asyncpg.Pool:
    """Raises RuntimeError when `connect` was not called."""
    if _opened is None:
        raise RuntimeError("not connected to PostgreSQL: call models.db.connect first")
    return _opened


def has_free_connection() -> bool:
    """Whether the pool would give a connection without waiting."""
    pool = opened_pool()
    return pool.get_idle_size() > 0 or pool.get_size() < pool.get_max_size()


def orm_client() -> PoolClient:
    client = get_connections().get("default")
    assert isinstance(client, AsyncpgDBClient)
    return client  # type: ignore[return-value]
