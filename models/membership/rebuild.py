"""Builds a segment until its newest rule is active. A failure leaves the old members."""

import asyncio
from typing import Final

import structlog
from prometheus_client import Histogram

from models import db
from models.accounts import audit_log, workspaces
from models.errors import Problems
from models.membership import builds, compiled_rules, engine_lock, indexes, swap
from models.membership.compiled_rules import CompiledRule
from models.membership.rule_epochs import RuleEpoch
from models.membership.swap import Outdated, RebuildPlan, RebuildResult
from models.rule_catalogue.loading import load_catalogue
from models.rules.check import check
from models.rules.crossings import crossings_of
from models.rules.depends import dependencies

log = structlog.get_logger(__name__)

AGAIN_SECONDS: Final = 1.0

_seconds = Histogram("muster_build_seconds", "How long the build of a segment took.", buckets=(0.1, 0.5, 1, 5, 30, 120))


async def rebuild(workspace_id: int, segment_id: int, *, again: bool = False) -> RebuildResult | None:
    """Build the segment while it is BUILDING. `again`: even if its rule is active, and after other builds of it.

    None: nothing to do, another process builds it, or it waits for an index. A rule that cannot be computed makes it FAILED.
    """
    result: RebuildResult | None = None
    while True:
        plan = await _read(workspace_id, segment_id, again)
        if plan is None:
            return result
        if not await indexes.build(plan.compiled.rules[segment_id].crossings):
            if not again:  # a periodic task tries again, and no worker waits
                return result
            await asyncio.sleep(AGAIN_SECONDS)
            continue
        if not await _begin(plan, again):
            continue
        try:
            with _seconds.time():
                built = await swap.compute_and_swap(plan)
        except Outdated:
            continue
        except db.PostgresError as error:
            if not db.is_data_error(error):
                raise
            log.error("rule cannot be computed", workspace=workspace_id, segment=segment_id, error=str(error))
            await _fail(workspace_id, segment_id, plan.rule_version)
            return None
        if built is None and again:  # the other process may only end an unfinished build
            await asyncio.sleep(AGAIN_SECONDS)
            continue
        if built is None:
            return result
        result, again = built, False


async def _read(workspace_id: int, segment_id: int, again: bool) -> RebuildPlan | None:
    row = await db.fetch_row(_SEGMENT, workspace_id, segment_id)
    if row is None or not (again or row["status"] == "BUILDING"):
        await _end_unfinished(workspace_id, segment_id)
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


async def _plan(workspace_id: int, segment_id: int, rule_json: str, rule_version: int, unchanged: bool) -> RebuildPlan:
    scope = await workspaces.find_system_scope(workspace_id)
    assert scope is not None, "a segment has a workspace"
    stored = db.load_json(rule_json)
    rule = check(stored, await load_catalogue(scope, stored), stored=True)
    compiled_rule = CompiledRule(segment_id, rule, dependencies(rule), crossings_of(rule))
    compiled = compiled_rules.make(workspace_id, RuleEpoch(0), scope.timezone, [compiled_rule], ())
    return RebuildPlan(workspace_id, segment_id, rule_json, rule_version, compiled, rule, unchanged)


async def _begin(plan: RebuildPlan, again: bool) -> bool:
    async with db.transaction():
        await engine_lock.take(plan.workspace_id)
        row = await db.fetch_row(_SEGMENT, plan.workspace_id, plan.segment_id)
        if row is None or row["rule_version"] != plan.rule_version or not (again or row["status"] == "BUILDING"):
            return False
        await builds.begin(plan.workspace_id, plan.segment_id)
    return True


async def _end_unfinished(workspace_id: int, segment_id: int) -> None:
    if await builds.begun_at(workspace_id, segment_id) is None:
        return
    async with db.transaction():
        await engine_lock.take(workspace_id)
        if await db.try_advisory_lock(builds.build_lock(workspace_id, segment_id)):
            await builds.end(workspace_id, segment_id, swapped=False)


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
        await audit_log.record_system(workspace_id, "segment_fail", "Segment", segment_id)
