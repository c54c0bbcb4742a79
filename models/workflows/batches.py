"""One batch of a workspace's engine of workflows, in one transaction."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final

from models import db
from models.membership import apply
from models.queue import work
from models.queue.enqueue import enqueue
from models.workflows import (
    engine_lock,
    entries,
    heeding,
    holding,
    merges,
    plans,
    triggers,
    wakes,
)
from models.workflows.counts import Counts
from models.workflows.engine_lock import WorkflowLock
from models.workflows.holding import OutOfOrder
from models.workflows.inside import ends, occurrences
from models.workflows.messages import withdrawal
from models.workflows.news import news
from models.workflows.news.ahead import Ahead
from models.workflows.run import Candidate, Run
from models.workflows.sources import AGAIN, DELETED
from models.workflows.states import EnrollmentEnd
from models.workflows.timed import ticks
from models.workflows.walk import walk
from models.workflows.writing import write

LARGEST: Final = 10_000
"""Enrollments of a batch: it takes some tenths of a second."""

PARTS: Final = 4
"""In which many enter, each twice as large as the one before: it is decided while that one is written, which takes longer.

What a part locks may come too late in the order.
"""


@dataclass(frozen=True, slots=True)
class BatchResult:
    """`enrollments` that entered or moved; `more`: others wait."""

    enrollments: int
    more: bool


async def process_batch(
    workspace_id: int,
    limit: int = LARGEST,
    on_locked: Callable[[], Awaitable[None]] | None = None,
    *,
    one_by_one: bool = False,
) -> BatchResult | None:
    """Returns None when nothing runs in the workspace. Raises db.Busy when the lock is not free soon.

    `on_locked` runs before anything is read. `one_by_one`: after a batch has failed, each enrollment on its own, so that only
    those fail whose node cannot be carried out.
    """
    wanted = OutOfOrder((), (), ())
    for _ in range(_TRIES):
        try:
            return await _process(workspace_id, limit, on_locked, wanted, one_by_one=one_by_one, waits=False)
        except OutOfOrder as error:
            wanted = error
        except db.UniqueViolation:  # SQL from outside put the same contact into the same segment
            continue
    return await _process(workspace_id, limit, on_locked, wanted, one_by_one=one_by_one, waits=True)


_TRIES: Final = 3


async def _process(
    workspace_id: int,
    limit: int,
    on_locked: Callable[[], Awaitable[None]] | None,
    wanted: OutOfOrder,
    *,
    one_by_one: bool,
    waits: bool,
) -> BatchResult | None:
    """`wanted` is locked first. Raises OutOfOrder unless it `waits`."""
    async with Ahead() as ahead, db.Beside() as beside, db.transaction():
        lock = await engine_lock.find(workspace_id)
        if lock is None:
            return None
        if on_locked is not None:
            await on_locked()
        run = await begin(lock, one_by_one=one_by_one)
        if run is None:
            return None
        run.held.waits = waits
        run.beside = beside
        run.at_once = 2 * limit if wanted.contacts else -(-limit // (2**PARTS - 1))
        await holding.hold_first(run.held, wanted)
        async with db.Pipeline() as run.behind:
            async with news.next_ones(run.plans, limit) as found:
                run.happened = found.happened
                if found.read_to is not None:
                    run.when_writing = partial(ahead.read, run.plans, limit, found.read_to)
                await _move(run, limit)
            due_left = await _finish(run, limit)
    return BatchResult(len(run.arrivals), found.more or due_left)


async def begin(lock: WorkflowLock, *, one_by_one: bool = False) -> Run | None:
    """Returns None when the workspace is gone."""
    running = await plans.current(lock)
    if running is None:
        return None
    run = Run(running, lock, lock.now, Counts(lock.now), settling_one_by_one=one_by_one)
    if one_by_one:
        await run.members()  # outside of the savepoints
    return run


async def _move(run: Run, limit: int) -> None:
    await merges.follow(run)
    await _let_deleted_contacts_go(run)
    await heeding.heed(run, run.happened)
    again = [entries.put_back_before(run, one) for one in run.happened_with(AGAIN)]
    candidates = [*(one for one in again if one is not None), *await ticks.look(run)]
    await walk(run, await wakes.due(run, limit))
    await let_in_by_triggers(run, candidates)


async def let_in_by_triggers(run: Run, first: Sequence[Candidate]) -> None:
    """Lets in these candidates, and those that enter by triggers: the next are looked at while others are written."""
    entering, happened = triggers.Entering(run), run.happened
    while first or happened or run.joining:
        size = len(happened) if run.behind is None else run.at_once
        await let_in(run, [*first, *await entering.candidates(happened[:size])])
        first, happened = (), happened[size:]
        if happened:
            await _write_rested(run)


async def let_in(run: Run, candidates: Sequence[Candidate]) -> None:
    """Lets in the candidates who may enter, and those that follow from them in other workflows, until all have come to rest."""
    waiting = [*candidates, *run.joining]
    run.joining.clear()
    while waiting:
        await _write_rested(run)
        some, rest = (waiting, []) if run.behind is None else (waiting[: run.at_once], waiting[run.at_once :])
        arrivals, later = await entries.let_in(run, some)
        await ends.look(run, arrivals)
        await walk(run, arrivals)
        await heeding.heed_new(run, arrivals)
        waiting = [*later, *rest, *run.joining]
        run.joining.clear()
        if len(some) >= run.at_once:
            run.at_once *= 2


async def _write_rested(run: Run) -> None:
    """Few are written at the end, with all others."""
    if run.behind is not None and 2 * (len(run.arrivals) - run.written) >= run.at_once:
        await write.write_rested(run, run.behind)


async def _finish(run: Run, limit: int) -> bool:
    """Returns whether more is due now."""
    await withdrawal.withdraw(run)
    await entries.put_back(run)
    run.when_writing()  # PostgreSQL works longest now, and nobody waits for Python
    goes_on = await write.write(run)
    await occurrences.write(run)
    await ticks.look_ahead(run)
    if any(plan.may_retire for plan in {arrival.plan for arrival in run.arrivals if arrival.ended is not None}):
        await enqueue(work.RETIRE_WORKFLOWS, run.workspace_id)
    await write.record_next_moment(run)
    return goes_on or len(run.loaded) >= limit or any(moment <= run.now for moment in run.moments)


# ---------------------------------------------------------------- what happens to those inside


async def _let_deleted_contacts_go(run: Run) -> None:
    """They leave at once. Also the members that this engine wrote while they were being deleted."""
    deleted = list(dict.fromkeys(one.contact_id for one in run.happened_with(DELETED)))
    if not deleted:
        return
    for arrival in await wakes.of_contacts(run, deleted):
        arrival.end(EnrollmentEnd.CONTACT_DELETED)
    await apply.remove_deleted(await run.members(), deleted, ())
    for table in (
        "workflow_entries",
        "workflow_node_visits",
        "workflow_turned_away",
        "workflow_keeps",
        "workflow_zone_changes",
    ):
        forget = f"DELETE FROM {table} WHERE workspace_id = $1 AND contact_id = ANY ($2::bigint[])"  # noqa: S608 - of our own
        await db.execute(forget, run.workspace_id, deleted)


# ---------------------------------------------------------------- moved by people


@asynccontextmanager
async def moving(workspace_id: int) -> AsyncIterator[Run]:
    """A run for changes that people ask for: what the block moves is walked and written at its end, in one transaction.

    Waits for the lock. Raises db.Busy.
    """
    async with db.transaction():
        run = await begin(await engine_lock.take(workspace_id))
        assert run is not None, "the caller has read the workspace"
        yield run
        await walk(run, list(run.arrivals))
        await let_in(run, ())
        if await _finish(run, LARGEST):
            await enqueue(work.PROCESS_WORKFLOWS, workspace_id)
