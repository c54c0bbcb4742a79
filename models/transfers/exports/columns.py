"""The columns of an export, as SQL over `contacts c`; imports read them back."""

from collections.abc import Sequence
from typing import Final

from models.contacts.attributes import Fields
from models.contacts.built_in_fields import COLUMNS
from models.rules.fields import score_sql
from models.rules.tree import Field, FieldType
from models.transfers.cells import FORMULA_SIGNS, SEPARATORS
from models.transfers.exports.export_file import Format
from models.transfers.imports.mapping import ATTRIBUTES, ID, KEYS
from models.values.instants import clamped_sql

SCORES: Final = "scores."

BUILT_IN: Final = (ID, *COLUMNS, "created_at", "updated_at")


def select_list(names: Sequence[str], custom: Fields, file_format: Format, *, whole_attributes: bool) -> str:
    """A column for each name in CSV and XLSX, one JSON object in NDJSON.

    `whole_attributes`: custom fields are read as one stored object, which is faster.
    """
    if file_format is not Format.NDJSON:
        guarded = file_format is Format.CSV
        return ", ".join(f'{_cell(name, custom, guarded=guarded)} AS "{name}"' for name in names)
    members = [f"'{name}', {_json_value(name)}" for name in names if not name.startswith(ATTRIBUTES)]
    keys = [name.removeprefix(ATTRIBUTES) for name in names if name.startswith(ATTRIBUTES)]
    if keys:
        members.append(f"'attributes', {_attributes(keys, whole_attributes and set(keys) == set(custom))}")
    return f"json_build_object({', '.join(members)})"


# ---------------------------------------------------------------- NDJSON


def _attributes(keys: Sequence[str], whole: bool) -> str:
    if whole:
        return "c.attributes"
    chosen = ", ".join(f"'{key}', c.attributes -> '{key}'" for key in keys)
    return f"jsonb_strip_nulls(jsonb_build_object({chosen}))"


def _json_value(name: str) -> str:
    if name == ID:
        return _GLOBAL_ID
    computed = name in _INSTANTS or name == "date_of_birth" or name.startswith(SCORES)
    return _cell(name, {}, guarded=False) if computed else f"c.{name}"


# In base64, digits after `Contact:` give neither + nor /, so that they need not become - and _.
_GLOBAL_ID: Final = "rtrim(encode(('Contact:' || c.id)::bytea, 'base64'), '=')"

_INSTANTS: Final = ("subscribed_at", "last_interaction_at", "created_at", "updated_at")


_AS_INSTANT: Final = """'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'"""
"""As the values of custom fields of type DATETIME are stored."""


# ---------------------------------------------------------------- CSV


def _cell(name: str, custom: Fields, *, guarded: bool) -> str:
    if name == ID:
        return _GLOBAL_ID
    if name.startswith(SCORES):
        return _score_cell(name, guarded=guarded)
    if name in _INSTANTS:
        return f"to_char(({clamped_sql(f'c.{name}', 'timestamptz')}) AT TIME ZONE 'UTC', {_AS_INSTANT})"
    if name == "date_of_birth":
        return f"({clamped_sql(f'c.{name}', 'date')})::text"
    if name == "tags":
        return _joined("c.tags", guarded=guarded)
    if name.startswith(ATTRIBUTES):
        return _custom_cell(name.removeprefix(ATTRIBUTES), custom, guarded=guarded)
    return _guarded(f"c.{name}", name in KEYS) if guarded and name in _FREE_TEXTS else f"c.{name}"


_FREE_TEXTS: Final = ("external_id", "name", "first_name", "last_name", "email")


def _score_cell(name: str, *, guarded: bool) -> str:
    """Empty when the score was deleted since."""
    value = score_sql(Field(name, "", FieldType.NUMBER, score=True))
    if not name.endswith(".level"):
        return f"trim_scale({value})"
    return _guarded(value) if guarded else value


def _custom_cell(key: str, custom: Fields, *, guarded: bool) -> str:
    if key not in custom:
        return "NULL::text"  # the field was deleted since
    kind = custom[key].type
    if kind is FieldType.MULTI_CHOICE:
        return _joined(f"ARRAY(SELECT jsonb_array_elements_text(c.attributes -> '{key}'))", guarded=guarded)
    value = f"(c.attributes ->> '{key}')"
    return _guarded(value) if guarded and kind in (FieldType.TEXT, FieldType.CHOICE) else value


def _joined(items: str, *, guarded: bool) -> str:
    """The functions that escape and guard are slow, and most lists need only separators."""
    is_plain = f"array_to_string({items}, E'\\n') !~ E'[;|\"\\\\\\t\\r]|(^|\\n)[''{_SIGNS}]'"
    plain = f"nullif(array_to_string({items}, ';'), '')"
    escaped = f"muster_guard(muster_join_list({items}))" if guarded else f"muster_join_list({items})"
    return f"CASE WHEN {is_plain} THEN {plain} ELSE {escaped} END"


def _guarded(value: str, is_key: bool = False) -> str:
    guarded = f"muster_guard({value}, true)" if is_key else f"muster_guard({value})"
    return f"CASE WHEN {value} ~ E'^[''{_SIGNS}]|[{_ENDS}]' THEN {guarded} ELSE {value} END"


def _escaped(characters: str) -> str:
    return characters.replace("\t", "\\t").replace("\r", "\\r").replace("\n", "\\n")


_SIGNS: Final = _escaped(FORMULA_SIGNS.replace("-", "")) + "-"
_ENDS: Final = _escaped(SEPARATORS)
