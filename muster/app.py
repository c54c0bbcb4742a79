"""The API, put together: the rooms get plain values, and the pool lives as long as the server."""

import multiprocessing
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from models import db
from models.transfers import files
from muster.installation import Installation, installation, signing, use_secret_keys
from muster.local.processes import tie_to_parent, when_told_to_stop
from muster.logs import is_text, set_up_logging
from muster.settings import read_settings
from muster.storage import storage_of
from schema.server.operation_log import LineWriter
from schema.server.throttle import Rates
from schema.server.transports.app import ApiOptions, build
from workers.broker import connected_broker


def create() -> Any:
    """The ASGI application, from the settings; what each process of the API server calls."""
    if multiprocessing.parent_process() is not None:
        tie_to_parent()
    settings = read_settings()
    set_up_logging(settings.log_level, settings.log_format)
    return build_app(installation(settings))


def build_app(place: Installation) -> Any:
    """The ASGI application of this installation."""
    settings = place.settings
    use_secret_keys(place)

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[None]:
        await db.connect(
            place.database_url,
            pool_min=2,
            pool_max=settings.database_pool_size,
            statement_timeout_ms=settings.statement_timeout_ms,
            application_name="muster-api",
        )
        files.use(storage_of(settings))
        try:
            async with connected_broker(place.redis_url):
                with when_told_to_stop(app.state.end_streams):
                    yield
        finally:
            await db.disconnect()

    return build(api_options(place), lifespan)


def api_options(place: Installation) -> ApiOptions:
    """What the API is told of the settings."""
    settings = place.settings
    return ApiOptions(
        signing=signing(place),
        redis_url=place.redis_url,
        public_url=settings.url,
        allowed_origins=settings.allowed_origins,
        body_limit_bytes=settings.body_limit_kib * 1024,
        upload_limit_bytes=settings.upload_limit_mib << 20,
        operation_timeout_seconds=settings.statement_timeout_ms / 1000 + 5,
        rates=Rates(settings.cost_bucket, settings.cost_per_second, settings.cost_per_operation),
        write_line=LineWriter(sys.stderr, is_text(settings.log_format, sys.stderr)),
    )
