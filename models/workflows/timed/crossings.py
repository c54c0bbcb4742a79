"""Rules that time alone makes true, for those who wait for them: found by the thresholds that were crossed, by index."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from models import db
from models.errors import DomainError, Problems
from models.rules.crossings import crossings_of
from models.rules.parameters import Parameters
from models.workflows import wakes
from models.workflows.graph.actions import WaitFor
from models.workflows.graph.events import RuleJson
from models.workflows.graph.tree import Zone
from models.workflows.inside import ends
from models.workflows.listeners import ends_of
from models.workflows.plans import Plan
from models.workflows.run import Run
from models.workflows.timed import ladder, zones
from models.workflows.walk import walk


@dataclass(frozen=True, slots=True)
class AwaitedRule:
    """`node` is that of a WAIT_FOR; None: of the goal or an exit, so of everybody inside."""

    plan: Plan
    rule: RuleJson
    node: int | None


def awaited_rules(run: Run) -> list[AwaitedRule]:
    """The rules whose truth time alone can change."""
    return [one for plan in dict.fromkeys(run.plans.inside) for one in _of_plan(plan) if _has_crossings(one)]


def _of_plan(plan: Plan) -> Iterator[AwaitedRule]:
    for end in ends_of(plan.graph):
        if end.rule is not None:
            yield AwaitedRule(plan, end.rule, None)
    for node in plan.graph.nodes.values():
        if isinstance(node.do, WaitFor) and node.do.rule is not None:
            yield AwaitedRule(plan, node.do.rule, plan.numbers[node.key])


def _has_crossings(one: AwaitedRule) -> bool:
    try:
        return bool(crossings_of(one.plan.rule(one.rule)))
    except (DomainError, Problems):
        return False


async def heed(run: Run, since: datetime | None) -> None:
    """Looks at those whose rule may have become true in (since, now]."""
    if since is None or since >= run.now:
        return
    for one in awaited_rules(run):
        arrivals = await wakes.by_ids(run, await _crossers(run, one, since, run.now, None))
        if one.node is None:
            await ends.look(run, arrivals)
        else:
            for arrival in arrivals:
                wakes.wake_by_time(run, arrival)
            await walk(run, arrivals)


async def look_ahead(run: Run) -> None:
    """Adds the moment at which to look again."""
    for one in awaited_rules(run):
        run.moments.append(await ladder.look_again_at(partial(_crosses_by, run, one), run.now))


async def _crosses_by(run: Run, one: AwaitedRule, until: datetime) -> bool:
    return bool(await _crossers(run, one, run.now, until, 1))


async def _crossers(run: Run, one: AwaitedRule, since: datetime, until: datetime, limit: int | None) -> list[int]:
    """Enrollments whose contacts crossed a threshold of the rule in (since, until], of the days in their zone."""
    names = await zones.in_use(run) if one.plan.graph.zone is Zone.CONTACT else [run.scope.timezone]
    found: set[int] = set()
    for name in names:
        p = Parameters(run.workspace_id, name)
        sql = _sql(run, one, name, p) + (f" LIMIT {limit}" if limit else "")
        found.update(row["id"] for row in await db.fetch(sql, *await p.values(until, since)))
        if limit and found:
            break
    return sorted(found)


def _sql(run: Run, one: AwaitedRule, zone_name: str, p: Parameters) -> str:
    crossings = crossings_of(one.plan.rule(one.rule))
    crossed = " UNION ALL ".join(f"SELECT x.contact_id FROM ({crossing.query(p)}) AS x" for crossing in crossings)  # noqa: S608
    conditions = [
        f"e.workspace_id = {p.workspace}",
        f"e.workflow_id = {p.bind(one.plan.workflow_id, 'bigint')}",
        "e.test_id IS NULL" if run.test_id is None else f"e.test_id = {p.bind(run.test_id, 'bigint')}",
        *([] if one.node is None else [f"e.node = {p.bind(one.node, 'smallint')}"]),
        *([_of_zone(run, zone_name, p)] if one.plan.graph.zone is Zone.CONTACT else []),
    ]
    return (
        f"SELECT DISTINCT e.id FROM ({crossed}) AS crossed JOIN enrollments AS e ON e.contact_id = crossed.contact_id"  # noqa: S608
        f" WHERE {' AND '.join(conditions)}"
    )


def _of_zone(run: Run, zone_name: str, p: Parameters) -> str:
    return (
        f"EXISTS (SELECT FROM contacts AS z WHERE z.workspace_id = {p.workspace} AND z.id = e.contact_id"
        f" AND coalesce(z.timezone, {p.bind(run.scope.timezone, 'text')}) = {p.bind(zone_name, 'text')})"
    )
