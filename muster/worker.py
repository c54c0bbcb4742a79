"""`muster worker`: one process of one queue."""

from muster.installation import installation
from muster.settings import Settings
from workers.runner import WorkerConfig, run_worker


def work(settings: Settings, queue: str) -> None:
    """Work until SIGINT or SIGTERM."""
    run_worker(queue, worker_config(settings))


def worker_config(settings: Settings) -> WorkerConfig:
    """What the workers are told of the settings."""
    place = installation(settings)
    return WorkerConfig(database_url=place.database_url, redis_url=place.redis_url)
