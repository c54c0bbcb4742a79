from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from datetime import UTC, datetime

from models.errors import NotFound
from models.queue import jobs
from models.queue.jobs import ENDED, Job
from schema.server.subscriptions.progress_watch import Key, ProgressWatch

LONG_AGO = datetime.min.replace(tzinfo=UTC)

JobWatch = ProgressWatch[datetime, Job | None]
"""The version is `updated_at`; the state is None when the job was removed."""


async def _look(versions: Mapping[Key, datetime | None]) -> dict[Key, tuple[datetime, Job | None]]:
    changed = await jobs.changed_since({key: version or LONG_AGO for key, version in versions.items()})
    return {key: (LONG_AGO if job is None else job.updated_at, job) for key, job in changed.items()}


def new_watch() -> JobWatch:
    """Returns a watch over the jobs of all workspaces."""
    return JobWatch("jobs", _look)


async def follow(job: Job, watch: JobWatch) -> AsyncGenerator[Job, None]:
    """The job now, then after each change until it has ended. Raises NotFound when it is removed."""
    yield job
    if job.status in ENDED:
        return
    async with aclosing(watch.follow((job.workspace_id, job.id), job.updated_at)) as states:
        async for state in states:
            if state is None:
                raise NotFound("there is no such job any longer: it was removed", ("id",))
            yield state
            if state.status in ENDED:
                return


WATCH = new_watch()
