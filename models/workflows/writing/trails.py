"""Counts and logs the ways that enrollments went."""

from collections import Counter
from collections.abc import Sequence
from functools import partial
from itertools import accumulate
from operator import mul
from typing import Any, Final

from models import db
from models.changelog.append import write_beside
from models.workflows import steps
from models.workflows.arrivals import Arrival, Trail
from models.workflows.run import Run
from models.workflows.steps import TrailStep, Walkers
from models.workflows.writing.slices import slices_of

MANY: Final = 2_000
"""Steps that are worth a second transaction: half of what is written is steps, and two processors write at the same time."""


async def write_trails(run: Run, arrivals: Sequence[Arrival], pipeline: db.Pipeline) -> None:
    """Counted and logged per trail, however many went it. Many are logged beside the transaction (docs/adr/0150)."""
    numbered: dict[Trail, int] = {}
    first: list[Arrival] = []
    numbers: list[int] = []
    for arrival in arrivals:
        trail = arrival.trail
        number = numbered.get(trail)
        if number is None:
            number = numbered[trail] = len(numbered)
            first.append(arrival)
        numbers.append(number)
    went = Counter(numbers)
    ways = [trail.steps() for trail in numbered]
    walkers = _walkers(arrivals, numbers, [len(way) for way in ways])
    trail_steps = [
        TrailStep(number, nth, one.plan.workflow_id, one.plan.number, node, outcome, detail)
        for number, (one, way) in enumerate(zip(first, ways, strict=True))
        for nth, (node, outcome, _, _, detail) in enumerate(way, start=1)
    ]
    if walkers.size:
        if run.steps is None:
            run.steps = await steps.begin(run.scope)
        beside = run.beside if walkers.size >= MANY else None
        run_statement = (
            pipeline.execute if beside is None or not beside.is_free else partial(write_beside, run.steps, beside)
        )
        await steps.append_trails(run.steps, trail_steps, walkers, run.now, run_statement, test=run.test_id is not None)
    if run.test_id is None:
        for number, (one, way) in enumerate(zip(first, ways, strict=True)):
            _count(run, one, way, went[number])
        _count_workflows(run, arrivals)


def _walkers(arrivals: Sequence[Arrival], numbers: Sequence[int], lengths: Sequence[int]) -> Walkers:
    """Those who took a step. `numbers`: of the trail of each arrival; `lengths`: of the trails."""
    if 0 in lengths:
        walking = [(one, number) for one, number in zip(arrivals, numbers, strict=True) if lengths[number]]
        arrivals, numbers = [one for one, _ in walking], [number for _, number in walking]
    some = slices_of(arrivals, numbers)
    length = [lengths[number] for number in some.way]
    sizes = map(mul, length, (last - first + 1 for first, last in zip(some.first, some.last, strict=True)))
    *before, size = accumulate(sizes, initial=0)
    return Walkers(some.contact_ids, some.way, some.first_id, some.first, some.last, length, before, size)


def _count_workflows(run: Run, arrivals: Sequence[Arrival]) -> None:
    entered = Counter((one.plan.workflow_id, one.number, one.control) for one in arrivals if one.is_new)
    for (workflow_id, number, control), count in entered.items():
        run.counts.let_in(workflow_id, number, control=control, count=count)
    ended = Counter((one.plan.workflow_id, one.number, one.ended) for one in arrivals if one.ended is not None)
    for (workflow_id, number, end), count in ended.items():
        run.counts.ended(workflow_id, number, end, count)


def _count(run: Run, one: Arrival, way: Sequence[Any], count: int) -> None:
    workflow_id, number = one.plan.workflow_id, one.number
    if one.is_new:
        run.counts.arrived(workflow_id, number, way[0][0] if way else one.node_number, count)
    for node, outcome, following, bucket, _ in way:
        if bucket is not None:
            run.counts.left_in_bucket(workflow_id, number, node, outcome, bucket, count)
        if following is not None:
            run.counts.arrived(workflow_id, number, following, count)
