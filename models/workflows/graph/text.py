"""A graph in plain words: a line for each trigger, node, goal and exit."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from models.errors import Problems
from models.rules.catalogue import Catalogue
from models.rules.check import check
from models.rules.describe import describe
from models.rules.duration import Duration
from models.rules.tree import ActivityCondition, ActivityMetric, FieldOperator, Measure
from models.workflows.graph.actions import (
    Action,
    ActivityRecord,
    Branch,
    Condition,
    End,
    Enroll,
    FieldSet,
    SegmentAdd,
    SegmentKeep,
    SegmentRemove,
    Send,
    Split,
    TagsChange,
    Wait,
    WaitFor,
    WaitUntil,
)
from models.workflows.graph.events import (
    ActivityHappened,
    ContactCreated,
    DateReached,
    Event,
    FieldChanged,
    Manual,
    MessageReached,
    RuleJson,
    Scheduled,
    SegmentEntered,
    SegmentLeft,
    TagAdded,
    TagRemoved,
)
from models.workflows.graph.tree import Graph, GraphNode

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True)
class Names:
    """What ids are called; `catalogue` has the fields and segments that rules name."""

    catalogue: Catalogue = field(default_factory=Catalogue)
    segments: Mapping[int, str] = field(default_factory=dict)
    templates: Mapping[int, str] = field(default_factory=dict)
    workflows: Mapping[int, str] = field(default_factory=dict)

    def segment(self, segment_id: int) -> str:
        return f'segment "{self.segments.get(segment_id, "gone")}"'


def graph_in_words(graph: Graph, names: Names) -> str:
    return "\n".join(_lines(graph, names))


def _lines(graph: Graph, names: Names) -> Iterator[str]:
    for trigger in graph.triggers:
        yield f"When {event_in_words(trigger.on, names)}: go to {trigger.start or graph.start or '(nowhere)'}."
    if graph.entry_rule is not None:
        yield f"Only contacts that are: {rule_in_words(graph.entry_rule, names)}."
    for node in graph.nodes.values():
        yield _node(node, names)
    if graph.goal is not None:
        parts = [] if graph.goal.event is None else [event_in_words(graph.goal.event, names)]
        parts += [] if graph.goal.rule is None else [rule_in_words(graph.goal.rule, names)]
        within = f" within {graph.goal.within}" if graph.goal.within else ""
        yield f"Goal: {' or '.join(parts)}{within}."
    for found in graph.exits:
        parts = [] if found.event is None else [event_in_words(found.event, names)]
        parts += [] if found.rule is None else [rule_in_words(found.rule, names)]
        parts += ["it leaves the segment that let it in"] if found.leaves_trigger else []
        yield f"Out when {' or '.join(parts)}."


def _node(node: GraphNode, names: Names) -> str:
    label = f' "{node.label}"' if node.label else ""
    edges = ", ".join(f"{outcome} -> {key or '(nowhere)'}" for outcome, key in node.edges.items())
    return f"{node.key}{label}: {action_in_words(node.do, names)}{f' ({edges})' if edges else ''}."


# ---------------------------------------------------------------- events


def event_in_words(event: Event, names: Names) -> str:
    match event:
        case SegmentEntered(segment_id):
            return f"a contact enters {names.segment(segment_id)}"
        case SegmentLeft(segment_id):
            return f"a contact leaves {names.segment(segment_id)}"
        case ActivityHappened():
            return f"{_activity(event)} happens"
        case ContactCreated():
            return "a contact is created"
        case FieldChanged(fields):
            return f"{' or '.join(fields)} changes"
        case TagAdded(tag):
            return f'the tag "{tag}" is added'
        case TagRemoved(tag):
            return f'the tag "{tag}" is removed'
        case DateReached():
            return _date(event)
        case Scheduled(rrule, segment_id):
            return f"{rrule} comes, for {names.segment(segment_id)}"
        case MessageReached(status, node_key, broadcast_id):
            of = f" of {node_key}" if node_key else " of a broadcast" if broadcast_id else ""
            return f"a message{of} is {status}"
        case Manual():
            return "somebody adds a contact"


def _activity(event: ActivityHappened) -> str:
    """In the words that rules use for it."""
    measure = Measure(event.kind, ActivityMetric.COUNT, filters=event.where)
    counted = describe(ActivityCondition(measure, FieldOperator.GTE, Decimal(1)))
    return counted.removeprefix("at least 1 ")


def _date(event: DateReached) -> str:
    offset = f"{event.offset} {'before' if event.before else 'after'} " if event.offset else ""
    each = " each year" if event.yearly else ""
    at = f" at {event.at:%H:%M}" if event.at is not None else ""
    return f"it is {offset}{event.field}{each}{at}"


# ---------------------------------------------------------------- what nodes do


def action_in_words(action: Action, names: Names) -> str:
    match action:
        case Condition(rule=rule):
            return f"if {rule_in_words(rule, names)}"
        case Branch(cases):
            return "; ".join(f"{case.name} if {rule_in_words(case.rule, names)}" for case in cases)
        case Split(shares):
            return f"by chance: {', '.join(f'{share.percent} % {share.name}' for share in shares)}"
        case Wait(duration=duration):
            return f"wait {duration}"
        case WaitUntil():
            return _wait_until(action)
        case WaitFor(events, rule, _, timeout):
            parts = [event_in_words(event, names) for event in events]
            parts += [] if rule is None else [rule_in_words(rule, names)]
            return f"wait until {' or '.join(parts)}, at most {timeout}"
        case _:
            return _change_in_words(action, names)


def _change_in_words(action: Action, names: Names) -> str:
    match action:
        case SegmentAdd(segment_id=segment_id):
            return f"add to {names.segment(segment_id)}"
        case SegmentRemove(segment_id=segment_id):
            return f"remove from {names.segment(segment_id)}"
        case SegmentKeep(segment_id, duration):
            return f"keep in {names.segment(segment_id)} for {duration}"
        case TagsChange(add, remove):
            changes = [f"add {', '.join(add)}"] if add else []
            changes += [f"remove {', '.join(remove)}"] if remove else []
            return f"tags: {'; '.join(changes)}"
        case FieldSet():
            return _field(action)
        case ActivityRecord(kind=kind):
            return f"record {kind}"
        case Send(template_id=template_id):
            return f'send "{names.templates.get(template_id, "gone")}"'
        case Enroll(workflow_id=workflow_id):
            return f'start workflow "{names.workflows.get(workflow_id, "gone")}"'
        case End(outcome):
            return f"end: {outcome}"
        case _:
            return "post to an endpoint"


def _wait_until(action: WaitUntil) -> str:
    parts = [] if action.at is None else [f"{action.at:%Y-%m-%d %H:%M} UTC"]
    if action.field is not None:
        after = f"{action.offset} after " if action.offset not in (None, Duration()) else ""
        parts.append(f"{after}{action.field}")
    if action.local_time is not None:
        parts.append(f"{action.local_time:%H:%M}")
    if action.weekdays:
        parts.append(f"on {' or '.join(_WEEKDAYS[day - 1] for day in action.weekdays)}")
    return f"wait until {' then '.join(parts)}"


def _field(action: FieldSet) -> str:
    if action.now:
        return f"set {action.field} to now"
    if action.increment is not None:
        return f"add {action.increment:g} to {action.field}"
    return f"clear {action.field}" if action.value is None else f"set {action.field} to {action.value!r}"


def rule_in_words(rule: RuleJson, names: Names) -> str:
    try:
        return describe(check(rule, names.catalogue, stored=True))
    except Problems:
        return "(a rule that names what is not there)"
