"""What runs in a workspace: the plans of its running versions.

Kept per process until the epoch of the engine, or that of the rules, has changed. Only the holder of the engine's lock uses them.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any, Final

from models import db
from models.accounts import workspaces
from models.membership.rule_epochs import RuleEpoch
from models.workflows import sources
from models.workflows.engine_lock import WorkflowLock
from models.workflows.graph.read import read_graph
from models.workflows.graph.tree import Trigger
from models.workflows.plan import Plan, plan_of
from models.workflows.versions import EVERYBODY_OUT
from permissions.principal import Scope

KEPT_WORKSPACES: Final = 200


# ---------------------------------------------------------------- versions


@dataclass(frozen=True, slots=True)
class Version:
    """By which version those go on who entered with this one, and where a node that is gone leads: to None, to its end."""

    number: int
    graph: Any
    keys: frozenset[str]
    followed_by: int | None
    moves: Mapping[str, str | None]


@dataclass(slots=True, eq=False)
class WorkflowPlans:
    """The versions of one workflow, read when somebody is met who is inside."""

    scope: Scope
    row: db.Record
    numbers: Mapping[str, int]
    since: Mapping[str, tuple[int, datetime]]
    versions: dict[int, Version] = field(default_factory=dict)
    plans: dict[int, Plan] = field(default_factory=dict)

    async def version(self, number: int) -> Version:
        if number not in self.versions:
            row = await db.fetch_row(_VERSION, self.scope.workspace_id, self.row["id"], number)
            assert row is not None, "versions of a workflow are kept"
            graph = db.load_json(row["graph"])
            keys = frozenset(node["key"] for node in graph["nodes"])
            self.versions[number] = Version(number, graph, keys, row["followed_by"], db.load_json(row["moves"]))
        return self.versions[number]

    async def path(self, number: int) -> list[Version]:
        """The version and those that follow it, up to the one that runs."""
        path = [await self.version(number)]
        while (followed_by := path[-1].followed_by) is not None:
            path.append(await self.version(followed_by))
        return path

    async def plan(self, number: int) -> Plan:
        """The plan by which those run who entered with this version."""
        if number not in self.plans:
            last = (await self.path(number))[-1]
            if last.number not in self.plans:
                self.plans[last.number] = await self._make(last)
            self.plans[number] = self.plans[last.number]
        return self.plans[number]

    async def _make(self, version: Version) -> Plan:
        graph = read_graph(version.graph)
        plan = await plan_of(self.scope, graph, self.numbers)
        plan.workflow_id, plan.name = self.row["id"], self.row["name"]
        plan.status, plan.drains = self.row["status"], self.row["drains"]
        plan.number, plan.test_segment_id, plan.since = version.number, self.row["test_segment_id"], self.since
        return plan

    async def is_out(self, number: int) -> bool:
        """Whether a publish ended those who had entered with this version."""
        return any(version.moves == EVERYBODY_OUT for version in await self.path(number))

    async def node_now(self, number: int, key: str) -> str | None:
        """Where somebody stands who stood at a node of a version on the path: a node of the plan; None when it leads nowhere."""
        path = await self.path(number)
        stood = max((index for index, version in enumerate(path) if key in version.keys), default=None)
        if stood is None:
            return None
        place: str | None = key
        for version, following in pairwise(path[stood:]):
            place = place if place in following.keys else version.moves.get(place or "")
        return place if place in path[-1].keys else None


_VERSION = """
SELECT coalesce(runs_as, graph) AS graph, followed_by, moves FROM workflow_versions
WHERE workspace_id = $1 AND workflow_id = $2 AND number = $3
"""


# ---------------------------------------------------------------- a workspace


@dataclass(slots=True, eq=False)
class Plans:
    """What runs in a workspace. `running` are the published versions; `triggers` what lets in, by the word of what happened.

    `inside` are all versions with which somebody may be inside; `heard` is what they listen to for those.
    """

    scope: Scope
    epoch: tuple[int, RuleEpoch]
    workflows: dict[int, WorkflowPlans] = field(default_factory=dict)
    running: dict[int, Plan] = field(default_factory=dict)
    triggers: dict[str, list[tuple[Plan, Trigger]]] = field(default_factory=dict)
    listened: frozenset[str] = frozenset()
    heard: frozenset[str] = frozenset()
    inside: list[Plan] = field(default_factory=list)

    @property
    def segment_ids(self) -> list[int]:
        """The segments whose members are listened to."""
        return [int(word.removeprefix("segment:")) for word in self.listened if word.startswith("segment:")]

    def name_of(self, workflow_id: int) -> str:
        workflow = self.workflows.get(workflow_id)
        return f"workflow {workflow_id}" if workflow is None else str(workflow.row["name"])


_kept: OrderedDict[int, Plans] = OrderedDict()


async def current(lock: WorkflowLock) -> Plans | None:
    """Returns None when there is no such workspace any more."""
    epoch = (lock.epoch, lock.rule_epoch)
    plans = _kept.get(lock.workspace_id)
    if plans is None or plans.epoch != epoch:
        scope = await workspaces.find_system_scope(lock.workspace_id)
        if scope is None:
            return None
        plans = _kept[lock.workspace_id] = await _load(scope, epoch)
        if len(_kept) > KEPT_WORKSPACES:
            _kept.popitem(last=False)
    _kept.move_to_end(lock.workspace_id)
    return plans


def forget() -> None:
    """Forgets all plans, in a process that connects to another database."""
    _kept.clear()


async def _load(scope: Scope, epoch: tuple[int, RuleEpoch]) -> Plans:
    plans = Plans(scope, epoch)
    numbers, since, listened = await _nodes(scope), await _since(scope), set[str]()
    for row in await db.fetch(_RUNNING, scope.workspace_id):
        workflow = plans.workflows[row["id"]] = WorkflowPlans(
            scope, row, numbers.get(row["id"], {}), since.get(row["id"], {})
        )
        listened |= since.get(row["id"], {}).keys()
        if row["published_number"] is not None:
            plan = plans.running[row["id"]] = await workflow.plan(row["published_number"])
            for trigger in plan.graph.triggers if plan.lets_in else ():
                for word in plan.words_of(trigger.on):
                    plans.triggers.setdefault(word, []).append((plan, trigger))
    plans.listened = frozenset(listened)
    for row in await db.fetch(_NUMBERS, scope.workspace_id):
        if row["workflow_id"] in plans.workflows:
            plans.inside.append(await plans.workflows[row["workflow_id"]].plan(row["number"]))
    plans.heard = heard_by(plans.inside)
    return plans


def heard_by(plans: Iterable[Plan]) -> frozenset[str]:
    """The words under which they listen for those inside."""
    return frozenset(sources.listened(word) for plan in plans for word in plan.listeners.words)


async def _nodes(scope: Scope) -> dict[int, dict[str, int]]:
    found: dict[int, dict[str, int]] = {}
    for row in await db.fetch(_NODES, scope.workspace_id):
        found.setdefault(row["workflow_id"], {})[row["key"]] = row["node"]
    return found


async def _since(scope: Scope) -> dict[int, dict[str, tuple[int, datetime]]]:
    found: dict[int, dict[str, tuple[int, datetime]]] = {}
    for row in await db.fetch(_SINCE, scope.workspace_id):
        found.setdefault(row["workflow_id"], {})[row["source"]] = (row["since"], row["since_at"])
    return found


_RUNNING = """
SELECT id, name, status, drains, published_number, test_segment_id FROM workflows
WHERE workspace_id = $1 AND status IN ('ACTIVE', 'PAUSED', 'DRAINING') ORDER BY id
"""

_NODES = """
SELECT n.workflow_id, n.node, n.key FROM workflow_nodes AS n
JOIN workflows AS w ON w.workspace_id = $1 AND w.id = n.workflow_id AND w.status IN ('ACTIVE', 'PAUSED', 'DRAINING')
WHERE n.workspace_id = $1
"""

_NUMBERS = (
    "SELECT DISTINCT workflow_id, number FROM workflow_sources WHERE workspace_id = $1 ORDER BY workflow_id, number"
)

_SINCE = """
SELECT workflow_id, source, min(since) AS since, min(since_at) AS since_at FROM workflow_sources
WHERE workspace_id = $1 GROUP BY workflow_id, source
"""
