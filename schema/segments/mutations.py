"""Changes of segments and their members."""

import strawberry

from models.segments import members, segments
from models.segments.members import MemberAction
from models.segments.segments import SegmentOutcome
from permissions.capabilities import Permission
from schema.contacts.inputs import ContactSelectionInput, selection_from_input
from schema.jobs.types import Job, job_shown
from schema.membership.enums import Override
from schema.rules.query_inputs import one_rule, places_of
from schema.segments.inputs import SegmentCreateInput, SegmentUpdateInput
from schema.segments.job_types import RecomputeJob
from schema.segments.types import Segment
from schema.server.context import Info
from schema.server.execution.rows import shown
from schema.server.guard import mutation, scope_of
from schema.server.ids import find_id, get_id, to_global_id
from schema.server.types.delete_payload import DeletePayload
from schema.server.user_errors import UserError


@strawberry.type
class SegmentPayload:
    segment: Segment | None = None
    job: Job | None = strawberry.field(
        default=None, description="Set when the members are too many to add at once: it adds them."
    )
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class SegmentContactsPayload:
    segment: Segment | None = None
    changed: int = 0
    job: Job | None = strawberry.field(
        default=None, description="Set when the selection is too large to finish at once."
    )
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class RecomputePayload:
    job: RecomputeJob | None = None
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class SegmentMutation:
    @mutation(Permission.SEGMENT_WRITE, SegmentPayload)
    async def segment_create(self, info: Info, input: SegmentCreateInput) -> SegmentPayload:
        scope = scope_of(info)
        rule, text = await one_rule(info, input.rule, input.rule_query)
        contacts = await selection_from_input(info, input.contacts) if input.contacts else None
        with places_of(text):
            outcome = await segments.create(
                scope, input.kind, name=input.name, description=input.description, rule=rule, contacts=contacts
            )
        return _payload(outcome)

    @mutation(Permission.SEGMENT_WRITE, SegmentPayload)
    async def segment_update(self, info: Info, id: strawberry.ID, input: SegmentUpdateInput) -> SegmentPayload:
        segment_id = get_id("Segment", id, ("id",))
        rule, text = await one_rule(info, input.rule or None, input.rule_query)
        values = input.values() if text is None else input.values() | {"rule": rule}
        with places_of(text):
            return _payload(await segments.update(scope_of(info), segment_id, values, input.version))

    @mutation(
        Permission.SEGMENT_WRITE,
        DeletePayload,
        description="Deletes the grouping, never the contacts. Refused with IN_USE while an active use remains, unless"
        " `force`.",
    )
    async def segment_delete(self, info: Info, id: strawberry.ID, force: bool | None = False) -> DeletePayload:
        segment_id = get_id("Segment", id, ("id",))
        await segments.delete(scope_of(info), segment_id, force=bool(force))
        return DeletePayload(deleted_id=strawberry.ID(to_global_id("Segment", segment_id)))

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
        override: Override | None = None,
    ) -> SegmentContactsPayload:
        scope, own_id = scope_of(info), get_id("Segment", segment_id, ("segmentId",))
        changed = await members.override(scope, own_id, [find_id("Contact", one) or 0 for one in contact_ids], override)
        return SegmentContactsPayload(segment=shown(Segment, await segments.find(scope, own_id)), changed=changed)

    @mutation(
        Permission.SEGMENT_WRITE,
        RecomputePayload,
        description="Computes a dynamic segment again from the beginning, and logs any difference as drift.",
    )
    async def segment_recompute(self, info: Info, id: strawberry.ID) -> RecomputePayload:
        job = await segments.recompute(scope_of(info), get_id("Segment", id, ("id",)))
        return RecomputePayload(job=shown(RecomputeJob, job))


def _payload(outcome: SegmentOutcome) -> SegmentPayload:
    return SegmentPayload(segment=shown(Segment, outcome.segment), job=job_shown(outcome.job))


async def _change_contacts(
    info: Info, segment_id: str, action: MemberAction, contacts: ContactSelectionInput
) -> SegmentContactsPayload:
    scope, own_id = scope_of(info), get_id("Segment", segment_id, ("segmentId",))
    outcome = await members.change(scope, own_id, action, await selection_from_input(info, contacts))
    segment = shown(Segment, await segments.find(scope, own_id))
    return SegmentContactsPayload(segment=segment, changed=outcome.changed, job=job_shown(outcome.job))
