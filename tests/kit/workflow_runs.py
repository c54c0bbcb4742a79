"""Workflows published and activated as people do it, and moved through time."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from models import clock
from models.queue import jobs, running_jobs
from models.queue.jobs import Job
from models.rules.duration import Duration
from models.workflows import drafts
from models.workflows.drafts import Workflow
from models.workflows.lifecycle import activation, long_work
from models.workflows.lifecycle.activation import Activation
from models.workflows.publishing.preview import Preview, preview
from models.workflows.publishing.publish import Answers, publish
from models.workflows.states import EnrolledContactsPolicy
from permissions.principal import Scope


@dataclass
class Clock:
    """The present of a test, in whole steps."""

    now: datetime = field(default_factory=lambda: datetime(2027, 3, 1, 9, tzinfo=UTC))

    def wait(self, **duration: float) -> None:
        self.now += timedelta(**duration)


@contextmanager
def standing_clock() -> Iterator[Clock]:
    """The present stands still but for `wait`."""
    kept = Clock()
    clock.set_source(lambda: kept.now)
    try:
        yield kept
    finally:
        clock.set_source(None)


async def published(
    scope: Scope,
    workflow_id: int,
    graph: Mapping[str, Any] | None = None,
    enrolled: EnrolledContactsPolicy = EnrolledContactsPolicy.MOVE,
    moves: Mapping[str, str] | None = None,
    spread: Duration | None = None,
) -> tuple[Preview, Workflow, Job | None]:
    """Saves the graph, looks at the preview and publishes with its token. Nothing is spread, if no time is given."""
    if graph is not None:
        await drafts.update(scope, workflow_id, {"graph": dict(graph)})
    shown = await preview(scope, workflow_id, enrolled, moves or {})
    answers = Answers(shown.token, enrolled, moves or {}, spread or Duration())
    return shown, *await publish(scope, workflow_id, answers)


async def activated(
    scope: Scope, graph: Mapping[str, Any], name: str = "Welcome", wanted: Activation | None = None
) -> int:
    """A workflow that is published and ACTIVE. Returns its id."""
    workflow = await drafts.create(scope, name, graph_json=dict(graph))
    await published(scope, workflow.id)
    await activation.activate(scope, workflow.id, wanted or Activation())
    return workflow.id


async def finished(scope: Scope, job: Job) -> Job:
    """Works a job off."""
    taken = await running_jobs.take(scope.workspace_id, job.id)
    assert taken is not None
    while await long_work.process_step(scope, taken):
        pass
    await running_jobs.finish(taken)
    return await jobs.get(scope, job.id)


def ids(*found: Sequence[int]) -> list[int]:
    return sorted(one for some in found for one in some)
