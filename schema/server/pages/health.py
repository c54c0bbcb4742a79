"""Whether this process lives, and whether it can serve: for balancers and orchestrators."""

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

log = structlog.get_logger("muster.api")

CHECK_SECONDS: Final = 2.0
"""The longest that one thing may take to show that it is there."""

Check = Callable[[], Awaitable[str | None]]
"""Looks at one thing. Answers None when it is well, and what is wrong otherwise."""


async def _database() -> str | None:
    await db.fetch_value("SELECT 1")
    return None


async def _migrations() -> str | None:
    pending = await migrations.pending()
    return f"not applied yet: {', '.join(pending)}; run `muster migrate`" if pending else None


def _redis(redis: Redis | None) -> Check:
    async def check() -> str | None:
        if redis is not None:
            await redis.ping()
        return None

    return check


async def _verdict(check: Check) -> str | None:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            return await check()
    except Exception as error:  # noqa: BLE001 - whatever it is, the answer is that it is not there
        return f"does not answer ({type(error).__name__})"


def routes(redis: Redis | None) -> list[Route]:
    """The two routes."""
    checks: dict[str, Check] = {"database": _database, "migrations": _migrations, "redis": _redis(redis)}

    async def live(_: Request) -> Response:
        return JSONResponse({"status": "live"})

    async def ready(_: Request) -> Response:
        """200 when all is there. Without Redis the API still serves, so that alone is told and is no reason to refuse."""
        verdicts = dict(zip(checks, await asyncio.gather(*map(_verdict, checks.values())), strict=True))
        wrong = [name for name, verdict in verdicts.items() if verdict is not None]
        status = 503 if set(wrong) - {"redis"} else 200
        body = {name: verdict or "ok" for name, verdict in verdicts.items()}
        return JSONResponse({"status": "ready" if status == 200 else "not ready", **body}, status_code=status)

    return [Route("/health/live", live), Route("/health/ready", ready)]
