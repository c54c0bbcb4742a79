"""Contacts on their way out: chosen, written part by part to storage, kept for a while.

A part holds the contacts of a stretch of ids; each one is committed with the job's progress, so that an export goes on after
the last part whatever happens to its worker. `docs/exports.md` says how values are written; imports read them back.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from models import clock, db
from models.accounts import audit_log
from models.contacts import fields as contact_fields
from models.contacts import selections
from models.contacts.attributes import Fields
from models.contacts.built_in_fields import COLUMNS
from models.contacts.selections import ContactSelection
from models.errors import Invalid, LimitExceeded, NotFound, Problems
from models.queue import jobs
from models.queue.jobs import Job, JobKind, JobStatus
from models.rules.parameters import Parameters
from models.rules.tree import FieldType
from models.segments import uses
from models.segments.uses import UseKind
from models.transfers.cells import FORMULA_SIGNS
from models.transfers.files import FileWriter, storage
from models.transfers.imports.mapping import ATTRIBUTES, ID
from models.values.instants import told_sql
from permissions.principal import Scope

PART_IDS: Final = 50_000
"""Contacts of a part at most."""

KEPT_FOR: Final = timedelta(days=7)
"""How long a finished export can be fetched."""

BUILT_IN: Final = (ID, *COLUMNS, "created_at", "updated_at")
"""The built-in fields of an export, in their order."""


class Format(StrEnum):
    """How an export is written."""

    CSV = "CSV"
    NDJSON = "NDJSON"


# ---------------------------------------------------------------- asked for


async def start(scope: Scope, selection: ContactSelection | None, fields: Sequence[str] | None, form: Format) -> Job:
    """Queue an export of these contacts (None: all), with these fields (None: all).

    Raises Problems or a DomainError at `contacts` or `fields`.
    """
    custom = await contact_fields.load(scope)
    chosen = _check_fields(fields, custom)
    selection = None if selection == ContactSelection() else selection
    if selection is not None:
        await selections.condition(scope, selection, Parameters(scope.workspace_id, scope.timezone), ("contacts",))
    segment_id = None if selection is None else selection.segment_id
    asked = {
        "contacts": None if selection is None else selections.to_json(selection),
        "fields": list(chosen),
        "format": form,
    }
    async with db.transaction():
        job = await jobs.create(scope, JobKind.EXPORT, asked, segment_id=segment_id)
        if segment_id is not None:
            await uses.register(scope, [segment_id], UseKind.EXPORT, job.id, "Export", path=("contacts", "segmentId"))
        await audit_log.record(scope, "export_start", "ExportJob", job.id, {"fields": list(chosen), "format": form})
    return job


def _check_fields(fields: Sequence[str] | None, custom: Fields) -> Sequence[str]:
    known = (*BUILT_IN, *(f"{ATTRIBUTES}{key}" for key in custom))
    if fields is None:
        return known
    if not fields:
        raise Invalid("name at least one field, or leave `fields` out for all of them", ("fields",))
    if len(fields) > len(known):
        raise LimitExceeded(f"{len(fields)} fields are more than there are", ("fields",))
    problems = [
        Invalid(f"there is no field {name[:100]!r}: the fields are {', '.join(known[:80])}", ("fields", place))
        for place, name in enumerate(fields)
        if name not in known
    ]
    problems += [
        Invalid(f"{name} is there twice", ("fields", place))
        for place, name in enumerate(fields)
        if name in fields[:place]
    ]
    if problems:
        raise Problems(problems)
    return fields


# ---------------------------------------------------------------- written


async def carry_on(scope: Scope, job: Job) -> AsyncGenerator[None, None]:
    """Do the export `job` from where it stands, and yield after each part."""
    try:
        if job.total is None:
            await jobs.progress(job, total=await _count(scope, job))
            yield
        while not job.progress.get("written"):
            await _write_part(scope, job)
            yield
        await uses.release(scope, UseKind.EXPORT, job.id)
    finally:
        if job.cancel_asked_at is not None:
            await uses.release(scope, UseKind.EXPORT, job.id)
            await remove_parts(job.workspace_id, job.id)


async def _count(scope: Scope, job: Job) -> int:
    p = Parameters(scope.workspace_id, scope.timezone)
    sql = f"SELECT count(*) FROM contacts c WHERE c.workspace_id = {p.workspace} AND {await _chosen(scope, job, p)}"  # noqa: S608
    return int(await db.fetch_value(sql, *await p.values(_now_of(job))))


async def _chosen(scope: Scope, job: Job, p: Parameters) -> str:
    stored = job.input["contacts"]
    if stored is None:
        return "true"
    return f"({await selections.condition(scope, selections.from_json(stored), p)})"


def _now_of(job: Job) -> datetime:
    """One moment for all parts: what a rule says of the last 30 days is the same from first to last."""
    return job.started_at or clock.now()


_LAST_OF_PART: Final = """
    SELECT max(id) FROM (SELECT id FROM contacts WHERE workspace_id = $1 AND id > $2 ORDER BY id LIMIT $3) AS part
"""


async def _write_part(scope: Scope, job: Job) -> None:
    after = job.progress.get("after", 0)
    last = await db.fetch_value(_LAST_OF_PART, scope.workspace_id, after, PART_IDS)
    parts: list[int] = job.progress.get("parts", [])
    if last is None and parts:
        await jobs.progress(job, done=job.done, total=job.done, progress={**job.progress, "written": True})
        return
    rows, size = await _write(scope, job, after, last or 0, len(parts))
    progress = {**job.progress, "after": last or 0, "parts": [*parts, size]}
    await jobs.progress(job, done=job.done + rows, progress=progress)


async def _write(scope: Scope, job: Job, after: int, last: int, number: int) -> tuple[int, int]:
    """Write part `number`; gives its rows and bytes. The first one has the header, even when there are no contacts."""
    form = Format(job.input["format"])
    p = Parameters(scope.workspace_id, scope.timezone)
    chosen = await _chosen(scope, job, p)
    custom = await contact_fields.load(scope)
    shown = _shown(job.input["fields"], custom, form, all_of_them=not await _is_one_leaving(scope))
    sql = f"""
        SELECT {shown} FROM contacts c
        WHERE c.workspace_id = {p.workspace} AND c.id > {p.bind(after, "bigint")} AND c.id <= {p.bind(last, "bigint")}
          AND {chosen}
        ORDER BY c.id
    """  # noqa: S608 - names of the catalogue, values bound
    async with storage().writer(part_key(job.workspace_id, job.id, number)) as writer:
        sink = _Sink(writer, form)
        options = _CSV | {"header": number == 0} if form is Format.CSV else _LINES
        rows = await db.copy_out(sql, *await p.values(_now_of(job)), output=sink.take, **options)
        await sink.flush()
    return rows, sink.size


_CSV: Final[dict[str, Any]] = {"format": "csv"}

# JSON text has neither of these characters, so that COPY takes nothing for something to be quoted.
_LINES: Final[dict[str, Any]] = {"format": "csv", "quote": "\x01", "delimiter": "\x02"}


class _Sink:
    """Takes what COPY gives, ends the lines of CSV as RFC 4180 has it, and passes it on in larger blocks."""

    def __init__(self, writer: FileWriter, form: Format) -> None:
        self.size = 0
        self._writer, self._ends_lines, self._quoted = writer, form is Format.CSV, False
        self._held: list[bytes] = []
        self._held_bytes = 0

    async def take(self, block: bytes) -> None:
        """The next block."""
        whole = self._with_crlf(block) if self._ends_lines else bytes(block)
        self._held.append(whole)
        self._held_bytes += len(whole)
        if self._held_bytes > 1 << 20:
            await self.flush()

    async def flush(self) -> None:
        """Pass on what is held."""
        if self._held:
            await self._writer.write(b"".join(self._held))
            self.size += self._held_bytes
            self._held, self._held_bytes = [], 0

    def _with_crlf(self, block: bytes) -> bytes:
        if not self._quoted and b'"' not in block:
            return block.replace(b"\n", b"\r\n")
        pieces = block.split(b'"')
        for place in range(len(pieces)):
            if not self._quoted:
                pieces[place] = pieces[place].replace(b"\n", b"\r\n")
            self._quoted = not self._quoted
        self._quoted = not self._quoted  # as many quotes as there are pieces, less one
        return b'"'.join(pieces)


def part_key(workspace_id: int, job_id: int, number: int) -> str:
    """Where storage has a part."""
    return f"exports/{workspace_id}/{job_id}/{number:06}"


async def remove_parts(workspace_id: int, job_id: int) -> None:
    """Remove all that an export has written."""
    async for key, _ in storage().each_key(f"exports/{workspace_id}/{job_id}"):
        await storage().delete(key)


# ---------------------------------------------------------------- values


async def _is_one_leaving(scope: Scope) -> bool:
    """Whether values of a field that is being deleted may still be among the contacts' attributes."""
    return bool(
        await db.fetch_value(
            "SELECT EXISTS (SELECT FROM contact_fields WHERE workspace_id = $1 AND deleted_at IS NOT NULL)",
            scope.workspace_id,
        )
    )


def _shown(names: Sequence[str], custom: Fields, form: Format, *, all_of_them: bool = True) -> str:
    """The select list. `all_of_them`: who wants every custom field can have the attributes as they are."""
    if form is Format.CSV:
        return ", ".join(f'{_cell(name, custom)} AS "{name}"' for name in names)
    plain = [f"'{name}', {_value(name)}" for name in names if not name.startswith(ATTRIBUTES)]
    keys = [name.removeprefix(ATTRIBUTES) for name in names if name.startswith(ATTRIBUTES)]
    if keys:
        plain.append(f"'attributes', {_attributes(keys, all_of_them and set(keys) == set(custom))}")
    return f"json_build_object({', '.join(plain)})"


def _attributes(keys: Sequence[str], all_of_them: bool) -> str:
    """The custom fields of NDJSON: those that are set."""
    if all_of_them:
        return "c.attributes"
    chosen = ", ".join(f"'{key}', c.attributes -> '{key}'" for key in keys)
    return f"jsonb_strip_nulls(jsonb_build_object({chosen}))"


def _value(name: str) -> str:
    """What NDJSON shows of a built-in field."""
    if name == ID:
        return _OUTSIDE_ID
    return _cell(name, {}) if name in _INSTANTS or name == "date_of_birth" else f"c.{name}"


_OUTSIDE_ID: Final = "rtrim(translate(encode(convert_to('Contact:' || c.id, 'UTF8'), 'base64'), '+/', '-_'), '=')"

_INSTANTS: Final = ("subscribed_at", "last_interaction_at", "created_at", "updated_at")


def _cell(name: str, custom: Fields) -> str:
    """What a cell of CSV shows of a field."""
    if name == ID:
        return _OUTSIDE_ID
    if name in _INSTANTS:
        return f"replace(({told_sql(f'c.{name}', 'timestamptz')})::text, ' ', 'T') || ':00'"  # in UTC, PostgreSQL writes +00
    if name == "date_of_birth":
        return f"({told_sql(f'c.{name}', 'date')})::text"
    if name == "tags":
        return _joined("c.tags")
    if not name.startswith(ATTRIBUTES):
        return _guarded(f"c.{name}") if name in ("external_id", "name", "email") else f"c.{name}"
    key = name.removeprefix(ATTRIBUTES)
    kind = custom[key].type if key in custom else None
    if kind is None:
        return "NULL::text"  # deleted since the export was asked for
    if kind is FieldType.MULTI_CHOICE:
        return _joined(f"ARRAY(SELECT jsonb_array_elements_text(c.attributes -> '{key}'))")
    value = f"(c.attributes ->> '{key}')"
    return _guarded(value) if kind in (FieldType.TEXT, FieldType.CHOICE) else value


def _joined(items: str) -> str:
    """A list as one cell. Nearly all need nothing but a separator, and PostgreSQL takes its time for the rest."""
    is_plain = f"array_to_string({items}, '') !~ '^[{_SIGNS}'']|[;\\\\]'"
    plain = f"nullif(array_to_string({items}, ';'), '')"
    return f"CASE WHEN {is_plain} THEN {plain} ELSE muster_guard(muster_join_list({items})) END"


def _guarded(value: str) -> str:
    """The cell made harmless to spreadsheets, as `cells.guard` does it."""
    return f"CASE WHEN {value} ~ '^[{_SIGNS}'']' THEN muster_guard({value}) ELSE {value} END"


_SIGNS: Final = FORMULA_SIGNS.replace("-", "").replace("\t", "\\t").replace("\r", "\\r").replace("\n", "\\n") + "\\-"


# ---------------------------------------------------------------- fetched


@dataclass(frozen=True, slots=True)
class ExportFile:
    """A finished export, in parts."""

    format: Format
    keys: Sequence[str]
    size: int


def is_ready(status: str, finished_at: datetime | None) -> bool:
    """Whether the file of an export in this state can be fetched now."""
    return status == JobStatus.SUCCEEDED and finished_at is not None and clock.now() < finished_at + KEPT_FOR


async def get_file(scope: Scope, job_id: int) -> ExportFile:
    """The file of a finished export. Raises NotFound when there is none, or none any more."""
    job = await jobs.find(scope, job_id)
    if job is None or job.kind != JobKind.EXPORT or not is_ready(job.status, job.finished_at):
        raise NotFound("there is no such file")
    parts = job.progress["parts"]
    keys = [part_key(scope.workspace_id, job_id, number) for number in range(len(parts))]
    return ExportFile(Format(job.input["format"]), keys, sum(parts))


async def blocks(file: ExportFile) -> AsyncIterator[bytes]:
    """The contents of the file."""
    for key in file.keys:
        async for block in storage().blocks(key):
            yield block
