"""Builds the API from the settings."""

import multiprocessing
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from models import db
from models.destinations.webhooks import urls
from models.transfers import files
from models.transfers.reading import bounded
from muster.installation import Installation, installation_of, secret_keys, signing, use_secret_keys
from muster.local.processes import on_stop_signal, tie_to_parent
from muster.logs import is_text, set_up_logging
from muster.settings import metrics_folder, metrics_token, read_settings
from muster.shared_metrics import forget_the_dead
from muster.storage import storage_of
from schema.app import ApiOptions, build
from schema.server.operation_log import LineWriter
from schema.server.throttle import Rates
from workers.broker import connected_broker

CONSOLE: Final = Path(__file__).parent / "console"
"""What `make console` builds from console/."""


def create() -> Any:
    """Called in each process of the API server."""
    if multiprocessing.parent_process() is not None:
        tie_to_parent()
    settings = read_settings()
    set_up_logging(settings.log_level, settings.log_format)
    return build_app(installation_of(settings))


def build_app(installation: Installation) -> Any:
    settings = installation.settings
    use_secret_keys(installation)
    urls.allow_local(settings.webhook_local)

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[None]:
        await db.connect(
            installation.database_url,
            pool_min=2,
            pool_max=settings.database_pool_size,
            statement_timeout_ms=settings.statement_timeout_ms,
            application_name="muster-api",
        )
        files.use(storage_of(settings))
        _forget_dead_processes()
        try:
            async with connected_broker(installation.redis_url):
                with on_stop_signal(app.state.end_streams):
                    yield
        finally:
            await bounded.close()
            await db.disconnect()

    return build(api_options(installation), lifespan)


def _forget_dead_processes() -> None:
    """A process starts when another one was killed."""
    folder = metrics_folder()
    if folder is not None:
        forget_the_dead(folder)


def api_options(installation: Installation) -> ApiOptions:
    settings = installation.settings
    return ApiOptions(
        signing=signing(installation),
        secret_keys=secret_keys(installation),
        redis_url=installation.redis_url,
        public_url=settings.served_url,
        allowed_origins=settings.allowed_origins,
        allowed_headers=settings.allowed_headers,
        body_limit_bytes=settings.body_limit_kib * 1024,
        upload_limit_bytes=settings.upload_limit_mib << 20,
        least_free_bytes=settings.least_free_mib << 20,
        metrics_token=metrics_token(settings),
        operation_timeout_seconds=settings.statement_timeout_ms / 1000 + 5,
        rates=Rates(settings.cost_bucket, settings.cost_per_second, settings.cost_per_operation),
        tracking_rates=Rates(settings.tracking_events_per_second * 10, settings.tracking_events_per_second, 1_000),
        write_line=LineWriter(sys.stderr, is_text(settings.log_format, sys.stderr)),
        console=CONSOLE,
    )
