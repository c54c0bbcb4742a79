"""Which contacts an operation is about: these ids, or all that a rule, a search or a segment finds.

A selection becomes a condition on the alias `c` (contacts); the caller adds `c.workspace_id = {p.workspace}`.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from models import clock, db
from models.errors import DomainError, Invalid, LimitExceeded, NotFound, Problems, Required
from models.rules.check import check
from models.rules.compile import where
from models.rules.loading import load_catalogue
from models.rules.parameters import Parameters
from permissions.principal import Scope

MAX_IDS = 10_000
"""The most contacts that can be named one by one."""

Path = Sequence[str | int]


@dataclass(frozen=True, slots=True)
class ContactSelection:
    """Exactly one is set. `filter` is a rule as `segments.rule` stores it (raw segment ids)."""

    ids: tuple[int, ...] | None = None
    filter: dict[str, Any] | None = None
    search: str | None = None
    segment_id: int | None = None


def to_json(selection: ContactSelection) -> dict[str, Any]:
    """The selection as a job keeps it."""
    return {name: value for name, value in asdict(selection).items() if value is not None}


def from_json(stored: dict[str, Any]) -> ContactSelection:
    """A selection that a job kept."""
    ids = stored.get("ids")
    return ContactSelection(**{**stored, "ids": None if ids is None else tuple(ids)})


async def condition(scope: Scope, selection: ContactSelection, p: Parameters, path: Path = ("contacts",)) -> str:
    """The selection as a condition on `c`, its values bound in `p`.

    Raises at `path` and below: NotFound for a contact or segment that is not there, Invalid for an empty search,
    LimitExceeded for too many ids, Problems for mistakes in the rule, Required when nothing is set.
    """
    if selection.ids is not None:
        return await _by_ids(scope, selection.ids, p, (*path, "ids"))
    if selection.filter is not None:
        return await by_rule(scope, selection.filter, p, (*path, "filter"))
    if selection.search is not None:
        return by_search(selection.search, p, (*path, "search"))
    if selection.segment_id is not None:
        return await by_segment(scope, selection.segment_id, p, (*path, "segmentId"))
    raise Required("say which contacts: one of `ids`, `filter`, `search` or `segmentId`", path)


async def _by_ids(scope: Scope, ids: Sequence[int], p: Parameters, path: Path) -> str:
    if len(ids) > MAX_IDS:
        raise LimitExceeded(f"{len(ids)} ids are too many: name up to {MAX_IDS}, or use a filter or a segment", path)
    rows = await db.fetch(
        "SELECT id FROM contacts WHERE workspace_id = $1 AND id = ANY($2::bigint[])", scope.workspace_id, list(ids)
    )
    known = {row["id"] for row in rows}
    missing = [NotFound("there is no such contact", (*path, place)) for place, n in enumerate(ids) if n not in known]
    if missing:
        raise Problems(missing)
    return f"c.id = ANY({p.bind(sorted(known), 'bigint[]')})"


async def by_rule(scope: Scope, rule: object, p: Parameters, path: Path) -> str:
    """What a rule finds now, activities included. Raises Problems below `path`."""
    catalogue = await load_catalogue(scope)
    try:
        return where(check(rule, catalogue), p)
    except Problems as problems:
        raise Problems([_moved(error, path) for error in problems.errors]) from None


def _moved(error: DomainError, path: Path) -> DomainError:
    """A mistake at ("rule", ...) as one at the place where this rule really stands."""
    return type(error)(error.message, (*path, *(error.path or ())[1:]))


def by_search(text: str, p: Parameters, path: Path = ("search",)) -> str:
    """What has `text`, whatever its case, in its name, e-mail, phone or external id (by the trigram index)."""
    wanted = text.strip().lower()
    if not wanted:
        raise Invalid("the search is empty: write some of a name, e-mail, phone or external id", path)
    escaped = wanted.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"{SEARCHED} LIKE {p.bind(f'%{escaped}%', 'text')}"


SEARCHED = (
    "lower(coalesce(c.name, '') || E'\\n' || coalesce(c.email, '') || E'\\n' || coalesce(c.phone, '')"
    " || E'\\n' || coalesce(c.external_id, ''))"
)
"""What a search looks in: the expression of contacts_search_idx, to the letter."""


async def by_segment(scope: Scope, segment_id: int, p: Parameters, path: Path) -> str:
    """The members of a segment. Raises NotFound at `path` when there is none, or it is deleted."""
    found = await db.fetch_value(
        "SELECT true FROM segments WHERE workspace_id = $1 AND id = $2 AND deleted_at IS NULL",
        scope.workspace_id,
        segment_id,
    )
    if not found:
        raise NotFound("there is no such segment, or it is deleted: choose one that exists", path)
    return (
        "EXISTS (SELECT FROM memberships selected"
        f" WHERE selected.workspace_id = {p.workspace} AND selected.segment_id = {p.bind(segment_id, 'bigint')}"
        " AND selected.contact_id = c.id)"
    )


async def count_up_to(scope: Scope, selection: ContactSelection, limit: int, path: Path = ("contacts",)) -> int:
    """How many contacts it finds now, counting no further than `limit`."""
    p = Parameters(scope.timezone, scope.workspace_id)
    chosen = await condition(scope, selection, p, path)
    sql = f"""
        SELECT count(*) FROM (
            SELECT FROM contacts c WHERE c.workspace_id = {p.workspace} AND ({chosen}) LIMIT {p.bind(limit, "bigint")}
        ) AS found
    """  # noqa: S608 - the condition holds bound values only
    return int(await db.fetch_value(sql, *await p.values(clock.now())))


async def ids_after(
    scope: Scope, selection: ContactSelection, after_id: int, limit: int, path: Path = ("contacts",)
) -> list[int]:
    """The next `limit` contacts of the selection, in the order of their ids. Start with 0."""
    p = Parameters(scope.timezone, scope.workspace_id)
    chosen = await condition(scope, selection, p, path)
    sql = f"""
        SELECT c.id FROM contacts c
        WHERE c.workspace_id = {p.workspace} AND c.id > {p.bind(after_id, "bigint")} AND ({chosen})
        ORDER BY c.id LIMIT {p.bind(limit, "bigint")}
    """  # noqa: S608 - the condition holds bound values only
    return [row["id"] for row in await db.fetch(sql, *await p.values(clock.now()))]
