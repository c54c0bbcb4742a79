"""Finds by index the contacts that a moving threshold of a rule has passed, and maybe others."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

from models.rules.comparisons import Time, both, comes_round
from models.rules.duration import Duration
from models.rules.fields import time_of
from models.rules.measures import filter_sql
from models.rules.parameters import Parameters, PassedEdge
from models.rules.thresholds import NOW, Threshold
from models.rules.tree import (
    ActivityCondition,
    Field,
    FieldCondition,
    FieldOperator,
    Leaf,
    Measure,
    Operand,
    PropertyFilter,
    Rule,
    each_leaf,
)

INDEXED = frozenset({"subscribed_at", "last_interaction_at", "created_at"})
"""Fields that migrations index."""


@dataclass(frozen=True, slots=True)
class Index:
    """An index for all workspaces that no migration makes."""

    name: str
    create: str


@dataclass(frozen=True, slots=True)
class Crossing:
    """A threshold has passed a field's value. `keeps`: a value equal to the threshold counts as later."""

    field: Field
    threshold: Threshold
    keeps: bool

    def query(self, p: Parameters) -> str:
        """A query for contact_id, with the named parameters `since` and `now`."""
        time = time_of(self.field)
        return f"{_contacts(p)} AND {_passed(time, self.threshold, self.keeps, p)}"

    @property
    def index(self) -> Index | None:
        if self.field.custom:
            time = time_of(self.field)
            return _index(self.field, time.expression, "", time.indexed)
        return None if self.field.key in INDEXED else _index(self.field, time_of(self.field).expression, "_time")


@dataclass(frozen=True, slots=True)
class Anniversary:
    """A threshold has reached or left the day of the year."""

    field: Field
    threshold: Threshold
    reached: bool

    def query(self, p: Parameters) -> str:
        edges = [PassedEdge(self.threshold, self.reached, edge) for edge in range(4)]
        return f"{_contacts(p)} AND {comes_round(time_of(self.field), edges, p)}"

    @property
    def index(self) -> Index | None:
        return _index(self.field, time_of(self.field).day_of_year, "_day") if self.field.custom else None


@dataclass(frozen=True, slots=True)
class ActivityCrossing:
    kind: str
    filters: tuple[PropertyFilter, ...]
    threshold: Threshold
    keeps: bool

    def query(self, p: Parameters) -> str:
        """As `Crossing.query`, but a contact may come several times."""
        return f"SELECT a.contact_id FROM activities AS a WHERE {self.passes(p)} AND {self.matches(p)}"

    def passes(self, p: Parameters) -> str:
        """An SQL condition: the threshold has passed activity `a`."""
        passed = _passed(Time("a.occurred_at", days=False), self.threshold, self.keeps, p)
        return f"a.workspace_id = {p.workspace} AND a.kind = {p.bind(self.kind, 'text')} AND {passed}"

    def matches(self, p: Parameters) -> str:
        return " AND ".join(filter_sql(part, p) for part in self.filters) or "true"

    @property
    def index(self) -> Index | None:
        return None


AnyCrossing = Crossing | Anniversary | ActivityCrossing


def crossings_of(rule: Rule) -> tuple[AnyCrossing, ...]:
    """Returns each crossing once; none when time alone cannot change the rule."""
    return tuple(dict.fromkeys(crossing for leaf in each_leaf(rule) for crossing in _of_leaf(leaf)))


def _of_leaf(leaf: Leaf) -> Iterator[AnyCrossing]:
    match leaf:
        case FieldCondition(field, FieldOperator.ANNIVERSARY_WITHIN_NEXT, Duration() as duration):
            yield Anniversary(field, NOW, reached=False)
            yield Anniversary(field, Threshold(duration), reached=True)
        case FieldCondition(field, operator, operand):
            for threshold, keeps in _thresholds(operator, operand):
                yield Crossing(field, threshold, keeps)
        case ActivityCondition(measure, operator, operand):
            for threshold, keeps in dict.fromkeys((*_thresholds(operator, operand), *_window(measure))):
                yield ActivityCrossing(measure.kind, measure.filters, threshold, keeps)
        case _:
            return


def _thresholds(operator: FieldOperator, operand: Operand) -> Iterator[tuple[Threshold, bool]]:
    """Yields the thresholds of a relative operator, each with `keeps` (see Crossing)."""
    if not isinstance(operand, Duration):
        return
    match operator:
        case FieldOperator.WITHIN_LAST:
            yield Threshold(operand, past=True), True
            yield NOW, False
        case FieldOperator.MORE_THAN_AGO:
            yield Threshold(operand, past=True), True
        case FieldOperator.WITHIN_NEXT:
            yield NOW, True
            yield Threshold(operand), False
        case FieldOperator.MORE_THAN_AHEAD:
            yield Threshold(operand), False


def _window(measure: Measure) -> Iterator[tuple[Threshold, bool]]:
    if measure.within is not None:
        yield from _thresholds(FieldOperator.WITHIN_LAST, measure.within)


def _passed(time: Time, threshold: Threshold, keeps: bool, p: Parameters) -> str:
    before, after = time.moving(threshold, p, since=True), time.moving(threshold, p)
    if keeps:
        return both(f"{time.expression} >= {before}", f"{time.expression} < {after}", time.indexed)
    return both(f"{time.expression} > {before}", f"{time.expression} <= {after}", time.indexed)


def _contacts(p: Parameters) -> str:
    return f"SELECT c.id AS contact_id FROM contacts AS c WHERE c.workspace_id = {p.workspace}"


def _index(field: Field, expression: str, what: str, only: str = "") -> Index:
    own = expression.replace("c.", "")
    narrowed = only.replace("c.", "") or f"{own} IS NOT NULL"
    short = field.key.replace(".", "_")
    if len(short) > 40:
        short = short[:31] + "_" + sha256(short.encode()).hexdigest()[:8]
    name = f"contacts_{short}_{field.type.lower()}{what}_idx"  # at most 63 characters
    return Index(
        name,
        f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {name} ON contacts (workspace_id, {own}) WHERE {narrowed}",
    )
