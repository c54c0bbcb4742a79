"""Contacts from files: uploads, imports, what became of their rows, and taking them back."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import strawberry
from strawberry import UNSET

from models import clock
from models.db import Record
from models.errors import Required, at
from models.queue.jobs import Job as JobRow
from models.queue.jobs import JobKind
from models.transfers.imports import report, starting, suggesting, undo, uploads
from models.transfers.imports.inspection import InspectionRequest
from models.transfers.imports.layout import check_delimiter
from models.transfers.imports.mapping import Column, Options, Policy
from models.transfers.imports.running import counts_of
from permissions.capabilities import Permission
from permissions.policy import allows
from schema.jobs.jobs import Job, job_type
from schema.segments.mutations import segments_of_jobs
from schema.segments.segments import Segment
from schema.server.context import Info
from schema.server.execution.batched import batched
from schema.server.execution.rows import derived, outside_id, read, shown
from schema.server.guard import admit, mutation, query, scope_of
from schema.server.ids import find_id, get_id, to_global_id
from schema.server.types.nodes import Node
from schema.server.types.scalars import BigInt
from schema.server.user_errors import UserError
from schema.transfers.links import Links, Purpose

strawberry.enum(
    Policy,
    name="ImportPolicy",
    description="What a column does to a contact that already has a value. An empty cell never clears, except under"
    " REPLACE.",
)

LINK_TIME = timedelta(hours=1)
"""How long an address to fetch a file is good. Reading the job again gives a new one."""


def links_of(info: Info) -> Links:
    """How this installation makes its addresses."""
    links = info.context.links
    assert links is not None, "the API was built without links"
    return links


# ---------------------------------------------------------------- types


def _count(name: str) -> Any:
    return derived(lambda job: counts_of(read(job, "progress"))[name])


def _layout(name: str, **options: Any) -> Any:
    return derived(lambda job: read(job, "progress").get("survey", {}).get("layout", {}).get(name), **options)


def _undone_at(job: Any) -> datetime | None:
    text = read(job, "progress").get("undone_at")
    return None if text is None else datetime.fromisoformat(text)


async def _refused_urls(rows: Sequence[Any], info: Info) -> Sequence[str | None]:
    """Where the refused rows of each import can be fetched, for callers who may import: they hold people's data."""
    scope, links = scope_of(info), links_of(info)
    may = allows(scope.principal, Permission.CONTACT_IMPORT)
    until = clock.now() + LINK_TIME
    return [
        links.download(
            Purpose.REFUSALS, scope.workspace_id, read(job, "id"), until, f"rejected-rows-{read(job, 'id')}.csv"
        )
        if may and _refused(job)
        else None
        for job in rows
    ]


def _refused(job: Any) -> bool:
    counts = counts_of(read(job, "progress"))
    return bool(counts["skipped"] or counts["rejected"]) and not report.is_gone(read(job, "finished_at"))


@job_type(JobKind.IMPORT)
@strawberry.type
class ImportJob(Node, Job):
    """A file, or rows pasted by hand, on their way into the contacts."""

    id: strawberry.ID = outside_id("ImportJob")
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
    rejected_rows_url: str | None = batched(
        _refused_urls,
        description="A CSV of the rejected and skipped rows as they came, each with its line number, the column and the"
        " reason; null when none. For callers with CONTACT_IMPORT, and for an hour: read the job again for a new one.",
    )
    undone_at: datetime | None = derived(_undone_at)
    segment: Segment | None = batched(segments_of_jobs)
    filename: str = derived(lambda job: read(job, "input")["filename"])
    encoding: str | None = _layout("encoding", description="How the file was read: utf-8, utf-16, cp1252, ...")
    delimiter: str | None = _layout("delimiter")
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
    """An upload that was announced."""

    id: strawberry.ID
    url: str
    expires_at: datetime
    max_bytes: BigInt


@strawberry.type(description="A column of a file, and the field that suits it.")
class ImportColumnSuggestion:
    """What importStart's `columns` can begin with."""

    column: str = strawberry.field(description="As ImportColumnInput.column takes it.")
    field: str | None = strawberry.field(description="Null when nothing suits: leave the column out, or choose.")
    samples: list[str] = strawberry.field(description="Some of the cells.")


@strawberry.type(description="What the beginning of a file tells.")
class ImportSuggestions:
    """A look into a file before it is imported."""

    encoding: str
    delimiter: str
    columns: list[ImportColumnSuggestion]


# ---------------------------------------------------------------- inputs and payloads


@strawberry.input
class ImportColumnInput:
    """A column of the file and where it goes."""

    column: str = strawberry.field(
        description="Header of the column, or its 0-based number as text when the file has no header."
    )
    field: str = strawberry.field(
        description="A built-in field (email, phone, name, external_id, date_of_birth, subscribed_at,"
        " last_interaction_at, score, whatsapp_consent, tags) or attributes.<key>. `id` is the id that Muster gave the"
        " contact: it finds contacts, and makes none."
    )
    policy: Policy = Policy.OVERWRITE


@strawberry.input
class ImportOptionsInput:
    """How to read a file and what to do with it."""

    columns: list[ImportColumnInput]
    has_header: bool = True
    delimiter: str | None = strawberry.field(
        default=None, description="One character; worked out from the file when absent."
    )
    list_separator: str = strawberry.field(
        default=";", description="What stands between the tags, or the choices, in one cell."
    )
    overwrite: bool = strawberry.field(
        default=False, description="Update contacts that exist already, column by column as their policies say."
    )
    create: bool = strawberry.field(default=True, description="Create contacts that do not exist.")
    dry_run: bool = strawberry.field(
        default=False, description="Count the outcomes and write the report, and change nothing."
    )
    add_to_segment_id: strawberry.ID | None = None
    add_tags: list[str] | None = strawberry.field(default_factory=list)


@strawberry.input
class ImportUploadInput:
    """A file that was sent."""

    upload_id: strawberry.ID
    options: ImportOptionsInput


@strawberry.input
class ImportPastedInput:
    """Rows in the request itself."""

    text: str
    options: ImportOptionsInput


@strawberry.input(one_of=True)
class ImportStartInput:
    """Where the rows are."""

    upload: ImportUploadInput | None = UNSET
    pasted: ImportPastedInput | None = strawberry.field(default=UNSET, description="Rows pasted by hand, up to 1 MB.")


@strawberry.type
class StagedUploadPayload:
    """Of stagedUploadCreate."""

    staged_upload: StagedUpload | None = None
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class ImportPayload:
    """Of importStart and importUndo."""

    job: ImportJob | None = None
    user_errors: list[UserError] = strawberry.field(default_factory=list)


def _options(given: ImportOptionsInput) -> Options:
    segment_id = None
    if given.add_to_segment_id is not None:
        segment_id = find_id("Segment", given.add_to_segment_id) or 0  # which no segment has
    return Options(
        columns=tuple(Column(one.column, one.field, one.policy) for one in given.columns),
        has_header=given.has_header,
        delimiter=given.delimiter,
        list_separator=given.list_separator,
        overwrite=given.overwrite,
        create=given.create,
        dry_run=given.dry_run,
        add_to_segment_id=segment_id,
        add_tags=tuple(given.add_tags or ()),
    )


# ---------------------------------------------------------------- queries


@strawberry.type
class ImportQuery:
    """Before an import."""

    @query(
        Permission.CONTACT_IMPORT,
        cost=20,
        description="Which field each column of an uploaded file is probably meant for, judged by the header and the"
        " first rows.",
    )
    async def import_column_suggestions(
        self, info: Info, upload_id: strawberry.ID, has_header: bool = True, delimiter: str | None = None
    ) -> ImportSuggestions:
        scope = scope_of(info)
        upload = await uploads.get_stored(scope, get_id("StagedUpload", upload_id, ("uploadId",)))
        with at("delimiter"):
            wanted = InspectionRequest(has_header, None if delimiter is None else check_delimiter(delimiter))
        seen, found = await suggesting.suggest(scope, upload, wanted, ("uploadId",))
        columns = [ImportColumnSuggestion(column=one.column, field=one.field, samples=one.samples) for one in found]
        return ImportSuggestions(encoding=seen.layout.encoding, delimiter=seen.layout.delimiter, columns=columns)


# ---------------------------------------------------------------- mutations


@strawberry.type
class ImportMutation:
    """Bringing contacts in."""

    @mutation(Permission.CONTACT_IMPORT, StagedUploadPayload)
    async def staged_upload_create(
        self,
        info: Info,
        filename: str,
        bytes: BigInt | None = None,
    ) -> StagedUploadPayload:
        links = links_of(info)
        row = await uploads.create(scope_of(info), filename, bytes, links.upload_limit_bytes)
        return StagedUploadPayload(staged_upload=_staged(row, links))

    @mutation(Permission.CONTACT_IMPORT, ImportPayload, cost=20)
    async def import_start(self, info: Info, input: ImportStartInput) -> ImportPayload:
        if any(given.options.add_to_segment_id is not None for given in (input.upload, input.pasted) if given):
            admit(info.context, Permission.SEGMENT_WRITE)
        job = await _start(info, input)
        return ImportPayload(job=shown(ImportJob, job))

    @mutation(
        Permission.CONTACT_IMPORT,
        ImportPayload,
        cost=20,
        description="Takes back an import's creations and updates where the contact has not changed since, within 30"
        " days. A large import is taken back by the workers: follow the job; `undoneAt` is set at its end.",
    )
    async def import_undo(self, info: Info, id: strawberry.ID) -> ImportPayload:
        job = await undo.take_back(scope_of(info), get_id("ImportJob", id, ("id",)))
        return ImportPayload(job=shown(ImportJob, job))


def _staged(row: Record, links: Links) -> StagedUpload:
    until = row["created_at"] + uploads.SEND_WITHIN
    return StagedUpload(
        id=strawberry.ID(to_global_id("StagedUpload", row["id"])),
        url=links.upload(row["workspace_id"], row["id"], until),
        expires_at=until,
        max_bytes=BigInt(links.upload_limit_bytes),
    )


async def _start(info: Info, given: ImportStartInput) -> JobRow:
    if given.upload:
        with at("input", "upload"):
            number = get_id("StagedUpload", given.upload.upload_id, ("uploadId",))
            return await starting.start_upload(scope_of(info), number, _options(given.upload.options))
    if given.pasted:
        with at("input", "pasted"):
            return await starting.start_pasted(scope_of(info), given.pasted.text, _options(given.pasted.options))
    raise Required("say where the rows are: `upload` or `pasted`", ("input",))
