"""Writes events as the JSON of WorkflowEventInput."""

from decimal import Decimal
from typing import Any

from models.rules.tree import PropertyFilter
from models.workflows.graph.events import (
    ActivityHappened,
    ContactCreated,
    DateReached,
    Event,
    FieldChanged,
    Manual,
    MessageReached,
    Scheduled,
    SegmentEntered,
    SegmentLeft,
    TagAdded,
    TagRemoved,
)
from models.workflows.graph.written import optional_duration, present, write_time


def write_event(event: Event) -> dict[str, Any]:
    match event:
        case SegmentEntered(segment_id):
            return {"segmentEntered": segment_id}
        case SegmentLeft(segment_id):
            return {"segmentLeft": segment_id}
        case ActivityHappened(kind, where):
            return {"activity": {"kind": kind, **present(where=[_filter(part) for part in where] or None)}}
        case ContactCreated():
            return {"contactCreated": True}
        case FieldChanged(fields):
            return {"fieldChanged": list(fields)}
        case TagAdded(tag):
            return {"tagAdded": tag}
        case TagRemoved(tag):
            return {"tagRemoved": tag}
        case DateReached():
            return {"date": _date(event)}
        case Scheduled(rrule, segment_id):
            return {"schedule": {"rrule": rrule, "segmentId": segment_id}}
        case MessageReached(status, node_key, broadcast_id):
            named = present(nodeKey=node_key, broadcastId=broadcast_id)
            return {"messageStatus": {**named, "status": status.value}}
        case Manual():
            return {"manual": True}


def _date(event: DateReached) -> dict[str, Any]:
    at = None if event.at is None else write_time(event.at)
    return {
        "field": event.field,
        **present(
            offset=optional_duration(event.offset), before=event.before or None, yearly=event.yearly or None, at=at
        ),
    }


def _filter(part: PropertyFilter) -> dict[str, Any]:
    operand = part.operand
    value = [_scalar(one) for one in operand] if isinstance(operand, tuple) else _scalar(operand)
    return {"property": part.property, "operator": part.operator.value, **present(value=value)}


def _scalar(value: str | bool | Decimal | None) -> str | bool | int | float | None:
    if not isinstance(value, Decimal):
        return value
    return int(value) if value == value.to_integral_value() and abs(value) < 2**53 else float(value)
