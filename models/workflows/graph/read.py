"""Reads a graph from the JSON of WorkflowGraphInput, with plain ids, or reports every mistake with its path.

What does not fit together yet, such as an edge to nowhere, is no mistake here: `check.py` finds it.
"""

from typing import Final

from models.errors import DomainError, Invalid, Path, Taken
from models.values.texts import check_name, kind_of
from models.workflows.graph.actions import End
from models.workflows.graph.events import Manual
from models.workflows.graph.parts import Part, raise_mistakes
from models.workflows.graph.read_actions import read_action
from models.workflows.graph.read_events import read_event, read_optional_event
from models.workflows.graph.tree import (
    EVERY_DAY,
    MAX_STAY,
    Exit,
    Goal,
    Graph,
    GraphNode,
    Limit,
    Reentry,
    ReentryPolicy,
    Trigger,
    Window,
    Zone,
)
from models.workflows.graph.values import (
    read_count,
    read_days,
    read_key,
    read_local_time,
    read_percent,
    read_rule,
    read_stay,
    read_target,
    read_weekdays,
)

MAX_NODES: Final = 300

MAX_TRIGGERS: Final = 20

MAX_EXITS: Final = 20


def read_graph(graph_json: object, path: Path = ("graph",)) -> Graph:
    """Raises Problems; their paths begin with `path`."""
    errors: list[DomainError] = []
    whole = Part(graph_json if isinstance(graph_json, dict) else {}, tuple(map(str, path)), errors)
    if not isinstance(graph_json, dict):
        whole.mistake(Invalid(f"a graph must be an object, not {kind_of(graph_json)}"))
        raise_mistakes(errors)
    graph = _graph(whole)
    whole.close()
    raise_mistakes(errors)
    return graph


def _graph(whole: Part) -> Graph:
    nodes = [_node(part) for part in whole.parts("nodes", MAX_NODES)]
    triggers = [_trigger(part) for part in whole.parts("triggers", MAX_TRIGGERS)]
    _refuse_twins(whole, "nodes", [node.key for node in nodes])
    _refuse_twins(whole, "triggers", [trigger.key for trigger in triggers])
    return Graph(
        tuple(triggers),
        whole.required("start", read_target, ""),
        {node.key: node for node in nodes},
        whole.choice("zone", Zone, Zone.WORKSPACE),
        whole.optional("entryRule", read_rule),
        _reentry(whole.part("reentry")),
        _goal(whole.part("goal")),
        tuple(_exit(part) for part in whole.parts("exits", MAX_EXITS)),
        _window(whole.part("sendWindow")),
        whole.optional("controlPercent", read_percent) or 0,
        whole.optional("maxStay", read_stay) or MAX_STAY,
    )


def _refuse_twins(whole: Part, name: str, keys: list[str]) -> None:
    seen: set[str] = set()
    for index, key in enumerate(keys):
        if key in seen:
            whole.mistake(Taken(f"there is another {key!r}: each needs a key of its own"), name, str(index), "key")
        seen.add(key)


def _node(part: Part) -> GraphNode:
    key = part.required("key", read_key, "")
    label = part.optional("label", check_name)
    layout = part.json("layout")
    limit = _limit(part.part("limit"))
    do = part.part("do")
    if do is None and part.value.get("do") is None:
        part.mistake(Invalid("say what the node does: do is missing"), "do")
    action = End() if do is None else read_action(do)
    part.close()
    return GraphNode(key, action, label, layout, limit)


def _limit(part: Part | None) -> Limit | None:
    if part is None:
        return None
    limit = Limit(
        part.optional("perContact", read_count),
        part.optional("total", read_count),
        part.optional("cooldown", read_stay),
        part.optional("next", read_target),
    )
    if limit.per_contact is None and limit.total is None and limit.cooldown is None:
        part.mistake(Invalid("a limit needs perContact, total or cooldown"))
    part.close()
    return limit


def _trigger(part: Part) -> Trigger:
    key = part.required("key", read_key, "")
    on = part.part("on")
    if on is None and part.value.get("on") is None:
        part.mistake(Invalid("say what lets contacts in: on is missing"), "on")
    trigger = Trigger(key, Manual() if on is None else read_event(on), part.optional("start", read_target))
    part.close()
    return trigger


def _reentry(part: Part | None) -> Reentry:
    if part is None:
        return Reentry()
    reentry = Reentry(
        part.choice("policy", ReentryPolicy, ReentryPolicy.ONCE),
        part.optional("cooldown", read_stay),
        part.optional("maxPerContact", read_count),
        part.optional("key", check_name),
    )
    part.close()
    return reentry


def _goal(part: Part | None) -> Goal | None:
    if part is None:
        return None
    goal = Goal(
        read_optional_event(part, "event"),
        part.optional("rule", read_rule),
        part.optional("within", read_stay),
        part.flag("continueAfter", otherwise=False),
    )
    if goal.event is None and goal.rule is None:
        part.mistake(Invalid("say what the goal is: give an event or a rule"))
    part.close()
    return goal


def _exit(part: Part) -> Exit:
    found = Exit(
        read_optional_event(part, "event"),
        part.optional("rule", read_rule),
        part.flag("leavesTrigger", otherwise=False),
    )
    if found.event is None and found.rule is None and not found.leaves_trigger:
        part.mistake(Invalid("say what ends it: give an event, a rule or leavesTrigger"))
    part.close()
    return found


def _window(part: Part | None) -> Window | None:
    if part is None:
        return None
    midnight = read_local_time("00:00")
    window = Window(
        part.required("from", read_local_time, midnight),
        part.required("to", read_local_time, midnight),
        part.optional("weekdays", read_weekdays) or EVERY_DAY,
        part.optional("exceptDays", read_days) or (),
    )
    part.close()
    return window
