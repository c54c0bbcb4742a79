"""A segment computed from the ground up, beside its members, and swapped in at one instant.

    begun      once its indexes are there, in a turn: slices write down whom they touch; the active rule goes on as before
    computed   one statement: who should be a member against who is
    written    a small difference: in the turn. A large one: before it, while the engine leaves these rows alone
    caught up  whoever was written down is asked again, by the next rule
    swapped    in the turn: positions, counts, the active rule; one commit

The log gets the difference alone. If it dies anywhere, the transaction rolls back, the old members are there, and the next try
starts again from the ground up.
"""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog
from prometheus_client import Histogram

from models import clock, db
from models.accounts import workspaces
from models.errors import Problems
from models.membership import apply, builds, compiled_rules, engine_lock, evaluate, indexes
from models.membership.apply import Append
from models.membership.audit import drifted
from models.membership.compiled_rules import CompiledRule, CompiledRules
from models.membership.engine_lock import EngineLock
from models.queue import work
from models.queue.enqueue import enqueue
from models.rule_catalogue.loading import load_catalogue
from models.rules.check import check
from models.rules.compile import whole
from models.rules.contact_changes import membership_changed
from models.rules.crossings import crossings_of
from models.rules.depends import dependencies
from models.rules.parameters import Parameters
from models.rules.tree import Rule

log = structlog.get_logger(__name__)

SMALL: Final = 5_000
"""So many differences, or contacts to ask again, are dealt with inside the turn; that is some hundredths of a second."""

AT_ONCE: Final = 5_000
"""Contacts asked in one statement while catching up."""

AGAIN_SECONDS: Final = 1.0
"""How often a recompute looks whether its index can be built, or whether who was at the segment is done."""

_seconds = Histogram("muster_build_seconds", "How long the build of a segment took.", buckets=(0.1, 0.5, 1, 5, 30, 120))


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a build did: `changes` logged, of them `drift` that no change of rule or contact explains."""

    changes: int
    drift: int


@dataclass(frozen=True, slots=True)
class _RebuildPlan:
    """The segment as it was read when the build started: its rule, and the compiled of that one rule."""

    workspace_id: int
    segment_id: int
    rule_json: str
    rule_version: int
    compiled: CompiledRules
    rule: Rule
    unchanged: bool


async def rebuild(workspace_id: int, segment_id: int, *, again: bool = False) -> Rebuilt | None:
    """Build the segment if it waits for that (status BUILDING), until its newest rule is in force.

    `again` builds it even though nothing is new: a difference is drift then, and who is at it is waited for. None when there is
    nothing to do, another process is at it, or it has to wait for an index. A rule that cannot be computed makes the segment
    FAILED, its members as they were.
    """
    done: Rebuilt | None = None
    while True:
        plan = await _read(workspace_id, segment_id, again)
        if plan is None:
            return done
        if not await indexes.build(plan.compiled.followed[segment_id].boundaries):
            if not again:  # a sweep comes again: nobody's place is taken meanwhile
                return done
            await asyncio.sleep(AGAIN_SECONDS)
            continue
        if not await _begin(plan, again):
            continue
        try:
            with _seconds.time():
                built = await _build(plan)
        except _Moved:
            continue
        except db.PostgresError as error:
            if not db.is_data_error(error):
                raise
            log.error("rule cannot be computed", workspace=workspace_id, segment=segment_id, error=str(error))
            await _fail(workspace_id, segment_id, plan.rule_version)
            return None
        if built is None and again:  # who is at it may be ending what somebody else began, and compute nothing
            await asyncio.sleep(AGAIN_SECONDS)
            continue
        if built is None:
            return done
        done, again = built, False


# ---------------------------------------------------------------- begun


async def _read(workspace_id: int, segment_id: int, again: bool) -> _RebuildPlan | None:
    """What is to be built; None when there is nothing."""
    row = await db.fetch_row(_SEGMENT, workspace_id, segment_id)
    if row is None or not (again or row["status"] == "BUILDING"):
        await _clear_up(workspace_id, segment_id)
        return None
    try:
        return await _plan(workspace_id, segment_id, row["rule"], row["rule_version"], row["unchanged"])
    except Problems as problems:
        log.error("rule cannot be read", workspace=workspace_id, segment=segment_id, problem=str(problems))
        await _fail(workspace_id, segment_id, row["rule_version"])
        return None


_SEGMENT = """
SELECT rule, rule_version, status, active_version = rule_version AND status = 'READY' AS unchanged
FROM segments WHERE workspace_id = $1 AND id = $2 AND kind <> 'STATIC' AND deleted_at IS NULL
"""


async def _begin(plan: _RebuildPlan, again: bool) -> bool:
    """From the commit on, slices write down what the build has to hear of. False when it is no longer what was read."""
    async with db.transaction():
        await engine_lock.take(plan.workspace_id)
        row = await db.fetch_row(_SEGMENT, plan.workspace_id, plan.segment_id)
        if row is None or row["rule_version"] != plan.rule_version or not (again or row["status"] == "BUILDING"):
            return False
        await builds.begin(plan.workspace_id, plan.segment_id)
    return True


async def _clear_up(workspace_id: int, segment_id: int) -> None:
    """End what somebody began who came to no end, when nobody is at it."""
    if await builds.begun_at(workspace_id, segment_id) is None:
        return
    async with db.transaction():
        await engine_lock.take(workspace_id)
        if await db.try_advisory_lock(builds.build_lock(workspace_id, segment_id)):
            await builds.end(workspace_id, segment_id, swapped=False)


async def _plan(workspace_id: int, segment_id: int, rule_json: str, rule_version: int, unchanged: bool) -> _RebuildPlan:
    scope = await workspaces.find_system_scope(workspace_id)
    assert scope is not None, "a segment has a workspace"
    stored = db.load_json(rule_json)
    rule = check(stored, await load_catalogue(scope, stored), stored=True)
    followed = CompiledRule(segment_id, rule, dependencies(rule), crossings_of(rule))
    compiled = compiled_rules.make(workspace_id, 0, scope.timezone, [followed], ())
    return _RebuildPlan(workspace_id, segment_id, rule_json, rule_version, compiled, rule, unchanged)


async def _fail(workspace_id: int, segment_id: int, rule_version: int) -> None:
    async with db.transaction():
        await engine_lock.take(workspace_id)
        await builds.end(workspace_id, segment_id, swapped=False)
        await db.execute(
            "UPDATE segments SET status = 'FAILED' WHERE workspace_id = $1 AND id = $2 AND rule_version = $3",
            workspace_id,
            segment_id,
            rule_version,
        )


# ---------------------------------------------------------------- built


async def _build(plan: _RebuildPlan) -> Rebuilt | None:
    """The long transaction. None when another process has the build in hand."""
    async with db.transaction():
        if not await db.try_advisory_lock(builds.build_lock(plan.workspace_id, plan.segment_id)):
            return None
        begun_at = await builds.begun_at(plan.workspace_id, plan.segment_id)
        if begun_at is None:
            raise _Moved  # who had it in hand before us, or found nothing to do, has ended it: nothing was written down since
        since, now = await _moments(plan.workspace_id)
        await _compute(plan, now)
        heard, last = await builds.heard(plan.workspace_id, plan.segment_id, 0)
        ask = {*heard, *await _unsettled(plan, since, now)}
        await _leave_out(ask)
        drift = 0
        append = await apply.begin(plan.workspace_id, max(clock.now(), since))
        large = await _is_large(len(ask))
        if large:
            drift, ask, last = await _exchange(plan, append, ask, last, since)
        lock = await engine_lock.take(plan.workspace_id)
        await _refuse_moved(plan, begun_at)
        heard, _ = await builds.heard(plan.workspace_id, plan.segment_id, last)
        ask |= {*heard, *await _crossed(plan, since, lock.now)}
        if not large:
            await _leave_out(ask)
            drift = await apply.write_from(append, "build_difference")
        await _ask_again(plan, append, ask, lock.now)
        await _swap(plan, append, lock)
    drift = drift if plan.unchanged else 0
    drifted.inc(drift)
    return Rebuilt(append.size, drift)


async def _moments(workspace_id: int) -> tuple[datetime, datetime]:
    """Up to when time has been taken in, and the present, which is not before that."""
    now = clock.now()
    ticked_at = await db.fetch_value("SELECT ticked_at FROM membership_heads WHERE workspace_id = $1", workspace_id)
    return (now, now) if ticked_at is None else (ticked_at, max(now, ticked_at))


async def _compute(plan: _RebuildPlan, now: datetime) -> None:
    """The difference as the rule alone wants it, into a table of this transaction."""
    p = Parameters(plan.workspace_id, plan.compiled.timezone)
    compiled = whole([plan.rule], p)
    sql = _COMPUTE.format(
        workspace=p.workspace,
        segment=p.bind(plan.segment_id, "bigint"),
        joins=compiled.joins,
        condition=compiled.conditions[0],
    )
    # Everything is looked at, so everything is joined by hash: statistics that lag behind an import suggest loops in loops.
    await db.execute("SET LOCAL jit = off; SET LOCAL enable_nestloop = off")
    await db.execute(sql, *await p.values(now))
    await db.execute("SET LOCAL enable_nestloop = on")


_COMPUTE = """
CREATE TEMPORARY TABLE build_difference ON COMMIT DROP AS
SELECT {segment} AS segment_id, coalesce(wanted.contact_id, stored.contact_id) AS contact_id,
       wanted.contact_id IS NOT NULL AS entered, 'RULE' AS origin
FROM (SELECT c.id AS contact_id FROM contacts AS c {joins} WHERE c.workspace_id = {workspace} AND ({condition})) AS wanted
FULL JOIN (SELECT contact_id FROM memberships WHERE workspace_id = {workspace} AND segment_id = {segment}) AS stored
       ON stored.contact_id = wanted.contact_id
WHERE wanted.contact_id IS NULL OR stored.contact_id IS NULL
"""


async def _unsettled(plan: _RebuildPlan, since: datetime, now: datetime) -> set[int]:
    """Contacts about whom the rule alone does not say enough: people overrode it, or time has yet to be taken in.

    Where every difference would be drift, also those whose change the engine has yet to take in.
    """
    rows = await db.fetch(
        """
        SELECT contact_id FROM membership_overrides WHERE workspace_id = $1 AND segment_id = $2
        UNION SELECT contact_id FROM dirty_contacts WHERE workspace_id = $1 AND $3
        """,
        plan.workspace_id,
        plan.segment_id,
        plan.unchanged,
    )
    return {row["contact_id"] for row in rows} | await _crossed(plan, since, now)


async def _crossed(plan: _RebuildPlan, since: datetime, now: datetime) -> set[int]:
    """Contacts whom time may have carried over one of the rule's thresholds meanwhile."""
    crossed: set[int] = set()
    for statement in plan.compiled.crossers if since < now else ():
        arguments = await statement.parameters.values(now, since)
        crossed.update(contact_id for contact_id, _ in await db.fetch(statement.sql, *arguments))
    return crossed


async def _leave_out(contact_ids: Collection[int]) -> None:
    """They are asked again, later: what was computed about them is out of date."""
    if contact_ids:
        await db.execute("DELETE FROM build_difference WHERE contact_id = ANY ($1::bigint[])", list(contact_ids))


async def _is_large(asked: int) -> bool:
    found: int = await db.fetch_value(
        "SELECT count(*) FROM (SELECT FROM build_difference LIMIT $1) AS enough", SMALL + 1
    )
    return found + asked > SMALL


# ---------------------------------------------------------------- written, caught up


async def _exchange(
    plan: _RebuildPlan, append: Append, ask: set[int], last: int, since: datetime
) -> tuple[int, set[int], int]:
    """Write a large difference and catch up, while the engine leaves these rows alone and goes on with all others.

    Gives the changes that the difference made, who is to be asked again still, and the last mark that was heard.
    """
    await db.advisory_lock(builds.swap_lock(plan.workspace_id, plan.segment_id))
    heard, last = await builds.heard(plan.workspace_id, plan.segment_id, last)
    await _leave_out(heard)
    ask = ask.union(heard)
    written = await apply.write_from(append, "build_difference")
    while len(ask) > SMALL:
        await _ask_again(plan, append, ask, max(clock.now(), since))
        heard, last = await builds.heard(plan.workspace_id, plan.segment_id, last)
        ask = set(heard)
    return written, ask, last


async def _ask_again(plan: _RebuildPlan, append: Append, contact_ids: Collection[int], now: datetime) -> None:
    for some in evaluate.chunks(sorted(contact_ids), AT_ONCE):
        await apply.write(append, await evaluate.evaluate(plan.compiled, [plan.segment_id], some, now))


# ---------------------------------------------------------------- swapped


class _Moved(Exception):
    """The segment is no longer what the build began with: another rule, deleted, or nobody wrote down what happened to it."""


async def _refuse_moved(plan: _RebuildPlan, begun_at: datetime) -> None:
    """An older rule than the newest is never swapped in: slices write down what the newest reads, and the one in force.

    In the turn, which deletions wait for.
    """
    row = await db.fetch_row(
        "SELECT rule_version FROM segments WHERE workspace_id = $1 AND id = $2 AND deleted_at IS NULL",
        plan.workspace_id,
        plan.segment_id,
    )
    if row is None or row["rule_version"] != plan.rule_version:
        raise _Moved
    if await builds.begun_at(plan.workspace_id, plan.segment_id) != begun_at:
        raise _Moved  # somebody could not read the rule meanwhile: for a while nothing was written down


async def _swap(plan: _RebuildPlan, append: Append, lock: EngineLock) -> None:
    await _mark_for_readers(plan, append, lock)
    await apply.close(append)
    if plan.compiled.ticks and lock.ticked_at is None:
        await engine_lock.ticked(lock, ticks=True)
    await engine_lock.stirred(lock)
    await builds.end(plan.workspace_id, plan.segment_id, swapped=True)
    await db.execute(_ACTIVE, plan.workspace_id, plan.segment_id, plan.rule_json, plan.rule_version)


_ACTIVE = """
UPDATE segments SET active_rule = $3, active_version = $4, status = CASE rule_version WHEN $4 THEN 'READY' ELSE 'BUILDING' END
WHERE workspace_id = $1 AND id = $2
"""


async def _mark_for_readers(plan: _RebuildPlan, append: Append, lock: EngineLock) -> None:
    """Segments, and builds, whose rules mention this one have to hear of whoever entered or left it."""
    compiled = await compiled_rules.current(plan.workspace_id, lock.epoch)
    change = membership_changed(plan.segment_id)
    others = [build for build in compiled.builds if build.segment_id != plan.segment_id]
    if compiled.is_read(change) or any(change in build.reads for build in others):
        await db.execute(
            """
            INSERT INTO dirty_contacts (workspace_id, contact_id, fields, bulk)
            SELECT DISTINCT $1::bigint, contact_id, ARRAY[$3], $4::boolean FROM membership_changes
            WHERE workspace_id = $1 AND append_id = $2
            """,
            plan.workspace_id,
            append.id,
            change,
            append.size > SMALL,
        )
        await enqueue(work.PROCESS_CHANGES, plan.workspace_id)
