"""Starts an export."""

from collections.abc import Sequence

from models import db
from models.accounts import audit_log
from models.contacts import fields as contact_fields
from models.contacts import selections
from models.contacts.attributes import Fields
from models.contacts.selections import ContactSelection
from models.errors import Invalid, LimitExceeded, Problems, Unsupported
from models.queue import jobs
from models.queue.jobs import Job, JobKind
from models.rules.parameters import Parameters
from models.scores import stored
from models.segments import uses
from models.segments.uses import UseKind
from models.transfers.exports.columns import BUILT_IN
from models.transfers.exports.export_file import Format
from models.transfers.imports.mapping import ATTRIBUTES
from permissions.principal import Scope


async def start_export(
    scope: Scope,
    selection: ContactSelection | None,
    fields: Sequence[str] | None,
    file_format: Format,
    *,
    bom: bool = False,
) -> Job:
    """Queue an export. None means all. Raises Problems or a DomainError at `contacts`, `fields` or `bom`."""
    if bom and file_format is not Format.CSV:
        raise Unsupported(f"a byte order mark is for CSV: leave it out for {file_format}", ("bom",))
    scores = stored.fields_of(await stored.rows_of(scope.workspace_id))
    names = _check_fields(fields, await contact_fields.load(scope), list(scores))
    selection = None if selection == ContactSelection() else selection
    if selection is not None:
        await selections.condition(scope, selection, Parameters(scope.workspace_id, scope.timezone), ("contacts",))
    segment_id = None if selection is None else selection.segment_id
    request = {
        "contacts": None if selection is None else selections.to_json(selection),
        "fields": list(names),
        "format": file_format,
        "bom": bom,
    }
    details = {"fields": list(names), "format": file_format}
    async with db.transaction():
        job = await jobs.create(scope, JobKind.EXPORT, request, segment_id=segment_id)
        if segment_id is not None:
            await uses.register(scope, [segment_id], UseKind.EXPORT, job.id, "Export", path=("contacts", "segmentId"))
        await audit_log.record(scope, "export_start", "ExportJob", job.id, details)
    return job


def _check_fields(fields: Sequence[str] | None, custom: Fields, scores: Sequence[str]) -> Sequence[str]:
    known = (*BUILT_IN, *(f"{ATTRIBUTES}{key}" for key in custom), *scores)
    if fields is None:
        return known
    if not fields:
        raise Invalid("name at least one field, or leave `fields` out for all of them", ("fields",))
    if len(fields) > len(known):
        raise LimitExceeded(f"{len(fields)} fields are more than there are", ("fields",))
    problems = [
        Invalid(f"there is no field {name[:100]!r}: the fields are {', '.join(known[:80])}", ("fields", index))
        for index, name in enumerate(fields)
        if name not in known
    ]
    problems += [
        Invalid(f"{name} is there twice", ("fields", index))
        for index, name in enumerate(fields)
        if name in fields[:index]
    ]
    if problems:
        raise Problems(problems)
    return fields
