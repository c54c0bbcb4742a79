"""Segments being built, and the contacts that changed meanwhile.

Only during a large swap does the engine leave the segment's rows alone.
"""

from collections.abc import Sequence
from datetime import datetime

from models import clock, db
from models.membership.compiled_rules import CompiledRules
from models.membership.dirty_contacts import Marks
from models.queue import work
from models.queue.enqueue import enqueue
from models.rules.contact_changes import ContactChange, concerns_every_rule, membership_changed, rule_to_evaluate


def swap_lock(workspace_id: int, segment_id: int) -> str:
    """Exclusive for a large swap, a backfill and manual changes; shared for batches."""
    return f"muster:swap:{workspace_id}:{segment_id}"


def build_lock(workspace_id: int, segment_id: int) -> str:
    return f"muster:build:{workspace_id}:{segment_id}"


# ---------------------------------------------------------------- for the engine


async def being_swapped(compiled: CompiledRules) -> frozenset[int]:
    return frozenset(
        [
            build.segment_id
            for build in compiled.builds
            if not await db.try_advisory_lock(swap_lock(compiled.workspace_id, build.segment_id), shared=True)
        ]
    )


async def unfinished(workspace_id: int) -> frozenset[int]:
    """Segments whose members a build must still correct."""
    rows = await db.fetch(
        """
        SELECT id FROM segments WHERE workspace_id = $1 AND status = 'BUILDING' AND deleted_at IS NULL
        UNION SELECT segment_id FROM segment_builds WHERE workspace_id = $1
        """,
        workspace_id,
    )
    return frozenset(row["id"] for row in rows)


async def record_changes(compiled: CompiledRules, marks: Marks) -> None:
    for build in compiled.builds:
        contact_ids = [contact_id for contact_id, changes in marks.items() if _concerns(build.reads, changes)]
        if contact_ids:
            await db.execute(
                "INSERT INTO build_marks (workspace_id, segment_id, contact_id) SELECT $1, $2, unnest($3::bigint[])",
                compiled.workspace_id,
                build.segment_id,
                contact_ids,
            )


def _concerns(reads: frozenset[ContactChange], changes: frozenset[ContactChange]) -> bool:
    return concerns_every_rule(changes) or not reads.isdisjoint(changes)


# ---------------------------------------------------------------- for the builder


async def begin(workspace_id: int, segment_id: int) -> None:
    """Needs the engine lock, so that every later batch records changes. Idempotent."""
    await db.execute(
        "INSERT INTO segment_builds (workspace_id, segment_id, started_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        workspace_id,
        segment_id,
        clock.now(),
    )


async def begun_at(workspace_id: int, segment_id: int) -> datetime | None:
    """Returns since when batches record changes for the build; None when they do not."""
    begun: datetime | None = await db.fetch_value(
        "SELECT started_at FROM segment_builds WHERE workspace_id = $1 AND segment_id = $2", workspace_id, segment_id
    )
    return begun


async def changed_contacts(workspace_id: int, segment_id: int, after: int) -> tuple[list[int], int]:
    """Returns the contacts recorded after the mark `after` (0: all), and the last mark's id."""
    rows = await db.fetch(
        """
        SELECT contact_id, max(id) AS last FROM build_marks
        WHERE workspace_id = $1 AND segment_id = $2 AND id > $3 GROUP BY contact_id
        """,
        workspace_id,
        segment_id,
        after,
    )
    return [row["contact_id"] for row in rows], max((row["last"] for row in rows), default=after)


async def end(workspace_id: int, segment_id: int, *, swapped: bool) -> None:
    """Needs the engine lock. Unless `swapped`, recorded contacts are marked again, for the active rule."""
    if not swapped:
        # The second change removes deleted contacts, even when the rule is gone.
        marked = await db.execute(
            """
            INSERT INTO dirty_contacts (workspace_id, contact_id, fields, bulk)
            SELECT DISTINCT workspace_id, contact_id, $3::text[], true
            FROM build_marks WHERE workspace_id = $1 AND segment_id = $2
            """,
            workspace_id,
            segment_id,
            [rule_to_evaluate(segment_id), membership_changed(segment_id)],
        )
        if marked:
            await enqueue(work.PROCESS_CHANGES, workspace_id)
    await db.execute("DELETE FROM build_marks WHERE workspace_id = $1 AND segment_id = $2", workspace_id, segment_id)
    await db.execute("DELETE FROM segment_builds WHERE workspace_id = $1 AND segment_id = $2", workspace_id, segment_id)


async def wanted(limit: int = 1000) -> Sequence[tuple[int, int]]:
    """Builds to come or unfinished, as (workspace id, segment id)."""
    rows = await db.fetch(
        """
        /* all workspaces */ SELECT workspace_id, id FROM segments WHERE status = 'BUILDING' AND deleted_at IS NULL
        UNION SELECT workspace_id, segment_id FROM segment_builds
        LIMIT $1
        """,
        limit,
    )
    return [(row["workspace_id"], row["id"]) for row in rows]
