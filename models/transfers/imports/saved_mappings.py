"""Mappings that a workspace has saved, for the next file of the same kind."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from models import clock, db
from models.accounts import audit_log
from models.contacts import fields
from models.db import Record
from models.errors import DomainError, LimitExceeded, NotFound, Problems
from models.transfers.imports.mapping import Options, check_options
from models.values.texts import check_name
from permissions.principal import Scope

MOST_MAPPINGS: Final = 200
"""Of one workspace."""

NOT_SAVED: Final = ("dry_run", "add_to_segment_id")
"""Of one import, and not of a kind of file."""

_COLUMNS: Final = "id, name, options, created_at, updated_at"

_EVERY: Final = f"SELECT {_COLUMNS} FROM import_mappings WHERE workspace_id = $1 ORDER BY lower(name)"  # noqa: S608


async def every(scope: Scope) -> list[Record]:
    """By name. `options` is JSON text."""
    return await db.fetch(_EVERY, scope.workspace_id)


async def by_ids(scope: Scope, ids: Sequence[int]) -> list[Record]:
    sql = f"SELECT {_COLUMNS} FROM import_mappings WHERE workspace_id = $1 AND id = ANY ($2)"  # noqa: S608
    return await db.fetch(sql, scope.workspace_id, list(ids))


def options_of(row: Record) -> Options:
    return Options.from_json(db.load_json(row["options"]))


_SAVE: Final = f"""
    INSERT INTO import_mappings AS saved (workspace_id, name, options, created_by, created_at, updated_at)
    VALUES ($1, $2, $3, $4, $5, $5)
    ON CONFLICT (workspace_id, lower(name)) DO UPDATE
    SET name = excluded.name, options = excluded.options, updated_at = excluded.updated_at
    RETURNING {_COLUMNS}
"""  # noqa: S608


async def save(scope: Scope, name: str, options: Options) -> Record:
    """Replace the mapping with this name, in any case. Raises DomainError or Problems at `name` or below `options`."""
    try:
        checked = check_name(name)
    except DomainError as error:
        raise error.under("name") from None
    try:
        check_options(options, await fields.load(scope))
    except (DomainError, Problems) as error:
        raise error.under("options") from None
    stored = {key: value for key, value in options.to_json().items() if key not in NOT_SAVED}
    async with db.transaction():
        await _check_count(scope, checked)
        values = (scope.workspace_id, checked, db.dump_json(stored), scope.principal.id, clock.now())
        row = await db.fetch_row(_SAVE, *values)
        assert row is not None
        details = {"fields": [column.field for column in options.columns]}
        await audit_log.record(scope, "import_mapping_save", "ImportMapping", row["id"], details)
    return row


async def _check_count(scope: Scope, name: str) -> None:
    others = await db.fetch_value(
        "SELECT count(*) FROM import_mappings WHERE workspace_id = $1 AND lower(name) <> lower($2)",
        scope.workspace_id,
        name,
    )
    if others >= MOST_MAPPINGS:
        raise LimitExceeded(f"{MOST_MAPPINGS} mappings are saved already: delete one first", ("name",))


async def delete(scope: Scope, mapping_id: int) -> None:
    """Raises NotFound at `id`."""
    async with db.transaction():
        deleted = await db.fetch_value(
            "DELETE FROM import_mappings WHERE workspace_id = $1 AND id = $2 RETURNING id",
            scope.workspace_id,
            mapping_id,
        )
        if deleted is None:
            raise NotFound("there is no such mapping", ("id",))
        await audit_log.record(scope, "import_mapping_delete", "ImportMapping", mapping_id)


async def find_for(scope: Scope, header: Sequence[str] | None) -> Record | None:
    """The mapping of which every column is in the header: the one with most columns, of these the latest."""
    if header is None:
        return None
    fitting = [row for row in await every(scope) if _fits(db.load_json(row["options"]), header)]
    return max(fitting, key=_preference, default=None)


def _fits(options: Mapping[str, Any], header: Sequence[str]) -> bool:
    wanted = [column["column"].strip() for column in options["columns"]]
    return bool(options["has_header"]) and all(header.count(name) == 1 for name in wanted)


def _preference(row: Record) -> tuple[int, Any]:
    return len(db.load_json(row["options"])["columns"]), row["updated_at"]
