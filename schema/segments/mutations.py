"""What people do to segments, and the long work that this can become."""

from collections.abc import Sequence
from typing import Any

import strawberry
from strawberry import UNSET

from models.queue.jobs import JobKind
from models.segments import lists, members, segments
from models.segments.members import MemberAction
from models.segments.segments import SegmentKind, SegmentOutcome
from permissions.capabilities import Permission
from schema.accounts.members import DeletePayload
from schema.contacts.selections import ContactSelectionInput, selection_from_input
from schema.jobs.jobs import Job, job_shown, job_type
from schema.rules.rule_input import RuleInput, rule_from_input
from schema.rules.rules import MembershipOverride
from schema.segments.segments import Segment
from schema.server.context import Info
from schema.server.execution.batched import batched
from schema.server.execution.rows import derived, outside_id, read, shown
from schema.server.guard import mutation, scope_of
from schema.server.ids import find_id, get_id, to_global_id
from schema.server.types.nodes import Node
from schema.server.user_errors import UserError

# ---------------------------------------------------------------- jobs


async def segments_of_jobs(rows: Sequence[Any], info: Info) -> Sequence[Any]:
    """The segment of each job, if it has one and it is not deleted."""
    numbers = {number for row in rows if (number := read(row, "segment_id")) is not None}
    found = await lists.by_ids(scope_of(info), list(numbers))
    by_number = {row["id"]: row for row in found}
    return [by_number.get(read(row, "segment_id")) for row in rows]


@job_type(JobKind.RECOMPUTE)
@strawberry.type
class RecomputeJob(Node, Job):
    """A dynamic segment computed again from the ground up."""

    id: strawberry.ID = outside_id("RecomputeJob")
    segment: Segment | None = batched(segments_of_jobs)


@job_type(JobKind.SEGMENT_CONTACTS)
@strawberry.type(description="Many contacts put into a STATIC segment, or taken out of it.")
class SegmentContactsJob(Node, Job):
    """A large change of members."""

    id: strawberry.ID = outside_id("SegmentContactsJob")
    changed: int = derived(
        lambda job: read(job, "progress").get("changed", 0), description="Members put in, or taken out, up to now."
    )
    segment: Segment | None = batched(segments_of_jobs)


# ---------------------------------------------------------------- inputs and payloads


@strawberry.input
class SegmentCreateInput:
    """A new segment."""

    name: str
    description: str | None = None
    kind: SegmentKind
    rule: RuleInput | None = None
    contacts: ContactSelectionInput | None = strawberry.field(
        default=None, description="STATIC only: the first members."
    )


@strawberry.input(description="`kind` can't be changed. `version`, when given, must be the current one.")
class SegmentUpdateInput:
    """What is to change; an absent field stays."""

    name: str | None = UNSET
    description: str | None = UNSET
    rule: RuleInput | None = UNSET
    version: int | None = None

    def values(self) -> dict[str, Any]:
        """What was given, as the models take it."""
        given = {"name": self.name, "description": self.description, "rule": self.rule}
        values: dict[str, Any] = {key: value for key, value in given.items() if value is not UNSET}
        if values.get("rule"):
            values["rule"] = rule_from_input(values["rule"])
        return values


@strawberry.type
class SegmentPayload:
    """Of what makes or changes a segment."""

    segment: Segment | None = None
    job: Job | None = strawberry.field(
        default=None, description="Set when the members are too many to be put in at once: it puts them in."
    )
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class SegmentContactsPayload:
    """Of what changes the members of a segment."""

    segment: Segment | None = None
    changed: int = 0
    job: Job | None = strawberry.field(
        default=None, description="Set when the selection is too large to finish at once."
    )
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class RecomputePayload:
    """Of segmentRecompute."""

    job: RecomputeJob | None = None
    user_errors: list[UserError] = strawberry.field(default_factory=list)


# ---------------------------------------------------------------- mutations


@strawberry.type
class SegmentMutation:
    """Segments are made, changed, deleted and restored; members come and go by hand."""

    @mutation(Permission.SEGMENT_WRITE, SegmentPayload)
    async def segment_create(self, info: Info, input: SegmentCreateInput) -> SegmentPayload:
        outcome = await segments.create(
            scope_of(info),
            input.kind,
            name=input.name,
            description=input.description,
            rule=rule_from_input(input.rule) if input.rule else None,
            contacts=selection_from_input(input.contacts) if input.contacts else None,
        )
        return _payload(outcome)

    @mutation(Permission.SEGMENT_WRITE, SegmentPayload)
    async def segment_update(self, info: Info, id: strawberry.ID, input: SegmentUpdateInput) -> SegmentPayload:
        number = get_id("Segment", id, ("id",))
        return _payload(await segments.update(scope_of(info), number, input.values(), input.version))

    @mutation(
        Permission.SEGMENT_WRITE,
        DeletePayload,
        description="Deletes the grouping, never the contacts. Refused with IN_USE while an active use remains, unless"
        " `force`.",
    )
    async def segment_delete(self, info: Info, id: strawberry.ID, force: bool | None = False) -> DeletePayload:
        number = get_id("Segment", id, ("id",))
        await segments.delete(scope_of(info), number, force=bool(force))
        return DeletePayload(deleted_id=strawberry.ID(to_global_id("Segment", number)))

    @mutation(
        Permission.SEGMENT_WRITE,
        SegmentPayload,
        description="Undoes a deletion within 30 days, members included. With very many members it takes some seconds: until"
        " then the segment is BUILDING, and still listed among the deleted ones.",
    )
    async def segment_restore(self, info: Info, id: strawberry.ID) -> SegmentPayload:
        return _payload(await segments.restore(scope_of(info), get_id("Segment", id, ("id",))))

    @mutation(
        Permission.SEGMENT_WRITE,
        SegmentPayload,
        description="A STATIC segment's copy has its members; a dynamic one's has its rule and its overrides.",
    )
    async def segment_duplicate(self, info: Info, id: strawberry.ID, name: str) -> SegmentPayload:
        return _payload(await segments.duplicate(scope_of(info), get_id("Segment", id, ("id",)), name))

    @mutation(
        Permission.SEGMENT_WRITE,
        SegmentContactsPayload,
        description="STATIC only. Takes ids, or everything that a rule or a search finds.",
    )
    async def segment_contacts_add(
        self, info: Info, segment_id: strawberry.ID, contacts: ContactSelectionInput
    ) -> SegmentContactsPayload:
        return await _change_contacts(info, segment_id, MemberAction.ADD, contacts)

    @mutation(Permission.SEGMENT_WRITE, SegmentContactsPayload)
    async def segment_contacts_remove(
        self, info: Info, segment_id: strawberry.ID, contacts: ContactSelectionInput
    ) -> SegmentContactsPayload:
        return await _change_contacts(info, segment_id, MemberAction.REMOVE, contacts)

    @mutation(
        Permission.SEGMENT_WRITE,
        SegmentContactsPayload,
        description="Dynamic segments: puts these contacts in, or keeps them out, whatever the rule says; null lifts it.",
    )
    async def segment_override(
        self,
        info: Info,
        segment_id: strawberry.ID,
        contact_ids: list[strawberry.ID],
        override: MembershipOverride | None = None,
    ) -> SegmentContactsPayload:
        scope, number = scope_of(info), get_id("Segment", segment_id, ("segmentId",))
        ids = [find_id("Contact", one) or 0 for one in contact_ids]
        changed = await members.override(scope, number, ids, override)
        return SegmentContactsPayload(segment=shown(Segment, await segments.find(scope, number)), changed=changed)

    @mutation(
        Permission.SEGMENT_WRITE,
        RecomputePayload,
        description="Computes a dynamic segment again from the ground up, and logs any difference as drift.",
    )
    async def segment_recompute(self, info: Info, id: strawberry.ID) -> RecomputePayload:
        job = await segments.recompute(scope_of(info), get_id("Segment", id, ("id",)))
        return RecomputePayload(job=shown(RecomputeJob, job))


def _payload(outcome: SegmentOutcome) -> SegmentPayload:
    return SegmentPayload(segment=shown(Segment, outcome.segment), job=job_shown(outcome.job))


async def _change_contacts(
    info: Info, segment_id: str, change: MemberAction, contacts: ContactSelectionInput
) -> SegmentContactsPayload:
    scope, number = scope_of(info), get_id("Segment", segment_id, ("segmentId",))
    done = await members.change(scope, number, change, selection_from_input(contacts))
    segment = shown(Segment, await segments.find(scope, number))
    return SegmentContactsPayload(segment=segment, changed=done.changed, job=job_shown(done.job))
