"""Rules as text, with the fields and segments of a workspace.

Outside, the id of a segment is another one than in the database: callers say how it is read and written.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from models import db
from models.errors import DomainError, Invalid, LimitExceeded, NotFound, Path, Problems, Unsupported
from models.rule_catalogue.loading import load_catalogue, load_with_segments
from models.rules.catalogue import Catalogue
from models.rules.check import check
from models.rules.depends import segments_mentioned
from models.rules.query.checking import checked
from models.rules.query.mistakes import SHORT_CHARACTERS, QueryError, QueryErrorCode, QueryProblems, line_and_column
from models.rules.query.parsing import Parsed, parse
from models.rules.query.parts import FoundSegments, Part, SegmentName
from models.rules.query.printing import SegmentTexts, segment_by_id, segment_by_name, write
from models.rules.query.wording import Wording
from models.rules.tree import Rule
from models.values.texts import storable
from permissions.principal import Scope

FindSegmentId = Callable[[str], int | None]
WriteSegmentId = Callable[[int], str]

NEAR_NAMES: Final = 3
"""Names of segments that are offered for one that there is not."""


@dataclass(frozen=True, slots=True)
class ReadQuery:
    """A text that is a rule. `json` is as `segments.rule` stores it."""

    text: str
    part: Part
    rule: Rule
    catalogue: Catalogue

    @property
    def json(self) -> dict[str, Any]:
        return self.part.json

    @contextmanager
    def places(self, path: Path = ("ruleQuery",), below: Path = ("rule",)) -> Iterator[None]:
        """Errors raised inside about the rule, whose paths begin with `below`, become errors of the text, at `path`."""
        try:
            yield
        except (DomainError, Problems) as error:
            errors = error.errors if isinstance(error, Problems) else (error,)
            raise Problems([self._in_text(one, path, tuple(map(str, below))) for one in errors]) from None

    def _in_text(self, error: DomainError, path: Path, below: tuple[str, ...]) -> DomainError:
        if error.path is None or error.path[: len(below)] != below:
            return error
        under = type(error)(error.message, error.path[len(below) :])
        return _user_error(Wording(self.part, self.catalogue).of(under), self.text, path, type(error))


async def parse_query(text: str) -> Parsed:
    """Not checked yet. A long text is read in a thread, so that others go on meanwhile."""
    return parse(text) if len(text) <= SHORT_CHARACTERS else await asyncio.to_thread(parse, text)


async def read_query(scope: Scope, parsed: Parsed, find_segment_id: FindSegmentId) -> ReadQuery:
    """Raises QueryProblems with all that is wrong in the text."""
    text = parsed.text
    if parsed.errors and len(text) <= SHORT_CHARACTERS:
        parsed = parse(text, await load_catalogue(scope))  # with the fields, errors tell more
    segments = await _find_segments(scope, parsed.segment_names(), find_segment_id)
    found = frozenset(segment_id for one in segments.values() for segment_id in one.ids)
    catalogue = await load_with_segments(scope, found)
    rule = checked(parsed, catalogue, segments)
    assert parsed.part is not None, "a text without mistakes was read"
    return ReadQuery(text, parsed.part, rule, catalogue)


async def rule_of_query(
    scope: Scope, parsed: Parsed, find_segment_id: FindSegmentId, path: Path = ("ruleQuery",)
) -> ReadQuery:
    """As `read_query`. Raises Problems, each at `path` and with the line and column in its message."""
    try:
        return await read_query(scope, parsed, find_segment_id)
    except QueryProblems as problems:
        raise Problems([_user_error(error, parsed.text, path) for error in problems.errors]) from None


_KINDS: Final[Mapping[QueryErrorCode, type[DomainError]]] = {
    QueryErrorCode.UNKNOWN_SEGMENT: NotFound,
    QueryErrorCode.TOO_COMPLEX: LimitExceeded,
    QueryErrorCode.NOT_ALLOWED: Unsupported,
}


def _user_error(error: QueryError, text: str, path: Path, kind: type[DomainError] | None = None) -> DomainError:
    line, column = line_and_column(text, error.span[0])
    made = kind or _KINDS.get(error.code, Invalid)
    return made(f"line {line}, column {column}: {error.message}", path)


# ---------------------------------------------------------------- names of segments


async def _find_segments(
    scope: Scope, names: Sequence[SegmentName], find_segment_id: FindSegmentId
) -> dict[SegmentName, FoundSegments]:
    by_name = {named: storable(named.text) for named in names if not named.is_id}
    ids = await _ids_by_name(scope, list(by_name.values())) if by_name else {}
    found = {named: FoundSegments(ids.get(name, ())) for named, name in by_name.items()}
    for named in names:
        if named.is_id and (segment_id := find_segment_id(named.text)) is not None:
            found[named] = FoundSegments([segment_id])
    for named, name in by_name.items():
        if not found[named].ids:
            found[named] = FoundSegments((), await _names_near(scope, name))
    return found


async def _ids_by_name(scope: Scope, names: list[str]) -> dict[str, list[int]]:
    """Those that are spelled so or, when there is none, those that differ only by case."""
    rows = await db.fetch(_BY_NAME, scope.workspace_id, names)
    exact: dict[str, list[int]] = {}
    alike: dict[str, list[int]] = {}
    for row in rows:
        (exact if row["exact"] else alike).setdefault(row["asked"], []).append(row["id"])
    return alike | exact


_BY_NAME: Final = """
    SELECT asked.name AS asked, s.id, s.name = asked.name AS exact
    FROM unnest($2::text[]) AS asked (name)
    JOIN segments s ON s.workspace_id = $1 AND s.deleted_at IS NULL AND lower(s.name) = lower(asked.name)
    ORDER BY s.id
"""


async def _names_near(scope: Scope, name: str) -> list[str]:
    rows = await db.fetch(_NEAR, scope.workspace_id, name[:200], NEAR_NAMES)
    return [row["name"] for row in rows]


_NEAR: Final = """
    SELECT name FROM segments WHERE workspace_id = $1 AND deleted_at IS NULL AND lower(name) % lower($2)
    ORDER BY similarity(lower(name), lower($2)) DESC, id LIMIT $3
"""


# ---------------------------------------------------------------- written


async def write_query(scope: Scope, rule_json: object, write_segment_id: WriteSegmentId) -> str:
    """The canonical text of a rule (JSON). Raises Problems below `rule`."""
    catalogue = await load_catalogue(scope, rule_json)
    rule = check(rule_json, catalogue)
    return write(rule, catalogue, await segment_texts(scope, catalogue, [rule_json], write_segment_id))


async def canonical(scope: Scope, query: ReadQuery, write_segment_id: WriteSegmentId) -> str:
    return write(
        query.rule, query.catalogue, await segment_texts(scope, query.catalogue, [query.json], write_segment_id)
    )


async def rules_as_text(scope: Scope, rules: Sequence[object], write_segment_id: WriteSegmentId) -> list[str | None]:
    """None where there is no rule, or one that cannot be read any more."""
    catalogue = await load_catalogue(scope, *rules)
    segments = await segment_texts(scope, catalogue, rules, write_segment_id)
    return [None if rule is None else _as_text(rule, catalogue, segments) for rule in rules]


def _as_text(rule_json: object, catalogue: Catalogue, segments: SegmentTexts) -> str | None:
    try:
        return write(check(rule_json, catalogue, stored=True), catalogue, segments)
    except Problems:
        return None


async def segment_texts(
    scope: Scope, catalogue: Catalogue, rules: Sequence[object], write_segment_id: WriteSegmentId
) -> SegmentTexts:
    """How the segments that `rules` mention are written: by name, or by id those that are deleted or share their name."""
    mentioned = frozenset[int]().union(*map(segments_mentioned, rules))
    known = {segment_id: catalogue.segments.get(segment_id) for segment_id in mentioned}
    names = list({segment.name for segment in known.values() if segment is not None})
    rows = await db.fetch(_SHARED, scope.workspace_id, names) if names else []
    shared = {row["name"] for row in rows}
    return {
        segment_id: segment_by_id(write_segment_id(segment_id))
        if segment is None or segment.deleted or segment.name in shared
        else segment_by_name(segment.name)
        for segment_id, segment in known.items()
    }


_SHARED: Final = """
    SELECT name FROM segments WHERE workspace_id = $1 AND deleted_at IS NULL
      AND lower(name) IN (SELECT lower(n) FROM unnest($2::text[]) AS n) AND name = ANY ($2)
    GROUP BY name HAVING count(*) > 1
"""
