"""What a publish does to those inside, node by node: pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from models.workflows.graph.actions import Send, Wait, WaitFor, WaitUntil
from models.workflows.graph.tree import Graph, GraphNode


class Change(StrEnum):
    """STAY: nothing. WAKE: another moment to wake. MOVE: to another node. END: their enrollments end."""

    STAY = "STAY"
    WAKE = "WAKE"
    MOVE = "MOVE"
    END = "END"


@dataclass(frozen=True, slots=True)
class Transition:
    """Of those at the node `key` of a version that runs. `to_key`: of MOVE. `waits`: how long they wait there, if known."""

    key: str
    change: Change
    to_key: str | None = None
    waits: timedelta | None = None


def transitions(running: Graph, new: Graph, moves: Mapping[str, str]) -> Iterator[Transition]:
    """For each node of a running version, by its key. A node that is gone leads to `moves`; without a target they end."""
    for key, node in running.nodes.items():
        after = new.nodes.get(key)
        if after is not None:
            yield _kept(key, node, after, running, new)
        elif key in moves:
            yield Transition(key, Change.MOVE, moves[key], known_wait(new.nodes[moves[key]]))
        else:
            yield Transition(key, Change.END)


def _kept(key: str, before: GraphNode, after: GraphNode, running: Graph, new: Graph) -> Transition:
    """Figures and people stay with the key. Who waits at a changed node is asked again when to wake."""
    same = before.do == after.do and before.limit == after.limit and not _means_another_time(after, running, new)
    stays_as_long = running.max_stay == new.max_stay
    if same and stays_as_long:
        return Transition(key, Change.STAY)
    if isinstance(before.do, Wait) and isinstance(after.do, Wait) and before.limit == after.limit:
        return Transition(key, Change.WAKE, waits=known_wait(after))
    return Transition(key, Change.WAKE)


def _means_another_time(node: GraphNode, running: Graph, new: Graph) -> bool:
    by_zone = isinstance(node.do, WaitUntil) or (isinstance(node.do, Wait | WaitFor) and known_wait(node) is None)
    by_window = isinstance(node.do, Send)
    return (by_zone and running.zone != new.zone) or (by_window and running.send_window != new.send_window)


def known_wait(node: GraphNode) -> timedelta | None:
    """How long a WAIT lets everybody wait; None for other nodes, and for months, which are not equally long."""
    if isinstance(node.do, Wait) and not node.do.duration.months and node.limit is None:
        return node.do.duration.elapsed
    return None


# ---------------------------------------------------------------- messages soon


def sends_soon(graph: Graph, within: timedelta) -> frozenset[str]:
    """The nodes from which one who arrives may come to a SEND, without a wait of `within` or longer, or any other wait."""
    before: dict[str, set[str]] = {}
    for key, node in graph.nodes.items():
        for after in quick_edges(node, within):
            before.setdefault(after, set()).add(key)
    found = {key for key, node in graph.nodes.items() if isinstance(node.do, Send)}
    waiting = list(found)
    while waiting:
        for key in before.get(waiting.pop(), ()):
            if key not in found:
                found.add(key)
                waiting.append(key)
    return frozenset(found)


def quick_edges(node: GraphNode, within: timedelta) -> frozenset[str]:
    """Where one who arrives may go on before that time is over."""
    waits = known_wait(node)
    is_slow = isinstance(node.do, WaitUntil | WaitFor) or (
        isinstance(node.do, Wait) and (waits is None or waits >= within)
    )
    return frozenset() if is_slow else frozenset(node.edges.values())
