"""A workspace's active rules, compiled: which segments read what, in which order, and the statements that evaluate them.

A compiled is kept until the workspace's epoch moves (a rule, a field, the zone or a build changed). Only the holder of the
workspace's turn reads and changes it.
"""

from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import structlog
from prometheus_client import Counter

from models import db
from models.accounts import workspaces
from models.errors import Problems
from models.membership.statements import Statement, crossers, evaluation
from models.rules.catalogue import Catalogue
from models.rules.check import check
from models.rules.crossings import AnyCrossing, crossings_of
from models.rules.depends import dependencies, segments_mentioned, segments_of
from models.rules.loading import load_catalogue
from models.rules.tree import Rule, count_conditions
from permissions.principal import Scope

log = structlog.get_logger(__name__)

KEPT_WORKSPACES: Final = 200
"""Workspaces whose compiled_rules a process keeps; the one that was longest not asked for goes first."""

KEPT_STATEMENTS: Final = 32
"""Statements that a compiled keeps: one for each set of segments that was evaluated together."""

_unreadable = Counter(
    "muster_unreadable_rules_total", "Rules in force that could not be read when a compiled was made."
)


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A dynamic segment whose rule is in force. `reads` is what its rule reads, in the words of marks."""

    id: int
    rule: Rule
    reads: frozenset[str]
    boundaries: tuple[AnyCrossing, ...]


@dataclass(frozen=True, slots=True)
class Build:
    """A segment that is being computed beside its members, and what it has to hear of, in the words of marks."""

    segment_id: int
    reads: frozenset[str]


@dataclass(frozen=True, slots=True)
class RuleSource:
    """What a active rule was read from: its JSON, and the segments that it mentions, by name and whether deleted."""

    rule_json: object
    rule_text: str  # to Python, true is 1
    mentioned: Mapping[int, tuple[str, bool] | None]


@dataclass(slots=True)
class CompiledRules:
    """The active rules in one workspace. `levels`: each segment after those that its rule mentions."""

    workspace_id: int
    epoch: int
    timezone: str
    followed: Mapping[int, CompiledRule]
    levels: tuple[tuple[int, ...], ...]
    builds: tuple[Build, ...] = ()
    readers_of: tuple[Mapping[str, frozenset[int]], ...] = ()
    conditions: Mapping[int, int] = field(default_factory=dict)
    crossers: tuple[Statement, ...] = ()
    sources: Mapping[int, RuleSource] = field(default_factory=dict)
    catalogue: Catalogue | None = None
    statements: OrderedDict[tuple[int, ...], Statement] = field(default_factory=OrderedDict)

    @property
    def ticks(self) -> bool:
        """Whether time alone can change a member."""
        return bool(self.crossers)

    def readers(self, level: int, changed: Iterable[str]) -> frozenset[int]:
        """The segments of a level that must be asked again when this changed."""
        known = self.readers_of[level]
        if "*" in changed:
            return frozenset(self.levels[level])
        return frozenset().union(*(known.get(name, frozenset()) for name in changed))

    def statement(self, segment_ids: tuple[int, ...]) -> Statement:
        """The statement that evaluates these segments (in ascending order) for some contacts."""
        made = self.statements.get(segment_ids)
        if made is None:
            rules = [self.followed[segment_id].rule for segment_id in segment_ids]
            made = evaluation(self.workspace_id, self.timezone, segment_ids, rules)
            self.statements[segment_ids] = made
            if len(self.statements) > KEPT_STATEMENTS:
                self.statements.popitem(last=False)
        self.statements.move_to_end(segment_ids)
        return made

    def take_over(self, before: "CompiledRules") -> None:
        """Keep the statements of the compiled before that are about the same rules."""
        same = {number for number, segment in self.followed.items() if before.followed.get(number) is segment}
        for segment_ids, statement in before.statements.items():
            if same.issuperset(segment_ids):
                self.statements[segment_ids] = statement
        moving = [
            {number for number, one in compiled.followed.items() if one.boundaries} for compiled in (self, before)
        ]
        if moving[0] == moving[1] and same.issuperset(moving[0]):
            self.crossers = before.crossers


# ---------------------------------------------------------------- made and kept

_compiled: OrderedDict[int, CompiledRules] = OrderedDict()


async def current(workspace_id: int, epoch: int) -> CompiledRules:
    """The workspace's compiled of this epoch."""
    compiled = _compiled.get(workspace_id)
    if compiled is None or compiled.epoch != epoch:
        compiled = _compiled[workspace_id] = await _load(workspace_id, epoch)
        if len(_compiled) > KEPT_WORKSPACES:
            _compiled.popitem(last=False)
    _compiled.move_to_end(workspace_id)
    return compiled


def forget() -> None:
    """Forget every compiled: for a process that changes databases."""
    _compiled.clear()


async def _load(workspace_id: int, epoch: int) -> CompiledRules:
    """The compiled, with all that can be taken over from the one before: most often one rule has changed, or a build begun."""
    scope = await workspaces.find_system_scope(workspace_id)
    if scope is None:  # deleted, and its marks are all that is left
        return make(workspace_id, epoch, "UTC", (), ())
    rows = await db.fetch(_ACTIVE, workspace_id)
    rules = {row["id"]: db.load_json(row["active_rule"]) for row in rows if row["active_rule"] is not None}
    next_rules = {row["id"]: db.load_json(row["rule"]) for row in rows if row["building"]}
    catalogue = await load_catalogue(scope, *rules.values(), *next_rules.values())
    before = _comparable(_compiled.get(workspace_id), catalogue)
    sources = {segment_id: _source(rule, catalogue) for segment_id, rule in rules.items()}
    followed = [
        before.followed[segment_id]
        if before is not None and before.sources.get(segment_id) == source and segment_id in before.followed
        else _compile(scope, segment_id, source.rule_json, catalogue)
        for segment_id, source in sources.items()
    ]
    builds = [
        _build(scope, segment_id, rule, rules.get(segment_id), catalogue) for segment_id, rule in next_rules.items()
    ]
    compiled = make(
        workspace_id,
        epoch,
        scope.timezone,
        [segment for segment in followed if segment is not None],
        [build for build in builds if build is not None],
        before,
    )
    compiled.sources, compiled.catalogue = sources, catalogue
    return compiled


def _comparable(before: CompiledRules | None, catalogue: Catalogue) -> CompiledRules | None:
    """The compiled before, if the same words meant the same to it."""
    if before is None or before.catalogue is None:
        return None
    meant = before.catalogue.timezone, before.catalogue.custom
    return before if meant == (catalogue.timezone, catalogue.custom) else None


def _source(rule_json: object, catalogue: Catalogue) -> RuleSource:
    mentioned = {number: catalogue.segments.get(number) for number in segments_mentioned(rule_json)}
    known = {number: None if one is None else (one.name, one.deleted) for number, one in mentioned.items()}
    return RuleSource(rule_json, db.dump_json(rule_json), known)


_ACTIVE = """
SELECT s.id, s.rule, s.active_rule, b.segment_id IS NOT NULL AS building
FROM segments AS s
LEFT JOIN segment_builds AS b ON b.workspace_id = s.workspace_id AND b.segment_id = s.id
WHERE s.workspace_id = $1 AND s.deleted_at IS NULL AND s.kind <> 'STATIC'
ORDER BY s.id
"""


def _compile(scope: Scope, segment_id: int, rule_json: object, catalogue: Catalogue) -> CompiledRule | None:
    rule = _read(scope, segment_id, rule_json, catalogue)
    if rule is None:
        return None
    return CompiledRule(segment_id, rule, dependencies(rule), crossings_of(rule))


def _build(
    scope: Scope, segment_id: int, next_json: object, rule_json: object | None, catalogue: Catalogue
) -> Build | None:
    """What a build has to hear of: changes that either rule reads, the one in force and the next; and whom the first moves."""
    rules = [
        rule
        for stored in (next_json, rule_json)
        if stored is not None and (rule := _read(scope, segment_id, stored, catalogue)) is not None
    ]
    own = {f"rule:{segment_id}", f"time:{segment_id}", f"segment:{segment_id}"}
    return Build(segment_id, frozenset(own).union(*map(dependencies, rules))) if rules else None


def _read(scope: Scope, segment_id: int, rule_json: object, catalogue: Catalogue) -> Rule | None:
    """The rule, or None when it can no longer be read: its members stay as they are, and the log says so."""
    try:
        return check(rule_json, catalogue, stored=True)
    except Problems as problems:
        _unreadable.inc()
        log.error("rule cannot be read", workspace=scope.workspace_id, segment=segment_id, problem=str(problems))
        return None


def make(
    workspace_id: int,
    epoch: int,
    timezone: str,
    followed: Collection[CompiledRule],
    builds: Collection[Build],
    before: CompiledRules | None = None,
) -> CompiledRules:
    """A compiled of these segments. Statements of the compiled `before` that say the same are kept: they are prepared already."""
    by_id = {segment.id: segment for segment in followed}
    levels = _levels({segment.id: segments_of(segment.rule) & by_id.keys() for segment in followed})
    compiled = CompiledRules(workspace_id, epoch, timezone, by_id, levels, tuple(builds))
    compiled.readers_of = tuple(_readers(by_id[segment_id] for segment_id in level) for level in levels)
    compiled.conditions = {segment.id: count_conditions(segment.rule) for segment in followed}
    if before is not None:
        compiled.take_over(before)
    if not compiled.crossers:
        lines = [(segment.id, segment.boundaries) for segment in followed]
        compiled.crossers = crossers(workspace_id, timezone, lines)
    return compiled


def _levels(mentions: Mapping[int, Collection[int]]) -> tuple[tuple[int, ...], ...]:
    """Segments that mention none of the others, then those that mention only these, and so on.

    A circle, which only an operator's own SQL can make, must not hold up the rest: its segments come last, in one level.
    """
    levels: list[tuple[int, ...]] = []
    placed: set[int] = set()
    while len(placed) < len(mentions):
        level = tuple(sorted(one for one, below in mentions.items() if one not in placed and placed.issuperset(below)))
        if not level:
            level = tuple(sorted(mentions.keys() - placed))
            log.error("the rules of these segments mention each other", segments=level)
        levels.append(level)
        placed.update(level)
    return tuple(levels)


def _readers(segments: Iterable[CompiledRule]) -> dict[str, frozenset[int]]:
    readers: dict[str, set[int]] = {}
    for segment in segments:
        for name in segment.reads | {f"rule:{segment.id}", f"time:{segment.id}"}:
            readers.setdefault(name, set()).add(segment.id)
    return {name: frozenset(ids) for name, ids in readers.items()}
