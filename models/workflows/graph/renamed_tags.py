"""Graphs (JSON, as write_graph gives it) with other names for some tags."""

from collections.abc import Iterator, Mapping
from typing import Any

from models.rules.renamed_tags import with_renamed_tags
from models.rules.tags_named import tags_named as tags_of_rule
from models.workflows.graph.actions import TagsChange
from models.workflows.graph.events import TagAdded, TagRemoved
from models.workflows.graph.mentions import each_event, each_rule
from models.workflows.graph.tree import Graph

Json = dict[str, Any]
Names = Mapping[str, str]


def tags_named(graph: Graph) -> frozenset[str]:
    """Every tag that the graph listens to, reads or changes."""
    return frozenset(_tags_named(graph))


def _tags_named(graph: Graph) -> Iterator[str]:
    for mentioned in each_event(graph):
        if isinstance(mentioned.event, TagAdded | TagRemoved):
            yield mentioned.event.tag
    for named in each_rule(graph):
        yield from tags_of_rule(named.rule)
    for node in graph.nodes.values():
        if isinstance(node.do, TagsChange):
            yield from (*node.do.add, *node.do.remove)


def graph_with_renamed_tags(graph: Json, names: Names) -> Json:
    """The graph with each tag that is a key of `names` called as its value. Texts that are no tags stay, whatever they say."""
    changed = dict(graph)
    changed["triggers"] = [trigger | {"on": _event(trigger["on"], names)} for trigger in graph["triggers"]]
    changed["nodes"] = [node | {"do": _action(node["do"], names)} for node in graph["nodes"]]
    if "entryRule" in graph:
        changed["entryRule"] = with_renamed_tags(graph["entryRule"], names)
    if "goal" in graph:
        changed["goal"] = _end(graph["goal"], names)
    if "exits" in graph:
        changed["exits"] = [_end(found, names) for found in graph["exits"]]
    return changed


def _event(event: Json, names: Names) -> Json:
    return {what: names.get(of, of) if what in ("tagAdded", "tagRemoved") else of for what, of in event.items()}


def _end(end: Json, names: Names) -> Json:
    """Of a goal, an exit, a case, or an action: what has an event or a rule."""
    changed = dict(end)
    if "event" in end:
        changed["event"] = _event(end["event"], names)
    if "rule" in end:
        changed["rule"] = with_renamed_tags(end["rule"], names)
    return changed


def _action(action: Json, names: Names) -> Json:
    ((what, do),) = action.items()
    match what:
        case "condition":
            return {what: _end(do, names)}
        case "branch":
            return {what: do | {"cases": [_end(case, names) for case in do["cases"]]}}
        case "waitFor":
            return {
                what: _end(do, names) | {"any": [_event(event, names) for event in do["any"]]}
                if "any" in do
                else _end(do, names)
            }
        case "tagsChange":
            return {what: do | _tags(do, names)}
        case _:
            return action


def _tags(do: Json, names: Names) -> Json:
    """What is added is not removed: two tags may have become one."""
    add, remove = (list(dict.fromkeys(names.get(tag, tag) for tag in do.get(which, ()))) for which in ("add", "remove"))
    remove = [tag for tag in remove if tag not in add]
    return {which: found for which, found in (("add", add), ("remove", remove)) if which in do}
