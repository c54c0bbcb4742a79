"""Walks one contact through a graph, and touches nothing: the engine does it, and all is undone."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from models import clock, db
from models.errors import Invalid, NotFound
from models.membership.rule_epochs import RuleEpoch
from models.workflows.arrivals import PENDING, TICK, Arrival
from models.workflows.counts import Counts
from models.workflows.engine_lock import WorkflowLock
from models.workflows.entries import ENTRY_RULE
from models.workflows.graph.actions import Branch, Condition, FieldSet, Send, Split, WaitFor, WaitUntil, Webhook
from models.workflows.graph.read import read_graph
from models.workflows.graph.text import Names, action_in_words, rule_in_words
from models.workflows.graph.tree import Graph
from models.workflows.inside import ends
from models.workflows.inside.asking import first_that_holds
from models.workflows.plan import Plan, plan_of
from models.workflows.plans import Plans
from models.workflows.problems.check import problems_of
from models.workflows.run import Run
from models.workflows.states import EnrollmentEnd, EnrollmentState
from models.workflows.texts import load_names
from models.workflows.trials import members
from models.workflows.trials.answers import Answers, check_answers, settled_by
from models.workflows.trials.fidelity import Fidelity
from models.workflows.trials.rolled_back import rolled_back
from models.workflows.wakes import stays_until
from models.workflows.walk import walk
from permissions.principal import Scope

MOST_STEPS: Final = 200
"""Then a path that goes in a circle, with waits, is cut off."""

EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(2100, 1, 1, tzinfo=UTC)
"""Between these a walk begins."""

SIMULATED: Final = -1
"""In place of the id of a test run."""


@dataclass(frozen=True, slots=True)
class PathStep:
    node_key: str
    at: datetime
    outcome: str
    text: str
    fidelity: Fidelity


@dataclass(frozen=True, slots=True)
class SimulatedPath:
    """`end` is None when it stays at the last node, or goes in a circle."""

    steps: list[PathStep]
    end: str | None = None
    ends_at: datetime | None = None


async def simulate(
    scope: Scope, graph_json: object, contact_id: int, at: datetime | None = None, answers: object = None
) -> SimulatedPath:
    """`at`: when it enters; now when None. `answers`: what a WAIT_FOR, SEND or WEBHOOK meets, by the key of the node.

    Raises Problems below `graph` or `answers`, Invalid at `graph` when the graph cannot run, NotFound at `contactId`.
    """
    graph = read_graph(graph_json)
    given = check_answers(graph, {} if answers is None else answers)
    if at is not None and not EARLIEST <= at < LATEST:
        raise Invalid(f"`at` must be from {EARLIEST:%Y} to before {LATEST:%Y}", ("at",))
    await refuse_problems(scope, graph)
    if not await db.fetch_value(_EXISTS, scope.workspace_id, contact_id):
        raise NotFound("there is no such contact", ("contactId",))
    names, now = await load_names(scope, [graph]), clock.now()
    walker = _Walker(await plan_of(scope, graph), contact_id, given, names, now)
    return await rolled_back(walker.walk(at or now))


_EXISTS = "SELECT EXISTS (SELECT FROM contacts WHERE workspace_id = $1 AND id = $2)"


async def refuse_problems(scope: Scope, graph: Graph) -> None:
    """Raises Invalid at `graph` when it cannot run."""
    blocking = [problem for problem in await problems_of(scope, graph) if problem.blocks]
    if blocking:
        where = "" if blocking[0].node_key is None else f" (at the node {blocking[0].node_key})"
        raise Invalid(f"this graph cannot run: {blocking[0].message}{where}", ("graph",))


class _Walker:
    def __init__(self, plan: Plan, contact_id: int, answers: Answers, names: Names, present: datetime) -> None:
        self._plan = plan
        self._contact_id = contact_id
        self._instead = settled_by(answers)
        self._names = names
        self._present = present
        self._steps: list[PathStep] = []

    async def walk(self, entered_at: datetime) -> SimulatedPath:
        run = self._run(entered_at)
        if not await self._may_enter(run):
            return SimulatedPath([self._turned_away(entered_at)])
        arrival = self._arrival(run)
        await self._pass(run, arrival)
        while arrival.ended is None and len(self._steps) < MOST_STEPS:
            now = _goes_on_at(arrival, run.now)
            if now is None:
                self._stay(arrival, run.now)
                break
            run = self._run(min(now, stays_until(arrival)))
            _wake(run, arrival)
            await self._pass(run, arrival)
        end = None if arrival.ended is None else arrival.ended.value
        return SimulatedPath(self._steps, end, None if end is None else run.now)

    # ---------------------------------------------------------------- the engine

    def _run(self, now: datetime) -> Run:
        workspace_id = self._plan.scope.workspace_id
        lock = WorkflowLock(workspace_id, now, self._present, 0, RuleEpoch(0), None, None, None)
        running = Plans(self._plan.scope, (0, RuleEpoch(0)), running={self._plan.workflow_id: self._plan})
        then = None if now == self._present else members.by_rules
        return Run(running, lock, now, Counts(now), test_id=SIMULATED, members_then=then, instead=self._instead)

    async def _may_enter(self, run: Run) -> bool:
        rule = self._plan.graph.entry_rule
        return rule is None or bool(await first_that_holds(run, "entryRule", (rule,), self._plan, [self._contact_id]))

    def _arrival(self, run: Run) -> Arrival:
        """Its id decides what a SPLIT does: any will do."""
        key = self._plan.graph.start
        trail = run.trail(self._plan, self._plan.number, -1)
        moment = run.now
        return Arrival(
            self._plan,
            self._contact_id,
            0,
            self._contact_id,
            "",
            key,
            moment,
            moment,
            moment,
            trail,
            test_id=SIMULATED,
            is_new=True,
        )

    async def _pass(self, run: Run, arrival: Arrival) -> None:
        """As far as it comes at this moment. Segments are as they are: what it changes itself is not waited for."""
        await ends.look(run, [arrival])
        while True:
            await walk(run, [arrival])
            self._record(run, arrival)
            if (
                arrival.ended is not None
                or arrival.state is not EnrollmentState.READY
                or arrival.reason not in (PENDING, TICK)
            ):
                return
            arrival.has_changed, arrival.by_time, arrival.fresh_at, arrival.is_settled = False, False, None, False

    # ---------------------------------------------------------------- what is shown

    def _record(self, run: Run, arrival: Arrival) -> None:
        for number, outcome, _, bucket, _ in arrival.trail.steps():
            if bucket is not None:
                self._add(self._plan.keys[number], run.now, outcome)
        arrival.trail = run.trail(self._plan, self._plan.number, -1)

    def _add(self, key: str, at: datetime, outcome: str) -> None:
        text = action_in_words(self._plan.graph.nodes[key].do, self._names)
        self._steps.append(PathStep(key, at, outcome, text, self._fidelity(key, at)))

    def _fidelity(self, key: str, at: datetime) -> Fidelity:
        do = self._plan.graph.nodes[key].do
        if isinstance(do, OUTSIDE) or (isinstance(do, OF_CONTACT) and at != self._present):
            return Fidelity.AS_OF_NOW
        return Fidelity.EXACT

    def _stay(self, arrival: Arrival, at: datetime) -> None:
        """Time alone does not move it on: it failed, or is held."""
        text = arrival.reason or action_in_words(arrival.node.do, self._names)
        self._steps.append(PathStep(arrival.key, at, arrival.state.lower(), text, self._fidelity(arrival.key, at)))

    def _turned_away(self, at: datetime) -> PathStep:
        rule = self._plan.graph.entry_rule
        assert rule is not None
        text = f"it is not let in, because it is not: {rule_in_words(rule, self._names)}"
        fidelity = Fidelity.EXACT if at == self._present else Fidelity.AS_OF_NOW
        return PathStep(self._plan.graph.start, at, ENTRY_RULE, text, fidelity)


OUTSIDE: Final = (WaitFor, Send, Webhook, Split)
"""What they meet is not known before."""

OF_CONTACT: Final = (Condition, Branch, WaitUntil, FieldSet)
"""They read the contact as it is."""


def _goes_on_at(arrival: Arrival, now: datetime) -> datetime | None:
    """When time moves it on; None when it does not."""
    if arrival.state in (EnrollmentState.WAITING, EnrollmentState.HELD) and arrival.wake_at is not None:
        return max(arrival.wake_at, now)
    return None


def _wake(run: Run, arrival: Arrival) -> None:
    arrival.now = run.now
    arrival.by_time, arrival.has_changed, arrival.fresh_at, arrival.is_settled = True, False, None, False
    if stays_until(arrival) <= run.now:
        arrival.end(EnrollmentEnd.STAYED_TOO_LONG)
