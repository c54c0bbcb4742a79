"""`muster worker`: one process of one queue."""

import sys

from models import files
from muster.installation import installation
from muster.settings import Settings
from muster.storage import storage_of
from workers.runner import WorkerConfig, run_worker


def work(settings: Settings, queue: str) -> None:
    """Work until SIGINT or SIGTERM."""
    files.use(storage_of(settings))
    sys.exit(run_worker(queue, worker_config(settings)))


def worker_config(settings: Settings) -> WorkerConfig:
    """What the workers are told of the settings."""
    place = installation(settings)
    return WorkerConfig(
        database_url=place.database_url,
        redis_url=place.redis_url,
        database_pool_size=settings.database_pool_size,
        metrics_host=settings.host,
        metrics_port=settings.worker_metrics_port,
        change_log_days=settings.change_log_days,
    )
