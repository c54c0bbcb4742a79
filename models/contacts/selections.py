"""Which contacts an operation is about: these ids, or all that a rule, a search or a segment finds.

A selection becomes a condition on the alias `c` (contacts); the caller adds `c.workspace_id = {p.workspace}`.
"""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from models import clock, db
from models.errors import Invalid, LimitExceeded, NotFound, Path, Problems, Required, at
from models.rule_catalogue.loading import load_catalogue
from models.rules.check import check
from models.rules.compile import where
from models.rules.parameters import Parameters
from models.values.texts import check_text
from permissions.principal import Scope

MAX_SEARCH = 200
"""Characters of a search at most."""

MAX_IDS = 10_000
"""The most contacts that can be named one by one."""


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
    return f"c.id = ANY({p.bind(await known(scope, ids, path), 'bigint[]')})"


async def known(scope: Scope, ids: Sequence[int], path: Path) -> list[int]:
    """These contacts, each once, in order. Raises LimitExceeded past MAX_IDS, Problems with a NotFound for each unknown."""
    if len(ids) > MAX_IDS:
        raise LimitExceeded(
            f"{len(ids):,} ids are too many: name up to {MAX_IDS:,}, or use a filter or a segment", path
        )
    rows = await db.fetch(
        "SELECT id FROM contacts WHERE workspace_id = $1 AND id = ANY($2::bigint[])", scope.workspace_id, list(ids)
    )
    found = {row["id"] for row in rows}
    missing = [NotFound("there is no such contact", (*path, place)) for place, n in enumerate(ids) if n not in found]
    if missing:
        raise Problems(missing)
    return sorted(found)


async def by_rule(scope: Scope, rule: object, p: Parameters, path: Path = ("filter",)) -> str:
    """What a rule finds now, activities included. Raises Problems at `path` and below."""
    return where(check(rule, await load_catalogue(scope, rule), path=path), p)


def by_search(text: str, p: Parameters, path: Path = ("search",)) -> str:
    """What has `text`, whatever its case, in its name, e-mail, phone or external id (by the trigram index)."""
    with at(*path):
        wanted = " ".join(check_text(text, MAX_SEARCH).split())
        if not wanted:
            raise Invalid("the search is empty: write some of a name, e-mail, phone or external id")
    patterns = {wanted, "".join(_PUNCTUATION.split(wanted)) if _PHONE.fullmatch(wanted) else wanted}
    found = " OR ".join(f"{SEARCHED} LIKE {p.pattern('%', one, '%')}" for one in sorted(patterns))
    return f"({found})"


_PUNCTUATION = re.compile(r"[ ().-]+")
_PHONE = re.compile(r"\+?[0-9 ().-]{3,}", re.ASCII)  # a phone number as people write it, or a part of one


SEARCHED = (
    "lower(coalesce(c.name, '') || E'\\n' || coalesce(c.email, '') || E'\\n' || coalesce(c.phone, '')"
    " || E'\\n' || coalesce(c.external_id, ''))"
)
"""What a search looks in: the expression of contacts_search_idx, to the letter."""


async def by_segment(scope: Scope, segment_id: int, p: Parameters, path: Path) -> str:
    """The members of a segment. Raises NotFound at `path` when there is none, or it is deleted."""
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


# ---------------------------------------------------------------- walked through


async def count(scope: Scope, selection: ContactSelection, path: Path = ("contacts",)) -> int:
    """How many contacts it finds now."""
    p = Parameters(scope.workspace_id, scope.timezone)
    sql = f"SELECT count(*) {await _found(scope, selection, p, path)}"
    return int(await db.fetch_value(sql, *await p.values(clock.now())))


async def ids_after(
    scope: Scope, selection: ContactSelection, after_id: int, limit: int, path: Path = ("contacts",)
) -> list[int]:
    """The next `limit` contacts that it finds now, in the order of their ids. Start with 0. Raises as `condition`."""
    p = Parameters(scope.workspace_id, scope.timezone)
    found = await _found(scope, selection, p, path)
    after, most = p.bind(after_id, "bigint"), p.bind(limit, "bigint")
    sql = f"SELECT c.id {found} AND c.id > {after} ORDER BY c.id LIMIT {most}"
    return [row["id"] for row in await db.fetch(sql, *await p.values(clock.now()))]


async def _found(scope: Scope, selection: ContactSelection, p: Parameters, path: Path) -> str:
    """FROM and WHERE of what it finds. A segment's members come from its own rows: no join can be planned badly."""
    if selection.segment_id is None:
        return (
            f"FROM contacts c WHERE c.workspace_id = {p.workspace} AND ({await condition(scope, selection, p, path)})"
        )
    await _get_segment(scope, selection.segment_id, (*path, "segmentId"))
    members = f"workspace_id = {p.workspace} AND segment_id = {p.bind(selection.segment_id, 'bigint')}"
    return f"FROM (SELECT contact_id AS id FROM memberships WHERE {members}) AS c WHERE true"  # noqa: S608
