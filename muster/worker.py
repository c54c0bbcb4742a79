"""`muster worker`: one process of one queue."""

import sys

import uvloop

from models.destinations.webhooks import urls
from models.transfers import files
from muster.installation import installation_of, use_secret_keys
from muster.settings import Settings, metrics_token
from muster.storage import storage_of
from workers.providers.meta.options import MetaOptions
from workers.providers.whatsapp.options import WhatsAppOptions
from workers.runner import Queue, WorkerConfig
from workers.runner import work as work_on


def work(settings: Settings, queue: str) -> None:
    files.use(storage_of(settings))
    use_secret_keys(installation_of(settings))
    urls.allow_local(settings.webhook_local)
    sys.exit(uvloop.run(work_on(Queue(queue), worker_config(settings))))


def worker_config(settings: Settings) -> WorkerConfig:
    installation = installation_of(settings)
    return WorkerConfig(
        database_url=installation.database_url,
        redis_url=installation.redis_url,
        database_pool_size=settings.database_pool_size,
        metrics_host=settings.host,
        metrics_port=settings.worker_metrics_port,
        metrics_token=metrics_token(settings),
        change_log_days=settings.change_log_days,
        activity_days=settings.activity_days,
        job_days=settings.job_days,
        failed_webhook_days=settings.failed_webhook_days,
        workflow_step_days=settings.workflow_step_days,
        whatsapp=whatsapp_options(settings),
        meta=meta_options(settings),
    )


def whatsapp_options(settings: Settings) -> WhatsAppOptions:
    """Without an address, calls go to a closed local port, so that nothing is sent by mistake."""
    return WhatsAppOptions(
        url=settings.whatsapp_url or "http://127.0.0.1:9",
        version=settings.whatsapp_version,
        timeout_seconds=settings.whatsapp_timeout_seconds,
        most_failures=settings.broadcast_failure_percent / 100,
        claim_seconds=settings.whatsapp_timeout_seconds + 10,
    )


def meta_options(settings: Settings) -> MetaOptions:
    """Without an address, calls go to a closed local port."""
    return MetaOptions(
        url=settings.meta_url or "http://127.0.0.1:9",
        version=settings.meta_version,
        timeout_seconds=settings.meta_timeout_seconds,
    )
