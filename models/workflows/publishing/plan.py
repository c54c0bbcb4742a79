"""What a publish would do to those inside, in the groups in which it is done and counted."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from models.errors import DomainError, Invalid, Problems
from models.workflows import bulk, versions
from models.workflows.bulk import Standing
from models.workflows.graph.tree import Graph
from models.workflows.publishing.tokens import Counted
from models.workflows.publishing.transitions import Change, Transition, transitions
from models.workflows.states import EnrolledContactsPolicy
from permissions.principal import Scope

Moves = Mapping[str, str]
"""From the key of a node that is gone to that of another."""


@dataclass(frozen=True, slots=True)
class Group:
    """Those at one node, who go on by the same version, and what happens to them. `count` was counted when it was planned."""

    standing: Standing
    key: str
    change: Change
    count: int
    to_key: str | None = None
    waits_seconds: float | None = None

    @property
    def waits(self) -> timedelta | None:
        return None if self.waits_seconds is None else timedelta(seconds=self.waits_seconds)


@dataclass(frozen=True, slots=True)
class PublishPlan:
    inside: int
    groups: tuple[Group, ...]

    def of(self, change: Change) -> Iterator[Group]:
        return (group for group in self.groups if group.change is change)

    def leaving(self) -> dict[tuple[str, str | None], int]:
        """How many leave nodes that are gone, by node and target (None: they end), of all versions that run."""
        found: Counter[tuple[str, str | None]] = Counter()
        for group in (*self.of(Change.MOVE), *self.of(Change.END)):
            found[group.key, group.to_key] += group.count
        return dict(found)

    def counted(self) -> Counted:
        moved = {f"{key} -> {to_key}": count for (key, to_key), count in self.leaving().items() if to_key is not None}
        return Counted(self.inside, moved, sum(group.count for group in self.of(Change.END)))


async def plan(
    scope: Scope, workflow_id: int, new: Graph, enrolled: EnrolledContactsPolicy, moves: Moves
) -> PublishPlan:
    """Raises Problems below `moves`."""
    standing = await bulk.counted(scope, workflow_id)
    followers = await versions.followers(scope, workflow_id)
    keys = {node: key for key, node in (await versions.node_numbers(scope, workflow_id)).items()}
    running = {
        number: await versions.graph_of(scope, workflow_id, number)
        for number in {followers[number] for number, _ in standing}
    }
    _check_moves(moves, new, {key for graph in running.values() for key in graph.nodes}, enrolled)
    groups = []
    for number, graph in sorted(running.items()):
        by_key = _changes(graph, new, enrolled, moves)
        entered = tuple(sorted(entry for entry, last in followers.items() if last == number))
        for node in sorted({node for entry, node in standing if entry in entered}):
            transition = by_key.get(keys[node], Transition(keys[node], Change.END))
            count = sum(standing.get((entry, node), 0) for entry in entered)
            waits = None if transition.waits is None else transition.waits.total_seconds()
            where = Standing(workflow_id, entered, node)
            groups.append(Group(where, transition.key, transition.change, count, transition.to_key, waits))
    return PublishPlan(sum(standing.values()), tuple(groups))


def _changes(running: Graph, new: Graph, enrolled: EnrolledContactsPolicy, moves: Moves) -> dict[str, Transition]:
    match enrolled:
        case EnrolledContactsPolicy.MOVE:
            return {transition.key: transition for transition in transitions(running, new, moves)}
        case EnrolledContactsPolicy.FINISH_OLD_VERSION:
            return {key: Transition(key, Change.STAY) for key in running.nodes}
        case EnrolledContactsPolicy.EXIT:
            return {key: Transition(key, Change.END) for key in running.nodes}


def _check_moves(moves: Moves, new: Graph, known: set[str], enrolled: EnrolledContactsPolicy) -> None:
    errors: list[DomainError] = []
    for index, (from_key, to_key) in enumerate(moves.items()):
        if enrolled is not EnrolledContactsPolicy.MOVE:
            errors.append(Invalid(f"nobody is moved with {enrolled}: leave the moves out", ("moves", index)))
        elif from_key in new.nodes:
            wrong = f'the draft still has the node "{from_key}": those at it stay there'
            errors.append(Invalid(wrong, ("moves", index, "fromKey")))
        elif known and from_key not in known:
            errors.append(Invalid(f'nothing that runs has a node "{from_key}"', ("moves", index, "fromKey")))
        if to_key not in new.nodes:
            errors.append(Invalid(f'the draft has no node "{to_key}"', ("moves", index, "toKey")))
    if errors:
        raise Problems(errors)


# ---------------------------------------------------------------- kept in a job


def to_json(group: Group) -> dict[str, Any]:
    return asdict(group)


def from_json(stored: Mapping[str, Any]) -> Group:
    where = stored["standing"]
    standing = Standing(where["workflow_id"], tuple(where["numbers"]), where["node"])
    return Group(**{**stored, "standing": standing, "change": Change(stored["change"])})
