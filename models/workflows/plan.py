"""A version that runs, compiled: its graph, with its rules and what it listens to."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from models.errors import DomainError, Problems
from models.rule_catalogue.loading import load_catalogue
from models.rules.catalogue import Catalogue
from models.rules.check import check
from models.rules.depends import dependencies
from models.rules.tree import Rule
from models.workflows import sources
from models.workflows.graph.actions import WaitFor, rules_of
from models.workflows.graph.events import Event, RuleJson, TagAdded, TagRemoved
from models.workflows.graph.tree import Graph, Trigger
from models.workflows.listeners import Listeners, ends_of, listeners_of, zone_words
from models.workflows.questions import Question
from permissions.principal import Scope

NEVER: Final = (2**63, datetime.max.replace(tzinfo=UTC))
"""It does not listen."""


@dataclass(slots=True, eq=False)
class Plan:
    """A version that runs. `numbers` and `keys` are those of the workflow's nodes, also of nodes that are gone."""

    scope: Scope
    workflow_id: int
    name: str
    status: str
    number: int
    graph: Graph
    test_segment_id: int | None
    numbers: Mapping[str, int]
    keys: Mapping[int, str]
    catalogue: Catalogue
    tag_keys: Mapping[str, str]
    since: Mapping[str, tuple[int, datetime]]
    order: Mapping[str, int] = field(init=False)
    listeners: Listeners = field(init=False)
    drains: bool = False
    _questions: dict[tuple[str, str], Question] = field(default_factory=dict)
    _starts: dict[str, str] = field(default_factory=dict)
    _since_of: dict[str, tuple[int, datetime]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.order = _order(self.graph)
        self.listeners = listeners_of(self.graph, self.words_of, self._words_of_rule)

    @property
    def lets_in(self) -> bool:
        return self.status in ("ACTIVE", "PAUSED") and not self.drains

    @property
    def may_retire(self) -> bool:
        """Whether something ends with the last who goes on by it."""
        return self.status == "DRAINING"

    @property
    def is_paused(self) -> bool:
        return self.status == "PAUSED"

    def start_of(self, trigger_key: str) -> str:
        """The key of the node to which this trigger brings those that it lets in."""
        start = self._starts.get(trigger_key)
        if start is None:
            start = self._starts[trigger_key] = self.graph.start_of(trigger_key)
        return start

    def trigger(self, key: str) -> Trigger | None:
        return next((trigger for trigger in self.graph.triggers if trigger.key == key), None)

    def since_of(self, word: str) -> tuple[int, datetime]:
        """Since which position of the log of members, and which moment, the workflow listens to what this word tells."""
        since = self._since_of.get(word)
        if since is None:
            since = self._since_of[word] = self.since.get(sources.listened(word), NEVER)
        return since

    def words_of(self, event: Event) -> tuple[str, ...]:
        return sources.words_of(event, self.tag_keys)

    def _words_of_rule(self, rule_json: RuleJson) -> frozenset[str]:
        try:
            return frozenset(dependencies(self.rule(rule_json)))
        except (DomainError, Problems):
            return frozenset()

    def rule(self, rule_json: RuleJson) -> Rule:
        """Raises Problems when it can no longer be read."""
        return check(rule_json, self.catalogue, stored=True)

    def question(self, name: str, rules: Iterable[RuleJson], timezone: str) -> Question:
        """`name` tells these rules from others of the graph. Raises Problems as `rule`."""
        key = (name, timezone)
        if key not in self._questions:
            compiled = [self.rule(rule) for rule in rules]
            self._questions[key] = Question(self.scope.workspace_id, timezone, compiled)
        return self._questions[key]


async def plan_of(scope: Scope, graph: Graph, numbers: Mapping[str, int] | None = None) -> Plan:
    """A plan of a graph that need not be stored. `numbers` are those of nodes; None: any."""
    if numbers is None:
        numbers = {key: number for number, key in enumerate(graph.nodes, start=1)}
    return Plan(
        scope,
        0,
        "",
        "ACTIVE",
        0,
        graph,
        None,
        numbers,
        {number: key for key, number in numbers.items()},
        await load_catalogue(scope, *_rules(graph)),
        await sources.fold(_tags(graph)),
        {},
    )


async def listened_to(scope: Scope, graph: Graph) -> frozenset[str]:
    """All that a version with this graph listens to: events, and what can make a rule true that somebody waits for.

    Raises Problems when a rule can no longer be read.
    """
    tag_keys = await sources.fold(_tags(graph))
    events = frozenset(word for event in _events_of(graph) for word in sources.words_of(event, tag_keys))
    awaited = list(_awaited_rules(graph))
    catalogue = await load_catalogue(scope, *awaited)
    listeners = listeners_of(
        graph,
        lambda event: sources.words_of(event, tag_keys),
        lambda rule: dependencies(check(rule, catalogue, stored=True)),
    )
    return events | listeners.words | zone_words(graph)


def _order(graph: Graph) -> dict[str, int]:
    """Nodes in an order in which edges lead forward, but for those that close a cycle."""
    done: dict[str, None] = {}
    seen: set[str] = set()
    starts = [graph.start, *(trigger.start for trigger in graph.triggers if trigger.start), *graph.nodes]
    for start in starts:
        stack: list[tuple[str, Iterator[str]]] = [] if start in seen else [(start, _next_of(graph, start))]
        seen.add(start)
        while stack:
            key, following = stack[-1]
            after = next((one for one in following if one not in seen), None)
            if after is None:
                done[key] = None
                stack.pop()
            else:
                seen.add(after)
                stack.append((after, _next_of(graph, after)))
    return {key: index for index, key in enumerate(reversed(done))}


def _next_of(graph: Graph, key: str) -> Iterator[str]:
    node = graph.nodes.get(key)
    return iter(() if node is None else node.edges.values())


def _events_of(graph: Graph) -> Iterator[Event]:
    yield from (trigger.on for trigger in graph.triggers)
    for node in graph.nodes.values():
        if isinstance(node.do, WaitFor):
            yield from node.do.events
    yield from (end.event for end in ends_of(graph) if end.event is not None)


def _awaited_rules(graph: Graph) -> Iterator[RuleJson]:
    yield from (end.rule for end in ends_of(graph) if end.rule is not None)
    yield from (
        node.do.rule for node in graph.nodes.values() if isinstance(node.do, WaitFor) and node.do.rule is not None
    )


def _rules(graph: Graph) -> Iterator[RuleJson]:
    yield from _awaited_rules(graph)
    if graph.entry_rule is not None:
        yield graph.entry_rule
    for node in graph.nodes.values():
        yield from rules_of(node.do).values()


def _tags(graph: Graph) -> Iterator[str]:
    return (event.tag for event in _events_of(graph) if isinstance(event, TagAdded | TagRemoved))
