"""The members of segments: changed, overridden and listed."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from models import clock, db
from models.accounts import audit_log
from models.contacts import selections
from models.contacts.columns import COLUMNS, columns_of
from models.contacts.selections import ContactSelection
from models.db.tables.segments import Segment, SegmentKind
from models.errors import NotFound, Path, Unsupported
from models.membership import manual_changes
from models.membership.origins import Origin, Override
from models.queue import jobs, running_jobs
from models.queue.jobs import Job, JobKind
from models.rules.parameters import Parameters
from permissions.principal import PrincipalKind, Scope

AT_ONCE = 10_000
"""Larger selections become a job."""

CHUNK = 5_000


class MemberAction(StrEnum):
    ADD = "ADD"
    REMOVE = "REMOVE"


@dataclass(frozen=True, slots=True)
class MembersChanged:
    changed: int
    job: Job | None = None


def origin_of(scope: Scope) -> Origin:
    return Origin.MANUAL if scope.principal.kind is PrincipalKind.MEMBER else Origin.API


# ---------------------------------------------------------------- added and removed


async def change(scope: Scope, segment_id: int, change: MemberAction, selection: ContactSelection) -> MembersChanged:
    """Raises NotFound or Unsupported at `segmentId`, and what `selections.condition` raises."""
    async with db.transaction():
        await _get_static(scope, segment_id)
        changed = await change_or_queue(scope, segment_id, change, selection)
        if changed.changed or changed.job:
            action = "segment_contacts_add" if change is MemberAction.ADD else "segment_contacts_remove"
            details = {"changed": changed.changed, "job": changed.job.id if changed.job else None}
            await audit_log.record(scope, action, "Segment", segment_id, details)
    return changed


async def change_or_queue(
    scope: Scope, segment_id: int, change: MemberAction, selection: ContactSelection, path: Path = ("contacts",)
) -> MembersChanged:
    """`change` for a STATIC segment, in the caller's transaction, without a row in the audit log."""
    ids = await selections.ids_after(scope, selection, 0, AT_ONCE + 1, path)
    if len(ids) <= AT_ONCE:
        return MembersChanged(await _change(scope, segment_id, change, ids, origin_of(scope)))
    asked = {"change": change, "selection": selections.to_json(selection), "origin": origin_of(scope)}
    return MembersChanged(0, await jobs.create(scope, JobKind.SEGMENT_CONTACTS, asked, segment_id=segment_id))


async def process_step(scope: Scope, job: Job) -> bool:
    """Processes one chunk; False when nothing is left. Each contact is tested once."""
    assert job.segment_id is not None
    asked, change = selections.from_json(job.input["selection"]), MemberAction(job.input["change"])
    await _get_static(scope, job.segment_id)
    total = await selections.count(scope, asked) if job.total is None else job.total
    ids = await selections.ids_after(scope, asked, job.progress.get("after", 0), CHUNK)
    if not ids:
        return False
    async with db.transaction():
        changed = await _change(scope, job.segment_id, change, ids, Origin(job.input["origin"]))
        done = job.done + len(ids)
        progress = {"after": ids[-1], "changed": job.progress.get("changed", 0) + changed}
        await running_jobs.progress(job, done=done, total=max(total, done), progress=progress)
    return True


async def _change(scope: Scope, segment_id: int, change: MemberAction, ids: Sequence[int], origin: Origin) -> int:
    if change is MemberAction.ADD:
        return await manual_changes.change_members(scope, segment_id, add=ids, origin=origin)
    return await manual_changes.change_members(scope, segment_id, remove=ids, origin=origin)


async def _get_static(scope: Scope, segment_id: int) -> None:
    if await _kind(scope, segment_id) != SegmentKind.STATIC:
        raise Unsupported(
            "this segment's rule says who is in it: change the rule, or use segmentOverride to hold contacts in or out",
            ("segmentId",),
        )


async def _kind(scope: Scope, segment_id: int) -> SegmentKind:
    segment = await Segment.get_or_none(workspace_id=scope.workspace_id, id=segment_id, deleted_at=None).only(
        "id", "kind"
    )
    if segment is None:
        raise NotFound("there is no such segment, or it is deleted", ("segmentId",))
    return SegmentKind(segment.kind)


# ---------------------------------------------------------------- overridden


async def override(scope: Scope, segment_id: int, contact_ids: Sequence[int], held: Override | None) -> int:
    """None: the rule decides. Returns how many overrides changed.

    Raises NotFound or Unsupported at `segmentId`, Problems and LimitExceeded at `contactIds`.
    """
    async with db.transaction():
        if await _kind(scope, segment_id) == SegmentKind.STATIC:
            raise Unsupported(
                "a STATIC segment has no rule to hold against: use segmentContactsAdd or segmentContactsRemove",
                ("segmentId",),
            )
        ids = await selections.known(scope, contact_ids, ("contactIds",))
        changed = await manual_changes.override(scope, segment_id, ids, held)
        if changed:
            await audit_log.record(
                scope, "segment_override", "Segment", segment_id, {"override": held, "changed": changed}
            )
    return changed


# ---------------------------------------------------------------- listed


async def page_for_each(
    scope: Scope,
    segment_ids: Sequence[int],
    first: int,
    after_id: int | None = None,
    search: str | None = None,
    columns: Sequence[str] = COLUMNS,
) -> dict[int, list[db.Record]]:
    """By segment id up to `first` + 1 members after the contact `after_id`, newest contact first.

    Rows are contacts with `origin` and `joined_at`. Raises Invalid at `search`.
    """
    p = Parameters(scope.workspace_id, scope.timezone)
    found = "true" if search is None else selections.by_search(scope, search, p)
    after = "true" if after_id is None else f"m.contact_id < {p.bind(after_id, 'bigint')}"
    sql = f"""
        SELECT wanted.segment_id, page.*
        FROM unnest({p.bind(list(segment_ids), "bigint[]")}) AS wanted (segment_id), LATERAL (
            SELECT {columns_of(columns, p.workspace)}, m.origin, m.joined_at
            FROM memberships m
            JOIN contacts c ON c.workspace_id = {p.workspace} AND c.id = m.contact_id
            WHERE m.workspace_id = {p.workspace} AND m.segment_id = wanted.segment_id AND {after} AND {found}
            ORDER BY m.contact_id DESC LIMIT {p.bind(first + 1, "bigint")}) AS page
    """  # noqa: S608 - columns from a list, conditions with bound values
    pages: dict[int, list[db.Record]] = {segment_id: [] for segment_id in segment_ids}
    for row in await db.fetch(sql, *await p.values(clock.now())):
        pages[row["segment_id"]].append(row)
    return pages


async def count_found(scope: Scope, segment_id: int, search: str) -> int:
    p = Parameters(scope.workspace_id, scope.timezone)
    found = selections.by_search(scope, search, p)
    sql = f"""
        SELECT count(*) FROM memberships m
        JOIN contacts c ON c.workspace_id = {p.workspace} AND c.id = m.contact_id
        WHERE m.workspace_id = {p.workspace} AND m.segment_id = {p.bind(segment_id, "bigint")} AND {found}
    """  # noqa: S608 - conditions with bound values
    return int(await db.fetch_value(sql, *await p.values(clock.now())))
