"""Collects a statement's parameters. Thresholds are computed for each run, so a statement is prepared once."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from models import db
from models.rules.thresholds import NOW, Threshold, day_of, days_round, instant_of
from models.values.texts import escape_like


@dataclass(frozen=True, slots=True)
class Moments:
    """When a statement runs; `since` is the start of the period for crossings."""

    now: datetime
    since: datetime
    zone: ZoneInfo


# ---------------------------------------------------------------- values that depend on the time


@dataclass(frozen=True, slots=True)
class DayAt:
    threshold: Threshold
    since: bool = False

    def __call__(self, moments: Moments) -> date:
        return day_of(self.threshold, moments.since if self.since else moments.now, moments.zone)


@dataclass(frozen=True, slots=True)
class InstantAt:
    threshold: Threshold
    since: bool = False

    def __call__(self, moments: Moments) -> datetime:
        return instant_of(self.threshold, moments.since if self.since else moments.now, moments.zone)


@dataclass(frozen=True, slots=True)
class RoundEdge:
    """One end of two ranges of days of the year, from today to a threshold."""

    threshold: Threshold
    edge: int

    def __call__(self, moments: Moments) -> int:
        first, last = (day_of(threshold, moments.now, moments.zone) for threshold in (NOW, self.threshold))
        return _end(first, last, self.edge)


@dataclass(frozen=True, slots=True)
class PassedEdge:
    """One end of the two ranges of days of the year that a threshold reached (or left) since `since`."""

    threshold: Threshold
    reached: bool
    edge: int

    def __call__(self, moments: Moments) -> int:
        before, after = (day_of(self.threshold, moment, moments.zone) for moment in (moments.since, moments.now))
        day = timedelta(days=1)
        first, last = (before + day, after) if self.reached else (before, after - day)
        return _end(first, last, self.edge)


def _end(first: date, last: date, edge: int) -> int:
    one, other = days_round(first, last)
    return (*one, *other)[edge]


@dataclass(frozen=True, slots=True)
class AsText:
    of: DayAt | InstantAt | RoundEdge | PassedEdge

    def __call__(self, moments: Moments) -> str:
        return stored_text(self.of(moments))


def stored_text(value: date | int) -> str:
    """The text as `attributes` store it; a day of the year (month * 100 + day) is `MM-DD`."""
    if isinstance(value, int):
        return f"{value // 100:02}-{value % 100:02}"
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
    return value.isoformat()


def _keys(texts: Iterable[str]) -> str:
    return db.dump_json(dict.fromkeys(texts))


def _trimmed(number: Decimal) -> str:
    plain = f"{number:f}"
    trimmed = plain.rstrip("0").rstrip(".") if "." in plain else plain
    return "0" if trimmed == "-0" else trimmed


def _array_text(values: object) -> str:
    """Writes an array in PostgreSQL's syntax."""
    assert isinstance(values, Sequence)
    quoted = (str(value).replace("\\", "\\\\").replace('"', '\\"') for value in values)
    return "{" + ",".join(f'"{one}"' for one in quoted) + "}"


# ---------------------------------------------------------------- the collector

Resolve = Callable[[Moments, Sequence[str], dict[str, object]], object]


class Parameters:
    """$1 is the workspace's id. Equal parameters are one."""

    def __init__(self, workspace_id: int, timezone: str) -> None:
        self._zone = ZoneInfo(timezone)
        self._resolve: list[Resolve] = []
        self._known: dict[Hashable, str] = {}
        self._texts: dict[str, int] = {}
        self._folded: list[str] = []
        self.workspace = self.bind(workspace_id, "bigint")

    def bind(self, value: object, sql_type: str) -> str:
        """Adds a value and returns its parameter, such as `$3::bigint`."""
        kept = tuple(value) if isinstance(value, list) else value
        given = list(kept) if isinstance(kept, tuple) else kept
        return self._add(("value", kept, sql_type), sql_type, lambda *_: given)

    def time(self, value: date, sql_type: str) -> str:
        """Adds a day or an instant, for a column or for a text in `attributes`."""
        return self.bind(stored_text(value) if sql_type == "text" else value, sql_type)

    def times(self, values: Sequence[date], sql_type: str) -> str:
        return self.bind([stored_text(value) for value in values] if sql_type == "text" else values, f"{sql_type}[]")

    def named(self, name: str, sql_type: str) -> str:
        """Adds a value that each run passes with `values(now, <name>=..)`."""
        return self._add(("named", name, sql_type), sql_type, lambda _moments, _folded, given: given[name])

    def moving(self, value: Callable[[Moments], object], sql_type: str) -> str:
        """Computed for each run. `value` is hashable."""
        return self._add(("moving", value, sql_type), sql_type, lambda moments, *_: value(moments))

    def text(self, value: str) -> str:
        """Adds a text, folded so that comparisons ignore case."""
        index = self.text_index(value)
        return self._add(("text", value), "text", lambda _, folded, __: folded[index])

    def texts(self, values: Sequence[str]) -> str:
        indexes = [self.text_index(value) for value in values]
        return self._add(("texts", tuple(values)), "text[]", lambda _, folded, __: [folded[index] for index in indexes])

    def text_keys(self, values: Sequence[str]) -> str:
        """Keys of JSON: `?` is quick among many."""
        indexes = [self.text_index(value) for value in values]
        return self._add(
            ("text keys", tuple(values)), "jsonb", lambda _, folded, __: _keys(folded[index] for index in indexes)
        )

    def number_keys(self, values: Sequence[Decimal]) -> str:
        """Keys of JSON, as `trim_scale(..)::text` writes them."""
        kept = _keys(map(_trimmed, values))
        return self._add(("value", kept, "jsonb"), "jsonb", lambda *_: kept)

    def pattern(self, before: str, value: str, after: str) -> str:
        """Adds a pattern for LIKE, in which wildcards of `value` are escaped."""
        index = self.text_index(value)
        return self._add(
            ("pattern", before, value, after),
            "text",
            lambda _, folded, __: before + escape_like(folded[index]) + after,
        )

    def item_holds(self, value: str) -> str:
        """A path that finds the texts of a list (in lower case) that contain `value`, which has no special characters."""
        index = self.text_index(value)
        return self._add(
            ("item holds", value),
            "jsonpath",
            lambda _, folded, __: f'strict $[*] ? (@ like_regex {db.dump_json(folded[index])} flag "q")',
        )

    def column(self, resolve: Sequence[Resolve], sql_type: str) -> str:
        """Arrays inside it are text, for a cast."""
        if sql_type.endswith("[]"):
            return self._append("text[]", lambda *given: [_array_text(one(*given)) for one in resolve])
        return self._append(f"{sql_type}[]", lambda *given: [one(*given) for one in resolve])

    def __len__(self) -> int:
        return len(self._resolve)

    async def values(self, now: datetime, since: datetime | None = None, **named: object) -> list[object]:
        """PostgreSQL folds the texts, once, as it folds those of contacts."""
        if len(self._folded) < len(self._texts):
            self._folded = await db.fetch_value("SELECT muster_fold($1::text[])", list(self._texts))
        moments = Moments(now, since or now, self._zone)
        return [resolve(moments, self._folded, named) for resolve in self._resolve]

    def text_index(self, text: str) -> int:
        return self._texts.setdefault(text, len(self._texts))

    def _add(self, key: Hashable, sql_type: str, resolve: Resolve) -> str:
        if key not in self._known:
            self._known[key] = self._append(sql_type, resolve)
        return self._known[key]

    def _append(self, sql_type: str, resolve: Resolve) -> str:
        self._resolve.append(resolve)
        return f"${len(self._resolve)}::{sql_type}"
