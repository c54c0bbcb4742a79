"""Numbered SQL files, applied once each, in order."""

from pathlib import Path

from models import db

FOLDER = Path(__file__).parent


def migrations() -> list[Path]:
    return sorted(FOLDER.glob("[0-9][0-9][0-9][0-9]_*.sql"))


async def pending() -> list[str]:
    if await db.fetch_value("SELECT to_regclass('schema_migrations')") is None:
        return [path.stem for path in migrations()]
    applied = {row["name"] for row in await db.fetch("SELECT name FROM schema_migrations")}
    return [path.stem for path in migrations() if path.stem not in applied]


async def migrate() -> list[str]:
    """Apply pending migrations in one transaction; returns their names. A second call at once waits."""
    async with db.transaction():
        await db.advisory_lock("muster:migrate")
        await db.execute("SET LOCAL statement_timeout = 0")
        await db.execute(
            "CREATE TABLE IF NOT EXISTS schema_migrations (name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())"
        )
        names = await pending()
        for name in names:
            await db.execute((FOLDER / f"{name}.sql").read_text())
            await db.execute("INSERT INTO schema_migrations (name) VALUES ($1)", name)
    return names
