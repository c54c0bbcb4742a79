"""Ids that find a contact beside those in its own row: of contacts that were merged into it, and of its visits.

`contact_aliases.value` is as the column of contacts holds it; of a phone it is the `phone_key`.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from models import db
from models.errors import LimitExceeded
from models.values.phones import phone_key


class AliasKind(StrEnum):
    EXTERNAL_ID = "EXTERNAL_ID"
    EMAIL = "EMAIL"
    PHONE = "PHONE"
    ANONYMOUS_ID = "ANONYMOUS_ID"


KIND_OF: Final[Mapping[str, AliasKind]] = {
    "external_id": AliasKind.EXTERNAL_ID,
    "email": AliasKind.EMAIL,
    "phone": AliasKind.PHONE,
}
"""By the column of contacts."""

MOST: Final[Mapping[AliasKind, int]] = {
    AliasKind.EXTERNAL_ID: 20,
    AliasKind.EMAIL: 20,
    AliasKind.PHONE: 20,
    AliasKind.ANONYMOUS_ID: 200,
}
"""Of one contact. More are no person any more, but a shared device or a value that stands for nobody."""


def value_of(column: str, value: str) -> str:
    """The value of a column as aliases hold it."""
    return phone_key(value) if column == "phone" else value


# ---------------------------------------------------------------- looked up


async def holders(workspace_id: int, kind: AliasKind, values: Collection[str]) -> dict[str, int]:
    """Returns the ids of the contacts that have these aliases, by value."""
    if not values:
        return {}
    rows = await db.fetch(_HOLDERS, workspace_id, kind.value, list(values))
    return {row["value"]: row["contact_id"] for row in rows}


_HOLDERS: Final = """
    SELECT value, contact_id FROM contact_aliases WHERE workspace_id = $1 AND kind = $2 AND value = ANY ($3::text[])
"""


async def find_holder(workspace_id: int, column: str, value: str) -> int | None:
    """The contact that is known by a value of `column`, which is external_id, email or phone."""
    known = value_of(column, value)
    return (await holders(workspace_id, KIND_OF[column], [known])).get(known)


async def survivors(workspace_id: int, ids: Collection[int]) -> dict[int, int]:
    """Returns where merged contacts are now, by their own ids."""
    if not ids:
        return {}
    rows = await db.fetch(
        "SELECT merged_id, kept_id FROM merged_contacts WHERE workspace_id = $1 AND merged_id = ANY ($2::bigint[])",
        workspace_id,
        list(ids),
    )
    return {row["merged_id"]: row["kept_id"] for row in rows}


async def of_contacts(workspace_id: int, contact_ids: Sequence[int]) -> dict[int, list[db.Record]]:
    """Returns the aliases (kind, value, since) of each contact, the oldest first."""
    rows = await db.fetch(
        """
        SELECT contact_id, kind, value, since FROM contact_aliases
        WHERE workspace_id = $1 AND contact_id = ANY ($2::bigint[]) ORDER BY since, kind, value
        """,
        workspace_id,
        list(contact_ids),
    )
    found: dict[int, list[db.Record]] = {contact_id: [] for contact_id in contact_ids}
    for row in rows:
        found[row["contact_id"]].append(row)
    return found


# ---------------------------------------------------------------- written


async def give(workspace_id: int, contact_id: int, aliases: Iterable[tuple[AliasKind, str]], since: datetime) -> None:
    """Gives a contact these aliases (kind, value), also those that another contact has. Raises LimitExceeded past MOST."""
    given = list(dict.fromkeys(aliases))
    if not given:
        return
    await db.execute(
        _GIVE, workspace_id, contact_id, [kind.value for kind, _ in given], [value for _, value in given], since
    )
    await check_limits(workspace_id, contact_id)


_GIVE: Final = """
    INSERT INTO contact_aliases AS a (workspace_id, contact_id, kind, value, since)
    SELECT $1, $2, g.kind, g.value, $5 FROM unnest($3::text[], $4::text[]) AS g (kind, value) ORDER BY g.kind, g.value
    ON CONFLICT (workspace_id, kind, value) DO UPDATE SET contact_id = excluded.contact_id, since = excluded.since
    WHERE a.contact_id <> excluded.contact_id
"""


async def check_limits(workspace_id: int, contact_id: int) -> None:
    """Raises LimitExceeded when the contact has more aliases of a kind than MOST."""
    rows = await db.fetch(
        "SELECT kind, count(*) AS held FROM contact_aliases WHERE workspace_id = $1 AND contact_id = $2 GROUP BY kind",
        workspace_id,
        contact_id,
    )
    for row in rows:
        kind = AliasKind(row["kind"])
        if row["held"] > MOST[kind]:
            raise LimitExceeded(
                f"the contact would be known by {row['held']} ids of the kind {kind}: at most {MOST[kind]} are one person"
            )


def own_aliases(row: Mapping[str, Any] | db.Record) -> list[tuple[AliasKind, str]]:
    """The ids in a contact's own row, as aliases."""
    return [(kind, value_of(column, row[column])) for column, kind in KIND_OF.items() if row[column] is not None]
