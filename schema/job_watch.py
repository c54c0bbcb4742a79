"""Following jobs as they go on: one look at PostgreSQL, ten times a second, for all the subscribers of a process."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import datetime

import structlog

from models import jobs
from models.jobs import ENDED, Job

log = structlog.get_logger(__name__)

LOOK_SECONDS = 0.1
"""The time between two looks, and so between two events of a subscriber."""

Key = tuple[int, int]
"""A workspace's and a job's number."""


class JobWatch:
    """Looks while somebody follows a job, and only then."""

    def __init__(self) -> None:
        self._followers: dict[Key, set[asyncio.Queue[Job]]] = {}
        self._seen_at: dict[Key, datetime] = {}
        self._looking: asyncio.Task[None] | None = None

    async def follow(self, job: Job) -> AsyncGenerator[Job, None]:
        """The job as it is, then each time that it has got on, until it has ended. A slow reader misses what lies between."""
        key, news = (job.workspace_id, job.id), asyncio.Queue[Job](maxsize=1)
        self._followers.setdefault(key, set()).add(news)
        self._seen_at.setdefault(key, job.updated_at)
        if self._looking is None:
            self._looking = asyncio.create_task(self._look())
        try:
            yield job
            while job.status not in ENDED:
                job = await news.get()
                yield job
        finally:
            self._leave(key, news)

    def _leave(self, key: Key, news: asyncio.Queue[Job]) -> None:
        self._followers[key].discard(news)
        if not self._followers[key]:
            del self._followers[key], self._seen_at[key]
        if not self._followers and self._looking is not None:
            self._looking.cancel()
            self._looking = None

    async def _look(self) -> None:
        while True:
            try:
                for job in await jobs.changed_since(dict(self._seen_at)):
                    self._tell(job)
            except Exception as error:  # the database is away for a moment: look again
                log.warning("jobs could not be looked at", error=type(error).__name__, exc_info=True)
            await asyncio.sleep(LOOK_SECONDS)

    def _tell(self, job: Job) -> None:
        key = (job.workspace_id, job.id)
        for news in self._followers.get(key, ()):
            self._seen_at[key] = job.updated_at
            if news.full():
                news.get_nowait()
            news.put_nowait(job)


WATCH = JobWatch()
"""This process's."""
