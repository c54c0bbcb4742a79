"""Numbered SQL files, applied once each, in order."""

import re
from pathlib import Path
from typing import Final

from models import db
from models.db import distribution

FOLDER = Path(__file__).parent


def migrations() -> list[Path]:
    return sorted(FOLDER.glob("[0-9][0-9][0-9][0-9]_*.sql"))


async def pending() -> list[str]:
    """Returns what `migrate` would do: the names of migrations, or where none is left, of tables that are not distributed."""
    return await _pending_files() or [f"distribution of {table}" for table in await distribution.undistributed()]


async def _pending_files() -> list[str]:
    if await db.fetch_value("SELECT to_regclass('schema_migrations')") is None:
        return [path.stem for path in migrations()]
    applied = {row["name"] for row in await db.fetch("SELECT name FROM schema_migrations")}
    return [path.stem for path in migrations() if path.stem not in applied]


async def migrate() -> list[str]:
    """Applies pending migrations in one transaction, then distributes new tables where there is a cluster.

    Returns the names of both. A second call at once waits.
    """
    names = await _apply()
    return names + [f"distribution of {table}" for table in await distribution.distribute()]


async def _apply() -> list[str]:
    async with db.transaction():
        await db.advisory_lock("muster:migrate")
        await db.execute("SET LOCAL statement_timeout = 0")
        await distribution.prepare_for_changes()
        await db.execute(
            "CREATE TABLE IF NOT EXISTS schema_migrations (name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())"
        )
        names = await _pending_files()
        for name in names:
            for statement in statements((FOLDER / f"{name}.sql").read_text()):
                await db.execute(statement)
            await db.execute("INSERT INTO schema_migrations (name) VALUES ($1)", name)
    return names


def statements(migration: str) -> list[str]:
    """Divides a migration into its statements, of which each is sent alone.

    Of a text of several, Citus would send the whole to the other nodes when one of them changes a definition or a setting.
    """
    ends = [found.end() for found in _PART.finditer(migration) if found[0] == ";"]
    divided = [migration[start:end] for start, end in zip([0, *ends], [*ends, len(migration)], strict=True)]
    return [statement for statement in divided if _COMMENT.sub("", statement).strip()]


_PART: Final = re.compile(r"""--[^\n]*|'(?:[^']|'')*'|"[^"]*"|\$(\w*)\$.*?\$\1\$|;""", re.DOTALL)
"""A semicolon, or what one may stand in: a comment, a text, a name, a function."""

_COMMENT: Final = re.compile(r"--[^\n]*")
