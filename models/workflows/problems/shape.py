"""Problems of a graph alone: what leads where."""

from collections.abc import Iterator, Mapping

from models.rules.duration import Duration
from models.workflows.graph.actions import Send, Wait, WaitFor, WaitUntil
from models.workflows.graph.events import ActivityHappened, MessageReached, SegmentEntered
from models.workflows.graph.mentions import each_event
from models.workflows.graph.tree import Graph, GraphNode
from models.workflows.problems.problem import Problem, ProblemCode

LEAST_WAIT_SECONDS = 60
"""A cycle needs a wait of so long, or one contact could keep the workers busy."""

MOST_CYCLES = 10


def shape_problems(graph: Graph) -> Iterator[Problem]:
    if not graph.triggers:
        yield Problem(ProblemCode.NO_TRIGGER, "nothing lets contacts in: give at least one trigger")
    yield from _starts(graph)
    yield from _edges(graph)
    yield from _unreachable(graph)
    yield from _cycles(graph)
    yield from _mentioned_nodes(graph)
    yield from _reentry_key(graph)


def _starts(graph: Graph) -> Iterator[Problem]:
    if graph.start not in graph.nodes:
        yield Problem(ProblemCode.NO_START, _nowhere("the workflow starts at", graph.start))
    for trigger in graph.triggers:
        if trigger.start is not None and trigger.start not in graph.nodes:
            message = _nowhere(f'trigger "{trigger.key}" starts at', trigger.start)
            yield Problem(ProblemCode.NO_START, message)


def _nowhere(what: str, key: str) -> str:
    return f'{what} "{key}", and there is no such node' if key else f"{what} no node yet: name the key of one"


def _edges(graph: Graph) -> Iterator[Problem]:
    for node in graph.nodes.values():
        for outcome, key in node.edges.items():
            if key not in graph.nodes:
                message = _nowhere(f'the outcome "{outcome}" leads to', key)
                yield Problem(ProblemCode.EDGE_TO_NOWHERE, message, node.key)


# ---------------------------------------------------------------- what can be reached


def _unreachable(graph: Graph) -> Iterator[Problem]:
    starts = [graph.start, *(trigger.start for trigger in graph.triggers if trigger.start is not None)]
    reached = reachable(graph, starts)
    for key in graph.nodes:
        if key not in reached:
            yield Problem(ProblemCode.UNREACHABLE, "no trigger and no other node leads here", key)


def reachable(graph: Graph, starts: list[str]) -> frozenset[str]:
    """The keys of the nodes that can be reached from these, with themselves."""
    reached: set[str] = set()
    waiting = [key for key in starts if key in graph.nodes]
    while waiting:
        key = waiting.pop()
        if key not in reached:
            reached.add(key)
            waiting += [after for after in graph.nodes[key].edges.values() if after in graph.nodes]
    return frozenset(reached)


# ---------------------------------------------------------------- cycles


def is_long(duration: Duration) -> bool:
    return bool(duration.months or duration.days) or duration.seconds >= LEAST_WAIT_SECONDS


def instant_edges(node: GraphNode) -> dict[str, str]:
    """The outcomes by which one may come on in less than LEAST_WAIT_SECONDS."""
    match node.do:
        case Wait(duration=duration) if is_long(duration):
            waited = {"next"}
        case WaitFor(timeout=timeout) if is_long(timeout):
            waited = {"timedOut"}
        case WaitUntil(at=None, field=None) if node.do.local_time is not None:
            waited = {"next", "skip"}  # the second time, it is a day away
        case _:
            waited = set()
    return {outcome: key for outcome, key in node.edges.items() if outcome not in waited}


def _cycles(graph: Graph) -> Iterator[Problem]:
    edges = {
        key: {after for after in instant_edges(node).values() if after in graph.nodes}
        for key, node in graph.nodes.items()
    }
    for _ in range(MOST_CYCLES):
        cycle = find_cycle(edges)
        if cycle is None:
            return
        path = " -> ".join([*cycle, cycle[0]])
        message = f"one could go round without a wait of at least a minute: {path}. Put a wait into it"
        yield Problem(ProblemCode.CYCLE_WITHOUT_WAIT, message, cycle[0])
        edges[cycle[-1]].discard(cycle[0])


def find_cycle(edges: Mapping[str, set[str]]) -> list[str] | None:
    """The keys along one cycle, if there is any."""
    done: set[str] = set()
    for start in edges:
        path: list[str] = []
        waiting: list[tuple[str, int]] = [(start, 0)]
        while waiting:
            key, depth = waiting.pop()
            for left in path[depth:]:
                done.add(left)
            del path[depth:]
            if key in path:
                return path[path.index(key) :]
            if key not in done:
                path.append(key)
                waiting += [(after, depth + 1) for after in sorted(edges[key])]
        done.update(path)
    return None


# ---------------------------------------------------------------- what does not fit together


def _mentioned_nodes(graph: Graph) -> Iterator[Problem]:
    for node_key, where, event in each_event(graph):
        if isinstance(event, MessageReached) and event.node_key is not None:
            sending = graph.nodes.get(event.node_key)
            if sending is None or not isinstance(sending.do, Send):
                message = f'{where} listens to messages of "{event.node_key}", which is no SEND node of this workflow'
                yield Problem(ProblemCode.NODE_UNKNOWN, message, node_key)
    entered = any(isinstance(trigger.on, SegmentEntered) for trigger in graph.triggers)
    if not entered and any(found.leaves_trigger for found in graph.exits):
        message = "an exit is for leaving the segment that let the contact in, and no trigger is segmentEntered"
        yield Problem(ProblemCode.NEVER_HAPPENS, message)


def _reentry_key(graph: Graph) -> Iterator[Problem]:
    if graph.reentry.key is not None and not any(
        isinstance(trigger.on, ActivityHappened) for trigger in graph.triggers
    ):
        message = f'"{graph.reentry.key}" is a property of activities, and no trigger is an activity: leave the key out'
        yield Problem(ProblemCode.KEY_WITHOUT_ACTIVITY, message)
