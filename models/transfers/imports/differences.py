"""Builds the statement that updates matched contacts, saves old values for undo, and marks changed fields dirty."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from models import clock
from models.contacts.attributes import Fields
from models.contacts.names import PARTS, joined_name_sql
from models.rules.tree import FieldType
from models.transfers.imports.mapping import ID, BadCell, MappedColumn, Policy
from models.transfers.imports.values import ReadPlan, RowChunk, attributes_of

TYPES: Final = {
    "external_id": "text",
    "name": "text",
    "first_name": "text",
    "last_name": "text",
    "email": "text",
    "phone": "text",
    "timezone": "text",
    "date_of_birth": "date",
    "subscribed_at": "timestamptz",
    "last_interaction_at": "timestamptz",
    "score": "integer",
    "whatsapp_consent": "text",
}

_EMPTY: Final = {"score": "0", "whatsapp_consent": "'UNKNOWN'"}
"""The empty value, where it is not null."""

STAGING: Final = "import_rows"

_LEFT_OUT: Final = "_left_out"

_LIST: Final = "text[]"
"""Staged as its text: many rows have the same list, and the driver takes longer over a list than over all else of a row."""


@dataclass(slots=True)
class _Statement:
    """`incoming`: types by column. `assigned`: new values by contact column."""

    incoming: dict[str, str] = field(default_factory=dict)
    assigned: dict[str, str] = field(default_factory=dict)
    constants: list[Any] = field(default_factory=list)
    watched: list[tuple[str, str, str]] = field(default_factory=list)
    """Name, old and new value of each field that rules can read."""
    consent_at: str = ""
    """The moment at which the import sets consent; empty when it does not."""


@dataclass(frozen=True, slots=True)
class Differences:
    """The statements, with the parameters workspace id, job id, and constants. Empty when no column writes."""

    staging_sql: str
    sql: str
    """Updates contacts that the transaction has locked."""
    counting_sql: str
    """The statement of a dry run."""
    set_aside_sql: str
    """Gives the lines of the staged rows that would undo an opt-out. Takes the workspace's id; empty when none can."""
    incoming: Mapping[str, str]
    """Types by column."""
    constants: tuple[Any, ...]
    groups: dict[str, tuple[MappedColumn, ...]]
    """Custom fields by column of JSON."""

    def records(self, chunk: RowChunk, rows: Sequence[tuple[int, int]]) -> Iterable[tuple[Any, ...]]:
        """Records to stage, from chunk indexes with contact ids."""
        indexes = [index for index, _ in rows]
        made: dict[str, Sequence[Any]] = {
            "contact_id": [contact_id for _, contact_id in rows],
            "line": [chunk.lines[index] for index in indexes],
        }
        for name, columns in self.groups.items():
            made[name] = attributes_of(chunk, columns, indexes, clearing=True)
        for name in self.incoming:
            if name.endswith(_LEFT_OUT):
                field = name.removesuffix(_LEFT_OUT)
                made[name] = [chunk.is_left_out(field, index) for index in indexes]
            elif name not in made:
                column = chunk.values[name] if self.incoming[name] != _LIST else _array_texts(chunk.values[name])
                made[name] = [column[index] for index in indexes]
        return zip(*(made[name] for name in self.incoming), strict=True)


def _array_texts(lists: Sequence[Sequence[str] | None]) -> list[str | None]:
    """Each list as PostgreSQL writes an array."""
    texts = {items: None if items is None else "{" + ",".join(map(_quoted, items)) + "}" for items in set(lists)}
    return list(map(texts.__getitem__, lists))


def _quoted(item: str) -> str:
    escaped = item.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def differences(plan: ReadPlan, fields: Fields, add_tags: Sequence[str]) -> Differences:
    statement = _Statement({"contact_id": "bigint", "line": "bigint"})
    for column in plan.columns:
        if column.key is None and column.field not in (ID, "tags"):
            _add_plain(statement, column)
    _add_name(statement, plan)
    _add_tags(statement, next((one for one in plan.columns if one.field == "tags"), None), add_tags)
    groups = _add_attributes(statement, [column for column in plan.columns if column.key is not None], fields)
    return Differences(
        staging_sql=_staging_sql(statement),
        sql=_update_sql(statement),
        counting_sql=_counting_sql(statement),
        set_aside_sql=_set_aside_sql(plan),
        incoming=statement.incoming,
        constants=tuple(statement.constants),
        groups=groups,
    )


# ---------------------------------------------------------------- new values


def _add_plain(statement: _Statement, column: MappedColumn) -> None:
    name, given = column.field, f"i.{column.field}"
    empty = _EMPTY.get(name, "NULL")
    match column.policy:
        case Policy.FILL_EMPTY:
            new = f"CASE WHEN c.{name} IS NOT DISTINCT FROM {empty} THEN coalesce({given}, c.{name}) ELSE c.{name} END"
        case Policy.REPLACE:
            new = f"coalesce({given}, {empty})" if name in _EMPTY else given
        case _:
            new = f"coalesce({given}, c.{name})"
    new = _unless_left_out(statement, column, new)
    if name == "whatsapp_consent":  # an opt-out stays
        new = f"CASE WHEN c.{name} = 'OPTED_OUT' THEN c.{name} ELSE {new} END"
        _add_consent(statement, new)
    statement.incoming[name] = TYPES[name]
    statement.assigned[name] = new
    statement.watched.append((name, f"c.{name}", f"n.{name}"))


def _add_consent(statement: _Statement, new: str) -> None:
    statement.consent_at = f"{_constant(statement, clock.now())}::timestamptz"
    for name, value in (("consent_source", "'IMPORT'"), ("consent_at", statement.consent_at)):
        statement.assigned[name] = f"CASE WHEN {new} <> c.whatsapp_consent THEN {value} ELSE c.{name} END"


def _set_aside_sql(plan: ReadPlan) -> str:
    if not any(one.field == "whatsapp_consent" and one.policy is not Policy.FILL_EMPTY for one in plan.columns):
        return ""
    return f"""
        SELECT i.line FROM {STAGING} i JOIN contacts c ON c.workspace_id = $1 AND c.id = i.contact_id
        WHERE i.whatsapp_consent <> 'OPTED_OUT' AND c.whatsapp_consent = 'OPTED_OUT'
    """  # noqa: S608 - a constant name


def _add_name(statement: _Statement, plan: ReadPlan) -> None:
    """A name that nobody gave follows first and last name (see models/contacts/names.py)."""
    policies = {column.field: column.policy for column in plan.columns}
    moves = any(part in policies for part in PARTS)
    if not moves and policies.get("name") is not Policy.REPLACE:
        return
    new = statement.assigned.get("name", "c.name")
    joined = joined_name_sql(*(statement.assigned.get(part, f"c.{part}") for part in PARTS))
    follows = f"c.name IS NOT DISTINCT FROM {joined_name_sql(*(f'c.{part}' for part in PARTS))}"
    if "name" in policies:
        kept = "c.name IS NOT NULL" if policies["name"] is Policy.FILL_EMPTY else "i.name IS NULL"
        follows = f"{kept} AND {follows}"
    else:
        statement.watched.append(("name", "c.name", "n.name"))
    statement.assigned["name"] = f"CASE WHEN {new} IS NULL OR ({follows}) THEN {joined} ELSE {new} END"


def _unless_left_out(statement: _Statement, column: MappedColumn, new: str) -> str:
    """A cell that was left out is not an empty one, which REPLACE clears."""
    if column.policy is not Policy.REPLACE or column.on_bad_cell is not BadCell.LEAVE_OUT:
        return new
    statement.incoming[f"{column.field}{_LEFT_OUT}"] = "boolean"
    return f"CASE WHEN i.{column.field}{_LEFT_OUT} THEN c.{column.field} ELSE {new} END"


def _add_tags(statement: _Statement, column: MappedColumn | None, add_tags: Sequence[str]) -> None:
    new = "c.tags"
    if column is not None:
        statement.incoming["tags"] = _LIST
        new = _unless_left_out(statement, column, _tags_by(column.policy, "i.tags"))
    if add_tags:
        new = f"muster_with_tags({new}, {_constant(statement, list(add_tags))}::text[])"
    if new != "c.tags":
        statement.assigned["tags"] = new
        statement.watched.append(("tags", "c.tags", "n.tags"))


def _tags_by(policy: Policy, given: str) -> str:
    match policy:
        case Policy.MERGE:
            return f"muster_with_tags(c.tags, {given})"
        case Policy.FILL_EMPTY:
            return f"CASE WHEN c.tags = '{{}}' THEN coalesce({given}, '{{}}') ELSE c.tags END"
        case Policy.REPLACE:
            return f"muster_same_tags(c.tags, coalesce({given}, '{{}}'))"
        case _:
            return f"muster_same_tags(c.tags, coalesce({given}, c.tags))"


def _add_attributes(
    statement: _Statement, columns: Sequence[MappedColumn], fields: Fields
) -> dict[str, tuple[MappedColumn, ...]]:
    groups: dict[str, tuple[MappedColumn, ...]] = {}
    new = "c.attributes"
    for name, policies, form in (
        ("filled", (Policy.FILL_EMPTY,), "(i.{name} || {new})"),
        ("set", (Policy.OVERWRITE, Policy.REPLACE), "({new} || i.{name})"),
        ("merged", (Policy.MERGE,), "({new} || {merged})"),
    ):
        chosen = tuple(column for column in columns if column.policy in policies)
        if chosen:
            groups[f"attributes_{name}"] = chosen
            statement.incoming[f"attributes_{name}"] = "jsonb"
            merged = " || ".join(_merged(statement, column, fields) for column in chosen) if name == "merged" else ""
            new = form.format(name=f"attributes_{name}", new=new, merged=merged)
    if any(column.policy is Policy.REPLACE for column in columns):
        new = f"jsonb_strip_nulls({new})"
    if columns:
        statement.assigned["attributes"] = new
    for column in columns:
        key = _constant(statement, column.key)
        statement.watched.append((column.field, f"c.attributes -> {key}::text", f"n.attributes -> {key}::text"))
    return groups


def _merged(statement: _Statement, column: MappedColumn, fields: Fields) -> str:
    """The union of both choices, in the field's order."""
    assert column.key is not None
    assert fields[column.key].type is FieldType.MULTI_CHOICE
    key = f"{_constant(statement, column.key)}::text"
    choices = _constant(statement, list(fields[column.key].choices or ()))
    given = f"(i.attributes_merged -> {key})"
    return f"""CASE WHEN {given} IS NULL THEN '{{}}'::jsonb ELSE jsonb_build_object({key}, (
        SELECT jsonb_agg(choice ORDER BY position) FROM unnest({choices}::text[]) WITH ORDINALITY AS t (choice, position)
        WHERE (c.attributes -> {key}) ? choice OR {given} ? choice)) END"""  # noqa: S608 - values bound


def _constant(statement: _Statement, value: Any) -> str:
    if value not in statement.constants:
        statement.constants.append(value)
    return f"${statement.constants.index(value) + 3}"


# ---------------------------------------------------------------- the statement


def _staging_sql(statement: _Statement) -> str:
    columns = ", ".join(f"{name} {'text' if kind == _LIST else kind}" for name, kind in statement.incoming.items())
    return f"CREATE TEMPORARY TABLE {STAGING} ({columns}) ON COMMIT DROP"


def _incoming(statement: _Statement) -> str:
    columns = ", ".join(f"{name}::{kind} AS {name}" for name, kind in statement.incoming.items())
    return f"incoming AS MATERIALIZED (SELECT $2::bigint AS job_id, {columns} FROM {STAGING})"  # noqa: S608


def _different(statement: _Statement) -> str:
    new = ", ".join(f"{expression} AS {name}" for name, expression in statement.assigned.items())
    before, after = _row("c", statement.assigned), _row("n", statement.assigned)
    return f"""
        FROM incoming i
        JOIN contacts c ON c.workspace_id = $1 AND c.id = i.contact_id
        CROSS JOIN LATERAL (SELECT {new}) AS n
        WHERE {before} IS DISTINCT FROM {after}"""  # noqa: S608 - names of the catalogue


def _row(alias: str, names: Collection[str]) -> str:
    return f"ROW({', '.join(f'{alias}.{name}' for name in names)})"


def _counting_sql(statement: _Statement) -> str:
    return f"WITH {_incoming(statement)} SELECT c.id {_different(statement)}" if statement.assigned else ""


def _update_sql(statement: _Statement) -> str:
    if not statement.assigned:
        return ""
    names = list(statement.assigned)
    before = ", ".join(f"'{name}', c.{name}" for name in names)
    watched = ", ".join(
        f"CASE WHEN {old} IS DISTINCT FROM {new} THEN {_literal(name)} END" for name, old, new in statement.watched
    )
    return f"""
    WITH {_incoming(statement)}, changed AS MATERIALIZED (
        SELECT c.id, i.line, n.*, jsonb_build_object({before}) AS before,
               array_remove(ARRAY['updated_at', {watched}], NULL){_told_words(statement)} AS fields
        {_different(statement)}
    ), updated AS (
        UPDATE contacts c SET {", ".join(f"{name} = changed.{name}" for name in names)}
        FROM changed WHERE c.workspace_id = $1 AND c.id = changed.id
        RETURNING c.id, c.updated_at, c.whatsapp_consent, changed.line, changed.before, changed.fields
    ), marked AS (
        INSERT INTO dirty_contacts (workspace_id, contact_id, fields, bulk) SELECT $1, id, fields, true FROM updated
    ), kept AS (
        INSERT INTO import_changes (workspace_id, job_id, contact_id, line, outcome, before, updated_at)
        SELECT $1, $2, id, line, 'UPDATED', before, updated_at FROM updated
        UNION ALL
        SELECT $1, $2, contact_id, line, 'UNCHANGED', NULL, now() FROM incoming
        WHERE contact_id NOT IN (SELECT id FROM updated)
    ){_consent_history(statement)}
    SELECT (SELECT count(*) FROM updated) AS updated
    """  # noqa: S608 - names of the catalogue, values bound


def _told_words(statement: _Statement) -> str:
    """As the trigger of contacts writes them: which tags came and went, and which time zone was before."""
    return (_TAG_WORDS if "tags" in statement.assigned else "") + (
        _ZONE_WORD if "timezone" in statement.assigned else ""
    )


_TAG_WORDS: Final = """
               || ARRAY(SELECT 'tag+:' || key FROM unnest(muster_fold(n.tags)) AS keys (key) WHERE NOT key = ANY (c.tag_keys))
               || ARRAY(SELECT 'tag-:' || key FROM unnest(c.tag_keys) AS keys (key) WHERE NOT key = ANY (muster_fold(n.tags)))"""

_ZONE_WORD: Final = """
               || ARRAY(SELECT 'timezone-:' || coalesce(c.timezone, '') WHERE c.timezone IS DISTINCT FROM n.timezone)"""


def _consent_history(statement: _Statement) -> str:
    if not statement.consent_at:
        return ""
    return f""", consents AS (
        INSERT INTO consent_changes (workspace_id, recorded_at, contact_id, at, source, from_consent, from_source, from_at,
                                     to_consent)
        SELECT $1, {statement.consent_at}, id, {statement.consent_at}, 'IMPORT', before ->> 'whatsapp_consent',
               before ->> 'consent_source', (before ->> 'consent_at')::timestamptz, whatsapp_consent
        FROM updated WHERE whatsapp_consent <> before ->> 'whatsapp_consent'
    )"""  # noqa: S608 - no value is pasted


def _literal(field_name: str) -> str:
    """Names hold only a-z, 0-9, _ and a dot."""
    return f"'{field_name}'"
