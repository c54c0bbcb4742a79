"""Exports of contacts: types, inputs and mutations."""

from collections.abc import Sequence
from typing import Any

import strawberry
from strawberry import UNSET

from models import clock
from models.errors import at
from models.rules.depends import segments_mentioned
from models.transfers.exports.export_file import Format, is_ready
from models.transfers.exports.start import start_export
from permissions.capabilities import Permission
from permissions.policy import allows
from schema.contacts.inputs import ContactSelectionInput, selection_from_input
from schema.jobs.enums import JobKind
from schema.jobs.types import Job, job_type
from schema.segments.job_types import segments_of_jobs
from schema.segments.types import Segment
from schema.server.context import Info
from schema.server.execution.batched import batched
from schema.server.execution.rows import derived, global_id, read, shown
from schema.server.guard import admit, mutation, scope_of
from schema.server.types.nodes import Node
from schema.server.user_errors import UserError
from schema.transfers.link_times import LINK_TIME, links_of
from schema.transfers.links import Purpose

strawberry.enum(Format, name="ExportFormat")


async def _urls(rows: Sequence[Any], info: Info) -> Sequence[str | None]:
    """Returns download links, only for callers with CONTACT_EXPORT."""
    scope, links = scope_of(info), links_of(info)
    is_allowed = allows(scope.principal, Permission.CONTACT_EXPORT)
    until = clock.now() + LINK_TIME
    return [
        links.download(Purpose.EXPORT, scope.workspace_id, read(job, "id"), until, _filename(job))
        if is_allowed and is_ready(read(job, "status"), read(job, "finished_at"))
        else None
        for job in rows
    ]


def _filename(job: Any) -> str:
    return f"contacts-{read(job, 'id')}.{read(job, 'input')['format'].lower()}"


@job_type(JobKind.EXPORT)
@strawberry.type
class ExportJob(Node, Job):
    id: strawberry.ID = global_id("ExportJob")
    url: str | None = batched(
        _urls,
        description="Where to download the file, for a limited time; null until it is ready, when it is kept no longer,"
        " and for callers without CONTACT_EXPORT. Read the job again for a new address.",
    )
    format: Format = derived(lambda job: Format(read(job, "input")["format"]))
    segment: Segment | None = batched(segments_of_jobs)


@strawberry.input
class ExportStartInput:
    contacts: ContactSelectionInput | None = strawberry.field(default=UNSET, description="All of them when absent.")
    fields: list[str] | None = strawberry.field(
        default=None, description="Built-in fields and attributes.<key>; all of them when absent."
    )
    format: Format = Format.CSV
    bom: bool = strawberry.field(default=False, description="CSV only: a byte order mark, so that Excel reads accents.")


@strawberry.type
class ExportPayload:
    job: ExportJob | None = None
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class ExportMutation:
    @mutation(Permission.CONTACT_EXPORT, ExportPayload, cost=20)
    async def export_start(self, info: Info, input: ExportStartInput) -> ExportPayload:
        selection = await selection_from_input(info, input.contacts, ("input", "contacts")) if input.contacts else None
        if selection is not None and (selection.segment_id is not None or segments_mentioned(selection.filter)):
            admit(info.context, Permission.SEGMENT_READ)  # the file shows who is in the segment
        with at("input"):
            job = await start_export(scope_of(info), selection, input.fields, input.format, bom=input.bom)
        return ExportPayload(job=shown(ExportJob, job))
