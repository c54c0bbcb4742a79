"""What a graph names: events, rules, segments, templates, endpoints and other workflows."""

from collections.abc import Iterator
from typing import NamedTuple

from models.rules.depends import segments_mentioned
from models.workflows.graph.actions import (
    Enroll,
    SegmentAdd,
    SegmentKeep,
    SegmentRemove,
    Send,
    WaitFor,
    Webhook,
    rules_of,
)
from models.workflows.graph.events import Event, RuleJson, segments_of
from models.workflows.graph.tree import Graph


class MentionedEvent(NamedTuple):
    """`node_key` is None outside of nodes; `where` says in words where it stands."""

    node_key: str | None
    where: str
    event: Event


class MentionedRule(NamedTuple):
    node_key: str | None
    where: str
    rule: RuleJson


def each_event(graph: Graph) -> Iterator[MentionedEvent]:
    for trigger in graph.triggers:
        yield MentionedEvent(None, f'trigger "{trigger.key}"', trigger.on)
    for node in graph.nodes.values():
        if isinstance(node.do, WaitFor):
            for event in node.do.events:
                yield MentionedEvent(node.key, "waitFor", event)
    if graph.goal is not None and graph.goal.event is not None:
        yield MentionedEvent(None, "the goal", graph.goal.event)
    for found in graph.exits:
        if found.event is not None:
            yield MentionedEvent(None, "an exit", found.event)


def each_rule(graph: Graph) -> Iterator[MentionedRule]:
    if graph.entry_rule is not None:
        yield MentionedRule(None, "the entry rule", graph.entry_rule)
    for node in graph.nodes.values():
        for path, rule in rules_of(node.do).items():
            yield MentionedRule(node.key, ".".join(path), rule)
    if graph.goal is not None and graph.goal.rule is not None:
        yield MentionedRule(None, "the goal", graph.goal.rule)
    for found in graph.exits:
        if found.rule is not None:
            yield MentionedRule(None, "an exit", found.rule)


def segments_changed(graph: Graph) -> dict[str, int]:
    """The segments whose members nodes change, by the key of the node."""
    changing = (SegmentAdd, SegmentRemove, SegmentKeep)
    return {node.key: node.do.segment_id for node in graph.nodes.values() if isinstance(node.do, changing)}


def segments_named(graph: Graph) -> frozenset[int]:
    """Every segment that the graph listens to, reads or changes."""
    of_events = (segments_of(mentioned.event) for mentioned in each_event(graph))
    of_rules = (segments_mentioned(mentioned.rule) for mentioned in each_rule(graph))
    return frozenset(segments_changed(graph).values()).union(*of_events, *of_rules)


def templates_named(graph: Graph) -> frozenset[int]:
    return frozenset(node.do.template_id for node in graph.nodes.values() if isinstance(node.do, Send))


def endpoints_named(graph: Graph) -> frozenset[int]:
    return frozenset(node.do.endpoint_id for node in graph.nodes.values() if isinstance(node.do, Webhook))


def workflows_named(graph: Graph) -> frozenset[int]:
    return frozenset(node.do.workflow_id for node in graph.nodes.values() if isinstance(node.do, Enroll))
