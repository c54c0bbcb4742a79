"""The long transaction of a build: computes a segment beside its members, and swaps the difference in.

A small difference is written with the engine lock; a large one before, while the engine leaves these rows alone.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from models import clock, db
from models.membership import apply, builds, compiled_rules, engine_lock, evaluate, rule_versions
from models.membership.apply import Append
from models.membership.audit import drifted
from models.membership.compiled_rules import CompiledRules
from models.membership.engine_lock import EngineLock
from models.queue import work
from models.queue.enqueue import enqueue
from models.rules.compile import whole
from models.rules.contact_changes import membership_changed
from models.rules.parameters import Parameters
from models.rules.tree import Rule

SMALL: Final = 5_000
"""Takes some hundredths of a second."""

AT_ONCE: Final = 5_000


@dataclass(frozen=True, slots=True)
class RebuildPlan:
    """`compiled` has the segment's newest rule alone; `unchanged`: that is active."""

    workspace_id: int
    segment_id: int
    rule_json: str
    rule_version: int
    compiled: CompiledRules
    rule: Rule
    unchanged: bool


@dataclass(frozen=True, slots=True)
class RebuildResult:
    """`drift` counts changes that no change of rule or contact explains."""

    changes: int
    drift: int


class Outdated(Exception):
    """The segment has another rule or is deleted, or changes were not recorded for a while."""


async def compute_and_swap(plan: RebuildPlan) -> RebuildResult | None:
    """Returns None when another process builds the segment. Raises Outdated."""
    async with db.transaction():
        if not await db.try_advisory_lock(builds.build_lock(plan.workspace_id, plan.segment_id)):
            return None
        begun_at = await builds.begun_at(plan.workspace_id, plan.segment_id)
        if begun_at is None:
            raise Outdated  # another process ended it: nothing was recorded since
        since, now = await _moments(plan.workspace_id)
        await _compute(plan, now)
        changed, last_mark = await builds.changed_contacts(plan.workspace_id, plan.segment_id, 0)
        to_evaluate = {*changed, *await unsettled_contacts(plan, since, now)}
        await _leave_out(to_evaluate)
        drift = 0
        append = await apply.begin(plan.workspace_id, max(clock.now(), since))
        large = await is_large(len(to_evaluate))
        if large:
            drift, to_evaluate, last_mark = await write_large(plan, append, to_evaluate, last_mark, since)
        lock = await engine_lock.take(plan.workspace_id)
        await _refuse_outdated(plan, begun_at)
        changed, _ = await builds.changed_contacts(plan.workspace_id, plan.segment_id, last_mark)
        to_evaluate |= {*changed, *await _crossed(plan, since, lock.now)}
        if not large:
            await _leave_out(to_evaluate)
            drift = await apply.write_from(append, "build_difference")
        await _evaluate_again(plan, append, to_evaluate, lock.now)
        await swap(plan, append, lock)
    drift = drift if plan.unchanged else 0
    drifted.inc(drift)
    return RebuildResult(append.size, drift)


async def _moments(workspace_id: int) -> tuple[datetime, datetime]:
    now = clock.now()
    ticked_at = await db.fetch_value("SELECT ticked_at FROM membership_heads WHERE workspace_id = $1", workspace_id)
    return (now, now) if ticked_at is None else (ticked_at, max(now, ticked_at))


async def _compute(plan: RebuildPlan, now: datetime) -> None:
    p = Parameters(plan.workspace_id, plan.compiled.timezone)
    compiled = whole([plan.rule], p)
    sql = _COMPUTE.format(
        workspace=p.workspace,
        segment=p.bind(plan.segment_id, "bigint"),
        joins=compiled.joins,
        condition=compiled.conditions[0],
    )
    # With statistics older than an import the planner would choose nested loops over all contacts.
    await db.execute(db.forced_plans("jit = off", "enable_nestloop = off"))
    await db.execute(sql, *await p.values(now))
    await db.execute(db.forced_plans("enable_nestloop = on"))


_COMPUTE = """
CREATE TEMPORARY TABLE build_difference ON COMMIT DROP AS
SELECT {segment} AS segment_id, coalesce(wanted.contact_id, stored.contact_id) AS contact_id,
       wanted.contact_id IS NOT NULL AS entered, 'RULE' AS origin
FROM (SELECT c.id AS contact_id FROM contacts AS c {joins} WHERE c.workspace_id = {workspace} AND ({condition})) AS wanted
FULL JOIN (SELECT contact_id FROM memberships WHERE workspace_id = {workspace} AND segment_id = {segment}) AS stored
       ON stored.contact_id = wanted.contact_id
WHERE wanted.contact_id IS NULL OR stored.contact_id IS NULL
"""


async def unsettled_contacts(plan: RebuildPlan, since: datetime, now: datetime) -> set[int]:
    """Where a difference would be drift, also contacts with unprocessed changes."""
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


async def _crossed(plan: RebuildPlan, since: datetime, now: datetime) -> set[int]:
    crossed: set[int] = set()
    for statement in plan.compiled.crossers if since < now else ():
        arguments = await statement.parameters.values(now, since)
        crossed.update(contact_id for contact_id, _ in await db.fetch(statement.sql, *arguments))
    return crossed


async def _leave_out(contact_ids: Collection[int]) -> None:
    if contact_ids:
        await db.execute("DELETE FROM build_difference WHERE contact_id = ANY ($1::bigint[])", list(contact_ids))


async def is_large(to_evaluate: int) -> bool:
    found: int = await db.fetch_value(
        "SELECT count(*) FROM (SELECT FROM build_difference LIMIT $1) AS enough", SMALL + 1
    )
    return found + to_evaluate > SMALL


# ---------------------------------------------------------------- written, caught up


async def write_large(
    plan: RebuildPlan, append: Append, to_evaluate: set[int], last_mark: int, since: datetime
) -> tuple[int, set[int], int]:
    """Returns how many differences were written, the contacts still to evaluate, and the last mark."""
    await db.advisory_lock(builds.swap_lock(plan.workspace_id, plan.segment_id))
    changed, last_mark = await builds.changed_contacts(plan.workspace_id, plan.segment_id, last_mark)
    await _leave_out(changed)
    to_evaluate = to_evaluate.union(changed)
    written = await apply.write_from(append, "build_difference")
    while len(to_evaluate) > SMALL:
        await _evaluate_again(plan, append, to_evaluate, max(clock.now(), since))
        changed, last_mark = await builds.changed_contacts(plan.workspace_id, plan.segment_id, last_mark)
        to_evaluate = set(changed)
    return written, to_evaluate, last_mark


async def _evaluate_again(plan: RebuildPlan, append: Append, contact_ids: Collection[int], now: datetime) -> None:
    for some in evaluate.chunks(sorted(contact_ids), AT_ONCE):
        await apply.write(append, await evaluate.evaluate(plan.compiled, [plan.segment_id], some, now))


# ---------------------------------------------------------------- swapped


async def _refuse_outdated(plan: RebuildPlan, begun_at: datetime) -> None:
    """Batches record only what the newest and the active rule read. Needs the engine lock: deletions wait for it."""
    row = await db.fetch_row(
        "SELECT rule_version FROM segments WHERE workspace_id = $1 AND id = $2 AND deleted_at IS NULL",
        plan.workspace_id,
        plan.segment_id,
    )
    if row is None or row["rule_version"] != plan.rule_version:
        raise Outdated
    if await builds.begun_at(plan.workspace_id, plan.segment_id) != begun_at:
        raise Outdated  # it was ended and begun again: for a while nothing was recorded


async def swap(plan: RebuildPlan, append: Append, lock: EngineLock) -> None:
    await _mark_for_readers(plan, append, lock)
    await apply.close(append)
    if plan.compiled.ticks and lock.ticked_at is None:
        await engine_lock.record_tick(lock, ticks=True)
    await engine_lock.end_calm(lock)
    await builds.end(plan.workspace_id, plan.segment_id, swapped=True)
    await db.execute(_ACTIVE, plan.workspace_id, plan.segment_id, plan.rule_json, plan.rule_version)
    more = append.deltas[plan.segment_id]
    entered, left = (append.size + more) // 2, (append.size - more) // 2
    await rule_versions.take_effect(plan.workspace_id, plan.segment_id, plan.rule_version, entered, left)


_ACTIVE = """
UPDATE segments SET active_rule = $3, active_version = $4, status = CASE WHEN rule_version = $4 THEN 'READY' ELSE 'BUILDING' END
WHERE workspace_id = $1 AND id = $2
"""


async def _mark_for_readers(plan: RebuildPlan, append: Append, lock: EngineLock) -> None:
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
