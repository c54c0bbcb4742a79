"""Selections of contacts, as SQL conditions on the alias `c`. The caller adds `c.workspace_id = {p.workspace}`."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from models import clock, db
from models.errors import Invalid, LimitExceeded, NotFound, Path, Problems, Required, at
from models.rule_catalogue.loading import load_catalogue
from models.rules.check import check
from models.rules.compile import where
from models.rules.parameters import Parameters
from models.values.phones import phone_key
from models.values.texts import check_text
from models.values.typed_phones import typed_numbers, whole_number
from permissions.principal import Scope

MAX_SEARCH = 200
"""Characters."""

MAX_IDS = 10_000


@dataclass(frozen=True, slots=True)
class ContactSelection:
    """Exactly one is set. `filter` is JSON as in `segments.rule`."""

    ids: tuple[int, ...] | None = None
    filter: dict[str, Any] | None = None
    search: str | None = None
    segment_id: int | None = None


def to_json(selection: ContactSelection) -> dict[str, Any]:
    """Returns the JSON that a job stores."""
    return {name: value for name, value in asdict(selection).items() if value is not None}


def from_json(stored: dict[str, Any]) -> ContactSelection:
    ids = stored.get("ids")
    return ContactSelection(**{**stored, "ids": None if ids is None else tuple(ids)})


async def condition(scope: Scope, selection: ContactSelection, p: Parameters, path: Path = ("contacts",)) -> str:
    """Binds values in `p`.

    Raises at or below `path`: NotFound, Invalid (search), LimitExceeded (ids), Problems (rule or ids), Required (nothing set).
    """
    if selection.ids is not None:
        return await _by_ids(scope, selection.ids, p, (*path, "ids"))
    if selection.filter is not None:
        return await by_rule(scope, selection.filter, p, (*path, "filter"))
    if selection.search is not None:
        return by_search(scope, selection.search, p, (*path, "search"))
    if selection.segment_id is not None:
        return await by_segment(scope, selection.segment_id, p, (*path, "segmentId"))
    raise Required("say which contacts: one of `ids`, `filter`, `search` or `segmentId`", path)


async def _by_ids(scope: Scope, ids: Sequence[int], p: Parameters, path: Path) -> str:
    return f"c.id = ANY({p.bind(await known(scope, ids, path), 'bigint[]')})"


async def known(scope: Scope, ids: Sequence[int], path: Path) -> list[int]:
    """The ids, sorted, each once. Raises LimitExceeded, or Problems with a NotFound at each unknown id."""
    if len(ids) > MAX_IDS:
        raise LimitExceeded(
            f"{len(ids):,} ids are too many: name up to {MAX_IDS:,}, or use a filter or a segment", path
        )
    rows = await db.fetch(
        "SELECT id FROM contacts WHERE workspace_id = $1 AND id = ANY($2::bigint[])", scope.workspace_id, list(ids)
    )
    found = {row["id"] for row in rows}
    missing = [NotFound("there is no such contact", (*path, i)) for i, one in enumerate(ids) if one not in found]
    if missing:
        raise Problems(missing)
    return sorted(found)


async def by_rule(scope: Scope, rule: object, p: Parameters, path: Path = ("filter",)) -> str:
    """A condition: the contact fits the rule. Raises Problems at or below `path` for a wrong rule."""
    return where(check(rule, await load_catalogue(scope, rule), path=path), p)


def by_search(scope: Scope, text: str, p: Parameters, path: Path = ("search",)) -> str:
    """`text` in name, e-mail, phone or external id, in any case. Raises Invalid at `path`."""
    with at(*path):
        searched = " ".join(check_text(text, MAX_SEARCH).split())
        if not searched:
            raise Invalid("the search is empty: write some of a name, e-mail, phone or external id")
    wanted = {searched, *typed_numbers(searched, scope.default_country)}
    shortest = [one for one in sorted(wanted) if not any(other in one for other in wanted - {one})]
    conditions = [f"{SEARCHED} LIKE {p.pattern('%', one, '%')}" for one in shortest]
    number = whole_number(searched, scope.default_country)
    if number is not None:  # also a number that is spelled otherwise, as WhatsApp does
        conditions.append(f"c.phone_key = {p.bind(phone_key(number), 'text')}")
    return f"({' OR '.join(conditions)})"


SEARCHED = (
    "lower(coalesce(c.name, '') || E'\\n' || coalesce(c.email, '') || E'\\n' || coalesce(c.phone, '')"
    " || E'\\n' || coalesce(c.external_id, ''))"
)
"""Must equal the expression of contacts_search_idx (trigrams)."""


async def by_segment(scope: Scope, segment_id: int, p: Parameters, path: Path) -> str:
    """A condition: the contact is a member. Raises NotFound at `path` when there is no such segment."""
    await _get_segment(scope, segment_id, path)
    return (
        "EXISTS (SELECT FROM memberships selected"
        f" WHERE selected.workspace_id = {p.workspace} AND selected.segment_id = {p.bind(segment_id, 'bigint')}"
        " AND selected.contact_id = c.id)"
    )


async def _get_segment(scope: Scope, segment_id: int, path: Path) -> None:
    found = await db.fetch_value(
        "SELECT true FROM segments WHERE workspace_id = $1 AND id = $2 AND deleted_at IS NULL",
        scope.workspace_id,
        segment_id,
    )
    if not found:
        raise NotFound("there is no such segment, or it is deleted: choose one that exists", path)


async def count(scope: Scope, selection: ContactSelection, path: Path = ("contacts",)) -> int:
    """Counts the contacts that are selected now. Raises the same errors as `condition`."""
    p = Parameters(scope.workspace_id, scope.timezone)
    sql = f"SELECT count(*) {await _from_where(scope, selection, p, path)}"
    return int(await db.fetch_value(sql, *await p.values(clock.now())))


async def ids_after(
    scope: Scope, selection: ContactSelection, after_id: int, limit: int, path: Path = ("contacts",)
) -> list[int]:
    """The next ids, ascending; `after_id` 0 starts. Raises as `condition`."""
    p = Parameters(scope.workspace_id, scope.timezone)
    found = await _from_where(scope, selection, p, path)
    after, most = p.bind(after_id, "bigint"), p.bind(limit, "bigint")
    sql = f"SELECT c.id {found} AND c.id > {after} ORDER BY c.id LIMIT {most}"
    return [row["id"] for row in await db.fetch(sql, *await p.values(clock.now()))]


async def _from_where(scope: Scope, selection: ContactSelection, p: Parameters, path: Path) -> str:
    """Reads a segment's members from `memberships` alone: a join can be planned badly."""
    if selection.segment_id is None:
        return (
            f"FROM contacts c WHERE c.workspace_id = {p.workspace} AND ({await condition(scope, selection, p, path)})"
        )
    await _get_segment(scope, selection.segment_id, (*path, "segmentId"))
    members = f"workspace_id = {p.workspace} AND segment_id = {p.bind(selection.segment_id, 'bigint')}"
    return f"FROM (SELECT contact_id AS id FROM memberships WHERE {members}) AS c WHERE true"  # noqa: S608
