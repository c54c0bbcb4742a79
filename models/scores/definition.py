"""What a score is made of. Pure.

A score is the sum of its groups; a group is the sum of its parts; both have limits. Durations are of days, hours and so on: a
month has no fixed length, and each activity has to have its own moment of change.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final, TypeVar

from models.errors import DomainError, Invalid, LimitExceeded, Path, Problems, Required, Unsupported
from models.rules.catalogue import Catalogue
from models.rules.check import check
from models.rules.contact_changes import ContactChange, activity_changed
from models.rules.depends import dependencies
from models.rules.duration import Duration, parse_duration
from models.rules.tree import ActivityCondition, Measure, Rule
from models.values.texts import check_name

MOST_PARTS: Final = 60
MOST_GROUPS: Final = 20
MOST_LEVELS: Final = 10
MOST_POINTS: Final = Decimal(1_000_000)
MOST_COUNTED: Final = 10_000
"""Of `atMost`."""

PLACES: Final = 6
"""Decimals of a score."""

NOTHING: Final = Decimal("0.000001")
"""Of an activity's points: what decays to less counts nothing."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Decay:
    """With each `every_seconds`, `percent` of what is left is lost."""

    percent: Decimal
    every_seconds: int

    @property
    def kept(self) -> Decimal:
        return 1 - self.percent / 100


@dataclass(frozen=True, slots=True)
class Each:
    """The points for each activity: the newest `at_most`, while they are younger than `lasting_seconds`, less by `decay`."""

    measure: Measure
    at_most: int | None = None
    lasting_seconds: int | None = None
    decay: Decay | None = None


@dataclass(frozen=True, slots=True)
class While:
    """The points while the rule holds."""

    rule: Rule


@dataclass(frozen=True, slots=True)
class Part:
    label: str
    points: Decimal
    earn: While | Each


@dataclass(frozen=True, slots=True)
class Group:
    name: str
    parts: tuple[Part, ...]
    minimum: Decimal | None = None
    maximum: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Level:
    name: str
    start: Decimal


@dataclass(frozen=True, slots=True)
class Definition:
    """`levels` from the lowest."""

    groups: tuple[Group, ...]
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    levels: tuple[Level, ...] = ()

    @property
    def parts(self) -> tuple[Part, ...]:
        return tuple(part for group in self.groups for part in group.parts)

    @property
    def rules(self) -> tuple[Rule, ...]:
        return tuple(part.earn.rule for part in self.parts if isinstance(part.earn, While))

    def level_of(self, value: Decimal) -> str | None:
        return next((level.name for level in reversed(self.levels) if value >= level.start), None)

    def reads(self) -> frozenset[ContactChange]:
        """The changes after which it is computed again."""
        found: set[ContactChange] = set()
        for part in self.parts:
            found |= (
                {activity_changed(part.earn.measure.kind)}
                if isinstance(part.earn, Each)
                else dependencies(part.earn.rule)
            )
        return frozenset(found)


def clamped(value: Decimal, minimum: Decimal | None, maximum: Decimal | None) -> Decimal:
    if minimum is not None and value < minimum:
        return minimum
    return maximum if maximum is not None and value > maximum else value


# ---------------------------------------------------------------- read


def read(given: Mapping[str, Any], catalogue: Catalogue, *, stored: bool = False) -> Definition:
    """From JSON in the shape of ScoreModelInput. Raises Problems with every mistake at its path."""
    reading = _Reading(catalogue, stored, [])
    definition = reading.definition(given)
    if definition is None or reading.errors:
        raise Problems(reading.errors)
    return definition


@dataclass(slots=True)
class _Reading:
    catalogue: Catalogue
    stored: bool
    errors: list[DomainError]

    def definition(self, given: Mapping[str, Any]) -> Definition | None:
        groups = self._list(given.get("groups"), ("groups",), MOST_GROUPS, self._group, least=1)
        levels = self._list(given.get("levels"), ("levels",), MOST_LEVELS, self._level)
        minimum, maximum = self._limits(given, ())
        if sum(len(group.parts) for group in groups) > MOST_PARTS:
            self.errors.append(LimitExceeded(f"a score has at most {MOST_PARTS} parts", ("groups",)))
        self._check_levels(levels)
        return Definition(groups, minimum, maximum, tuple(sorted(levels, key=lambda level: level.start)))

    def _group(self, given: Any, path: Path) -> Group | None:
        parts = self._list(given.get("parts"), (*path, "parts"), MOST_PARTS, self._part, least=1)
        minimum, maximum = self._limits(given, path)
        name = self._try(lambda: check_name(given.get("name"), 100), (*path, "name"))
        return None if name is None else Group(name, parts, minimum, maximum)

    def _part(self, given: Any, path: Path) -> Part | None:
        label = self._try(lambda: check_name(given.get("label"), 200), (*path, "label"))
        points = self._number(given.get("points"), (*path, "points"))
        earn = self._earn(given.get("earn"), (*path, "earn"))
        return None if label is None or points is None or earn is None else Part(label, points, earn)

    def _earn(self, given: Any, path: Path) -> While | Each | None:
        given = given if isinstance(given, dict) else {}
        held, each = given.get("while"), given.get("each")
        if (held is None) == (each is None):
            self.errors.append(Required("say how the points are earned: exactly one of while and each", path))
            return None
        if held is None:
            return self._each(each, (*path, "each"))
        return self._while(held, (*path, "while"))

    def _while(self, held: object, path: Path) -> While | None:
        try:
            return While(check(held, self.catalogue, stored=self.stored, path=path))
        except Problems as problems:
            self.errors.extend(problems.errors)
        return None

    def _each(self, given: Mapping[str, Any], path: Path) -> Each | None:
        condition = {"kind": given.get("kind"), "where": given.get("where"), "operator": "GTE", "value": 1}
        checked = self._try(lambda: check({"activity": condition}, self.catalogue, path=("at",)), ())
        for index, error in enumerate(self.errors):
            if error.path and error.path[0] == "at":
                self.errors[index] = type(error)(error.message, (*path, *error.path[2:]))
        at_most = self._try(lambda: _count(given.get("atMost")), (*path, "atMost"))
        lasting = self._try(lambda: _seconds(given.get("lasting")), (*path, "lasting"))
        decay = self._decay(given.get("decay"), (*path, "decay"))
        if not isinstance(checked, ActivityCondition):
            return None
        return Each(checked.measure, at_most, lasting, decay)

    def _decay(self, given: Any, path: Path) -> Decay | None:
        if given is None:
            return None
        percent = self._number(given.get("percent"), (*path, "percent"))
        every = self._try(lambda: _seconds(given.get("every")), (*path, "every"))
        if percent is not None and not 0 < percent <= 100:
            self.errors.append(Invalid("what is lost is more than 0 and at most 100 percent", (*path, "percent")))
        if every is None and not any(
            error.path and error.path[: len(path)] == tuple(map(str, path)) for error in self.errors
        ):
            self.errors.append(Required("say how often: a duration such as P30D", (*path, "every")))
        return None if percent is None or every is None else Decay(percent, every)

    def _level(self, given: Any, path: Path) -> Level | None:
        name = self._try(lambda: check_name(given.get("name"), 50), (*path, "name"))
        start = self._number(given.get("from"), (*path, "from"))
        return None if name is None or start is None else Level(name, start)

    def _check_levels(self, levels: Sequence[Level]) -> None:
        names = [level.name.casefold() for level in levels]
        if len(set(names)) < len(names) or len({level.start for level in levels}) < len(levels):
            self.errors.append(Invalid("each level needs a name and a start of its own", ("levels",)))

    def _limits(self, given: Mapping[str, Any], path: Path) -> tuple[Decimal | None, Decimal | None]:
        least, most = (
            None if given.get(name) is None else self._number(given[name], (*path, name))
            for name in ("minimum", "maximum")
        )
        if least is not None and most is not None and least > most:
            self.errors.append(Invalid("the minimum is above the maximum", (*path, "minimum")))
        return least, most

    def _number(self, value: Any, path: Path) -> Decimal | None:
        return self._try(lambda: points(value), path)

    def _list(
        self, given: Any, path: Path, most: int, read_one: Callable[[Any, Path], T | None], least: int = 0
    ) -> tuple[T, ...]:
        items = given if isinstance(given, list) else []
        if len(items) < least:
            self.errors.append(Required("give at least one", path))
        if len(items) > most:
            self.errors.append(LimitExceeded(f"at most {most}", path))
            return ()
        made = [read_one(item if isinstance(item, dict) else {}, (*path, index)) for index, item in enumerate(items)]
        return tuple(one for one in made if one is not None)

    def _try(self, read_one: Callable[[], T | None], path: Path) -> T | None:
        try:
            return read_one()
        except Problems as problems:
            self.errors.extend(problems.under(*path).errors)
        except DomainError as error:
            self.errors.append(error.under(*path))
        return None


def points(value: Any) -> Decimal:
    """Raises Required, or Invalid for what is no number of MOST_POINTS with up to PLACES decimals."""
    if value is None:
        raise Required("give a number")
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        raise Invalid("this must be a number")
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise Invalid("this must be a number") from None
    if not number.is_finite() or abs(number) > MOST_POINTS or round(number, PLACES) != number:
        raise Invalid(f"this must be a number of at most {MOST_POINTS:,} with up to {PLACES} decimals")
    return number


def _count(value: Any) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_COUNTED:
        raise Invalid(f"this must be a whole number from 1 to {MOST_COUNTED:,}")
    return value


def _seconds(value: Any) -> int | None:
    if value is None:
        return None
    try:
        duration: Duration = parse_duration(str(value))
    except ValueError as error:
        raise Invalid(f"this must be {error}") from None
    if duration.months:
        raise Unsupported("months and years have no fixed length: write days, such as P30D or P365D")
    seconds = int(duration.elapsed.total_seconds())
    if seconds <= 0:
        raise Invalid("this must be longer than nothing")
    return seconds


_KEY: Final = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)


def check_key(value: object) -> str:
    """Raises Invalid unless it is a key such as `interest`."""
    if not isinstance(value, str) or not _KEY.fullmatch(value) or value.endswith("level"):
        raise Invalid(
            "a key has a-z, 0-9 and _, begins with a letter, and does not end in level, such as interest", ("key",)
        )
    return value
