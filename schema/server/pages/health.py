"""Whether this process is alive, and whether it is ready to serve."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from redis.asyncio import Redis
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from models import db
from models.db import migrations
from models.transfers.files import storage

log = structlog.get_logger("muster.api")

CHECK_SECONDS: Final = 2.0

Check = Callable[[], Awaitable[str | None]]
"""Returns what is wrong, or None. Raises when the server does not answer."""


async def _database() -> str | None:
    await db.fetch_value("SELECT 1")
    return None


async def _migrations() -> str | None:
    pending = await migrations.pending()
    return f"not applied yet: {', '.join(pending)}; run `muster migrate`" if pending else None


def _storage(least_free_bytes: int) -> Check:
    async def check() -> str | None:
        free = await storage().free_bytes()
        if free is None or free >= least_free_bytes:
            return None
        return f"{free >> 20} MiB are free where files are stored, and {least_free_bytes >> 20} are needed: make room"

    return check


def _redis(redis: Redis | None) -> Check:
    async def check() -> str | None:
        if redis is not None:
            await redis.ping()
        return None

    return check


async def _problem_of(check: Check) -> str | None:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            return await check()
    except Exception as error:  # noqa: BLE001 - any error means that the server cannot be used
        return f"does not answer ({type(error).__name__})"


def routes(redis: Redis | None, least_free_bytes: int) -> list[Route]:
    checks: dict[str, Check] = {
        "database": _database,
        "migrations": _migrations,
        "redis": _redis(redis),
        "storage": _storage(least_free_bytes),
    }

    async def live(_: Request) -> Response:
        return JSONResponse({"status": "live"})

    async def ready(_: Request) -> Response:
        """The API works without Redis, so a failure of Redis alone is reported with 200."""
        problems = dict(zip(checks, await asyncio.gather(*map(_problem_of, checks.values())), strict=True))
        failed = {name for name, problem in problems.items() if problem is not None}
        status = 503 if failed - {"redis"} else 200
        body = {name: problem or "ok" for name, problem in problems.items()}
        return JSONResponse({"status": "ready" if status == 200 else "not ready", **body}, status_code=status)

    return [Route("/health/live", live), Route("/health/ready", ready)]
