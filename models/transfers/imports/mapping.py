"""Which column of a file goes into which field, and how."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Final

from models.contacts.attributes import Fields
from models.contacts.built_in_fields import COLUMNS, check_tags
from models.errors import DomainError, Invalid, LimitExceeded, NotFound, Problems, Required, Unsupported
from models.rules.tree import FieldType
from models.transfers.cells import MOST_COLUMNS
from models.transfers.imports.consent_words import check_consent_words
from models.transfers.imports.day_formats import read_day_format
from models.transfers.reading.encodings import encoding_called
from models.transfers.reading.layout import check_delimiter, check_header_row
from models.values.phones import check_country
from models.values.texts import check_text, composed

ID: Final = "id"
"""It finds contacts and creates none."""

KEYS: Final = (ID, "external_id", "email", "phone")
"""They find the contact of a row, in this order."""

ATTRIBUTES: Final = "attributes."

_KEY_NEEDED = "map a column to external_id, email or phone: by them a row finds its contact"


class Policy(StrEnum):
    """What a column does to a contact that has a value. An empty cell clears only under REPLACE."""

    OVERWRITE = "OVERWRITE"
    FILL_EMPTY = "FILL_EMPTY"
    MERGE = "MERGE"
    REPLACE = "REPLACE"


class BadCell(StrEnum):
    """What becomes of a row with a cell that can't be read: nothing, or a contact without that value."""

    REJECT_ROW = "REJECT_ROW"
    LEAVE_OUT = "LEAVE_OUT"


@dataclass(frozen=True, slots=True)
class Column:
    """`column` is a header or a 0-based index."""

    column: str
    field: str
    policy: Policy = Policy.OVERWRITE
    on_bad_cell: BadCell = BadCell.REJECT_ROW


@dataclass(frozen=True, slots=True)
class Options:
    columns: tuple[Column, ...]
    has_header: bool = True
    delimiter: str | None = None
    list_separator: str = ";"
    overwrite: bool = False
    create: bool = True
    dry_run: bool = False
    add_to_segment_id: int | None = None
    add_tags: tuple[str, ...] = ()
    encoding: str | None = None
    header_row: int = 1
    sheet: str | None = None
    date_format: str | None = None
    decimal_comma: bool = False
    country: str | None = None
    consent_values: Mapping[str, str] = field(default_factory=dict)
    replace_external_id: bool = False

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Options":
        """Stored options may lack those that came later."""
        columns = tuple(
            Column(
                **{
                    **one,
                    "policy": Policy(one["policy"]),
                    "on_bad_cell": BadCell(one.get("on_bad_cell", BadCell.REJECT_ROW)),
                }
            )
            for one in stored["columns"]
        )
        return cls(**{**stored, "columns": columns, "add_tags": tuple(stored["add_tags"])})


@dataclass(frozen=True, slots=True)
class MappedColumn:
    """`index` in a row; `heading` in the file."""

    index: int
    heading: str
    field: str
    policy: Policy
    on_bad_cell: BadCell = BadCell.REJECT_ROW

    @property
    def key(self) -> str | None:
        return self.field.removeprefix(ATTRIBUTES) if self.field.startswith(ATTRIBUTES) else None


# ---------------------------------------------------------------- checks without the file


def check_options(options: Options, fields: Fields) -> Options:
    """Gives `options`. Raises Problems with paths, for mistakes that show without the file."""
    problems = _column_problems(options.columns, fields)
    delimiter, tags = options.delimiter, options.add_tags
    for name, check in (
        ("delimiter", lambda: delimiter is None or check_delimiter(delimiter)),
        ("encoding", lambda: options.encoding is None or encoding_called(options.encoding)),
        ("headerRow", lambda: check_header_row(options.header_row)),
        ("sheet", lambda: check_text(options.sheet or "", 1_000)),
        ("listSeparator", lambda: _check_list_separator(options.list_separator)),
        ("addTags", lambda: check_tags(tags)),
        ("dateFormat", lambda: options.date_format is None or read_day_format(options.date_format)),
        ("country", lambda: options.country is None or check_country(options.country)),
        ("consentValues", lambda: check_consent_words(options.consent_values)),
    ):
        try:
            check()
        except DomainError as error:
            problems.append(error.under(name))
        except Problems as several:
            problems.extend(several.under(name).errors)
    if not options.create and not options.overwrite:
        problems.append(
            Invalid("without `create` and without `overwrite` no row could do anything: set one", ("create",))
        )
    if problems:
        raise Problems(problems)
    return options


def _check_list_separator(separator: str) -> None:
    if len(separator) != 1 or separator.isalnum() or separator in '\\"\r\n\x00\x1f ':
        raise Invalid("a separator of lists is one character, such as ; or | or a comma")


def _column_problems(columns: Sequence[Column], fields: Fields) -> list[DomainError]:
    if not columns:
        return [Required(_KEY_NEEDED, ("columns",))]
    if len(columns) > MOST_COLUMNS:
        return [LimitExceeded(f"{len(columns):,} columns are too many: at most {MOST_COLUMNS}", ("columns",))]
    problems: list[DomainError] = []
    times = Counter(column.field for column in columns)
    for index, column in enumerate(columns):
        try:
            _check_column(column, fields, times)
        except DomainError as error:
            problems.append(error.under("columns", index))
    if not problems and not any(column.field in KEYS for column in columns):
        problems.append(Required(_KEY_NEEDED, ("columns",)))
    return problems


def _check_column(column: Column, fields: Fields, times: Mapping[str, int]) -> None:
    check_text(column.column, 1_000)
    kind = _type_of(column.field, fields)
    if times[column.field] > 1:
        raise Invalid(f"several columns are mapped to {column.field}: choose one of them", ("field",))
    if column.policy is Policy.MERGE and kind not in (FieldType.MULTI_CHOICE, None):
        raise Unsupported(
            "MERGE is for tags and fields of type MULTI_CHOICE: take OVERWRITE or FILL_EMPTY", ("policy",)
        )


def _type_of(field: str, fields: Fields) -> FieldType | None:
    """Returns None for tags. Raises Invalid when there is no such field."""
    if field == "tags":
        return None
    if field == ID or field in COLUMNS:
        return FieldType.TEXT
    key = field.removeprefix(ATTRIBUTES)
    if field.startswith(ATTRIBUTES) and key in fields:
        return fields[key].type
    built_in = ", ".join((ID, *COLUMNS))
    custom = "".join(f", {ATTRIBUTES}{known}" for known in sorted(fields)[:50])
    raise Invalid(f"there is no field {field[:100]!r}: the fields are {built_in}{custom}", ("field",))


# ---------------------------------------------------------------- columns of the file


def locate_columns(options: Options, header: Sequence[str] | None, width: int) -> list[MappedColumn]:
    """Raises Problems for columns that are missing or double."""
    located: list[MappedColumn] = []
    problems: list[DomainError] = []
    for position, column in enumerate(options.columns):
        try:
            index = _read_index(column.column, width) if header is None else _find_heading(column.column, header)
            located.append(MappedColumn(index, column.column, column.field, column.policy, column.on_bad_cell))
        except DomainError as error:
            problems.append(error.under("columns", position, "column"))
    if problems:
        raise Problems(problems)
    return located


def _find_heading(name: str, header: Sequence[str]) -> int:
    wanted = composed(name.strip())
    indexes = [index for index, heading in enumerate(header) if composed(heading) == wanted]
    if len(indexes) == 1:
        return indexes[0]
    if indexes:
        raise Invalid(f"{len(indexes)} columns of the file are called {wanted!r}: give each a name of its own")
    known = ", ".join(repr(heading) for heading in header[:30]) + (" and more" if len(header) > 30 else "")
    raise NotFound(f"the file has no column {wanted[:100]!r}: its columns are {known}")


def _read_index(text: str, width: int) -> int:
    if not text.strip().isdecimal():
        raise Invalid(
            f"{text[:100]!r} is not a column: the file has no header, so give its number from 0 to {width - 1}"
        )
    if int(text) >= width:
        raise NotFound(f"the file has no column {int(text)}: its first row has the columns 0 to {width - 1}")
    return int(text)
