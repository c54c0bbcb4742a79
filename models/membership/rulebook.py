"""A workspace's rules in force, compiled: which segments read what, in which order, and the statements that evaluate them.

A book is kept until the workspace's epoch moves (a rule, a field, the zone or a build changed). Only the holder of the
workspace's turn reads and changes it.
"""

from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import structlog
from prometheus_client import Counter

from models import db, workspaces
from models.errors import Problems
from models.membership.captures import Marks
from models.rules.boundaries import Boundary, boundaries
from models.rules.catalogue import Catalogue
from models.rules.check import check
from models.rules.compile import batch
from models.rules.depends import dependencies, segments_of
from models.rules.loading import load_catalogue
from models.rules.parameters import Parameters
from models.rules.tree import Rule
from permissions.principal import Scope

log = structlog.get_logger(__name__)

KEPT_BOOKS: Final = 200
"""Workspaces whose books a process keeps; the one that was longest not asked for goes first."""

KEPT_STATEMENTS: Final = 32
"""Statements that a book keeps: one for each set of segments that was evaluated together."""

_unreadable = Counter("muster_unreadable_rules_total", "Rules in force that could not be read when a book was made.")


@dataclass(frozen=True, slots=True)
class Followed:
    """A dynamic segment whose rule is in force. `reads` is what its rule reads, in the words of marks."""

    id: int
    rule: Rule
    reads: frozenset[str]
    boundaries: tuple[Boundary, ...]


@dataclass(frozen=True, slots=True)
class Build:
    """A segment that is being computed beside its members, and what it has to hear of, in the words of marks."""

    segment_id: int
    reads: frozenset[str]


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL and its parameters; `contact_ids` is given at each run."""

    sql: str
    parameters: Parameters


@dataclass(slots=True)
class Rulebook:
    """The rules in force in one workspace. `levels`: each segment after those that its rule mentions."""

    workspace_id: int
    epoch: int
    timezone: str
    followed: Mapping[int, Followed]
    levels: tuple[tuple[int, ...], ...]
    builds: tuple[Build, ...] = ()
    readers_of: tuple[Mapping[str, frozenset[int]], ...] = ()
    crossers: Statement | None = None
    _statements: OrderedDict[tuple[int, ...], Statement] = field(default_factory=OrderedDict)

    @property
    def ticks(self) -> bool:
        """Whether time alone can change a member."""
        return self.crossers is not None

    def readers(self, level: int, changed: Iterable[str]) -> frozenset[int]:
        """The segments of a level that must be asked again when this changed."""
        known = self.readers_of[level]
        if "*" in changed:
            return frozenset(self.levels[level])
        return frozenset().union(*(known.get(name, frozenset()) for name in changed))

    def statement(self, segment_ids: tuple[int, ...]) -> Statement:
        """The statement that evaluates these segments (in ascending order) for some contacts."""
        made = self._statements.get(segment_ids)
        if made is None:
            made = self._statements[segment_ids] = _evaluation(self, segment_ids)
            if len(self._statements) > KEPT_STATEMENTS:
                self._statements.popitem(last=False)
        self._statements.move_to_end(segment_ids)
        return made


# ---------------------------------------------------------------- made and kept

_books: OrderedDict[int, Rulebook] = OrderedDict()


async def current(workspace_id: int, epoch: int) -> Rulebook:
    """The workspace's book of this epoch."""
    book = _books.get(workspace_id)
    if book is None or book.epoch != epoch:
        book = _books[workspace_id] = await _load(workspace_id, epoch)
        if len(_books) > KEPT_BOOKS:
            _books.popitem(last=False)
    _books.move_to_end(workspace_id)
    return book


def forget() -> None:
    """Forget every book: for a process that changes databases."""
    _books.clear()


async def _load(workspace_id: int, epoch: int) -> Rulebook:
    scope = await workspaces.find_system_scope(workspace_id)
    if scope is None:  # deleted, and its marks are all that is left
        return make(workspace_id, epoch, "UTC", (), ())
    rows = await db.fetch(_IN_FORCE, workspace_id)
    rules = {row["id"]: db.load_json(row["rule_in_force"]) for row in rows if row["rule_in_force"] is not None}
    next_rules = {row["id"]: db.load_json(row["rule"]) for row in rows if row["building"]}
    catalogue = await load_catalogue(scope, *rules.values(), *next_rules.values())
    followed = [_follow(scope, segment_id, rule, catalogue) for segment_id, rule in rules.items()]
    builds = [
        _build(scope, segment_id, rule, rules.get(segment_id), catalogue) for segment_id, rule in next_rules.items()
    ]
    return make(
        workspace_id,
        epoch,
        scope.timezone,
        [segment for segment in followed if segment is not None],
        [build for build in builds if build is not None],
    )


_IN_FORCE = """
SELECT s.id, s.rule, s.rule_in_force, b.segment_id IS NOT NULL AS building
FROM segments AS s
LEFT JOIN segment_builds AS b ON b.workspace_id = s.workspace_id AND b.segment_id = s.id
WHERE s.workspace_id = $1 AND s.deleted_at IS NULL AND s.kind <> 'STATIC'
ORDER BY s.id
"""


def _follow(scope: Scope, segment_id: int, rule_json: object, catalogue: Catalogue) -> Followed | None:
    rule = _read(scope, segment_id, rule_json, catalogue)
    if rule is None:
        return None
    return Followed(segment_id, rule, dependencies(rule), boundaries(rule))


def _build(
    scope: Scope, segment_id: int, next_json: object, rule_json: object | None, catalogue: Catalogue
) -> Build | None:
    """What a build has to hear of: changes that either rule reads, the one in force and the next."""
    rules = [
        rule
        for stored in (next_json, rule_json)
        if stored is not None and (rule := _read(scope, segment_id, stored, catalogue)) is not None
    ]
    own = {f"rule:{segment_id}", f"time:{segment_id}"}
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
    workspace_id: int, epoch: int, timezone: str, followed: Collection[Followed], builds: Collection[Build]
) -> Rulebook:
    """A book of these segments."""
    by_id = {segment.id: segment for segment in followed}
    levels = _levels({segment.id: segments_of(segment.rule) & by_id.keys() for segment in followed})
    book = Rulebook(workspace_id, epoch, timezone, by_id, levels, tuple(builds))
    book.readers_of = tuple(_readers(by_id[segment_id] for segment_id in level) for level in levels)
    book.crossers = _crossers(book)
    return book


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


def _readers(segments: Iterable[Followed]) -> dict[str, frozenset[int]]:
    readers: dict[str, set[int]] = {}
    for segment in segments:
        for name in segment.reads | {f"rule:{segment.id}", f"time:{segment.id}"}:
            readers.setdefault(name, set()).add(segment.id)
    return {name: frozenset(ids) for name, ids in readers.items()}


# ---------------------------------------------------------------- statements


def _evaluation(book: Rulebook, segment_ids: tuple[int, ...]) -> Statement:
    p = Parameters(book.workspace_id, book.timezone)
    compiled = batch([book.followed[segment_id].rule for segment_id in segment_ids], p)
    sql = _EVALUATE.format(
        workspace=p.workspace,
        contacts=p.named("contact_ids", "bigint[]"),
        segments=p.bind(segment_ids, "bigint[]"),
        joins=compiled.joins,
        conditions=",\n".join(f"({condition}) IS TRUE" for condition in compiled.conditions),
    )
    return Statement(sql, p)


# Members as they should be, as they are stored, and what people said, side by side: only what differs comes out.
_EVALUATE = """
WITH wanted AS MATERIALIZED (
    SELECT c.id AS contact_id, held.segment_id
    FROM contacts AS c
    {joins}
    CROSS JOIN LATERAL unnest({segments}, ARRAY[
        {conditions}
    ]) AS held (segment_id, holds)
    WHERE c.workspace_id = {workspace} AND c.id = ANY ({contacts}) AND held.holds
), stored AS MATERIALIZED (
    SELECT contact_id, segment_id FROM memberships
    WHERE workspace_id = {workspace} AND contact_id = ANY ({contacts}) AND segment_id = ANY ({segments})
), said AS MATERIALIZED (
    SELECT o.contact_id, o.segment_id, o.override FROM membership_overrides AS o
    JOIN contacts AS c ON c.workspace_id = {workspace} AND c.id = o.contact_id
    WHERE o.workspace_id = {workspace} AND o.contact_id = ANY ({contacts}) AND o.segment_id = ANY ({segments})
)
SELECT segment_id, contact_id, stored.contact_id IS NULL AS entered,
       CASE WHEN said.override IS NULL THEN 'RULE' ELSE 'MANUAL' END AS origin
FROM wanted FULL JOIN stored USING (segment_id, contact_id) FULL JOIN said USING (segment_id, contact_id)
WHERE (stored.contact_id IS NOT NULL)
      <> CASE said.override WHEN 'INCLUDE' THEN true WHEN 'EXCLUDE' THEN false ELSE wanted.contact_id IS NOT NULL END
ORDER BY contact_id, segment_id
"""


def _crossers(book: Rulebook) -> Statement | None:
    """Who crossed a line since `since`, each with marks for the segments that the line is a line of."""
    lines: dict[Boundary, list[int]] = {}
    for segment in book.followed.values():
        for boundary in segment.boundaries:
            lines.setdefault(boundary, []).append(segment.id)
    if not lines:
        return None
    p = Parameters(book.workspace_id, book.timezone)
    looks = []
    for boundary, segment_ids in lines.items():
        marks = p.bind(tuple(f"time:{segment_id}" for segment_id in segment_ids), "text[]")
        looks.append(f"SELECT x.contact_id, {marks} AS fields FROM ({boundary.query(p)}) AS x")  # noqa: S608
    return Statement("\nUNION ALL\n".join(looks), p)


# ---------------------------------------------------------------- who must be asked again


def affected(book: Rulebook, level: int, marks: Marks) -> dict[tuple[int, ...], list[int]]:
    """Which segments of a level to ask again, for which contacts: contacts with the same segments together."""
    segments_of_marks: dict[frozenset[str], tuple[int, ...]] = {}
    groups: dict[tuple[int, ...], list[int]] = {}
    for contact_id, changed in marks.items():
        segment_ids = segments_of_marks.get(changed)
        if segment_ids is None:
            segment_ids = segments_of_marks[changed] = tuple(sorted(book.readers(level, changed)))
        if segment_ids:
            groups.setdefault(segment_ids, []).append(contact_id)
    return _fewer(groups)


WORTH_A_STATEMENT: Final = 20_000
"""Rules asked in vain (a rule for a contact is half a microsecond) that still cost less than one more statement."""


def _fewer(groups: dict[tuple[int, ...], list[int]]) -> dict[tuple[int, ...], list[int]]:
    """The same contacts in fewer statements, where asking a few rules too many costs less than asking twice."""
    if len(groups) <= 1:
        return groups
    everything = tuple(sorted(set().union(*groups)))
    contacts = [contact_id for group in groups.values() for contact_id in group]
    needed = sum(len(segment_ids) * len(group) for segment_ids, group in groups.items())
    if len(everything) * len(contacts) - needed <= WORTH_A_STATEMENT * (len(groups) - 1):
        return {everything: contacts}
    return groups
