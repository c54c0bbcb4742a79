"""Builds going on beside the engine: what it leaves alone for them, and what it writes down.

A build is begun in a turn, so that from then on every slice knows of it: it writes down the contacts that changed in what
the segment reads. The active rule stays in force. Only while a great many members are being exchanged does the engine leave the
segment's rows alone; whom that concerned is written down too.
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
    """The lock on a segment's members as a whole: held alone while many are exchanged or a hand moves some, shared by slices."""
    return f"muster:swap:{workspace_id}:{segment_id}"


def build_lock(workspace_id: int, segment_id: int) -> str:
    """The lock of whoever builds the segment."""
    return f"muster:build:{workspace_id}:{segment_id}"


# ---------------------------------------------------------------- for the engine


async def being_swapped(compiled: CompiledRules) -> frozenset[int]:
    """The segments whose members are being exchanged right now."""
    return frozenset(
        [
            build.segment_id
            for build in compiled.builds
            if not await db.try_advisory_lock(swap_lock(compiled.workspace_id, build.segment_id), shared=True)
        ]
    )


async def waiting(workspace_id: int) -> frozenset[int]:
    """The segments of whose members a build has still to say something.

    It is to come: members are behind the active rule where a segment that it mentions was deleted or came back. Or it is
    begun, and was perhaps given up in the middle: what slices left to it is written down.
    """
    rows = await db.fetch(
        """
        SELECT id FROM segments WHERE workspace_id = $1 AND status = 'BUILDING' AND deleted_at IS NULL
        UNION SELECT segment_id FROM segment_builds WHERE workspace_id = $1
        """,
        workspace_id,
    )
    return frozenset(row["id"] for row in rows)


async def remember(compiled: CompiledRules, marks: Marks) -> None:
    """Write down for each build which contacts changed in what its segment reads, by its old rule or its next."""
    for build in compiled.builds:
        contact_ids = [contact_id for contact_id, fields in marks.items() if _concerns(build.reads, fields)]
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
    """From the commit on, every slice writes down what the build has to hear of. In a turn. Twice is as good as once."""
    await db.execute(
        "INSERT INTO segment_builds (workspace_id, segment_id, started_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        workspace_id,
        segment_id,
        clock.now(),
    )


async def begun_at(workspace_id: int, segment_id: int) -> datetime | None:
    """Since when slices write down what happens; None when they do not."""
    begun: datetime | None = await db.fetch_value(
        "SELECT started_at FROM segment_builds WHERE workspace_id = $1 AND segment_id = $2", workspace_id, segment_id
    )
    return begun


async def heard(workspace_id: int, segment_id: int, after: int) -> tuple[list[int], int]:
    """The contacts written down since mark number `after` (0: all), each once, and the number of the last mark."""
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
    """The build is over. In a turn. What was written down for nothing (not `swapped`) is marked, for the active rule."""
    if not swapped:
        # The second mark finds those who died meanwhile, whatever became of the segment and its rule.
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
    """Segments, of all workspaces, that wait for a build or whose build was left unfinished: (workspace id, segment id)."""
    rows = await db.fetch(
        """
        SELECT workspace_id, id FROM segments WHERE status = 'BUILDING' AND deleted_at IS NULL
        UNION SELECT workspace_id, segment_id FROM segment_builds
        LIMIT $1
        """,
        limit,
    )
    return [(row["workspace_id"], row["id"]) for row in rows]
