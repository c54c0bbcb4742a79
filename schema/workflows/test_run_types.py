"""Test runs of workflows as the API shows them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import strawberry

from models.workflows.trials import runs
from schema.enrollments.types import Enrollment
from schema.server.context import Info
from schema.server.execution.rows import all_shown, ids_of
from schema.server.guard import scope_of
from schema.workflows.trying_enums import Fidelity


@strawberry.type(description="Contacts that go through a workflow on a clock of their own.")
class WorkflowTestRun:
    clock: datetime
    started_at: datetime
    sends: bool
    next_at: datetime | None
    fidelity: Fidelity
    enrollments: list[Enrollment]


async def test_runs_of(rows: Sequence[Any], info: Info) -> Sequence[WorkflowTestRun | None]:
    """Loads Workflow.testRun."""
    return [_shown(await runs.find(scope_of(info), workflow_id)) for workflow_id in ids_of(rows)]


def _shown(state: runs.RunState | None) -> WorkflowTestRun | None:
    if state is None:
        return None
    return WorkflowTestRun(
        clock=state.clock_at,
        started_at=state.started_at,
        sends=state.sends,
        next_at=state.next_at,
        fidelity=state.fidelity,
        enrollments=all_shown(Enrollment, state.enrollments),
    )
