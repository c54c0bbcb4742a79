"""Which contacts time alone can carry across one of a rule's lines.

A rule with a relative condition is true of other contacts as time goes on, though nothing is written. Each such
condition has lines that move (now, now less 30 days, today and a week). What a line passed since the last look is found
by an index, and is all that must be asked again: it may be more than what changed, and is never less.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

from models.rules.comparisons import Time, both, comes_round
from models.rules.duration import Duration
from models.rules.fields import time_of
from models.rules.lines import NOW, Line
from models.rules.measures import filter_sql
from models.rules.parameters import Parameters, PassedEdge
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
"""The built-in fields whose lines have an index from the start."""


@dataclass(frozen=True, slots=True)
class Index:
    """An index that a boundary needs and the foundation does not have: over every workspace, so made once."""

    name: str
    create: str


@dataclass(frozen=True, slots=True)
class Crossing:
    """A line: which contacts' own values has it passed?

    A value that lies on a line is still on the line's later side when `keeps` is set (value >= line), and otherwise on
    its earlier side (value <= line).
    """

    field: Field
    line: Line
    keeps: bool

    def query(self, p: Parameters) -> str:
        """SELECT contact_id: run with `since` and `now`."""
        time = time_of(self.field)
        return f"{_contacts(p)} AND {_passed(time, self.line, self.keeps, p)}"

    @property
    def index(self) -> Index | None:
        if self.field.custom:
            time = time_of(self.field)
            return _index(self.field, time.expression, "", time.indexed)
        return None if self.field.key in INDEXED else _index(self.field, time_of(self.field).expression, "_time")


@dataclass(frozen=True, slots=True)
class Anniversary:
    """The days of the year that a line has passed: those that it came to, or those that it left."""

    field: Field
    line: Line
    reached: bool

    def query(self, p: Parameters) -> str:
        """SELECT contact_id: run with `since` and `now`."""
        edges = [PassedEdge(self.line, self.reached, edge) for edge in range(4)]
        return f"{_contacts(p)} AND {comes_round(time_of(self.field), edges, p)}"

    @property
    def index(self) -> Index | None:
        return _index(self.field, time_of(self.field).day_of_year, "_day") if self.field.custom else None


@dataclass(frozen=True, slots=True)
class ActivityCrossing:
    """A line: whose activities of a kind has it passed?"""

    kind: str
    filters: tuple[PropertyFilter, ...]
    line: Line
    keeps: bool

    def query(self, p: Parameters) -> str:
        """SELECT contact_id, perhaps more than once each: run with `since` and `now`."""
        return f"SELECT a.contact_id FROM activities AS a WHERE {self.passes(p)} AND {self.matches(p)}"

    def passes(self, p: Parameters) -> str:
        """Whether the line has passed activity `a`, whatever its properties."""
        passed = _passed(Time("a.occurred_at", days=False), self.line, self.keeps, p)
        return f"a.workspace_id = {p.workspace} AND a.kind = {p.bind(self.kind, 'text')} AND {passed}"

    def matches(self, p: Parameters) -> str:
        """Whether the properties of activity `a` are as they have to be."""
        return " AND ".join(filter_sql(part, p) for part in self.filters) or "true"

    @property
    def index(self) -> Index | None:
        return None


Boundary = Crossing | Anniversary | ActivityCrossing


def boundaries(rule: Rule) -> tuple[Boundary, ...]:
    """The rule's lines, each once. None for a rule that only writing can change."""
    return tuple(dict.fromkeys(boundary for leaf in each_leaf(rule) for boundary in _of_leaf(leaf)))


def _of_leaf(leaf: Leaf) -> Iterator[Boundary]:
    match leaf:
        case FieldCondition(field, FieldOperator.ANNIVERSARY_WITHIN_NEXT, Duration() as duration):
            yield Anniversary(field, NOW, reached=False)
            yield Anniversary(field, Line(duration), reached=True)
        case FieldCondition(field, operator, operand):
            for line, keeps in _lines(operator, operand):
                yield Crossing(field, line, keeps)
        case ActivityCondition(measure, operator, operand):
            for line, keeps in dict.fromkeys((*_lines(operator, operand), *_window(measure))):
                yield ActivityCrossing(measure.kind, measure.filters, line, keeps)
        case _:
            return


def _lines(operator: FieldOperator, operand: Operand) -> Iterator[tuple[Line, bool]]:
    """The lines of a relative operator, each with the side that a value on it is on."""
    if not isinstance(operand, Duration):
        return
    match operator:
        case FieldOperator.WITHIN_LAST:
            yield Line(operand, past=True), True
            yield NOW, False
        case FieldOperator.MORE_THAN_AGO:
            yield Line(operand, past=True), True
        case FieldOperator.WITHIN_NEXT:
            yield NOW, True
            yield Line(operand), False
        case FieldOperator.MORE_THAN_AHEAD:
            yield Line(operand), False


def _window(measure: Measure) -> Iterator[tuple[Line, bool]]:
    if measure.within is not None:
        yield from _lines(FieldOperator.WITHIN_LAST, measure.within)


def _passed(time: Time, line: Line, keeps: bool, p: Parameters) -> str:
    before, after = time.moving(line, p, since=True), time.moving(line, p)
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
    name = f"contacts_{short}_{field.type.lower()}{what}_idx"  # 63 characters at most
    return Index(
        name,
        f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {name} ON contacts (workspace_id, {own}) WHERE {narrowed}",
    )
