"""A workspace's active rules, compiled. Only the holder of the engine lock uses them.

After a new epoch (of a rule, a field, the time zone or a build) only what changed is compiled again.
"""

from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Final

import structlog
from prometheus_client import Counter

from models import db
from models.errors import Problems
from models.membership import rule_epochs, stored_rules
from models.membership.crossers import Crossers
from models.membership.levels import Levels, Reader
from models.membership.rule_epochs import RuleEpoch
from models.membership.statements import Statement, evaluation
from models.membership.stored_rules import RuleChanges, StoredRule, StoredRules
from models.rules.catalogue import Catalogue
from models.rules.check import check
from models.rules.contact_changes import (
    ContactChange,
    field_changed,
    membership_changed,
    rule_to_evaluate,
    threshold_crossed,
)
from models.rules.crossings import AnyCrossing, crossings_of
from models.rules.depends import dependencies, segments_of
from models.rules.tree import Rule, count_conditions
from models.scores import stored as stored_scores
from models.scores.engine import Scores, compile_scores

log = structlog.get_logger(__name__)

KEPT_WORKSPACES: Final = 200

KEPT_STATEMENTS: Final = 64

_unreadable = Counter("muster_unreadable_rules_total", "Active rules that could not be read when they were compiled.")


@dataclass(frozen=True, slots=True)
class CompiledRule:
    id: int
    rule: Rule
    reads: frozenset[ContactChange]
    crossings: tuple[AnyCrossing, ...]


@dataclass(frozen=True, slots=True)
class Build:
    """A segment that is rebuilt; `reads` are the changes that batches record for it."""

    segment_id: int
    reads: frozenset[ContactChange]


@dataclass(slots=True)
class CompiledRules:
    workspace_id: int
    epoch: RuleEpoch
    stored: StoredRules
    rules: dict[int, CompiledRule] = field(default_factory=dict)
    building: dict[int, Build] = field(default_factory=dict)
    levels: Levels = field(default_factory=Levels)
    conditions: dict[int, int] = field(default_factory=dict)
    thresholds: Crossers = field(init=False)
    statements: OrderedDict[tuple[int, ...], Statement] = field(default_factory=OrderedDict)
    scores: Scores = field(init=False)

    def __post_init__(self) -> None:
        self.thresholds = Crossers(self.workspace_id, self.timezone, ())
        self.scores = Scores(self.workspace_id)

    @property
    def timezone(self) -> str:
        return self.stored.timezone

    @property
    def builds(self) -> Collection[Build]:
        return self.building.values()

    @property
    def crossers(self) -> tuple[Statement, ...]:
        return self.thresholds.statements()

    @property
    def ticks(self) -> bool:
        """Whether members or scores can change because time passes."""
        return bool(self.thresholds) or bool(self.scores)

    def readers(self, level: int, changed: Iterable[ContactChange]) -> frozenset[int]:
        return self.levels.readers(level, changed)

    def is_read(self, change: ContactChange) -> bool:
        return any(self.levels.readers(level, (change,)) for level in range(len(self.levels)))

    def statement(self, segment_ids: tuple[int, ...]) -> Statement:
        """Returns the statement that evaluates these segments; `segment_ids` must be in ascending order."""
        made = self.statements.get(segment_ids)
        if made is None:
            rules = [self.rules[segment_id].rule for segment_id in segment_ids]
            made = evaluation(self.workspace_id, self.timezone, segment_ids, rules)
            self.statements[segment_ids] = made
            if len(self.statements) > KEPT_STATEMENTS:
                self.statements.popitem(last=False)
        self.statements.move_to_end(segment_ids)
        return made

    # ------------------------------------------------------------ kept up to date

    def apply(self, changes: RuleChanges) -> None:
        changed = self.stored.apply(changes)
        if changes.fields is not None:
            changed |= self._read_by(changes.fields)
            self.stored.fields = changes.fields
        compiled: dict[int, CompiledRule | None] = {}
        for segment_id in changed:
            stored = self.stored.rules.get(segment_id, _NONE)
            compiled[segment_id] = _compile(self.workspace_id, segment_id, stored, self.stored.catalogue)
            self._build(segment_id, stored)
        self.put(compiled)

    def _read_by(self, fields: Mapping[str, object]) -> set[int]:
        """Segments that read a changed field, are being built, or could not be read before."""
        before = self.stored.fields
        keys = {field_changed(key) for key in fields.keys() | before.keys() if fields.get(key) != before.get(key)}
        reading = (self.levels.readers(level, keys) for level in range(len(self.levels)))
        return set(self.stored.rules.keys() - self.rules.keys()).union(self.building, *reading)

    def _build(self, segment_id: int, stored: StoredRule) -> None:
        build = _compile_build(self.workspace_id, segment_id, stored, self.stored.catalogue)
        if build is None:
            self.building.pop(segment_id, None)
        else:
            self.building[segment_id] = build

    def put(self, rules: Mapping[int, CompiledRule | None]) -> None:
        """Sets the rules of these segments; None when a segment has no rule."""
        before = {segment_id: self.rules.get(segment_id) for segment_id in rules}
        changed = {segment_id: rule for segment_id, rule in rules.items() if rule != before[segment_id]}
        for segment_id, rule in changed.items():
            self.rules.pop(segment_id, None)
            self.conditions.pop(segment_id, None)
            if rule is not None:
                self.rules[segment_id] = rule
                self.conditions[segment_id] = count_conditions(rule.rule)
        self.levels.change({segment_id: _reader(rule) for segment_id, rule in changed.items()})
        self._put_thresholds({segment_id: before[segment_id] for segment_id in changed}, changed)
        self._forget_statements(changed.keys())

    def _put_thresholds(
        self, before: Mapping[int, CompiledRule | None], after: Mapping[int, CompiledRule | None]
    ) -> None:
        if not self.thresholds:
            moving = [(one.id, one.crossings) for one in after.values() if one is not None]
            self.thresholds = Crossers(self.workspace_id, self.timezone, moving)
            return
        for segment_id in after:
            old, new = (() if one is None else one.crossings for one in (before[segment_id], after[segment_id]))
            self.thresholds.remove(segment_id, [crossing for crossing in old if crossing not in new])
            self.thresholds.add(segment_id, [crossing for crossing in new if crossing not in old])

    def put_scores(self, scores: Scores) -> None:
        """Their thresholds stand beside those of segments."""
        before, after = self.scores.crossings, scores.crossings
        for number in before.keys() | after.keys():
            old, new = before.get(number, ()), after.get(number, ())
            self.thresholds.remove(number, [crossing for crossing in old if crossing not in new])
            self.thresholds.add(number, [crossing for crossing in new if crossing not in old])
        self.scores = scores

    def _forget_statements(self, segment_ids: Set[int]) -> None:
        for key in [key for key in self.statements if not segment_ids.isdisjoint(key)]:
            del self.statements[key]


_NONE: Final = StoredRule(None, None)


def _reader(rule: CompiledRule | None) -> Reader | None:
    return None if rule is None else Reader(rule.reads, segments_of(rule.rule))


def make(
    workspace_id: int, epoch: RuleEpoch, timezone: str, rules: Collection[CompiledRule], builds: Collection[Build]
) -> CompiledRules:
    compiled = CompiledRules(workspace_id, epoch, StoredRules(timezone))
    compiled.building = {build.segment_id: build for build in builds}
    compiled.put({rule.id: rule for rule in rules})
    return compiled


# ---------------------------------------------------------------- kept

_compiled: OrderedDict[int, CompiledRules] = OrderedDict()


async def current(workspace_id: int, epoch: RuleEpoch) -> CompiledRules:
    compiled = _compiled.get(workspace_id)
    if compiled is None or compiled.epoch != epoch:
        numbered = await rule_epochs.number(workspace_id) if epoch.captured else None
        captured = numbered.segment_ids if numbered else frozenset[int | None]()
        compiled = _compiled[workspace_id] = await _at_epoch(compiled, workspace_id, epoch, captured)
        if numbered:
            await db.after_commit(_are_numbered, (workspace_id, epoch, numbered.epoch))
        await stored_rules.delete_old_changes(workspace_id, epoch.number)
        if len(_compiled) > KEPT_WORKSPACES:
            _compiled.popitem(last=False)
    _compiled.move_to_end(workspace_id)
    return compiled


async def _are_numbered(committed: Sequence[tuple[int, RuleEpoch, RuleEpoch]]) -> None:
    for workspace_id, before, after in committed:
        compiled = _compiled.get(workspace_id)
        if compiled is not None and compiled.epoch == before:
            compiled.epoch = after


def forget() -> None:
    """Forgets all rules, in a process that connects to another database."""
    _compiled.clear()


async def _at_epoch(
    before: CompiledRules | None, workspace_id: int, epoch: RuleEpoch, captured: Set[int | None]
) -> CompiledRules:
    if before is not None:
        since, number = before.epoch.number, epoch.number
        changes = await stored_rules.find_changes(before.stored, workspace_id, since, number, captured)
        if changes is not None:
            _compiled.pop(workspace_id, None)  # if this fails halfway, nothing half-updated is kept
            before.apply(changes)
            if changes.fields is not None:
                await _load_scores(before)
            before.epoch = epoch
            return before
    loaded = await stored_rules.load(workspace_id)
    if loaded is None:  # the workspace is deleted
        return make(workspace_id, epoch, "UTC", (), ())
    timezone, everything = loaded
    compiled = CompiledRules(workspace_id, epoch, StoredRules(timezone))
    compiled.apply(everything)
    await _load_scores(compiled)
    return compiled


async def _load_scores(compiled: CompiledRules) -> None:
    rows = await stored_scores.rows_of(compiled.workspace_id)
    builds = stored_scores.builds_of(compiled.workspace_id, rows, await _catalogue_of_scores(compiled, rows))
    compiled.put_scores(compile_scores(compiled.workspace_id, compiled.timezone, builds))


async def _catalogue_of_scores(compiled: CompiledRules, rows: Sequence[db.Record]) -> Catalogue:
    """With the segments that their rules mention, which no segment's rule may mention."""
    texts = [row[name] for row in rows for name in ("active_definition", "next_definition") if row[name] is not None]
    mentioned = stored_scores.segments_mentioned(texts)
    existing = await stored_rules.existing(compiled.workspace_id, mentioned) if mentioned else {}
    return Catalogue(compiled.timezone, compiled.stored.fields, {**compiled.stored.existing, **existing})


# ---------------------------------------------------------------- read and compiled


def _compile(workspace_id: int, segment_id: int, stored: StoredRule, catalogue: Catalogue) -> CompiledRule | None:
    rule = _read(workspace_id, segment_id, stored.active, catalogue)
    if rule is None:
        return None
    return CompiledRule(segment_id, rule, dependencies(rule), crossings_of(rule))


def _compile_build(workspace_id: int, segment_id: int, stored: StoredRule, catalogue: Catalogue) -> Build | None:
    """A build records what both rules read, and the contacts that the active rule moves."""
    if stored.next is None:
        return None
    read = [_read(workspace_id, segment_id, rule, catalogue) for rule in (stored.next, stored.active)]
    rules = [rule for rule in read if rule is not None]
    own = {rule_to_evaluate(segment_id), threshold_crossed(segment_id), membership_changed(segment_id)}
    return Build(segment_id, frozenset(own).union(*map(dependencies, rules))) if rules else None


def _read(workspace_id: int, segment_id: int, stored: str | None, catalogue: Catalogue) -> Rule | None:
    """Returns None when the rule can no longer be read."""
    if stored is None:
        return None
    try:
        return check(db.load_json(stored), catalogue, stored=True)
    except Problems as problems:
        _unreadable.inc()
        log.error("rule cannot be read", workspace=workspace_id, segment=segment_id, problem=str(problems))
        return None
