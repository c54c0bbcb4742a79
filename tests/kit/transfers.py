"""Uploads, imports and exports in the process of the tests."""

import csv
import io
import zipfile
from collections.abc import AsyncIterator, Iterable, Sequence
from pathlib import Path
from typing import Any

from models import db
from models.contacts import fields as contact_fields
from models.contacts.selections import ContactSelection
from models.queue import running_jobs
from models.queue.jobs import Job
from models.rules.tree import FieldType
from models.transfers.exports import export_file
from models.transfers.exports import run as export_run
from models.transfers.exports.export_file import Format
from models.transfers.exports.start import start_export
from models.transfers.imports import report, run, start, undo, uploads
from models.transfers.imports.mapping import Column, Options, Policy
from permissions.principal import Scope

MOST_BYTES = 100_000_000


async def sent(scope: Scope, content: bytes | str, filename: str = "contacts.csv") -> int:
    """The id of a new upload with this file."""
    row = await uploads.create(scope, filename, None, MOST_BYTES)
    await uploads.receive(scope.workspace_id, row["id"], _blocks(content), MOST_BYTES)
    return int(row["id"])


async def _blocks(content: bytes | str) -> AsyncIterator[bytes]:
    whole = content.encode() if isinstance(content, str) else content
    for offset in range(0, len(whole), 1 << 20):
        yield whole[offset : offset + (1 << 20)]


def mapped(*columns: Column | str | tuple[str, str] | tuple[str, str, str]) -> tuple[Column, ...]:
    """Columns from names of fields, (column, field), or (column, field, policy)."""
    made = []
    for column in columns:
        if isinstance(column, Column):
            made.append(column)
            continue
        name, field, *policy = (column, column) if isinstance(column, str) else column
        made.append(Column(name, field, Policy(policy[0]) if policy else Policy.OVERWRITE))
    return tuple(made)


def header_of(content: bytes | str) -> tuple[Column, ...]:
    """Columns from the header of a CSV that names the fields."""
    text = content.decode() if isinstance(content, bytes) else content
    return mapped(*next(csv.reader(io.StringIO(text))))


async def started(scope: Scope, content: bytes | str, *columns: Any, **options: Any) -> Job:
    """A queued import. Without columns, the header names the fields."""
    chosen = Options(mapped(*columns) if columns else header_of(content), **options)
    return await start.from_upload(scope, await sent(scope, content), chosen)


async def imported(scope: Scope, content: bytes | str, *columns: Any, **options: Any) -> Job:
    """A finished import."""
    return await finished(scope, await started(scope, content, *columns, **options))


async def finished(scope: Scope, job: Job) -> Job:
    """Run a queued import or undo, as a worker does."""
    held = await running_jobs.take(scope.workspace_id, job.id)
    assert held is not None
    work = undo.carry_on if "undo" in held.progress else run.carry_on
    async for _ in work(scope, held):
        pass
    await running_jobs.finish(held)
    return held


async def undone(scope: Scope, job: Job) -> Job:
    """Undo an import."""
    return await undo.undo_import(scope, job.id)


def counts(job: Job) -> dict[str, int]:
    """The counts that are not 0."""
    return {name: number for name, number in run.counts_of(job.progress).items() if number}


async def refused(scope: Scope, job: Job) -> list[dict[str, str]]:
    """The report of an import, row by row."""
    text = (await report_of(scope, job)).decode()
    return list(csv.DictReader(io.StringIO(text, newline=""))) if text else []


async def report_of(scope: Scope, job: Job) -> bytes:
    """The report of an import as a file."""
    return b"".join([block async for block in report.blocks(scope, job.id)])


async def everyone(scope: Scope, *columns: str) -> list[tuple[Any, ...]]:
    """These columns of all contacts, in order of creation."""
    rows = await db.fetch(
        f"SELECT {', '.join(columns)} FROM contacts WHERE workspace_id = $1 ORDER BY id", scope.workspace_id
    )
    return [tuple(row) for row in rows]


async def snapshot(scope: Scope) -> list[dict[str, Any]]:
    """All contacts without their ids and times."""
    rows = await db.fetch("SELECT * FROM contacts WHERE workspace_id = $1", scope.workspace_id)
    keep = [
        {name: value for name, value in row.items() if not name.endswith("ated_at") and name != "id"} for row in rows
    ]
    return sorted(keep, key=repr)


async def fields_of_every_type(scope: Scope) -> None:
    """A custom field of each type; its key is the type in lower case."""
    for kind in FieldType:
        choices = ["Red", "Green", "Blue; dark"] if kind in (FieldType.CHOICE, FieldType.MULTI_CHOICE) else None
        await contact_fields.create(scope, key=kind.value.lower(), label=kind.value, kind=kind, choices=choices)


# ---------------------------------------------------------------- out


async def exported(
    scope: Scope,
    selection: ContactSelection | None = None,
    fields: Sequence[str] | None = None,
    file_format: Format = Format.CSV,
    *,
    bom: bool = False,
) -> bytes:
    """The file of an export."""
    job = await start_export(scope, selection, fields, file_format, bom=bom)
    held = await running_jobs.take(scope.workspace_id, job.id)
    assert held is not None
    async for _ in export_run.carry_on(scope, held):
        pass
    await running_jobs.finish(held)
    return b"".join([block async for block in export_file.blocks(await export_file.get_file(scope, job.id))])


# ---------------------------------------------------------------- workbooks


def workbook(
    rows: Iterable[Sequence[str]] = (),
    *,
    sheet: str = "",
    sheets: str = "",
    styles: str = "",
    strings: Sequence[str] = (),
    others: Sequence[str] = (),
) -> bytes:
    """An .xlsx of one sheet. Each cell is the XML of a `<c>`, or a text for a string in place; or `sheet` is all its XML.

    `others` are all sheets, as XML: their links are rId1, rId2 and so on.
    """
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("_rels/.rels", _ROOT)
        archive.writestr("xl/workbook.xml", sheets or _WORKBOOK)
        archive.writestr("xl/_rels/workbook.xml.rels", _relations(len(others)) if others else _RELATIONS)
        if styles:
            archive.writestr("xl/styles.xml", styles)
        if strings:
            shared = "".join(f"<si>{one if one.startswith('<') else f'<t>{one}</t>'}</si>" for one in strings)
            archive.writestr("xl/sharedStrings.xml", f'<sst xmlns="{_MAIN}">{shared}</sst>')
        body = "".join(f"<row>{''.join(map(_cell, row))}</row>" for row in rows)
        body = sheet or f'<worksheet xmlns="{_MAIN}"><sheetData>{body}</sheetData></worksheet>'
        for index, one in enumerate(others or [body], 1):
            archive.writestr(f"xl/worksheets/sheet{index}.xml", one)
    return made.getvalue()


def _relations(sheets: int) -> str:
    links = "".join(f'<Relationship Id="rId{n}" Target="worksheets/sheet{n}.xml"/>' for n in range(1, sheets + 1))
    return f"<Relationships>{links}</Relationships>"


def _cell(cell: str) -> str:
    return cell if cell.startswith("<c") else f'<c t="inlineStr"><is><t>{cell}</t></is></c>'


_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_WORKBOOK = f'<workbook xmlns="{_MAIN}" xmlns:r="{_LINKS}"><sheets><sheet name="A" sheetId="1" r:id="rId1"/></sheets></workbook>'
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
_RELATIONS = (
    f'<Relationships xmlns="{_PACKAGE}"><Relationship Id="rId1" Type="{_LINKS}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="rId2" Type="{_LINKS}/sharedStrings" Target="sharedStrings.xml"/>'
    f'<Relationship Id="rId3" Type="{_LINKS}/styles" Target="styles.xml"/></Relationships>'
)
_ROOT = (
    f'<Relationships xmlns="{_PACKAGE}"><Relationship Id="rId1" Type="{_LINKS}/officeDocument" Target="xl/workbook.xml"/>'
    "</Relationships>"
)


# ---------------------------------------------------------------- workers


def with_files(folder: Path, chunk_rows: int = run.CHUNK_ROWS, part_ids: int = export_run.PART_IDS) -> str:
    """Code for a worker process: where files are, and the sizes of chunks and parts."""
    return f"""
from pathlib import Path
from models.transfers import files
from models.transfers.exports import run as export_run
from models.transfers.imports import run as import_run
from workers.storage import open_storage
files.use(open_storage(Path({str(folder)!r}), Path({str(folder)!r}) / "scratch"))
import_run.CHUNK_ROWS, export_run.PART_IDS = {chunk_rows}, {part_ids}
"""
