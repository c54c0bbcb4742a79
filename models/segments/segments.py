"""Segments: created, changed, duplicated, deleted and restored.

Rules are stored in the shape of RuleInput, with plain ids of segments.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from models import clock, db
from models.accounts import audit_log
from models.changelog import events
from models.contacts import fields
from models.contacts.selections import ContactSelection
from models.db.tables.segments import Segment, SegmentKind, SegmentStatus, SegmentUse
from models.errors import Conflict, InUse, NotAllowedInState, NotFound, Path, Problems, Unsupported
from models.membership import backfill, rule_versions
from models.membership.origins import ChangeKind
from models.queue import jobs, work
from models.queue.enqueue import enqueue
from models.queue.jobs import Job, JobKind
from models.rule_catalogue.loading import load_catalogue
from models.rules.check import check
from models.rules.depends import segments_mentioned
from models.segments import members as segment_contacts
from models.segments import uses
from models.segments.members import MemberAction
from models.segments.settings import checked
from models.segments.uses import UseKind
from permissions.principal import PrincipalKind, Scope

__all__ = ["Segment", "SegmentKind", "SegmentStatus"]

RESTORABLE = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class SegmentOutcome:
    """`building`: rebuilt because of the change; `job`: adds members; `backfilling`: exits or entries are still to be logged."""

    segment: Segment
    building: Sequence[int] = ()
    job: Job | None = None
    backfilling: bool = False


# ---------------------------------------------------------------- read


async def find(scope: Scope, segment_id: int) -> Segment | None:
    return await Segment.get_or_none(workspace_id=scope.workspace_id, id=segment_id, deleted_at=None)


async def get(scope: Scope, segment_id: int, path: Path = ("id",)) -> Segment:
    """Raises NotFound at `path` when there is no such segment."""
    segment = await find(scope, segment_id)
    if segment is None:
        raise _no_such_segment(path)
    return segment


def _no_such_segment(path: Path) -> NotFound:
    return NotFound("there is no such segment, or it is deleted", path)


# ---------------------------------------------------------------- created and changed


async def create(
    scope: Scope,
    kind: SegmentKind,
    *,
    name: str,
    description: str | None = None,
    rule: object = None,
    contacts: ContactSelection | None = None,
) -> SegmentOutcome:
    """A dynamic segment is BUILDING.

    Raises Problems at `name` and `description`, at and below `rule` and `contacts`.
    """
    async with db.transaction():
        if rule is not None:
            await hold_rules(scope)
        values = await checked(scope, kind, {"name": name, "description": description, "rule": rule}, contacts)
        segment = await _insert(scope, kind, values)
        await audit_log.record(scope, "segment_create", "Segment", segment.id, {"name": segment.name, "kind": kind})
        if contacts is None:
            return SegmentOutcome(segment, [segment.id] if segment.rule else [])
        filled = await segment_contacts.change_or_queue(scope, segment.id, MemberAction.ADD, contacts)
        return SegmentOutcome(await get(scope, segment.id), [], filled.job)


async def update(scope: Scope, segment_id: int, given: Mapping[str, Any], version: int | None = None) -> SegmentOutcome:
    """Raises NotFound at `id`, Conflict at `version`, Problems as `create`."""
    async with db.transaction():
        if "rule" in given:
            await hold_rules(scope)
            await uses.hold(scope, [segment_id, *segments_mentioned(given["rule"])])
        segment = await _locked(scope, segment_id)
        if version is not None and version != segment.version:
            raise Conflict(
                f"the segment is at version {segment.version}, not {version}: somebody changed it since you read it;"
                " read it again and make your change to that",
                ("version",),
            )
        values = await checked(scope, SegmentKind(segment.kind), given, segment_id=segment_id)
        changed = [key for key, value in values.items() if not db.same_json(getattr(segment, key), value)]
        if not changed:
            return SegmentOutcome(segment)
        segment.update_from_dict({key: values[key] for key in changed})
        segment.version += 1
        if "rule" in changed:
            await _rebuild(scope, segment)
            await rule_versions.record(scope, segment.id, db.dump_json(segment.rule), segment.rule_version)
        if "name" in changed:
            await uses.rename(scope, UseKind.SEGMENT, segment.id, segment.name)
        await segment.save(update_fields=[*changed, "status", "rule_version", "version", "updated_at"])
        await audit_log.record(scope, "segment_update", "Segment", segment.id, {"fields": changed})
        await events.record(
            scope.workspace_id, events.SegmentUpdated(segment.id, segment.name, segment.version, changed)
        )
        return SegmentOutcome(segment, [segment.id] if "rule" in changed else [])


async def duplicate(scope: Scope, segment_id: int, name: str) -> SegmentOutcome:
    async with db.transaction():
        await hold_rules(scope)
        await fields.load_to_write(scope)
        source = await get(scope, segment_id)
        kind = SegmentKind(source.kind)
        values = {**await checked(scope, kind, {"name": name}), "description": source.description, "rule": source.rule}
        segment = await _insert(scope, kind, values)
        await audit_log.record(scope, "segment_duplicate", "Segment", segment.id, {"of": source.id})
        if segment.rule is not None:
            # The build reads all overrides, so none needs a mark.
            await db.execute("SET LOCAL muster.members = 'logged'")
            await db.execute(_COPY_OVERRIDES, scope.workspace_id, source.id, segment.id)
            return SegmentOutcome(segment, [segment.id])
        members = ContactSelection(segment_id=source.id)
        filled = await segment_contacts.change_or_queue(scope, segment.id, MemberAction.ADD, members)
        return SegmentOutcome(await get(scope, segment.id), [], filled.job)


_COPY_OVERRIDES = """
    INSERT INTO membership_overrides (workspace_id, segment_id, contact_id, override, created_by, created_at)
    SELECT workspace_id, $3, contact_id, override, created_by, created_at
    FROM membership_overrides WHERE workspace_id = $1 AND segment_id = $2
"""


async def recompute(scope: Scope, segment_id: int) -> Job:
    """Returns the unfinished job, if there is one. Raises NotFound or Unsupported (STATIC) at `id`."""
    async with db.transaction():
        segment = await _locked(scope, segment_id)
        if segment.rule is None:
            raise Unsupported("a STATIC segment has no rule to compute: its members are those that were added", ("id",))
        job = await jobs.find_unfinished(scope, JobKind.RECOMPUTE, segment_id)
        if job is None:
            job = await jobs.create(scope, JobKind.RECOMPUTE, {}, segment_id=segment_id)
            await audit_log.record(scope, "segment_recompute", "Segment", segment_id, {"job": job.id})
        return job


async def hold_rules(scope: Scope) -> None:
    """Serialize changes of segments and of their rules, so that two edits never make a cycle."""
    await db.advisory_lock(_rules_of(scope))


def _rules_of(scope: Scope) -> str:
    return f"muster:segments:{scope.workspace_id}"


async def _locked(scope: Scope, segment_id: int, *, deleted: bool = False) -> Segment:
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
    if status is SegmentStatus.BUILDING:
        await rule_versions.record(scope, segment.id, db.dump_json(segment.rule), segment.rule_version)
        await enqueue(work.REBUILD, scope.workspace_id, segment.id)
    return segment


async def _rebuild(scope: Scope, segment: Segment) -> None:
    segment.status = SegmentStatus.BUILDING
    segment.rule_version += 1
    await _register_rule(scope, segment)
    await enqueue(work.REBUILD, scope.workspace_id, segment.id)


async def _register_rule(scope: Scope, segment: Segment) -> None:
    """Registers which segments the rule uses, except deleted ones."""
    if segment.rule is not None:
        mentioned = await uses.hold(scope, segments_mentioned(segment.rule))
        await uses.replace(scope, mentioned, UseKind.SEGMENT, segment.id, segment.name, path=("rule",))


# ---------------------------------------------------------------- deleted and restored


async def delete(scope: Scope, segment_id: int, *, force: bool = False) -> SegmentOutcome:
    """Log that the members left: of very many, the rest in `backfill_step`.

    Raises NotFound at `id`, and InUse there unless `force`.
    """
    async with db.transaction():
        await hold_rules(scope)
        await get(scope, segment_id)
        if not force:
            await _refuse_used(scope, segment_id)
        backfilled = await backfill.backfill(scope.workspace_id, segment_id, ChangeKind.LEFT)
        segment = await _locked(scope, segment_id)
        if not force:
            await _refuse_used(scope, segment_id)
        segment.deleted_at = clock.now()
        await segment.save(update_fields=["deleted_at", "updated_at"])
        await uses.release(scope, UseKind.SEGMENT, segment_id)
        await audit_log.record(scope, "segment_delete", "Segment", segment_id, {"name": segment.name, "force": force})
        await events.record(scope.workspace_id, events.SegmentDeleted(segment_id, segment.name))
        if not backfilled.all:
            await enqueue(work.BACKFILL_MEMBERS, scope.workspace_id, segment_id)
        return SegmentOutcome(segment, await _rebuild_readers(scope, segment_id), backfilling=not backfilled.all)


async def restore(scope: Scope, segment_id: int) -> SegmentOutcome:
    """Undo a deletion within RESTORABLE. With very many members it stays deleted, and BUILDING, until `backfill_step` is done.

    Raises NotFound at `id`, and NotAllowedInState when it is not deleted or its rule cannot be read.
    """
    async with db.transaction():
        await hold_rules(scope)
        await _refuse_unrestorable(scope, segment_id)
        backfilled = await backfill.backfill(scope.workspace_id, segment_id, ChangeKind.ENTERED)
        segment = _restorable(await _locked(scope, segment_id, deleted=True))  # with the row locked it is not purged
        await audit_log.record(scope, "segment_restore", "Segment", segment_id)
        if backfilled.all:
            return await _complete_restore(scope, segment)
        segment.restore_asked_at, segment.status = clock.now(), SegmentStatus.BUILDING
        await segment.save(update_fields=["restore_asked_at", "status", "updated_at"])
        await enqueue(work.BACKFILL_MEMBERS, scope.workspace_id, segment_id)
        return SegmentOutcome(segment, backfilling=True)


async def backfill_step(scope: Scope, segment_id: int) -> SegmentOutcome | None:
    """Log the next exits, or entries of a restore. None: nothing to do, or another process does it."""
    async with db.transaction():
        if not await db.try_advisory_lock(_rules_of(scope)):
            return None
        segment = await Segment.get_or_none(workspace_id=scope.workspace_id, id=segment_id, deleted_at__isnull=False)
        if segment is None:
            return None
        is_restored = segment.restore_asked_at is not None
        backfilled = await backfill.backfill(
            scope.workspace_id, segment_id, ChangeKind.ENTERED if is_restored else ChangeKind.LEFT
        )
        if is_restored and backfilled.all:
            return await _complete_restore(scope, await _locked(scope, segment_id, deleted=True))
        return SegmentOutcome(segment, backfilling=not backfilled.all) if backfilled.members else None


async def _complete_restore(scope: Scope, segment: Segment) -> SegmentOutcome:
    segment.deleted_at = segment.restore_asked_at = None
    segment.status = SegmentStatus.READY
    if segment.rule is not None:
        segment.active_rule, segment.active_version = None, 0  # it was not evaluated since the deletion
        await _rebuild(scope, segment)
    await segment.save(
        update_fields=[
            *("deleted_at", "restore_asked_at", "status"),
            *("active_rule", "active_version", "rule_version", "updated_at"),
        ]
    )
    await events.record(scope.workspace_id, events.SegmentRestored(segment.id, segment.name))
    own = [] if segment.rule is None else [segment.id]
    return SegmentOutcome(segment, [*own, *await _rebuild_readers(scope, segment.id)])


async def _refuse_used(scope: Scope, segment_id: int) -> None:
    using = await uses.in_use(scope, segment_id)
    if using:
        raise InUse(f"the segment is used by {_named(using)}: end that first, or delete it with `force`", ("id",))


def _named(using: Sequence[SegmentUse]) -> str:
    names = [f'{use.kind.lower()} "{use.label}"' for use in using[:5]]
    more = len(using) - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")


async def _refuse_unrestorable(scope: Scope, segment_id: int) -> None:
    segment = _restorable(await Segment.get_or_none(workspace_id=scope.workspace_id, id=segment_id))
    if segment.deleted_at is None:
        raise NotAllowedInState("the segment is not deleted: there is nothing to restore", ("id",))
    if segment.rule is not None:
        await fields.load_to_write(scope)
        await _refuse_unreadable(scope, segment)


def _restorable(segment: Segment | None) -> Segment:
    if segment is None or (segment.deleted_at is not None and segment.deleted_at <= clock.now() - RESTORABLE):
        raise NotFound("there is no such segment, or it was deleted more than 30 days ago", ("id",))
    return segment


async def _refuse_unreadable(scope: Scope, segment: Segment) -> None:
    try:
        check(segment.rule, await load_catalogue(scope, segment.rule), segment_id=segment.id, stored=True)
    except Problems as problems:
        wrong = f"its rule names what is no longer there: {problems}. Make that again first, or a new segment"
        raise NotAllowedInState(wrong, ("id",)) from None


async def _rebuild_readers(scope: Scope, segment_id: int) -> list[int]:
    """Rebuilds segments whose rules mention one that was deleted or restored."""
    rows = await db.fetch(_READERS, scope.workspace_id, segment_id, db.dump_json({"id": segment_id}))
    if rows:
        await db.execute(_REBUILD, scope.workspace_id, [row["id"] for row in rows])
    exists = await find(scope, segment_id) is not None
    for row in rows:
        await enqueue(work.REBUILD, scope.workspace_id, row["id"])
        if exists and row["mentions"]:
            await uses.register(scope, [segment_id], UseKind.SEGMENT, row["id"], row["name"])
    return [row["id"] for row in rows]


# By rules, not by registered uses: a segment copied or restored while this one was deleted has no use registered.
_MENTIONS = "'$.**.segment.segmentId ? (@ == $id)', $3::jsonb"
_READERS = f"""
    SELECT id, name, jsonb_path_exists(rule, {_MENTIONS}) AS mentions FROM segments
    WHERE workspace_id = $1 AND id <> $2 AND deleted_at IS NULL AND kind <> 'STATIC'
      AND jsonb_path_exists(jsonb_build_array(rule, active_rule), {_MENTIONS})
    ORDER BY id FOR NO KEY UPDATE
"""  # noqa: S608 - a path of our own

_REBUILD = """
    UPDATE segments SET rule_version = rule_version + 1, status = 'BUILDING'
    WHERE workspace_id = $1 AND id = ANY ($2::bigint[])
"""
