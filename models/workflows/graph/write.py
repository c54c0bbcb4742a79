"""Writes a graph as the JSON of WorkflowGraphInput, with plain ids. What has its default is left out."""

from typing import Any

from models.workflows.graph.tree import (
    EVERY_DAY,
    MAX_STAY,
    Exit,
    Goal,
    Graph,
    GraphNode,
    Limit,
    Reentry,
    Trigger,
    Window,
    Zone,
)
from models.workflows.graph.write_actions import write_action
from models.workflows.graph.write_events import write_event
from models.workflows.graph.written import optional_duration, present, write_duration, write_time


def write_graph(graph: Graph) -> dict[str, Any]:
    """`read_graph` gives the same graph again."""
    return {
        "triggers": [_trigger(trigger) for trigger in graph.triggers],
        "start": graph.start,
        "nodes": [_node(node) for node in graph.nodes.values()],
        **present(
            zone=None if graph.zone is Zone.WORKSPACE else graph.zone.value,
            entryRule=graph.entry_rule,
            reentry=None if graph.reentry == Reentry() else _reentry(graph.reentry),
            goal=None if graph.goal is None else _goal(graph.goal),
            exits=[_exit(found) for found in graph.exits] or None,
            sendWindow=None if graph.send_window is None else _window(graph.send_window),
            controlPercent=graph.control_percent or None,
            maxStay=None if graph.max_stay == MAX_STAY else write_duration(graph.max_stay),
        ),
    }


def _node(node: GraphNode) -> dict[str, Any]:
    limit = None if node.limit is None else _limit(node.limit)
    return {"key": node.key, **present(label=node.label, layout=node.layout, limit=limit), "do": write_action(node.do)}


def _limit(limit: Limit) -> dict[str, Any]:
    cooldown = optional_duration(limit.cooldown)
    return present(perContact=limit.per_contact, total=limit.total, cooldown=cooldown, next=limit.next)


def _trigger(trigger: Trigger) -> dict[str, Any]:
    return {"key": trigger.key, "on": write_event(trigger.on), **present(start=trigger.start)}


def _reentry(reentry: Reentry) -> dict[str, Any]:
    optional = present(
        cooldown=optional_duration(reentry.cooldown), maxPerContact=reentry.max_per_contact, key=reentry.key
    )
    return {"policy": reentry.policy.value, **optional}


def _goal(goal: Goal) -> dict[str, Any]:
    return present(
        event=None if goal.event is None else write_event(goal.event),
        rule=goal.rule,
        within=optional_duration(goal.within),
        continueAfter=goal.continue_after or None,
    )


def _exit(found: Exit) -> dict[str, Any]:
    event = None if found.event is None else write_event(found.event)
    return present(event=event, rule=found.rule, leavesTrigger=found.leaves_trigger or None)


def _window(window: Window) -> dict[str, Any]:
    return {
        "from": write_time(window.opens),
        "to": write_time(window.closes),
        **present(
            weekdays=None if window.weekdays == EVERY_DAY else list(window.weekdays),
            exceptDays=[day.isoformat() for day in window.except_days] or None,
        ),
    }
