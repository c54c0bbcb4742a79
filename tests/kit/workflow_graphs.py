"""Graphs of workflows for tests."""

from collections.abc import Mapping, Sequence
from typing import Any

Json = dict[str, Any]


def graph_of(*nodes: Json, triggers: Sequence[Json] = (), start: str | None = None, **rest: Any) -> Json:
    """A graph as models read it. It starts at the first node; without triggers, people are added manually."""
    named = triggers or [{"key": "added", "on": {"manual": True}}]
    return {"triggers": list(named), "start": start or nodes[0]["key"], "nodes": list(nodes), **rest}


def node_of(key: str, do: str, **members: Any) -> Json:
    """A node; members that are words of Python are written with an underscore: `for_`."""
    return {"key": key, "do": {do: {name.rstrip("_"): value for name, value in members.items()}}}


def wait_of(key: str, duration: str, after: str) -> Json:
    return node_of(key, "wait", for_=duration, next=after)


def end_of(key: str = "end", outcome: str = "done") -> Json:
    return node_of(key, "end", outcome=outcome)


def trigger_of(key: str, start: str | None = None, **event: Any) -> Json:
    """A trigger: `trigger_of("bought", activity={"kind": "purchase"})`."""
    return {"key": key, "on": event} | ({"start": start} if start else {})


def tagged(tag: str) -> Mapping[str, Any]:
    """The rule: has this tag."""
    return {"tags": {"operator": "HAS_ANY", "tags": [tag]}}
