"""Removes what imports and exports no longer need, and counts it. It may run twice at once, and stop at any line."""

from datetime import datetime, timedelta
from typing import Final

from models import clock, db
from models.transfers.exports import export_file
from models.transfers.files import storage
from models.transfers.imports import report, undo, uploads

STRAY_AFTER: Final = timedelta(days=1)
"""A younger file that no row names may be in use."""


async def clean_up() -> None:
    await release_segments()
    await remove_expired_uploads()
    await remove_stray_files(clock.now() - STRAY_AFTER)
    await remove_old_exports(clock.now() - export_file.KEPT_FOR)
    await forget_old_imports(clock.now() - max(undo.WITHIN, report.KEPT_FOR) - timedelta(days=1))


async def release_segments() -> int:
    """End the segment uses of ended imports and exports. Reads all workspaces."""
    rows = await db.fetch(_HELD)
    return sum([await db.execute(_RELEASE, row["workspace_id"], row["ids"]) for row in rows])


_HELD: Final = """
    /* all workspaces */ SELECT u.workspace_id, array_agg(u.id) AS ids FROM segment_uses u
    JOIN jobs j ON j.workspace_id = u.workspace_id AND j.id = u.used_by_id
    WHERE u.active AND u.kind IN ('IMPORT', 'EXPORT') AND j.finished_at IS NOT NULL GROUP BY u.workspace_id
"""

_RELEASE: Final = """
    UPDATE segment_uses SET active = false WHERE workspace_id = $1 AND id = ANY ($2::bigint[]) AND active
"""


async def remove_expired_uploads() -> int:
    """Spares uploads that an import waits for."""
    rows = await db.fetch(
        """
        /* all workspaces */ SELECT workspace_id, id FROM uploads
        WHERE expires_at < $1 AND NOT EXISTS (
            SELECT 1 FROM jobs WHERE jobs.workspace_id = uploads.workspace_id AND jobs.kind = 'IMPORT'
              AND jobs.status IN ('QUEUED', 'RUNNING') AND (jobs.input ->> 'upload_id')::bigint = uploads.id)
        """,
        clock.now(),
    )
    for row in rows:
        await uploads.remove(row["workspace_id"], row["id"])
    return len(rows)


async def remove_stray_files(before: datetime) -> int:
    """Remove older files that no row names."""
    known = {row["key"] for row in await db.fetch("/* all workspaces */ SELECT key FROM uploads WHERE key IS NOT NULL")}
    removed = await storage().remove_unfinished(before)
    for prefix in ("uploads", "sheets"):
        async for key, written_at in storage().each_key(prefix):
            if written_at < before and key not in known:
                await storage().delete(key)
                removed += 1
    return removed


async def remove_old_exports(before: datetime) -> int:
    """Removes parts of exports written before `before`, and returns how many."""
    removed = 0
    async for key, written_at in storage().each_key("exports"):
        if written_at < before:
            await storage().delete(key)
            removed += 1
    return removed


async def forget_old_imports(before: datetime) -> int:
    """Remove the reports and undo data of older imports."""
    rows = await db.fetch(
        """
        /* all workspaces */ SELECT workspace_id, id FROM jobs
        WHERE kind = 'IMPORT' AND finished_at < $1 AND NOT progress ? 'forgotten' ORDER BY finished_at LIMIT 100
        """,
        before,
    )
    for row in rows:
        async with db.transaction():
            for table in ("import_changes", "import_refusals", "import_dry_keys"):
                await db.execute(
                    f"DELETE FROM {table} WHERE workspace_id = $1 AND job_id = $2",  # noqa: S608 - one of three tables
                    row["workspace_id"],
                    row["id"],
                )
            await db.execute(
                """UPDATE jobs SET progress = progress || '{"forgotten": true}' WHERE workspace_id = $1 AND id = $2""",
                row["workspace_id"],
                row["id"],
            )
    return len(rows)


async def remove_files_of(workspace_id: int) -> None:
    """Removes all files of a workspace."""
    for purpose in ("uploads", "sheets", "exports"):
        async for key, _ in storage().each_key(f"{purpose}/{workspace_id}"):
            await storage().delete(key)
