"""Problems with what a graph names: segments, rules, broadcasts and other workflows that are gone, or of the wrong kind."""

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass

from models import db
from models.db.tables.segments import SegmentKind
from models.destinations.webhooks.event_types import WORKFLOW_MESSAGE
from models.destinations.webhooks.messages import can_receive
from models.errors import DomainError, NotFound, Problems
from models.rule_catalogue.loading import load_catalogue
from models.rules.catalogue import Catalogue
from models.rules.check import check
from models.workflows.graph.actions import Enroll, Webhook
from models.workflows.graph.events import MessageReached, Scheduled, segments_of
from models.workflows.graph.mentions import each_event, each_rule, segments_changed, workflows_named
from models.workflows.graph.tree import Graph
from models.workflows.problems.problem import Problem, ProblemCode
from models.workflows.timing.recurrences import read_recurrence
from permissions.principal import Scope


async def name_problems(scope: Scope, graph: Graph) -> AsyncIterator[Problem]:
    catalogue = await load_catalogue(scope, *(mentioned.rule for mentioned in each_rule(graph)))
    for problem in _rules(graph, catalogue):
        yield problem
    for problem in _segments(graph, await _load_segments(scope, graph)):
        yield problem
    for problem in _schedules(graph):
        yield problem
    async for problem in _broadcasts(scope, graph):
        yield problem
    async for problem in _workflows(scope, graph):
        yield problem
    async for problem in _endpoints(scope, graph):
        yield problem


# ---------------------------------------------------------------- rules


def _rules(graph: Graph, catalogue: Catalogue) -> Iterator[Problem]:
    for node_key, where, rule in each_rule(graph):
        try:
            check(rule, catalogue, path=())
        except Problems as problems:
            for error in problems.errors:
                code = ProblemCode.SEGMENT_GONE if isinstance(error, NotFound) else ProblemCode.RULE_INVALID
                yield Problem(code, f"{where}: {_at(error)}", node_key)


def _at(error: DomainError) -> str:
    return f"{error.message} (at {'.'.join(error.path)})" if error.path else error.message


# ---------------------------------------------------------------- segments


@dataclass(frozen=True, slots=True)
class _Segment:
    name: str
    kind: SegmentKind


async def _load_segments(scope: Scope, graph: Graph) -> Mapping[int, _Segment]:
    listened = frozenset[int]().union(*(segments_of(mentioned.event) for mentioned in each_event(graph)))
    rows = await db.fetch(
        "SELECT id, name, kind FROM segments WHERE workspace_id = $1 AND id = ANY ($2::bigint[]) AND deleted_at IS NULL",
        scope.workspace_id,
        list(listened | set(segments_changed(graph).values())),
    )
    return {row["id"]: _Segment(row["name"], SegmentKind(row["kind"])) for row in rows}


def _segments(graph: Graph, known: Mapping[int, _Segment]) -> Iterator[Problem]:
    for node_key, where, event in each_event(graph):
        if segments_of(event) - known.keys():
            yield Problem(ProblemCode.SEGMENT_GONE, f"{where} names a segment that is not there, or deleted", node_key)
    for node_key, segment_id in segments_changed(graph).items():
        segment = known.get(segment_id)
        if segment is None:
            message = "the segment is not there, or deleted: choose one that exists"
            yield Problem(ProblemCode.SEGMENT_GONE, message, node_key)
        elif segment.kind is not SegmentKind.STATIC:
            message = f'"{segment.name}" is {segment.kind}: its rule says who is in it. Choose a STATIC segment'
            yield Problem(ProblemCode.SEGMENT_NOT_STATIC, message, node_key)


# ---------------------------------------------------------------- the rest


def _schedules(graph: Graph) -> Iterator[Problem]:
    for node_key, where, event in each_event(graph):
        if isinstance(event, Scheduled):
            try:
                read_recurrence(event.rrule)
            except ValueError as error:
                yield Problem(ProblemCode.SCHEDULE_INVALID, f"{where}: rrule must be {error}", node_key)


async def _broadcasts(scope: Scope, graph: Graph) -> AsyncIterator[Problem]:
    named = [
        (mentioned, mentioned.event.broadcast_id)
        for mentioned in each_event(graph)
        if isinstance(mentioned.event, MessageReached) and mentioned.event.broadcast_id is not None
    ]
    if not named:
        return
    rows = await db.fetch(
        "SELECT id FROM broadcasts WHERE workspace_id = $1 AND id = ANY ($2::bigint[])",
        scope.workspace_id,
        [broadcast_id for _, broadcast_id in named],
    )
    known = {row["id"] for row in rows}
    for mentioned, broadcast_id in named:
        if broadcast_id not in known:
            message = f"{mentioned.where} listens to a broadcast that is not there"
            yield Problem(ProblemCode.BROADCAST_GONE, message, mentioned.node_key)


async def _workflows(scope: Scope, graph: Graph) -> AsyncIterator[Problem]:
    named = workflows_named(graph)
    if not named:
        return
    rows = await db.fetch(
        "SELECT id, name, status FROM workflows WHERE workspace_id = $1 AND id = ANY ($2::bigint[])",
        scope.workspace_id,
        list(named),
    )
    known = {row["id"]: row for row in rows}
    for node in graph.nodes.values():
        if not isinstance(node.do, Enroll):
            continue
        row = known.get(node.do.workflow_id)
        if row is None or row["status"] == "ARCHIVED":
            yield Problem(ProblemCode.WORKFLOW_GONE, "the workflow is not there, or archived: choose another", node.key)
        elif row["status"] in ("DRAFT", "DRAINING"):
            message = f'"{row["name"]}" is {row["status"]}: it lets nobody in at present'
            yield Problem(ProblemCode.NEVER_HAPPENS, message, node.key)


async def _endpoints(scope: Scope, graph: Graph) -> AsyncIterator[Problem]:
    for node in graph.nodes.values():
        if isinstance(node.do, Webhook) and not await can_receive(scope, node.do.endpoint_id):
            message = (
                f"there is no such endpoint, or it does not take {WORKFLOW_MESSAGE}: choose another, or subscribe it"
            )
            yield Problem(ProblemCode.ENDPOINT_GONE, message, node.key)
