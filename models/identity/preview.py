"""What a merge would do: it is done, looked at, and rolled back."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from models import db
from models.errors import DomainError, NotFound, Problems
from models.identity.merge import merge
from models.identity.survivorship import COLUMNS, Choices, MergedField, fields_of
from models.membership import apply, batches, compiled_rules, engine_lock
from models.rules.contact_changes import CREATED, DELETED
from permissions.principal import Scope


@dataclass(frozen=True, slots=True)
class MergePreview:
    """`blocked`: why it may not be done. Segments by id, those of the kept contact."""

    blocked: Sequence[str] = ()
    fields: Sequence[MergedField] = ()
    entering: Sequence[int] = ()
    leaving: Sequence[int] = ()
    activities: int = 0


class _Undone(Exception):
    """Ends the transaction, without its effects."""


async def preview(scope: Scope, keep_id: int, merge_id: int, choices: Choices) -> MergePreview:
    """What `merge_contacts` refuses is `blocked`. Raises NotFound, and db.Busy when the engine of segments is not free soon."""
    found: list[MergePreview] = []
    try:
        async with db.transaction():
            found.append(await _tried(scope, keep_id, merge_id, choices))
            raise _Undone
    except _Undone:
        return found[0]
    except NotFound:
        raise
    except DomainError as error:
        return MergePreview(blocked=[error.message])
    except Problems as problems:
        return MergePreview(blocked=[error.message for error in problems.errors])


_ROWS: Final = f"SELECT id, {', '.join(COLUMNS)} FROM contacts WHERE workspace_id = $1 AND id = ANY ($2::bigint[])"  # noqa: S608


async def _tried(scope: Scope, keep_id: int, merge_id: int, choices: Choices) -> MergePreview:
    lock = await engine_lock.take(scope.workspace_id)
    rows = {row["id"]: row for row in await db.fetch(_ROWS, scope.workspace_id, [keep_id, merge_id])}
    for contact_id, path in ((keep_id, "keepId"), (merge_id, "mergeId")):
        if contact_id not in rows:
            raise NotFound("there is no such contact", (path,))
    segments = await _segments(scope, keep_id)
    activities = await db.fetch_value(
        "SELECT count(*) FROM activities WHERE workspace_id = $1 AND contact_id = $2", scope.workspace_id, merge_id
    )
    await merge(scope, keep_id, merge_id, choices)
    after = {row["id"]: row for row in await db.fetch(_ROWS, scope.workspace_id, [keep_id])}[keep_id]
    append = await apply.begin(scope.workspace_id, lock.now)
    compiled = await compiled_rules.current(scope.workspace_id, lock.epoch)
    await batches.settle(lock, compiled, append, {keep_id: frozenset({CREATED}), merge_id: frozenset({DELETED})})
    now_in = await _segments(scope, keep_id)
    result = {column: db.load_json(after[column]) if column == "attributes" else after[column] for column in COLUMNS}
    fields = fields_of(rows[keep_id], rows[merge_id], result)
    return MergePreview((), fields, sorted(now_in - segments), sorted(segments - now_in), activities)


async def _segments(scope: Scope, contact_id: int) -> set[int]:
    rows = await db.fetch(
        """
        SELECT m.segment_id FROM memberships m
        JOIN segments s ON s.workspace_id = $1 AND s.id = m.segment_id AND s.deleted_at IS NULL
        WHERE m.workspace_id = $1 AND m.contact_id = $2
        """,
        scope.workspace_id,
        contact_id,
    )
    return {row["segment_id"] for row in rows}
