"""Starts an import after a check of the request and of the file's beginning."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from models import db
from models.accounts import audit_log
from models.contacts import fields
from models.db import Record
from models.errors import DomainError, NotFound, Problems, Unsupported
from models.queue import jobs
from models.queue.jobs import Job, JobKind
from models.segments import uses
from models.segments.uses import UseKind
from models.transfers.files import storage
from models.transfers.imports import uploads
from models.transfers.imports.mapping import Options, check_options, locate_columns
from models.transfers.reading.bounded import inspect_head, inspect_workbook_head
from models.transfers.reading.encodings import encoding_called
from models.transfers.reading.inspection import Inspection, InspectionRequest
from models.transfers.reading.kinds import is_workbook
from models.transfers.reading.layout import HEAD_BYTES
from models.transfers.reading.reader import ParsedRows
from permissions.capabilities import Permission
from permissions.policy import allows
from permissions.principal import Scope


async def from_upload(scope: Scope, upload_id: int, options: Options) -> Job:
    """Raises Problems or a DomainError at `uploadId` or below `options`."""
    await _check(scope, options)
    return await _start(scope, await uploads.get_stored(scope, upload_id), options, ("uploadId",))


async def from_text(scope: Scope, text: str, options: Options) -> Job:
    """Imports pasted rows. Raises as above, with `text` for `uploadId`."""
    await _check(scope, options)
    options = replace(options, encoding="utf-8")
    upload = await uploads.keep_text(scope, text)
    try:
        return await _start(scope, upload, options, ("text",))
    except BaseException:
        await uploads.remove(scope.workspace_id, upload["id"])
        raise


async def _check(scope: Scope, options: Options) -> None:
    try:
        check_options(options, await fields.load(scope))
        await _check_segment(scope, options.add_to_segment_id)
    except (DomainError, Problems) as error:
        raise error.under("options") from None


async def _check_segment(scope: Scope, segment_id: int | None) -> None:
    if segment_id is None:
        return
    kind = await db.fetch_value(
        "SELECT kind FROM segments WHERE workspace_id = $1 AND id = $2 AND deleted_at IS NULL",
        scope.workspace_id,
        segment_id,
    )
    if kind is None:
        raise NotFound("there is no such segment, or it is deleted: choose one that exists", ("addToSegmentId",))
    if kind != "STATIC":
        raise Unsupported(f"the members of a {kind} segment follow its rule: choose a STATIC one", ("addToSegmentId",))


async def _start(scope: Scope, upload: Record, options: Options, source: Sequence[str]) -> Job:
    inspection, _ = await peek(upload, request_for(options), source, ("options",))
    try:
        locate_columns(options, inspection.header, inspection.width)
    except Problems as error:
        raise error.under("options") from None
    async with db.transaction():
        await uploads.take(scope, upload, source)
        request = {
            "upload_id": upload["id"],
            "filename": upload["filename"],
            "options": options.to_json(),
            "names_contacts": allows(scope.principal, Permission.CONTACT_READ),
        }
        job = await jobs.create(scope, JobKind.IMPORT, request, segment_id=options.add_to_segment_id)
        if options.add_to_segment_id is not None and not options.dry_run:
            path = ("options", "addToSegmentId")
            await uses.register(
                scope, [options.add_to_segment_id], UseKind.IMPORT, job.id, f"Import of {upload['filename']}", path=path
            )
        await audit_log.record(scope, "import_start", "ImportJob", job.id, _details(options))
    return job


def _details(options: Options) -> dict[str, Any]:
    recorded: Final = ("overwrite", "create", "dry_run", "add_to_segment_id", "replace_external_id")
    stored = options.to_json()
    return {"fields": [column.field for column in options.columns], **{name: stored[name] for name in recorded}}


def request_for(options: Options) -> InspectionRequest:
    columns = [column.column.strip() for column in options.columns] if options.has_header else []
    encoding = None if options.encoding is None else encoding_called(options.encoding)
    return InspectionRequest(
        options.has_header, options.delimiter, columns, encoding, options.header_row, options.sheet
    )


async def peek(
    upload: Record, request: InspectionRequest, source: Sequence[str | int], options: Sequence[str | int] = ()
) -> tuple[Inspection, ParsedRows]:
    """Inspect the beginning of a file.

    Gives its first rows, too. Raises DomainError at `source`, or below `options` for what the request says; an
    unreadable file is removed, unless an import uses it.
    """
    try:
        head = await storage().head(upload["key"], HEAD_BYTES)
        if is_workbook(head):
            async with storage().on_disk(upload["key"]) as file:
                return await inspect_workbook_head(file, request)
        return await inspect_head(head, request, whole=len(head) == upload["bytes"])
    except FileNotFoundError:
        raise NotFound("the file is not there any more: ask for a new upload", source) from None
    except DomainError as error:
        if error.path:
            raise error.under(*options) from None
        if upload["taken_at"] is None:
            await uploads.remove(upload["workspace_id"], upload["id"])
        raise error.under(*source) from None
