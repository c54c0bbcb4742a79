"""The segments that contacts are in."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from models import db
from models.db import Record
from models.segments.lists import COLUMNS
from permissions.principal import Scope

MEMBERSHIP_COLUMNS: Final = ("joined_at", "origin")

_JOINED = """
    FROM memberships m
    JOIN segments s ON s.workspace_id = $1 AND s.id = m.segment_id AND s.deleted_at IS NULL
    WHERE m.workspace_id = $1
"""


async def pages(
    scope: Scope,
    contact_ids: Sequence[int],
    limit: int,
    *,
    after: int = 0,
    names: Iterable[str] = (*COLUMNS, *MEMBERSHIP_COLUMNS),
) -> Mapping[int, list[Record]]:
    """By contact id up to `limit` segments, ordered by id, after the id `after`.

    Rows have `contact_id`, `id`, and `names`: of COLUMNS and MEMBERSHIP_COLUMNS.
    """
    wanted = {"id", *names}
    of_segment = [f"s.{column}" for column in COLUMNS if column in wanted]
    columns = ", ".join(of_segment + [f"m.{column}" for column in MEMBERSHIP_COLUMNS if column in wanted])
    sql = f"""
        SELECT contact.id AS contact_id, one.*
        FROM unnest($2::bigint[]) WITH ORDINALITY AS contact (id, index)
        CROSS JOIN LATERAL (
            SELECT {columns} {_JOINED} AND m.contact_id = contact.id AND m.segment_id > $4
            ORDER BY m.segment_id LIMIT $3
        ) AS one
        ORDER BY contact.index, one.id
    """  # noqa: S608 - the columns are those of the catalogue
    found: dict[int, list[Record]] = {contact_id: [] for contact_id in contact_ids}
    for row in await db.fetch(sql, scope.workspace_id, list(contact_ids), limit, after):
        found[row["contact_id"]].append(row)
    return found


_COUNTS = f"SELECT m.contact_id, count(*) AS segments {_JOINED} AND m.contact_id = ANY ($2) GROUP BY m.contact_id"


async def counts(scope: Scope, contact_ids: Sequence[int]) -> Mapping[int, int]:
    rows = await db.fetch(_COUNTS, scope.workspace_id, list(contact_ids))
    return {row["contact_id"]: row["segments"] for row in rows}
