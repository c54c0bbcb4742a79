"""Rules that time alone makes true, for those who wait for them: found by the thresholds that were crossed, by index."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from models import db
from models.errors import DomainError, Problems
from models.rules.crossings import AnyCrossing, crossings_of
from models.rules.parameters import Parameters
from models.workflows import wakes
from models.workflows.graph.actions import WaitFor
from models.workflows.graph.events import RuleJson
from models.workflows.graph.tree import Zone
from models.workflows.inside import ends
from models.workflows.listeners import ends_of
from models.workflows.plan import Plan
from models.workflows.run import Run
from models.workflows.timed import ladder, zones
from models.workflows.walk import walk


@dataclass(frozen=True, slots=True)
class AwaitedRule:
    """`crossings`: where time alone can change it. `node` is that of a WAIT_FOR; None: of the goal or an exit, for everybody."""

    plan: Plan
    crossings: tuple[AnyCrossing, ...]
    node: int | None


def awaited(plan: Plan) -> Iterator[tuple[RuleJson, int | None]]:
    """The rules that somebody inside waits for, each with its `node` as above."""
    for end in ends_of(plan.graph):
        if end.rule is not None:
            yield end.rule, None
    for node in plan.graph.nodes.values():
        if isinstance(node.do, WaitFor) and node.do.rule is not None:
            yield node.do.rule, plan.numbers[node.key]


def awaited_rules(run: Run) -> list[AwaitedRule]:
    """The rules whose truth time alone can change."""
    plans = dict.fromkeys(run.plans.inside)
    found = [AwaitedRule(plan, _crossings(plan, rule), node) for plan in plans for rule, node in awaited(plan)]
    return [one for one in found if one.crossings]


def _crossings(plan: Plan, rule: RuleJson) -> tuple[AnyCrossing, ...]:
    try:
        return crossings_of(plan.rule(rule))
    except (DomainError, Problems):
        return ()


async def heed(run: Run, since: datetime | None) -> None:
    """Looks at those whose rule may have become true in (since, now]."""
    if since is not None and since < run.now:
        await heed_these(run, awaited_rules(run), since)


async def heed_these(
    run: Run, rules: Sequence[AwaitedRule], since: datetime, contact_ids: Sequence[int] | None = None
) -> None:
    """As `heed`, of some rules; and of these contacts, if any are given."""
    for one in rules:
        arrivals = await wakes.by_ids(run, await crossers(run, one, since, run.now, contact_ids=contact_ids))
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
    return bool(await crossers(run, one, run.now, until, limit=1))


async def crossers(
    run: Run,
    one: AwaitedRule,
    since: datetime,
    until: datetime,
    *,
    contact_ids: Sequence[int] | None = None,
    limit: int | None = None,
) -> list[int]:
    """Enrollments whose contacts crossed a threshold of the rule in (since, until], of the days in their zone.

    Of these contacts, if any are given: then they are looked up, else what lies between the two moments.
    """
    names = await zones.in_use(run) if one.plan.graph.zone is Zone.CONTACT else [run.scope.timezone]
    found: set[int] = set()
    for name in names:
        p = Parameters(run.workspace_id, name)
        sql = _sql(run, one, name, contact_ids, p) + (f" LIMIT {limit}" if limit else "")
        found.update(row["id"] for row in await db.fetch(sql, *await p.values(until, since)))
        if limit and found:
            break
    return sorted(found)


def _sql(run: Run, one: AwaitedRule, zone_name: str, contact_ids: Sequence[int] | None, p: Parameters) -> str:
    only = "" if contact_ids is None else f" WHERE x.contact_id = ANY ({p.bind(list(contact_ids), 'bigint[]')})"
    queries = (crossing.query(p) for crossing in one.crossings)
    crossed = " UNION ALL ".join(f"SELECT x.contact_id FROM ({query}) AS x{only}" for query in queries)  # noqa: S608
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
