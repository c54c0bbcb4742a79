"""Loads the contacts of rows by key."""

from collections.abc import Sequence
from typing import Any, Final

from models import db
from models.contacts.aliases import KIND_OF
from models.transfers.imports.mapping import ID
from models.transfers.imports.matching import Directory, KnownContact
from models.transfers.imports.values import RowChunk, keys_of
from permissions.principal import Scope

# Chunks are small, so every lookup uses an index, whatever the planner estimates. Generic plans, because for a workspace that is
# being filled, which the statistics do not know, the planner would scan all of it for each row.
BY_INDEX: Final = (
    "plan_cache_mode = 'force_generic_plan'",
    "jit = off",
    "enable_seqscan = off",
    "enable_hashjoin = off",
    "enable_mergejoin = off",
)

AS_USUAL: Final = (
    "plan_cache_mode TO DEFAULT",
    "enable_seqscan TO DEFAULT",
    "enable_hashjoin TO DEFAULT",
    "enable_mergejoin TO DEFAULT",
)

_BY_KEY: Final = {
    key: f"""
    WITH sought AS MATERIALIZED (SELECT value FROM unnest($3::{kind}[]) AS value)
    SELECT c.id, c.external_id, c.email, c.phone_key,
           (SELECT line FROM import_changes change
            WHERE change.workspace_id = $1 AND change.job_id = $2 AND change.contact_id = c.id) AS line,
           {{tags}} AS tags, c.phone_twin
    FROM sought JOIN contacts c ON c.workspace_id = $1 AND {found}
    """  # noqa: S608 - no value is pasted
    for key, kind, found in (
        (ID, "bigint", "c.id = sought.value"),
        ("external_id", "text", "c.external_id = sought.value"),
        ("email", "text", "c.email = sought.value"),
        ("phone", "text", "c.phone_key = sought.value AND c.phone_twin = 0"),
    )
}


async def look_up(scope: Scope, job_id: int, chunk: RowChunk, *, with_tags: bool, dry_run: bool) -> Directory:
    directory = Directory()
    tags = "c.tags" if with_tags else "NULL::text[]"
    for key, values in keys_of(chunk).items():
        missing = directory.missing(key, values)
        if missing:
            for row in await db.fetch(_BY_KEY[key].format(tags=tags), scope.workspace_id, job_id, missing):
                directory.add(KnownContact(*row))
            await _add_aliases(scope, job_id, key, values, directory, tags)
    if dry_run:
        await _apply_dry_keys(scope, job_id, chunk, directory)
    return directory


# Contacts that have none of the keys themselves, and are known by them: others were merged into them.
_BY_ALIAS: Final = """
    SELECT a.value, c.id, c.external_id, c.email, c.phone_key,
           (SELECT line FROM import_changes change
            WHERE change.workspace_id = $1 AND change.job_id = $2 AND change.contact_id = c.id) AS line,
           {tags} AS tags, c.phone_twin, c.phone
    FROM ({known}) AS a JOIN contacts c ON c.workspace_id = $1 AND c.id = a.contact_id
"""

_ALIASES: Final = """
    SELECT value, contact_id FROM contact_aliases WHERE workspace_id = $1 AND kind = $4 AND value = ANY ($3::text[])
"""

_MERGED: Final = """
    SELECT merged_id AS value, kept_id AS contact_id FROM merged_contacts
    WHERE workspace_id = $1 AND merged_id = ANY ($3::bigint[]) AND $4 = 'ID'
"""


async def _add_aliases(
    scope: Scope, job_id: int, key: str, values: Sequence[Any], directory: Directory, tags: str
) -> None:
    missing = directory.missing(key, values)
    if not missing:
        return
    sql = _BY_ALIAS.format(tags=tags, known=_MERGED if key == ID else _ALIASES)
    kind = "ID" if key == ID else KIND_OF[key].value
    for value, *row, phone in await db.fetch(sql, scope.workspace_id, job_id, missing, kind):
        known = directory.by[ID].get(row[0])
        if known is None:
            known = KnownContact(*row)
            directory.add(known)
        known.own = {"external_id": known.external_id, "email": known.email, "phone": phone}
        known.aliases |= {(key, value)}
        directory.by[key][value] = known


_DRY_KEYS: Final = """
    WITH sought AS MATERIALIZED (
        SELECT column_name, value FROM unnest($3::text[], $4::text[]) AS keys (column_name, value)
    )
    SELECT dry.column_name, dry.value, dry.contact_id,
           (SELECT line FROM import_changes change
            WHERE change.workspace_id = $1 AND change.job_id = $2 AND change.contact_id = dry.contact_id) AS line
    FROM sought JOIN import_dry_keys dry ON dry.workspace_id = $1 AND dry.job_id = $2
        AND dry.column_name = sought.column_name AND dry.value = sought.value
"""


async def _apply_dry_keys(scope: Scope, job_id: int, chunk: RowChunk, directory: Directory) -> None:
    """Assigns keys as if the earlier chunks were written."""
    sought = [
        (key, value) for key, values in keys_of(chunk).items() if key != ID for value in values if value is not None
    ]
    columns, values = [key for key, _ in sought], [value for _, value in sought]
    for row in await db.fetch(_DRY_KEYS, scope.workspace_id, job_id, columns, values):
        key, value, contact_id = row["column_name"], row["value"], row["contact_id"]
        if contact_id is None:
            directory.by[key][value] = None
            continue
        known = directory.by[ID].setdefault(contact_id, KnownContact(contact_id, line=row["line"]))
        assert known is not None
        setattr(known, key, value)
        directory.by[key][value] = known


_SAVE_DRY_KEYS: Final = """
    INSERT INTO import_dry_keys (workspace_id, job_id, column_name, value, contact_id)
    SELECT $1, $2, * FROM unnest($3::text[], $4::text[], $5::bigint[])
    ON CONFLICT (workspace_id, job_id, column_name, value) DO UPDATE SET contact_id = excluded.contact_id
"""


async def save_dry_keys(scope: Scope, job_id: int, keys: Sequence[tuple[str, str, int | None]]) -> None:
    """Saves which contact id (None: none) has which value of which column."""
    if keys:
        columns: list[list[Any]] = [list(column) for column in zip(*keys, strict=True)]
        await db.execute(_SAVE_DRY_KEYS, scope.workspace_id, job_id, *columns)


async def forget_dry_run(scope: Scope, job_id: int) -> None:
    for table in ("import_dry_keys", "import_changes"):
        await db.execute(
            f"DELETE FROM {table} WHERE workspace_id = $1 AND job_id = $2",  # noqa: S608 - one of two tables
            scope.workspace_id,
            job_id,
        )
