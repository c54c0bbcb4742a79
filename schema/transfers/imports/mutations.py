import strawberry

from models.db import Record
from models.errors import Required, at
from models.queue.jobs import Job as JobRow
from models.transfers.imports import start, undo, uploads
from permissions.capabilities import Permission
from schema.server.context import Info
from schema.server.execution.rows import shown
from schema.server.guard import admit, mutation, scope_of
from schema.server.ids import get_id, to_global_id
from schema.server.types.scalars import BigInt
from schema.transfers.imports.inputs import ImportStartInput, options_from_input
from schema.transfers.imports.types import ImportJob, ImportPayload, StagedUpload, StagedUploadPayload
from schema.transfers.link_times import links_of
from schema.transfers.links import Links


@strawberry.type
class ImportMutation:
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
        job = await undo.undo_import(scope_of(info), get_id("ImportJob", id, ("id",)))
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
            upload_id = get_id("StagedUpload", given.upload.upload_id, ("uploadId",))
            return await start.from_upload(scope_of(info), upload_id, options_from_input(given.upload.options))
    if given.pasted:
        with at("input", "pasted"):
            return await start.from_text(scope_of(info), given.pasted.text, options_from_input(given.pasted.options))
    raise Required("say where the rows are: `upload` or `pasted`", ("input",))
