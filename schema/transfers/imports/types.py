"""Imports as the API shows them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import strawberry

from models import clock
from models.queue.jobs import JobKind
from models.transfers.imports import consents, report
from models.transfers.imports.run import counts_of
from permissions.capabilities import Permission
from permissions.policy import allows
from schema.jobs.types import Job, job_type
from schema.segments.job_types import segments_of_jobs
from schema.segments.types import Segment
from schema.server.context import Info
from schema.server.execution.batched import batched
from schema.server.execution.rows import derived, global_id, read
from schema.server.guard import scope_of
from schema.server.types.nodes import Node
from schema.server.types.scalars import JSON, BigInt
from schema.server.user_errors import UserError
from schema.transfers.imports.mapping_types import ImportMapping
from schema.transfers.imports.rejected_row_types import RejectedRowConnection, plain, rejected_rows_of
from schema.transfers.link_times import LINK_TIME, links_of
from schema.transfers.links import Purpose


def _count(name: str) -> Any:
    return derived(lambda job: counts_of(read(job, "progress"))[name])


def _layout(name: str, **options: Any) -> Any:
    return derived(lambda job: read(job, "progress").get("inspection", {}).get("layout", {}).get(name), **options)


def _undone_at(job: Any) -> datetime | None:
    text = read(job, "progress").get("undone_at")
    return None if text is None else datetime.fromisoformat(text)


async def _report_urls(rows: Sequence[Any], info: Info) -> Sequence[str | None]:
    """Returns URLs only for callers with CONTACT_IMPORT: reports hold personal data."""
    scope, links = scope_of(info), links_of(info)
    is_allowed = allows(scope.principal, Permission.CONTACT_IMPORT)
    until = clock.now() + LINK_TIME
    return [
        links.download(
            Purpose.REFUSALS, scope.workspace_id, read(job, "id"), until, f"rejected-rows-{read(job, 'id')}.csv"
        )
        if is_allowed and _has_report(job)
        else None
        for job in rows
    ]


async def _columns_of(rows: Sequence[Any], info: Info) -> Sequence[Sequence[str] | None]:
    is_allowed = allows(scope_of(info).principal, Permission.CONTACT_IMPORT)
    return [report.header_of(plain(job)) if is_allowed else None for job in rows]


def _has_report(job: Any) -> bool:
    counts = counts_of(read(job, "progress"))
    return any(counts[name] for name in ("skipped", "rejected", "partial")) and not report.has_expired(
        read(job, "finished_at")
    )


@job_type(JobKind.IMPORT)
@strawberry.type
class ImportJob(Node, Job):
    id: strawberry.ID = global_id("ImportJob")
    dry_run: bool = derived(lambda job: read(job, "input")["options"]["dry_run"])
    created: int = _count("created")
    updated: int = _count("updated")
    unchanged: int = derived(
        lambda job: counts_of(read(job, "progress"))["unchanged"],
        description="Rows that matched an existing contact and changed nothing in it.",
    )
    skipped: int = derived(
        lambda job: counts_of(read(job, "progress"))["skipped"],
        description="Rows that matched an existing contact while `overwrite` was false, or no contact while `create`"
        " was false, or repeated an earlier row.",
    )
    rejected: int = _count("rejected")
    notices: list[str] = derived(
        lambda job: consents.notices(read(job, "progress").get("consents_set_aside", 0)),
        description="What was set aside in rows that were written, and why: an opt-in for somebody who opted out, say.",
    )
    partial: int = derived(
        lambda job: counts_of(read(job, "progress"))["partial"],
        description="Rows that were created, updated or unchanged without all of their cells: bad ones that"
        " `onBadCell: LEAVE_OUT` left out, and consents of people who have opted out. The report says which.",
    )
    rejected_rows_url: str | None = batched(
        _report_urls,
        description="A CSV of the rejected, skipped and partial rows as they came, each with its line number, the column and the"
        " reason; null when none. For callers with CONTACT_IMPORT, and for an hour: read the job again for a new one.",
    )
    rejected_rows: RejectedRowConnection = batched(
        rejected_rows_of,
        description="The rows that `rejectedRowsUrl` holds, to be looked at, in the order of the file; none once they are"
        " no longer kept. For callers with CONTACT_IMPORT.",
    )
    columns: list[str] | None = batched(
        _columns_of,
        description="The headings of the file's columns, in the order of `rejectedRows.cells`; null for a file without"
        " a header, before it is read, and for callers without CONTACT_IMPORT.",
    )
    undone_at: datetime | None = derived(_undone_at)
    segment: Segment | None = batched(segments_of_jobs)
    filename: str = derived(lambda job: read(job, "input")["filename"])
    encoding: str | None = _layout("encoding", description="How the file was read: utf-8, utf-16, cp1251, cp1252, ...")
    delimiter: str | None = _layout("delimiter")
    sheet: str | None = derived(
        lambda job: read(job, "progress").get("inspection", {}).get("sheet"),
        description="The sheet of a workbook that was read.",
    )
    undone: int | None = derived(
        lambda job: read(job, "progress").get("undo", {}).get("undone"),
        description="How many contacts importUndo set right.",
    )
    kept: int | None = derived(
        lambda job: read(job, "progress").get("undo", {}).get("kept"),
        description="How many contacts importUndo left as they are, since they have changed after the import.",
    )


@strawberry.type(description="Where to PUT a file, and the id to start an import with.")
class StagedUpload:
    id: strawberry.ID
    url: str
    expires_at: datetime
    max_bytes: BigInt


@strawberry.type(description="A column of a file, and the field that suits it.")
class ImportColumnSuggestion:
    column: str = strawberry.field(description="As ImportColumnInput.column takes it.")
    field: str | None = strawberry.field(description="Null when nothing suits: leave the column out, or choose.")
    samples: list[str] = strawberry.field(description="Some of the cells.")
    confidence: float = strawberry.field(description="How sure that field is, from 0 to 1.")


@strawberry.type(
    description="How cells seem to be written, by the first rows. It is offered: set the option to take it."
)
class ImportOptionSuggestion:
    option: str = strawberry.field(description="The name of a field of ImportOptionsInput.")
    value: JSON = strawberry.field(description="As ImportOptionsInput takes it.")
    confidence: float = strawberry.field(description="How sure it is, from 0 to 1.")
    reason: str


@strawberry.type(description="What the beginning of a file tells.")
class ImportSuggestions:
    encoding: str
    delimiter: str
    columns: list[ImportColumnSuggestion]
    header_row: int = strawberry.field(
        description="As ImportOptionsInput.headerRow takes it: the first row below a title that looks like a header."
    )
    sheets: list[str] = strawberry.field(description="Of a workbook: those that can be seen. Else empty.")
    sheet: str | None = strawberry.field(description="Of a workbook: the one that was read.")
    options: list[ImportOptionSuggestion] = strawberry.field(
        description="Values for dateFormat, decimalComma, country, consentValues and listSeparator, where the cells need them."
    )
    mapping: ImportMapping | None = strawberry.field(
        description="The saved mapping of which the file has every column; of several, the one with most columns."
    )


@strawberry.type
class StagedUploadPayload:
    staged_upload: StagedUpload | None = None
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class ImportPayload:
    job: ImportJob | None = None
    user_errors: list[UserError] = strawberry.field(default_factory=list)
