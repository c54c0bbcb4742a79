"""Segments: made, changed, copied, deleted, restored, and purged in the end.

A rule is kept in the shape of RuleInput, with row numbers for the ids of other segments. Who writes one makes the segment
BUILDING with a new `rule_version`; the engine computes the members beside the old ones and swaps them in. Where a function
speaks of segments to ring for, the caller rings `bells.rule` for each of them after the commit.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from models import audit, clock, contact_fields, db, jobs, segment_contacts, uses
from models.errors import (
    Conflict,
    DomainError,
    InUse,
    NotAllowedInState,
    NotFound,
    Path,
    Problems,
    Required,
    Unsupported,
)
from models.jobs import Job, JobKind
from models.membership import changes
from models.membership.origins import ChangeKind, Origin
from models.rules.check import check
from models.rules.depends import segments_mentioned
from models.rules.loading import load_catalogue
from models.segment_contacts import Change
from models.selections import ContactSelection
from models.tables.segments import Segment, SegmentKind, SegmentStatus, SegmentUse
from models.texts import check_name, check_text
from models.uses import UseKind
from permissions.principal import PrincipalKind, Scope

__all__ = ["Segment", "SegmentKind", "SegmentStatus"]

RESTORABLE = timedelta(days=30)
"""How long a deleted segment can be restored."""

MAX_NAME = 200
MAX_DESCRIPTION = 2_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """A segment as it is now, the segments to ring for, and the job that puts its many members in."""

    segment: Segment
    building: Sequence[int] = ()
    job: Job | None = None


# ---------------------------------------------------------------- found


async def find(scope: Scope, segment_id: int) -> Segment | None:
    """The segment, or None. A deleted one is not there."""
    return await Segment.get_or_none(workspace_id=scope.workspace_id, id=segment_id, deleted_at=None)


async def get(scope: Scope, segment_id: int, path: Path = ("id",)) -> Segment:
    """The segment. Raises NotFound at `path`."""
    segment = await find(scope, segment_id)
    if segment is None:
        raise _no_such_segment(path)
    return segment


def _no_such_segment(path: Path) -> NotFound:
    return NotFound("there is no such segment, or it is deleted", path)


# ---------------------------------------------------------------- made and changed


async def create(
    scope: Scope,
    kind: SegmentKind,
    *,
    name: str,
    description: str | None = None,
    rule: object = None,
    contacts: ContactSelection | None = None,
) -> Outcome:
    """A new segment: STATIC with what `contacts` finds as its first members, or dynamic with its rule, BUILDING.

    Raises Problems at `name`, `description`, `rule` and below, `contacts` and below.
    """
    async with db.transaction():
        if rule is not None:
            await _one_rule_at_a_time(scope)
        values = await _checked(scope, kind, {"name": name, "description": description, "rule": rule}, contacts)
        segment = await _insert(scope, kind, values)
        await audit.record(scope, "segment_create", "Segment", segment.id, {"kind": kind})
        if contacts is None:
            return Outcome(segment, [segment.id] if segment.rule else [])
        filled = await segment_contacts.change_or_queue(scope, segment.id, Change.ADD, contacts)
        return Outcome(await get(scope, segment.id), [], filled.job)


async def update(scope: Scope, segment_id: int, given: Mapping[str, Any], version: int | None = None) -> Outcome:
    """Change what is in `given` (`name`, `description`, `rule`; an absent key stays). What is the same is no change.

    Raises NotFound at `id`, Conflict at `version` when that is not the current one, Problems as `create`.
    """
    async with db.transaction():
        if "rule" in given:
            await _one_rule_at_a_time(scope)
            await uses.hold(scope, [segment_id, *segments_mentioned(given["rule"])])
        segment = await _held(scope, segment_id)
        if version is not None and version != segment.version:
            raise Conflict(
                f"the segment is at version {segment.version}, not {version}: somebody changed it since you read it;"
                " read it again and make your change to that",
                ("version",),
            )
        values = await _checked(scope, SegmentKind(segment.kind), given, segment_id=segment_id)
        changed = [key for key, value in values.items() if getattr(segment, key) != value]
        if not changed:
            return Outcome(segment)
        segment.update_from_dict({key: values[key] for key in changed})
        segment.version += 1
        if "rule" in changed:
            await _rebuild(scope, segment)
        if "name" in changed:
            await uses.rename(scope, UseKind.SEGMENT, segment.id, segment.name)
        await segment.save(update_fields=[*changed, "status", "rule_version", "version", "updated_at"])
        await audit.record(scope, "segment_update", "Segment", segment.id, {"fields": changed})
        return Outcome(segment, [segment.id] if "rule" in changed else [])


async def duplicate(scope: Scope, segment_id: int, name: str) -> Outcome:
    """A new segment like this one: a STATIC one with its members, a dynamic one with its rule and its overrides."""
    async with db.transaction():
        await _one_rule_at_a_time(scope)
        await contact_fields.load_to_write(scope)
        source = await get(scope, segment_id)
        values = {"name": _at("name", _name, name), "description": source.description, "rule": source.rule}
        segment = await _insert(scope, SegmentKind(source.kind), values)
        await audit.record(scope, "segment_duplicate", "Segment", segment.id, {"of": source.id})
        if segment.rule is not None:
            await db.execute(_COPY_OVERRIDES, scope.workspace_id, source.id, segment.id)
            return Outcome(segment, [segment.id])
        members = ContactSelection(segment_id=source.id)
        filled = await segment_contacts.change_or_queue(scope, segment.id, Change.ADD, members)
        return Outcome(await get(scope, segment.id), [], filled.job)


_COPY_OVERRIDES = """
    INSERT INTO membership_overrides (workspace_id, segment_id, contact_id, override, created_by, created_at)
    SELECT workspace_id, $3, contact_id, override, created_by, created_at
    FROM membership_overrides WHERE workspace_id = $1 AND segment_id = $2
"""


async def recompute(scope: Scope, segment_id: int) -> Job:
    """A job that computes a dynamic segment again from the ground up; the one that is at it already, when there is one.

    Raises NotFound at `id`, and Unsupported there for a STATIC segment.
    """
    async with db.transaction():
        segment = await _held(scope, segment_id)
        if segment.rule is None:
            raise Unsupported("a STATIC segment has no rule to compute: its members are those put in by hand", ("id",))
        job = await jobs.find_unfinished(scope, JobKind.RECOMPUTE, segment_id)
        if job is None:
            job = await jobs.create(scope, JobKind.RECOMPUTE, {}, segment_id=segment_id)
            await audit.record(scope, "segment_recompute", "Segment", segment_id, {"job": job.id})
        return job


async def _one_rule_at_a_time(scope: Scope) -> None:
    """Whoever changes which segments there are, or what their rules mention, waits: two edits never make a cycle."""
    await db.advisory_lock(f"muster:segments:{scope.workspace_id}")


async def _held(scope: Scope, segment_id: int, *, deleted: bool = False) -> Segment:
    """The segment, its row locked to the end of the transaction."""
    query = Segment.select_for_update(no_key=True).filter(workspace_id=scope.workspace_id, id=segment_id)
    segment = await query.filter(deleted_at__isnull=not deleted).first()
    if segment is None:
        raise _no_such_segment(("id",))
    return segment


async def _insert(scope: Scope, kind: SegmentKind, values: Mapping[str, Any]) -> Segment:
    by = scope.principal.id if scope.principal.kind is PrincipalKind.MEMBER else None
    status = SegmentStatus.READY if values.get("rule") is None else SegmentStatus.BUILDING
    segment = await Segment.create(workspace_id=scope.workspace_id, kind=kind, status=status, created_by=by, **values)
    await _register_rule(scope, segment)
    return segment


async def _rebuild(scope: Scope, segment: Segment) -> None:
    segment.status = SegmentStatus.BUILDING
    segment.rule_version += 1
    await _register_rule(scope, segment)


async def _register_rule(scope: Scope, segment: Segment) -> None:
    """The segments that a rule mentions are used by it; those deleted in the meantime take no new use."""
    if segment.rule is not None:
        mentioned = await uses.hold(scope, segments_mentioned(segment.rule))
        await uses.replace(scope, mentioned, UseKind.SEGMENT, segment.id, segment.name, path=("rule",))


# ---------------------------------------------------------------- checked


@dataclass(slots=True)
class _Checking:
    """Checks one value after the other, and keeps what is wrong."""

    errors: list[DomainError] = field(default_factory=list)

    def take(self, key: str, check_one: Callable[[Any], Any], value: Any) -> Any:
        try:
            return _at(key, check_one, value)
        except DomainError as error:
            self.errors.append(error)
        except Problems as problems:
            self.errors.extend(problems.errors)
        return None


async def _checked(
    scope: Scope,
    kind: SegmentKind,
    given: Mapping[str, Any],
    contacts: ContactSelection | None = None,
    segment_id: int | None = None,
) -> dict[str, Any]:
    """The given values as they are stored. Raises Problems with all that is wrong with them."""
    checking = _Checking()
    checks: dict[str, Callable[[Any], Any]] = {"name": _name, "description": _description}
    values = {key: checking.take(key, checks[key], given[key]) for key in checks if key in given}
    if "rule" in given:
        rule = given["rule"]
        await contact_fields.load_to_write(scope)  # from here on nobody deletes a field that the rule may name
        catalogue = await load_catalogue(scope, rule)
        values["rule"] = checking.take("rule", lambda rule: _rule(kind, rule, catalogue, segment_id), rule)
    if contacts is not None and kind is not SegmentKind.STATIC:
        wrong = f"a {kind} segment's rule says who is in it: leave `contacts` out, or make the segment STATIC"
        checking.errors.append(Unsupported(wrong, ("contacts",)))
    if checking.errors:
        raise Problems(checking.errors)
    return values


def _rule(kind: SegmentKind, rule: Any, catalogue: Any, segment_id: int | None) -> Any:
    if kind is SegmentKind.STATIC:
        if rule is None:
            return None
        raise Unsupported("a STATIC segment has no rule: leave it out, or make a DYNAMIC segment")
    if rule is None:
        raise Required(f"a {kind} segment needs a rule")
    plus = kind is SegmentKind.DYNAMIC_PLUS
    check(rule, catalogue, allows_activities=plus, segment_id=segment_id, path=())
    return rule


def _name(value: Any) -> str:
    if value is None:
        raise Required("a segment needs a name")
    return check_name(value, MAX_NAME)


def _description(value: Any) -> str | None:
    return None if value is None else check_text(value, MAX_DESCRIPTION).strip() or None


def _at(key: str, check_one: Callable[[Any], Any], value: Any) -> Any:
    try:
        return check_one(value)
    except (DomainError, Problems) as error:
        raise error.under(key) from None


# ---------------------------------------------------------------- deleted and restored


async def delete(scope: Scope, segment_id: int, *, force: bool = False) -> list[int]:
    """Delete the grouping, never a contact: each member is told to have left. Returns the segments to ring for.

    Raises NotFound at `id`, and InUse there while something active uses it, unless `force`.
    """
    async with db.transaction():
        await _one_rule_at_a_time(scope)
        await get(scope, segment_id)
        if not force:
            await _refuse_used(scope, segment_id)
        await changes.tell_all(
            scope, segment_id, ChangeKind.LEFT, Origin.API
        )  # before the row is held: the engine's order
        segment = await _held(scope, segment_id)
        if not force:
            await _refuse_used(scope, segment_id)
        segment.deleted_at = clock.now()
        await segment.save(update_fields=["deleted_at", "updated_at"])
        await uses.release(scope, UseKind.SEGMENT, segment_id)
        await audit.record(scope, "segment_delete", "Segment", segment_id, {"force": force})
        return await _rebuild_dependents(scope, segment_id)


async def restore(scope: Scope, segment_id: int) -> Outcome:
    """Undo a deletion of the last RESTORABLE: the members are back, those of a dynamic one right again after a rebuild.

    Raises NotFound at `id`, NotAllowedInState when it is not deleted, Problems when its rule no longer makes sense.
    """
    async with db.transaction():
        await _one_rule_at_a_time(scope)
        await _refuse_unrestorable(scope, segment_id)
        await changes.tell_all(scope, segment_id, ChangeKind.ENTERED, Origin.API)
        segment = await _held(scope, segment_id, deleted=True)
        segment.deleted_at = None
        if segment.rule is not None:
            await _rebuild(scope, segment)
        await segment.save(update_fields=["deleted_at", "status", "rule_version", "updated_at"])
        await audit.record(scope, "segment_restore", "Segment", segment_id)
        own = [] if segment.rule is None else [segment_id]
        return Outcome(segment, [*own, *await _rebuild_dependents(scope, segment_id)])


async def _refuse_used(scope: Scope, segment_id: int) -> None:
    using = await uses.in_use(scope, segment_id)
    if using:
        raise InUse(f"the segment is used by {_named(using)}: end that first, or delete it with `force`", ("id",))


def _named(using: Sequence[SegmentUse]) -> str:
    names = [f'{use.kind.lower()} "{use.label}"' for use in using[:5]]
    more = len(using) - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")


async def _refuse_unrestorable(scope: Scope, segment_id: int) -> None:
    segment = await Segment.get_or_none(workspace_id=scope.workspace_id, id=segment_id)
    if segment is None or (segment.deleted_at is not None and segment.deleted_at <= clock.now() - RESTORABLE):
        raise NotFound("there is no such segment, or it was deleted more than 30 days ago", ("id",))
    if segment.deleted_at is None:
        raise NotAllowedInState("the segment is not deleted: there is nothing to restore", ("id",))
    if segment.rule is not None:
        await contact_fields.load_to_write(scope)
        check(segment.rule, await load_catalogue(scope, segment.rule), segment_id=segment_id, stored=True)


async def _rebuild_dependents(scope: Scope, segment_id: int) -> list[int]:
    """Compute the segments again whose rules mention one that is gone, or back."""
    rows = await db.fetch(
        """
        WITH used AS (
            SELECT s.id FROM segment_uses u
            JOIN segments s ON s.workspace_id = u.workspace_id AND s.id = u.used_by_id
            WHERE u.workspace_id = $1 AND u.segment_id = $2 AND u.kind = 'SEGMENT' AND u.active AND s.deleted_at IS NULL
            ORDER BY s.id FOR NO KEY UPDATE OF s)
        UPDATE segments s SET rule_version = rule_version + 1, status = 'BUILDING'
        FROM used WHERE s.workspace_id = $1 AND s.id = used.id
        RETURNING s.id
        """,
        scope.workspace_id,
        segment_id,
    )
    return [row["id"] for row in rows]


# ---------------------------------------------------------------- purged


async def expired(limit: int = 100) -> list[tuple[int, int]]:
    """Segments of all workspaces that can no longer be restored, as (workspace id, segment id)."""
    rows = await db.fetch(
        "SELECT workspace_id, id FROM segments WHERE deleted_at <= $1 ORDER BY deleted_at LIMIT $2",
        clock.now() - RESTORABLE,
        limit,
    )
    return [(row["workspace_id"], row["id"]) for row in rows]


async def purge(workspace_id: int, segment_id: int) -> None:
    """Remove an expired segment and all that hangs on it, in short transactions. What it left half done, it does again."""
    while await changes.forget_segment(workspace_id, segment_id):
        pass
    async with db.transaction():
        for statement in _PURGE:
            await db.execute(statement, workspace_id, segment_id)


_PURGE = (
    "DELETE FROM membership_overrides WHERE workspace_id = $1 AND segment_id = $2",
    "DELETE FROM segment_days WHERE workspace_id = $1 AND segment_id = $2",
    "DELETE FROM segment_uses WHERE workspace_id = $1 AND segment_id = $2",
    "DELETE FROM segment_uses WHERE workspace_id = $1 AND kind = 'SEGMENT' AND used_by_id = $2",
    "DELETE FROM segments WHERE workspace_id = $1 AND id = $2 AND deleted_at IS NOT NULL",
)
