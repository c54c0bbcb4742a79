from typing import Any

import strawberry
from strawberry import UNSET

from models.transfers.imports.mapping import BadCell, Column, Options, Policy
from models.transfers.imports.saved_mappings import NOT_SAVED
from schema.server.ids import find_id
from schema.server.types.scalars import JSON

strawberry.enum(
    Policy,
    name="ImportPolicy",
    description="What a column does to a contact that already has a value. An empty cell never clears, except under"
    " REPLACE.",
)
strawberry.enum(
    BadCell,
    name="BadCellPolicy",
    description="What becomes of a row with a cell that can't be read. REJECT_ROW: nothing. LEAVE_OUT: the row goes in"
    " without it, and the report says so.",
)


@strawberry.input
class ImportColumnInput:
    column: str = strawberry.field(
        description="Header of the column, or its 0-based number as text when the file has no header."
    )
    field: str = strawberry.field(
        description="A built-in field (email, phone, name, first_name, last_name, external_id, timezone,"
        " date_of_birth, subscribed_at, last_interaction_at, score, whatsapp_consent, tags) or attributes.<key>."
        " `id` is the id that Muster gave the contact: it finds contacts, and makes none."
    )
    policy: Policy = Policy.OVERWRITE
    on_bad_cell: BadCell = strawberry.field(
        default=BadCell.REJECT_ROW, description="What becomes of a row whose cell in this column can't be read."
    )


@strawberry.input
class ImportOptionsInput:
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
    encoding: str | None = strawberry.field(
        default=None,
        description="Such as windows-1251; worked out from the file when absent, and refused when that is not certain.",
    )
    header_row: int = strawberry.field(
        default=1,
        description="1-based, as a spreadsheet counts; the rows above are passed over. Without a header: the first row.",
    )
    sheet: str | None = strawberry.field(
        default=None, description="Of a workbook: its name. The first one that can be seen when absent."
    )
    date_format: str | None = strawberry.field(
        default=None,
        description="How days are written: YYYY-MM-DD when absent. D, M and Y in any order, such as DD/MM/YYYY.",
    )
    decimal_comma: bool = strawberry.field(
        default=False, description="Numbers are written as 1.234,5, and not as 1234.5."
    )
    country: str | None = strawberry.field(
        default=None,
        description="For phone numbers without one, ISO 3166-1 alpha-2; the workspace's when absent.",
    )
    consent_values: JSON | None = strawberry.field(
        default=None, description='What cells of a consent column mean, such as {"yes": "OPTED_IN"}.'
    )
    replace_external_id: bool = strawberry.field(
        default=False,
        description="Give a contact that was found by e-mail or phone, and has another external id, this one.",
    )


@strawberry.input
class ImportMappingSaveInput:
    name: str = strawberry.field(description="A mapping that has this name already is replaced.")
    options: ImportOptionsInput = strawberry.field(
        description="As for an import; `dryRun` and `addToSegmentId` are not saved."
    )


@strawberry.input
class ImportUploadInput:
    upload_id: strawberry.ID
    options: ImportOptionsInput


@strawberry.input
class ImportPastedInput:
    text: str
    options: ImportOptionsInput


@strawberry.input(one_of=True)
class ImportStartInput:
    upload: ImportUploadInput | None = UNSET
    pasted: ImportPastedInput | None = strawberry.field(default=UNSET, description="Pasted rows, up to 1 MB.")


def options_as_input(options: Options) -> dict[str, Any]:
    """As ImportOptionsInput takes them, without those of a single import."""
    given = {_outside_name(name): value for name, value in options.to_json().items() if name not in NOT_SAVED}
    return {**given, "columns": [{_outside_name(key): value for key, value in one.items()} for one in given["columns"]]}


def _outside_name(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))


def options_from_input(given: ImportOptionsInput) -> Options:
    segment_id = None
    if given.add_to_segment_id is not None:
        segment_id = find_id("Segment", given.add_to_segment_id) or 0  # 0 is never found
    return Options(
        columns=tuple(Column(one.column, one.field, one.policy, one.on_bad_cell) for one in given.columns),
        has_header=given.has_header,
        delimiter=given.delimiter,
        list_separator=given.list_separator,
        overwrite=given.overwrite,
        create=given.create,
        dry_run=given.dry_run,
        add_to_segment_id=segment_id,
        add_tags=tuple(given.add_tags or ()),
        encoding=given.encoding,
        header_row=given.header_row,
        sheet=given.sheet,
        date_format=given.date_format,
        decimal_comma=given.decimal_comma,
        country=given.country,
        consent_values={} if given.consent_values is None else given.consent_values,  # type: ignore[arg-type]
        replace_external_id=given.replace_external_id,
    )
