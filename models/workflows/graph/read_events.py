"""Reads events from the JSON of WorkflowEventInput."""

from collections.abc import Callable, Mapping
from typing import Final

from models.errors import DomainError, Invalid, Problems
from models.rules.catalogue import Catalogue
from models.rules.check import check
from models.rules.operands import read_duration
from models.rules.tree import ActivityCondition, PropertyFilter
from models.values.texts import check_name
from models.workflows.graph.events import (
    ActivityHappened,
    ContactCreated,
    DateReached,
    Event,
    FieldChanged,
    Manual,
    MessageMilestone,
    MessageReached,
    Scheduled,
    SegmentEntered,
    SegmentLeft,
    TagAdded,
    TagRemoved,
)
from models.workflows.graph.parts import Part
from models.workflows.graph.values import read_id, read_key, read_kind, read_local_time, read_texts, read_true

MAX_FILTERS: Final = 20

MAX_RRULE: Final = 500
"""Characters."""


def read_event(part: Part) -> Event:
    """An event; after a mistake any, which is not used."""
    name = part.one_of(_EVENTS)
    event: Event = Manual() if name is None else _EVENTS[name](part, name)
    part.close()
    return event


def read_optional_event(part: Part, name: str) -> Event | None:
    inside = part.part(name)
    return None if inside is None else read_event(inside)


def _activity(part: Part, name: str) -> Event:
    inside = part.part(name)
    if inside is None:
        return Manual()
    kind = inside.required("kind", read_kind, "")
    where = _filters(inside)
    inside.close()
    return ActivityHappened(kind, where)


def _filters(inside: Part) -> tuple[PropertyFilter, ...]:
    """Read as those of a rule on activities, so that both mean the same."""
    filters = inside.json("where")
    if not filters:
        return ()
    condition = {"kind": "any", "where": filters, "operator": "GTE", "value": 1}
    try:
        rule = check({"activity": condition}, Catalogue(), path=())
    except Problems as problems:
        inside.mistake(Problems([_outside(error) for error in problems.errors]))
        return ()
    assert isinstance(rule, ActivityCondition)
    if len(rule.measure.filters) > MAX_FILTERS:
        inside.mistake(Invalid(f"at most {MAX_FILTERS} filters fit here"), "where")
    return rule.measure.filters


def _outside(error: DomainError) -> DomainError:
    """The path begins behind `activity`."""
    bare = type(error)(error.message)
    return bare.under(*(error.path or ())[1:])


def _fields(part: Part, name: str) -> Event:
    fields = part.optional(name, read_texts) or ()
    if not fields:
        part.mistake(Invalid("name at least one field"), name)
    return FieldChanged(fields)


def _date(part: Part, name: str) -> Event:
    inside = part.part(name)
    if inside is None:
        return Manual()
    event = DateReached(
        inside.required("field", check_name, ""),
        inside.optional("offset", read_duration),
        inside.flag("before", otherwise=False),
        inside.flag("yearly", otherwise=False),
        inside.optional("at", read_local_time),
    )
    inside.close()
    return event


def _schedule(part: Part, name: str) -> Event:
    inside = part.part(name)
    if inside is None:
        return Manual()
    event = Scheduled(inside.text("rrule", MAX_RRULE), inside.required("segmentId", read_id, 0))
    inside.close()
    return event


def _message(part: Part, name: str) -> Event:
    inside = part.part(name)
    if inside is None:
        return Manual()
    inside.required("status", lambda value: value, None)
    event = MessageReached(
        inside.choice("status", MessageMilestone, MessageMilestone.SENT),
        inside.optional("nodeKey", read_key),
        inside.optional("broadcastId", read_id),
    )
    if event.node_key is not None and event.broadcast_id is not None:
        inside.mistake(Invalid("name a node or a broadcast, not both"))
    inside.close()
    return event


def _created(part: Part, name: str) -> Event:
    part.optional(name, read_true)
    return ContactCreated()


def _manual(part: Part, name: str) -> Event:
    part.optional(name, read_true)
    return Manual()


_EVENTS: Final[Mapping[str, Callable[[Part, str], Event]]] = {
    "segmentEntered": lambda part, name: SegmentEntered(part.required(name, read_id, 0)),
    "segmentLeft": lambda part, name: SegmentLeft(part.required(name, read_id, 0)),
    "activity": _activity,
    "contactCreated": _created,
    "fieldChanged": _fields,
    "tagAdded": lambda part, name: TagAdded(part.required(name, check_name, "")),
    "tagRemoved": lambda part, name: TagRemoved(part.required(name, check_name, "")),
    "date": _date,
    "schedule": _schedule,
    "messageStatus": _message,
    "manual": _manual,
}
