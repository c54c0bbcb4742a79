"""Graphs between the API and what is stored: with opaque ids outside, and plain ones inside."""

from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any, Final

from strawberry import UNSET

from schema.rules.inputs import RuleInput, rule_from_input
from schema.server.ids import find_id, to_global_id
from schema.server.types.scalars import instant_text

IDS: Final = {
    "segmentEntered": "Segment",
    "segmentLeft": "Segment",
    "segmentId": "Segment",
    "templateId": "MessageTemplate",
    "endpointId": "WebhookEndpoint",
    "workflowId": "Workflow",
    "broadcastId": "Broadcast",
}
"""Members that are ids, and of what."""

OPAQUE: Final = frozenset({"layout", "value", "properties", "body"})
"""Members that are JSON of the client's own."""


def graph_from_input(graph: Any) -> dict[str, Any]:
    """The JSON that models read, from WorkflowGraphInput. An invalid id becomes 0, which no row has."""
    return _members(graph)


def _members(given: Any) -> dict[str, Any]:
    """The members of an input that are there, by their names in the API."""
    found: dict[str, Any] = {}
    for member in fields(given):
        value = getattr(given, member.name)
        if value is not UNSET and value is not None:
            name = _name(member.name)
            found[name] = value if name in OPAQUE else _value(name, value)
    return found


def _name(attribute: str) -> str:
    first, *rest = attribute.rstrip("_").split("_")
    return first + "".join(part.title() for part in rest)


def _value(name: str, value: Any) -> Any:
    match value:
        case list():
            return [_value(name, one) for one in value]
        case RuleInput():
            return rule_from_input(value)
        case Enum():
            return value.value
        case datetime():
            return instant_text(value)
        case date():
            return value.isoformat()
        case str() if name in IDS:
            return find_id(IDS[name], value) or 0
        case _:
            return _members(value) if is_dataclass(value) else value


def graph_to_output(graph: Any) -> Any:
    """A stored graph in the shape of WorkflowGraphInput, with outside ids."""
    if isinstance(graph, list):
        return [graph_to_output(part) for part in graph]
    if isinstance(graph, dict):
        return {name: _outside(name, value) for name, value in graph.items()}
    return graph


def _outside(name: str, value: Any) -> Any:
    if name in OPAQUE:
        return value
    return to_global_id(IDS[name], value) if name in IDS else graph_to_output(value)
