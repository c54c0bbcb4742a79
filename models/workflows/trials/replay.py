"""Plays the past through a workflow: the engine decides on a clock that runs through it, and nothing is written.

Nodes that change something are passed without an effect. Rules are asked of contacts as they are now, but who was a member of a
segment is known.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from heapq import heappop, heappush
from typing import Final
from zoneinfo import ZoneInfo

from models import clock
from models.membership.rule_epochs import RuleEpoch
from models.workflows import batches, heeding, sources
from models.workflows.arrivals import Arrival
from models.workflows.counts import Counts, median_stay_seconds
from models.workflows.engine_lock import WorkflowLock
from models.workflows.graph.actions import (
    Action,
    ActivityRecord,
    Enroll,
    FieldSet,
    SegmentAdd,
    SegmentKeep,
    SegmentRemove,
    Send,
    TagsChange,
    Webhook,
)
from models.workflows.graph.tree import Graph, GraphNode, Trigger
from models.workflows.happenings import Happening
from models.workflows.inside import ends
from models.workflows.insight.figures import NodeFigures
from models.workflows.nodes.interface import Settle
from models.workflows.plan import Plan, plan_of
from models.workflows.plans import Plans, heard_by
from models.workflows.run import Candidate, Entry, Run
from models.workflows.states import EnrollmentEnd, EnrollmentState
from models.workflows.trials import members
from models.workflows.trials.since_ever import SinceEver
from models.workflows.wakes import stays_until, wake_by_time
from models.workflows.walk import walk
from permissions.principal import Scope

WORKFLOW_ID: Final = 0
"""No workflow has this id, so nothing that is stored of one is met."""


async def _pass_by(_: Run, node: GraphNode, arrivals: Sequence[Arrival]) -> None:
    for arrival in arrivals:
        arrival.go("next", node.edges["next"])


WITHOUT_EFFECT: Final[Mapping[type[Action], Settle]] = dict.fromkeys(
    (SegmentAdd, SegmentRemove, SegmentKeep, TagsChange, FieldSet, ActivityRecord, Send, Webhook, Enroll), _pass_by
)


@dataclass(slots=True)
class Played:
    """What came of it so far. `days` are those of the workspace."""

    entered: int = 0
    days: Counter[str] = field(default_factory=Counter)
    turned_away: Counter[str] = field(default_factory=Counter)
    contacts: dict[int, None] = field(default_factory=dict)
    nodes: dict[str, NodeFigures] = field(default_factory=dict)
    stays: dict[str, Counter[int]] = field(default_factory=dict)

    def node(self, key: str) -> NodeFigures:
        return self.nodes.setdefault(key, NodeFigures(key))


@dataclass(slots=True, eq=False)
class Replay:
    plan: Plan
    plans: Plans
    played: Played = field(default_factory=Played)
    inside: dict[int, list[Arrival]] = field(default_factory=dict)
    _due: list[tuple[datetime, int, Arrival]] = field(default_factory=list)
    _entries: dict[tuple[int, int], dict[str, Entry]] = field(default_factory=dict)
    _occurred: dict[int, set[str]] = field(default_factory=dict)

    @property
    def words(self) -> frozenset[str]:
        """All that is listened to, as sources.listened gives it."""
        return self.plans.listened

    def run(self, now: datetime) -> Run:
        lock = WorkflowLock(self.plan.scope.workspace_id, now, clock.now(), 0, RuleEpoch(0), None, None, None)
        run = Run(self.plans, lock, now, Counts(now), members_then=members.by_log, instead=WITHOUT_EFFECT)
        run.entries, run.occurred = self._entries, self._occurred
        return run

    async def tick(self, now: datetime, happened: Sequence[Happening], candidates: Sequence[Candidate]) -> None:
        """What happened up to `now`; then those whose time has come; then those who enter, `candidates` among them."""
        run = self.run(now)
        run.happened = happened
        contact_ids = dict.fromkeys(one.contact_id for one in happened)
        touched = [arrival for contact_id in contact_ids for arrival in self.inside.get(contact_id, ())]
        for arrival in touched:
            arrival.now = now
        await heeding.heed_these(run, happened, touched)
        woken = self._wake(run)
        await ends.look(run, woken)
        await walk(run, [arrival for arrival in woken if arrival.ended is None])
        self._let_go(run, [*touched, *woken])
        await batches.let_in_by_triggers(run, candidates)
        run.settle_entries()
        self._record(run, [*touched, *woken], run.arrivals)

    def _let_go(self, run: Run, arrivals: Sequence[Arrival]) -> None:
        """Those who have ended may enter again, if the workflow lets them."""
        for arrival in arrivals:
            if arrival.ended is not None:
                self._entries[WORKFLOW_ID, arrival.contact_id][arrival.entry_key].ended_at = run.now

    # ---------------------------------------------------------------- time

    def next_due_at(self) -> datetime | None:
        return self._due[0][0] if self._due else None

    def _wake(self, run: Run) -> list[Arrival]:
        woken = []
        while self._due and self._due[0][0] <= run.now:
            moment, _, arrival = heappop(self._due)
            if arrival.ended is None and moment == _moves_at(arrival):
                arrival.now = run.now
                if stays_until(arrival) <= run.now:
                    arrival.end(EnrollmentEnd.STAYED_TOO_LONG)
                wake_by_time(run, arrival)
                woken.append(arrival)
        return woken

    # ---------------------------------------------------------------- figures

    def _record(self, run: Run, moved: Sequence[Arrival], new: Sequence[Arrival]) -> None:
        zone = ZoneInfo(self.plan.scope.timezone)
        for arrival in new:
            self.played.entered += 1
            self.played.days[run.now.astimezone(zone).date().isoformat()] += 1
            self.played.contacts[arrival.contact_id] = None
            self.played.node(self.plan.graph.start_of(arrival.trigger)).entered += 1
            self.inside.setdefault(arrival.contact_id, []).append(arrival)
        self.played.turned_away.update(one.reason for one in run.turned_away)
        for arrival in dict.fromkeys([*moved, *new]):
            self._record_way(run, arrival)
            arrival.order = -1
            if arrival.ended is None:
                heappush(self._due, (_moves_at(arrival), arrival.id, arrival))
            else:
                self.inside[arrival.contact_id].remove(arrival)

    def _record_way(self, run: Run, arrival: Arrival) -> None:
        keys = self.plan.keys
        for number, outcome, following, bucket, _ in arrival.trail.steps():
            if bucket is not None:
                self.played.node(keys[number]).outcomes[outcome] += 1
                self.played.stays.setdefault(keys[number], Counter())[bucket] += 1
            if following is not None:
                self.played.node(keys[following]).entered += 1
        arrival.trail = run.trail(self.plan, self.plan.number, -1)

    def figures(self) -> list[NodeFigures]:
        """Of all nodes, in the order of the graph."""
        for key in self.plan.graph.nodes:
            found = self.played.node(key)
            found.inside = found.entered - found.outcomes.total()
            found.median_stay_seconds = median_stay_seconds(self.played.stays.get(key, Counter()).items())
        for arrivals in self.inside.values():
            for arrival in arrivals:
                found, moment = self.played.node(arrival.key), _moves_at(arrival)
                found.next_wake_at = moment if found.next_wake_at is None else min(moment, found.next_wake_at)
        return [self.played.node(key) for key in self.plan.graph.nodes]


def _moves_at(arrival: Arrival) -> datetime:
    until = stays_until(arrival)
    is_moved_by_time = arrival.wake_at is not None and arrival.state is not EnrollmentState.FAILED
    return min(arrival.wake_at, until) if is_moved_by_time and arrival.wake_at is not None else until


async def replay_of(scope: Scope, graph: Graph) -> Replay:
    """Limits of nodes are left out: what has passed them is not known."""
    nodes = {key: replace(node, limit=None) for key, node in graph.nodes.items()}
    plan = await plan_of(scope, replace(graph, nodes=nodes))
    plan.since = SinceEver()
    by_word: dict[str, list[tuple[Plan, Trigger]]] = {}
    for trigger in graph.triggers:
        for word in plan.words_of(trigger.on):
            by_word.setdefault(word, []).append((plan, trigger))
    heard = heard_by([plan])
    listened = heard | {sources.listened(word) for word in by_word}
    return Replay(plan, Plans(scope, (0, RuleEpoch(0)), {}, {WORKFLOW_ID: plan}, by_word, listened, heard, [plan]))
