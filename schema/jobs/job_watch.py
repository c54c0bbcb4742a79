"""Following jobs as they go on: one look at PostgreSQL, ten times a second, for all the subscribers of a process."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime

import structlog

from models.errors import NotFound
from models.queue import jobs
from models.queue.jobs import ENDED, Job

log = structlog.get_logger(__name__)

LOOK_SECONDS = 0.1
"""The time between two looks, and so between two events of a subscriber."""

AWAY_SECONDS = 1.0
"""The time until the next look when PostgreSQL did not answer."""

LONG_AGO = datetime.min.replace(tzinfo=UTC)

Key = tuple[int, int]
"""A workspace's and a job's number."""


class JobWatch:
    """Looks while somebody follows a job, and only then."""

    def __init__(self) -> None:
        self._followers: dict[Key, set[asyncio.Queue[Job | None]]] = {}
        self._seen_at: dict[Key, datetime] = {}
        self._looking: asyncio.Task[None] | None = None

    async def follow(self, job: Job) -> AsyncGenerator[Job, None]:
        """The job as it is, then each time that it has got on, until it has ended. A slow reader misses what lies between.

        Raises NotFound when it is removed.
        """
        key, news = (job.workspace_id, job.id), asyncio.Queue[Job | None](maxsize=1)
        self._followers.setdefault(key, set()).add(news)
        if self._seen_at.setdefault(key, job.updated_at) != job.updated_at:
            self._seen_at[key] = (
                LONG_AGO  # others have seen it as it was before, or after: look again, and tell everybody
            )
        if self._looking is None:
            self._looking = asyncio.create_task(self._look())
        try:
            yield job
            while job.status not in ENDED:
                await asyncio.sleep(LOOK_SECONDS)
                job = _there(await news.get())
                yield job
        finally:
            self._leave(key, news)

    def _leave(self, key: Key, news: "asyncio.Queue[Job | None]") -> None:
        self._followers[key].discard(news)
        if not self._followers[key]:
            del self._followers[key], self._seen_at[key]
        if not self._followers and self._looking is not None:
            self._looking.cancel()
            self._looking = None

    async def _look(self) -> None:
        while True:
            try:
                found = await jobs.changed_since(dict(self._seen_at))
            except Exception as error:  # noqa: BLE001 - the database is away for a moment: look again
                log.warning("jobs could not be looked at", error=type(error).__name__)
                await asyncio.sleep(AWAY_SECONDS)
                continue
            for key, job in found.items():
                self._tell(key, job)
            await asyncio.sleep(LOOK_SECONDS)

    def _tell(self, key: Key, job: Job | None) -> None:
        for news in self._followers.get(key, ()):
            self._seen_at[key] = LONG_AGO if job is None else job.updated_at
            if news.full():
                news.get_nowait()
            news.put_nowait(job)


def _there(job: Job | None) -> Job:
    if job is None:
        raise NotFound("there is no such job any longer: it was removed", ("id",))
    return job


WATCH = JobWatch()
"""This process's."""
