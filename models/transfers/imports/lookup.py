"""What PostgreSQL holds for the keys of some rows: the directory in which they find their contacts."""

from collections.abc import Sequence
from typing import Any, Final

from models import db
from models.transfers.imports.mapping import ID, KEYS
from models.transfers.imports.matching import Directory, Known
from models.transfers.imports.values import RowChunk, keys_of
from permissions.principal import Scope

# The contacts that have one of these keys, and the line of this import that met them already.
#
# The workspace comes in as a column, here and wherever rows are joined to their contacts: told as a constant, the planner would
# believe its statistics, which know nothing yet of a workspace that is just being filled, and read all of it for each row.
_BY_KEY: Final = {
    key: f"""
    WITH sought AS MATERIALIZED (
        SELECT $1::bigint AS workspace_id, $2::bigint AS job_id, value FROM unnest($3::{kind}[]) AS value
    )
    SELECT c.id, c.external_id, c.email, c.phone,
           (SELECT line FROM import_changes met
            WHERE met.workspace_id = sought.workspace_id AND met.job_id = sought.job_id AND met.contact_id = c.id) AS line,
           {{tags}} AS tags
    FROM sought JOIN contacts c ON c.workspace_id = sought.workspace_id AND c.{key} = sought.value
    """  # noqa: S608 - the names are those of KEYS
    for key, kind in zip(KEYS, ("bigint", "text", "text", "text"), strict=True)
}


async def look_up(scope: Scope, job_id: int, chunk: RowChunk, *, with_tags: bool, dry_run: bool) -> Directory:
    """A directory of all contacts that have a key of these rows."""
    directory = Directory()
    tags = "c.tags" if with_tags else "NULL::text[]"
    for key, values in keys_of(chunk).items():
        # What an earlier key has found is known by all its keys: in a file that comes again, one look is enough.
        unknown = directory.unknown(key, values)
        if unknown:
            for row in await db.fetch(_BY_KEY[key].format(tags=tags), scope.workspace_id, job_id, unknown):
                directory.learn(Known(*row))
    if dry_run:
        await _overlay(scope, job_id, chunk, directory)
    return directory


# ---------------------------------------------------------------- dry runs


_OVERLAY: Final = """
    WITH sought AS MATERIALIZED (
        SELECT $1::bigint AS workspace_id, $2::bigint AS job_id, column_name, value
        FROM unnest($3::text[], $4::text[]) AS keys (column_name, value)
    )
    SELECT dry.column_name, dry.value, dry.contact_id,
           (SELECT line FROM import_changes met
            WHERE met.workspace_id = sought.workspace_id AND met.job_id = sought.job_id
              AND met.contact_id = dry.contact_id) AS line
    FROM sought JOIN import_dry_keys dry USING (workspace_id, job_id, column_name, value)
"""


async def _overlay(scope: Scope, job_id: int, chunk: RowChunk, directory: Directory) -> None:
    """Whose the keys would be by now, had the earlier chunks of a dry run been written."""
    sought = [
        (key, value) for key, values in keys_of(chunk).items() if key != ID for value in values if value is not None
    ]
    columns, values = [key for key, _ in sought], [value for _, value in sought]
    for row in await db.fetch(_OVERLAY, scope.workspace_id, job_id, columns, values):
        key, value, number = row["column_name"], row["value"], row["contact_id"]
        if number is None:
            directory.by[key][value] = None
            continue
        known = directory.by[ID].setdefault(number, Known(number, line=row["line"]))
        assert known is not None
        setattr(known, key, value)
        directory.by[key][value] = known


_REMEMBER: Final = """
    INSERT INTO import_dry_keys (workspace_id, job_id, column_name, value, contact_id)
    SELECT $1, $2, * FROM unnest($3::text[], $4::text[], $5::bigint[])
    ON CONFLICT (workspace_id, job_id, column_name, value) DO UPDATE SET contact_id = excluded.contact_id
"""


async def remember(scope: Scope, job_id: int, keys: Sequence[tuple[str, str, int | None]]) -> None:
    """Write down whose keys are whose after a step of a dry run: column, value, contact (None: nobody's)."""
    if keys:
        columns: list[list[Any]] = [list(column) for column in zip(*keys, strict=True)]
        await db.execute(_REMEMBER, scope.workspace_id, job_id, *columns)


async def forget(scope: Scope, job_id: int) -> None:
    """The dry run is over."""
    for table in ("import_dry_keys", "import_changes"):
        await db.execute(
            f"DELETE FROM {table} WHERE workspace_id = $1 AND job_id = $2",  # noqa: S608 - one of two tables
            scope.workspace_id,
            job_id,
        )
