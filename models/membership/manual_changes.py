"""Changes of members by people, imports and workflows.

LOCKS: first the head of the log, then the segment's row: do not update `segments` before in the transaction.
"""

from collections.abc import Collection, Sequence
from typing import Final

from models import clock, db
from models.errors import LimitExceeded, NotFound, Path, Unsupported
from models.membership import apply, batches, builds, compiled_rules, dirty_contacts, engine_lock
from models.membership.apply import Difference
from models.membership.origins import Origin, Override
from models.rules.contact_changes import membership_changed, rule_to_evaluate
from permissions.principal import PrincipalKind, Scope

MAX_AT_ONCE: Final = 10_000


async def hold_members(scope: Scope, segment_id: int) -> None:
    """Keeps other writers of the members away, for a transaction that writes contacts before it changes them."""
    await db.advisory_lock(builds.swap_lock(scope.workspace_id, segment_id))


# ---------------------------------------------------------------- static segments


async def change_members(
    scope: Scope,
    segment_id: int,
    *,
    add: Sequence[int] = (),
    remove: Sequence[int] = (),
    origin: Origin,
    path: Path = ("segmentId",),
) -> int:
    """Returns how many members changed. Ignores unknown ids.

    Raises NotFound or Unsupported at `path`, LimitExceeded past MAX_AT_ONCE ids.
    """
    _check_size(len(add) + len(remove))
    async with db.transaction():
        await hold_members(scope, segment_id)  # prevents a deadlock of two callers
        if await _kind(scope, segment_id, path) != "STATIC":
            raise Unsupported("a rule decides who is in this segment: override it for these contacts instead", path)
        append = await apply.begin(scope.workspace_id, clock.now())
        existing = await _contacts(scope, add)
        await apply.write(append, _difference(segment_id, existing, set(remove) - set(existing), origin))
        # For segments that mention this one, and to remove contacts that are being deleted.
        await dirty_contacts.mark(scope.workspace_id, [*existing, *remove], membership_changed(segment_id))
        await apply.close(append)
    return append.size


def _check_size(count: int) -> None:
    if count > MAX_AT_ONCE:
        raise LimitExceeded(f"{count} contacts are too many at once: {MAX_AT_ONCE} is the most")


async def _kind(scope: Scope, segment_id: int, path: Path) -> str:
    kind: str | None = await db.fetch_value(
        "SELECT kind FROM segments WHERE workspace_id = $1 AND id = $2 AND deleted_at IS NULL",
        scope.workspace_id,
        segment_id,
    )
    if kind is None:
        raise NotFound("there is no such segment", path)
    return kind


async def _contacts(scope: Scope, ids: Sequence[int]) -> list[int]:
    rows = await db.fetch(
        "SELECT id FROM contacts WHERE workspace_id = $1 AND id = ANY ($2::bigint[]) ORDER BY id",
        scope.workspace_id,
        list(ids),
    )
    return [row["id"] for row in rows]


def _difference(segment_id: int, add: Sequence[int], remove: Collection[int], origin: Origin) -> Difference:
    contact_ids = [*add, *remove]
    entered = [True] * len(add) + [False] * len(remove)
    return Difference([segment_id] * len(contact_ids), contact_ids, entered, [origin.value] * len(contact_ids))


# ---------------------------------------------------------------- dynamic segments


async def override(
    scope: Scope, segment_id: int, contact_ids: Collection[int], value: Override | None, path: Path = ("segmentId",)
) -> int:
    """None: the rule decides. Waits for the engine lock. Returns how many overrides changed.

    Ignores unknown ids. Raises as `change_members`.
    """
    _check_size(len(contact_ids))
    async with db.transaction():
        lock = await engine_lock.take(scope.workspace_id)
        if await _kind(scope, segment_id, path) == "STATIC":
            raise Unsupported("a STATIC segment has no rule to override: add or remove the contacts", path)
        append = await apply.begin(scope.workspace_id, lock.now)
        changed = await _write_overrides(scope, segment_id, contact_ids, value)
        compiled = await compiled_rules.current(scope.workspace_id, lock.epoch)
        await batches.settle(lock, compiled, append, dict.fromkeys(changed, frozenset({rule_to_evaluate(segment_id)})))
        await apply.close(append)
    return len(changed)


async def _write_overrides(
    scope: Scope, segment_id: int, contact_ids: Collection[int], value: Override | None
) -> list[int]:
    if value is None:
        rows = await db.fetch(_DELETE_OVERRIDES, scope.workspace_id, segment_id, list(contact_ids))
    else:
        by = scope.principal.id if scope.principal.kind is PrincipalKind.MEMBER else None
        rows = await db.fetch(
            _SET_OVERRIDES, scope.workspace_id, segment_id, list(contact_ids), value.value, by, clock.now()
        )
    return [row["contact_id"] for row in rows]


_DELETE_OVERRIDES = """
DELETE FROM membership_overrides WHERE workspace_id = $1 AND segment_id = $2 AND contact_id = ANY ($3::bigint[])
RETURNING contact_id
"""

_SET_OVERRIDES = """
INSERT INTO membership_overrides AS known (workspace_id, segment_id, contact_id, override, created_by, created_at)
SELECT workspace_id, $2::bigint, id, $4::text, $5::bigint, $6::timestamptz FROM contacts
WHERE workspace_id = $1 AND id = ANY ($3::bigint[])
ON CONFLICT (workspace_id, segment_id, contact_id) DO UPDATE
    SET override = excluded.override, created_by = excluded.created_by, created_at = excluded.created_at
WHERE known.override <> excluded.override
RETURNING contact_id
"""


# ---------------------------------------------------------------- whole segments


async def forget_segment(workspace_id: int, segment_id: int) -> int:
    """Delete overrides and up to MAX_AT_ONCE members, unlogged. Returns how many members: call it until 0."""
    async with db.transaction():
        await apply.begin(workspace_id, clock.now())
        await db.execute(
            "DELETE FROM membership_overrides WHERE workspace_id = $1 AND segment_id = $2", workspace_id, segment_id
        )
        return await db.execute(_FORGET, workspace_id, segment_id, MAX_AT_ONCE)


_FORGET = """
DELETE FROM memberships WHERE workspace_id = $1 AND segment_id = $2 AND contact_id = ANY (ARRAY(
    SELECT contact_id FROM memberships WHERE workspace_id = $1 AND segment_id = $2 LIMIT $3))
"""
