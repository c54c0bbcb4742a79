"""What is done with a workflow once it is edited: published, activated, paused, filled and emptied."""

from datetime import datetime
from typing import Any

import strawberry

from models.errors import at
from models.rules.operands import read_duration
from models.workflows.lifecycle import activation, commands, contacts
from models.workflows.lifecycle.activation import Activation
from models.workflows.lifecycle.contacts import ContactsChanged
from models.workflows.publishing.publish import Answers, publish
from permissions.capabilities import Permission
from schema.contacts.inputs import ContactSelectionInput, selection_from_input
from schema.enrollments.enums import EnrollmentState
from schema.jobs.types import Job, job_shown
from schema.server.context import Info
from schema.server.execution.rows import shown
from schema.server.guard import mutation, scope_of
from schema.server.ids import find_id, get_id
from schema.server.user_errors import UserError
from schema.workflows.enums import LatePolicy
from schema.workflows.inputs import WorkflowPublishInput, moves_from_input
from schema.workflows.mutations import WorkflowPayload, payload
from schema.workflows.types import Workflow


@strawberry.type
class WorkflowContactsPayload:
    workflow: Workflow | None = None
    changed: int = 0
    job: Job | None = strawberry.field(default=None, description="Set when there are too many to finish at once.")
    user_errors: list[UserError] = strawberry.field(default_factory=list)


def _contacts_payload(row: Any, changed: int = 0, job: Any = None) -> WorkflowContactsPayload:
    return WorkflowContactsPayload(workflow=shown(Workflow, row), changed=changed, job=job_shown(job))


def _changed(done: ContactsChanged) -> WorkflowContactsPayload:
    return _contacts_payload(done.workflow, done.changed, done.job)


def _id_of(workflow_id: str, argument: str = "id") -> int:
    return get_id("Workflow", workflow_id, (argument,))


@strawberry.type
class WorkflowLifecycleMutation:
    @mutation(
        Permission.WORKFLOW_WRITE,
        WorkflowPayload,
        description="`token` is the preview's: CONFLICT when what it counted no longer holds. Needs BROADCAST_SEND too when"
        " a node sends, SEGMENT_WRITE when one changes a segment, and WEBHOOK_MANAGE when one posts to an endpoint.",
    )
    async def workflow_publish(self, info: Info, id: strawberry.ID, input: WorkflowPublishInput) -> WorkflowPayload:
        with at("spread"):
            spread = read_duration(input.spread)
        answers = Answers(input.token, input.enrolled, moves_from_input(input.moves), spread, input.note)
        workflow, job = await publish(scope_of(info), _id_of(id), answers)
        return WorkflowPayload(workflow=shown(Workflow, workflow), job=job_shown(job))

    @mutation(
        Permission.WORKFLOW_WRITE,
        WorkflowContactsPayload,
        description="`existing`: also those who are in a trigger's segment already. Call again without `testSegmentId` to"
        " open it to everybody.",
    )
    async def workflow_activate(
        self,
        info: Info,
        id: strawberry.ID,
        existing: bool = False,
        test_segment_id: strawberry.ID | None = None,
        at: datetime | None = None,
    ) -> WorkflowContactsPayload:
        testers = None if test_segment_id is None else find_id("Segment", test_segment_id) or 0
        done = await activation.activate(scope_of(info), _id_of(id), Activation(existing, testers, at))
        return _contacts_payload(done[0], 0, done[1])

    @mutation(Permission.WORKFLOW_WRITE, WorkflowPayload)
    async def workflow_pause(self, info: Info, id: strawberry.ID) -> WorkflowPayload:
        return payload(await commands.pause(scope_of(info), _id_of(id)))

    @mutation(Permission.WORKFLOW_WRITE, WorkflowPayload)
    async def workflow_resume(
        self, info: Info, id: strawberry.ID, late: LatePolicy = LatePolicy.PROCEED
    ) -> WorkflowPayload:
        return payload(await commands.resume(scope_of(info), _id_of(id), late))

    @mutation(Permission.WORKFLOW_WRITE, WorkflowPayload)
    async def workflow_drain(self, info: Info, id: strawberry.ID) -> WorkflowPayload:
        return payload(await commands.drain(scope_of(info), _id_of(id)))

    @mutation(Permission.WORKFLOW_WRITE, WorkflowPayload, description="Ends those inside at once.")
    async def workflow_archive(self, info: Info, id: strawberry.ID) -> WorkflowPayload:
        return payload(await commands.archive(scope_of(info), _id_of(id)))

    @mutation(Permission.WORKFLOW_WRITE, WorkflowContactsPayload)
    async def workflow_contacts_add(
        self,
        info: Info,
        workflow_id: strawberry.ID,
        contacts: ContactSelectionInput,
        node_key: str | None = None,
        idempotency_key: str | None = None,
    ) -> WorkflowContactsPayload:
        chosen = await selection_from_input(info, contacts)
        return _changed(await _add(info, workflow_id, chosen, node_key, idempotency_key))

    @mutation(Permission.WORKFLOW_WRITE, WorkflowContactsPayload)
    async def workflow_contacts_remove(
        self, info: Info, workflow_id: strawberry.ID, contacts: ContactSelectionInput
    ) -> WorkflowContactsPayload:
        return _changed(await _remove(info, workflow_id, await selection_from_input(info, contacts)))

    @mutation(
        Permission.WORKFLOW_WRITE,
        WorkflowContactsPayload,
        description="Those at one node go on from another, now: a wait cut short, a failure tried again.",
    )
    async def workflow_contacts_move(
        self,
        info: Info,
        workflow_id: strawberry.ID,
        from_key: str,
        to_key: str,
        state: EnrollmentState | None = None,
    ) -> WorkflowContactsPayload:
        done = await contacts.move(scope_of(info), _id_of(workflow_id, "workflowId"), from_key, to_key, state)
        return _changed(done)


async def _add(info: Info, workflow_id: str, chosen: Any, node: str | None, key: str | None) -> ContactsChanged:
    return await contacts.add(scope_of(info), _id_of(workflow_id, "workflowId"), chosen, node, key)


async def _remove(info: Info, workflow_id: str, chosen: Any) -> ContactsChanged:
    return await contacts.remove(scope_of(info), _id_of(workflow_id, "workflowId"), chosen)
