"""`muster doctor`: what is wrong, and how to mend it."""

import asyncio
import shutil
import sys
from collections.abc import AsyncIterator, Iterator

import redis.asyncio
from redis.exceptions import RedisError

from models import clock, db
from models.db import migrations
from models.queue import failed_webhooks
from muster.cluster import cluster
from muster.database import opened, without_password
from muster.errors import SetupError
from muster.findings import Finding, ok, warning, wrong
from muster.growth import growth
from muster.installation import Installation, with_servers
from muster.local.data_dir import is_in_use
from muster.settings import PREFIX, QUEUES, Settings, unknown_variables
from muster.up import must_be_free

OLDEST_POSTGRES, NEWEST_POSTGRES = 15, 18
EXTENSIONS = ("pg_trgm", "btree_gin")
LEAST_FREE_BYTES = 2**30


def examine(settings: Settings) -> list[Finding]:
    """Starts embedded servers for the checks if needed."""
    findings = [*_machine(settings), *_settings(settings)]
    try:
        with with_servers(settings) as installation:
            return findings + asyncio.run(_servers(installation))
    except SetupError as error:
        return [*findings, wrong("the servers cannot be used", str(error))]


def _machine(settings: Settings) -> Iterator[Finding]:
    yield ok(f"Python {sys.version.split()[0]}")
    running = is_in_use(settings.data_dir)
    if running:
        yield ok(f"a run is up on {settings.data_dir}")
    else:
        try:
            must_be_free(settings.host, settings.port)
            yield ok(f"port {settings.port} is free")
        except SetupError as error:
            yield wrong(f"port {settings.port} is taken", str(error))
    folder = settings.data_dir if settings.data_dir.exists() else settings.data_dir.parent
    free = shutil.disk_usage(folder).free
    if free < LEAST_FREE_BYTES:
        yield warning(f"{free // 2**20} MiB are free at {folder}", "make room, or set MUSTER_DATA_DIR to a larger disk")
    else:
        yield ok(f"{free // 2**30} GiB are free at {folder}")


def _settings(settings: Settings) -> Iterator[Finding]:
    for old, new in settings.renamed_in_use():
        yield warning(f"{old} is the old name of {new}", f"set {new} instead, to the same value")
    for name in unknown_variables():
        yield warning(f"{name} is no setting", "is it misspelt? docs/settings.md lists all settings")
    if settings.secret is not None:
        yield ok(f"{PREFIX}SECRET is set")
    elif settings.database_url is None:
        yield ok("the secret is kept in the data directory")
    else:
        yield warning(
            "the secret is kept in this machine's data directory",
            f"set {PREFIX}SECRET to the same value on every machine, or sessions of one are refused by another",
        )


async def _servers(installation: Installation) -> list[Finding]:
    return [finding for check in (_postgres, _redis) async for finding in check(installation)]


async def _postgres(installation: Installation) -> AsyncIterator[Finding]:
    try:
        async with opened(installation):
            yield ok(f"PostgreSQL answers at {without_password(installation.database_url)}")
            for finding in [await check() for check in (_version, _extensions, _case_folding, _clock, _migrations)]:
                yield finding
            async for finding in cluster(installation.database_url):
                yield finding
            if not await migrations.pending():
                yield await _webhook_failures()
            yield await _connections(installation.settings)
            if not await migrations.pending():
                async for finding in growth(installation.settings):
                    yield finding
    except SetupError as error:
        yield wrong("PostgreSQL cannot be used", str(error))


async def _version() -> Finding:
    number = int(await db.fetch_value("SELECT current_setting('server_version_num')"))
    shown_version = await db.fetch_value("SELECT current_setting('server_version')")
    if OLDEST_POSTGRES <= number // 10_000 <= NEWEST_POSTGRES:
        return ok(f"PostgreSQL {shown_version}")
    return wrong(f"PostgreSQL {shown_version}", f"use {OLDEST_POSTGRES} to {NEWEST_POSTGRES}")


async def _extensions() -> Finding:
    rows = await db.fetch("SELECT name FROM pg_available_extensions WHERE name = ANY ($1)", list(EXTENSIONS))
    missing = sorted(set(EXTENSIONS) - {row["name"] for row in rows})
    if missing:
        return wrong(f"PostgreSQL lacks {', '.join(missing)}", "install its contrib package (postgresql-contrib)")
    return ok(f"PostgreSQL has {', '.join(EXTENSIONS)}")


async def _case_folding() -> Finding:
    """Locale C folds ASCII only: a search for `é` would not find `É`."""
    if await db.fetch_value("SELECT lower('É') = 'é'"):
        return ok("the database folds the case of all characters")
    return wrong(
        "the database folds the case of ASCII characters only: searches and tags would treat É and é as different",
        "make it anew with a UTF-8 locale: CREATE DATABASE muster TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'",
    )


async def _clock() -> Finding:
    server_time = await db.fetch_value("SELECT clock_timestamp()")
    seconds = abs((server_time - clock.now()).total_seconds())
    if seconds > 2:
        return warning(f"the clocks of PostgreSQL and of this machine differ by {seconds:.0f} s", "set both by NTP")
    return ok("the clocks agree")


async def _connections(settings: Settings) -> Finding:
    allowed = int(await db.fetch_value("SELECT current_setting('max_connections')"))
    processes = settings.api_processes + len(QUEUES) * settings.workers_per_queue
    needed = processes * settings.database_pool_size
    if needed > allowed - 10:
        return warning(
            f"{processes} processes may open {needed} connections, and PostgreSQL allows {allowed}",
            f"lower {PREFIX}DATABASE_POOL_SIZE, or raise max_connections",
        )
    return ok(f"PostgreSQL allows {allowed} connections, and {processes} processes open {needed} at most")


async def _migrations() -> Finding:
    missing = await migrations.pending()
    if missing:
        return wrong(f"{len(missing)} migrations are missing, {missing[0]} first", "run `muster migrate`")
    return ok("the database is up to date")


async def _webhook_failures() -> Finding:
    kept, workspaces = await failed_webhooks.totals()
    if not kept:
        return ok("every item of WhatsApp's webhooks was processed")
    return warning(
        f"{kept} items of WhatsApp's webhooks, of {workspaces} workspaces, could not be processed and are kept",
        "`inboundWebhookFailures` says why; mend it (an upgrade may have), then call `inboundWebhookFailuresRetry`",
    )


async def _redis(installation: Installation) -> AsyncIterator[Finding]:
    try:
        async with redis.asyncio.from_url(  # type: ignore[no-untyped-call]
            installation.redis_url, socket_connect_timeout=3, socket_timeout=3
        ) as client:
            info = await client.info()
    except (RedisError, OSError, ValueError) as error:
        yield wrong(
            f"Redis does not answer at {without_password(installation.redis_url)} ({error})",
            "start it, or correct MUSTER_REDIS_URL",
        )
        return
    yield ok(f"{info.get('server_name', 'redis')} {info.get('valkey_version') or info['redis_version']}")
    if info.get("aof_enabled"):
        yield ok("Redis keeps its data across a restart")
    else:
        yield warning(
            "Redis may forget what waits in it when it restarts",
            "set `appendonly yes`: otherwise such work waits until a periodic task finds it",
        )
    if info.get("maxmemory_policy", "noeviction") != "noeviction":
        yield warning(f"Redis may drop keys ({info['maxmemory_policy']})", "set `maxmemory-policy noeviction`")
