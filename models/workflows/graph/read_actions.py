"""Reads what nodes do from the JSON of WorkflowDoInput."""

from collections.abc import Callable, Mapping
from typing import Final

from models.errors import Invalid
from models.rules.duration import Duration
from models.rules.operands import read_duration, read_instant
from models.values.texts import check_name, check_object
from models.workflows.graph.actions import (
    Action,
    ActivityRecord,
    Branch,
    Case,
    Condition,
    End,
    Enroll,
    FieldSet,
    LatePolicy,
    Parameter,
    SegmentAdd,
    SegmentKeep,
    SegmentRemove,
    Send,
    Share,
    Split,
    TagsChange,
    Wait,
    WaitFor,
    WaitUntil,
    Webhook,
)
from models.workflows.graph.events import RuleJson
from models.workflows.graph.parts import Part
from models.workflows.graph.read_events import read_event
from models.workflows.graph.values import (
    read_id,
    read_kind,
    read_local_time,
    read_number,
    read_object,
    read_percent,
    read_rule,
    read_stay,
    read_target,
    read_texts,
    read_weekdays,
)

MAX_CASES: Final = 20
"""Cases of a BRANCH, shares of a SPLIT, events of a WAIT_FOR."""

MAX_PARAMETERS: Final = 100

RESERVED: Final = frozenset({"otherwise", "limited"})
"""Outcomes that a case or a share cannot be called after."""

_NO_RULE: Final[RuleJson] = {}


def read_action(part: Part) -> Action:
    """What a node does; after a mistake anything, which is not used."""
    name = part.one_of(ACTIONS)
    inside = None if name is None else part.part(name)
    if name is None or inside is None:
        return End()
    action = ACTIONS[name](inside)
    inside.close()
    part.close()
    return action


def _target(part: Part, name: str = "next") -> str:
    return part.required(name, read_target, "")


def _rule(part: Part) -> RuleJson:
    return part.required("rule", read_rule, _NO_RULE)


def _condition(part: Part) -> Action:
    return Condition(_rule(part), _target(part, "yes"), _target(part, "no"))


def _branch(part: Part) -> Action:
    cases = []
    for inside in part.parts("cases", MAX_CASES):
        cases.append(Case(inside.required("name", check_name, ""), _rule(inside), _target(inside)))
        inside.close()
    _refuse_names(part, "cases", [case.name for case in cases])
    return Branch(tuple(cases), _target(part, "otherwise"))


def _split(part: Part) -> Action:
    shares = []
    for inside in part.parts("shares", MAX_CASES):
        percent = inside.required("percent", read_percent, 0)
        shares.append(Share(inside.required("name", check_name, ""), percent, _target(inside)))
        inside.close()
    _refuse_names(part, "shares", [share.name for share in shares])
    if (total := sum(share.percent for share in shares)) != 100:
        part.mistake(Invalid(f"the shares must make 100 percent; they make {total}"), "shares")
    return Split(tuple(shares))


def _refuse_names(part: Part, name: str, names: list[str]) -> None:
    if not names:
        part.mistake(Invalid("give at least one"), name)
    if len(set(names)) < len(names) or RESERVED & set(names):
        part.mistake(Invalid(f"each needs a name of its own, other than {', '.join(sorted(RESERVED))}"), name)


def _wait(part: Part) -> Action:
    return Wait(part.required("for", read_duration, Duration()), _target(part))


def _wait_until(part: Part) -> Action:
    action = WaitUntil(
        _target(part),
        part.optional("at", read_instant),
        part.optional("field", check_name),
        part.optional("offset", read_duration),
        part.optional("time", read_local_time),
        part.optional("weekdays", read_weekdays) or (),
        part.choice("late", LatePolicy, LatePolicy.PROCEED),
        part.optional("skip", read_target),
    )
    if action.at is not None and action.field is not None:
        part.mistake(Invalid("give an instant or a field, not both"))
    if action.at is None and action.field is None and action.local_time is None and not action.weekdays:
        part.mistake(Invalid("say until when: give at, field, time or weekdays"))
    if action.offset is not None and action.field is None:
        part.mistake(Invalid("an offset is counted from a field: name the field, or leave the offset out"), "offset")
    return action


def _wait_for(part: Part) -> Action:
    action = WaitFor(
        tuple(read_event(event) for event in part.parts("any", MAX_CASES)),
        part.optional("rule", read_rule),
        part.flag("lookBack", otherwise=True),
        part.required("timeout", read_stay, Duration()),
        _target(part),
        _target(part, "timedOut"),
    )
    if not action.events and action.rule is None:
        part.mistake(Invalid("say what is waited for: give at least one event in any, or a rule"))
    return action


def _segment_keep(part: Part) -> Action:
    return SegmentKeep(
        part.required("segmentId", read_id, 0),
        part.required("for", read_stay, Duration()),
        part.flag("renew", otherwise=True),
        _target(part),
    )


def _tags_change(part: Part) -> Action:
    action = TagsChange(
        part.optional("add", read_texts) or (), part.optional("remove", read_texts) or (), _target(part)
    )
    if not action.add and not action.remove:
        part.mistake(Invalid("name at least one tag to add or to remove"))
    return action


def _field_set(part: Part) -> Action:
    action = FieldSet(
        part.required("field", check_name, ""),
        _target(part),
        part.json("value"),
        part.optional("increment", read_number),
        part.flag("now", otherwise=False),
    )
    if (action.value is not None) + (action.increment is not None) + action.now > 1:
        part.mistake(Invalid("give a value, an increment or now: only one of them"))
    return action


def _activity_record(part: Part) -> Action:
    properties = part.optional("properties", read_object) or {}
    return ActivityRecord(part.required("kind", read_kind, ""), properties, _target(part))


def _send(part: Part) -> Action:
    parameters = tuple(_parameter(inside) for inside in part.parts("parameters", MAX_PARAMETERS))
    return Send(
        part.required("templateId", read_id, 0),
        parameters,
        part.flag("requireOptIn", otherwise=True),
        part.flag("ignoreCap", otherwise=False),
        _target(part),
        part.optional("skipped", read_target),
        part.optional("failed", read_target),
    )


def _parameter(part: Part) -> Parameter:
    parameter = Parameter(
        part.required("name", check_name, ""),
        part.optional("field", check_name),
        part.optional("text", lambda value: check_name(value, 1024)),
        part.optional("fallback", lambda value: check_name(value, 1024)),
    )
    if (parameter.field is None) == (parameter.text is None):
        part.mistake(Invalid("give a field or a text: exactly one of them"))
    part.close()
    return parameter


MOST_BODY_BYTES: Final = 60 * 1024
"""Less than a message to an endpoint may have: the ids are sent with it."""


def _webhook(part: Part) -> Action:
    body = part.json("body")
    try:
        check_object({"body": body}, MOST_BODY_BYTES)
    except Invalid as error:
        part.mistake(Invalid(f"body: {error.message}"))
    return Webhook(part.required("endpointId", read_id, 0), body, _target(part), part.optional("failed", read_target))


ACTIONS: Final[Mapping[str, Callable[[Part], Action]]] = {
    "condition": _condition,
    "branch": _branch,
    "split": _split,
    "wait": _wait,
    "waitUntil": _wait_until,
    "waitFor": _wait_for,
    "segmentAdd": lambda part: SegmentAdd(part.required("segmentId", read_id, 0), _target(part)),
    "segmentRemove": lambda part: SegmentRemove(part.required("segmentId", read_id, 0), _target(part)),
    "segmentKeep": _segment_keep,
    "tagsChange": _tags_change,
    "fieldSet": _field_set,
    "activityRecord": _activity_record,
    "send": _send,
    "webhook": _webhook,
    "enroll": lambda part: Enroll(part.required("workflowId", read_id, 0), _target(part)),
    "end": lambda part: End(part.optional("outcome", check_name) or "done"),
}
