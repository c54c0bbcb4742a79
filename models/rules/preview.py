"""What a rule builder asks for: how many and who a rule would find, and which values a field has."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from models import clock, db
from models.errors import Invalid
from models.rules.catalogue import BUILT_IN
from models.rules.check import check
from models.rules.compile import whole
from models.rules.describe import describe
from models.rules.fields import kept_text_sql
from models.rules.loading import load_catalogue
from models.rules.parameters import Parameters
from models.rules.tree import Field, FieldType
from models.values.texts import escape_like
from permissions.principal import Scope

SUGGESTED_FROM: Final = 5_000
"""Suggestions are made from this many contacts with a value that begins as asked."""


@dataclass(frozen=True, slots=True)
class Preview:
    """How many contacts a rule finds now, the ids of the first ones, and the rule in words."""

    count: int
    contact_ids: tuple[int, ...]
    rule_text: str


async def preview(scope: Scope, rule_json: object, first: int) -> Preview:
    """What a rule (JSON) would find at this moment. Raises Problems below `rule`."""
    rule = check(rule_json, await load_catalogue(scope, rule_json))
    p = Parameters(scope.workspace_id, scope.timezone)
    compiled = whole([rule], p)
    sql = _FIND.format(
        joins=compiled.joins, workspace=p.workspace, condition=compiled.conditions[0], first=p.bind(first, "bigint")
    )
    row = await db.fetch_row(sql, *await p.values(clock.now()))
    assert row is not None, "an aggregate has a row"
    return Preview(row["count"], tuple(row["ids"]), describe(rule))


# One look for both: they are of one moment, and a rule that finds few is not looked for row by row.
_FIND = """
WITH found AS MATERIALIZED (
    SELECT c.id FROM contacts AS c {joins} WHERE c.workspace_id = {workspace} AND {condition}
)
SELECT (SELECT count(*) FROM found) AS count, ARRAY(SELECT id FROM found ORDER BY id LIMIT {first}) AS ids
"""


# ---------------------------------------------------------------- suggestions


async def rule_fields(scope: Scope) -> list[Field]:
    """Every field that a rule can name."""
    return (await load_catalogue(scope)).fields()


async def suggest_values(scope: Scope, field_key: str, prefix: str, first: int) -> list[str]:
    """Values of a field (or of `tags`) that begin with `prefix`, whatever its case, the commonest first.

    Fields of numbers and times suggest nothing. Raises Invalid at `field` when there is no such field.
    """
    if "\0" in prefix:
        return []
    if field_key == "tags":
        return await _suggest_tags(scope, prefix, first)
    field = BUILT_IN.get(field_key) or (await load_catalogue(scope)).find_field(field_key)
    if field is None:
        raise Invalid(f'there is no field "{field_key[:100]}"; ruleFields lists those there are', ("field",))
    match field.type:
        case FieldType.CHOICE | FieldType.MULTI_CHOICE:
            return _beginning(field.choices or (), prefix, first)
        case FieldType.BOOLEAN:
            return _beginning(("true", "false"), prefix, first)
        case FieldType.TEXT:
            return await _suggest_texts(scope, field, prefix, first)
        case _:
            return []


def _beginning(values: Sequence[str], prefix: str, first: int) -> list[str]:
    return [value for value in values if value.lower().startswith(prefix.lower())][:first]


async def _suggest_tags(scope: Scope, prefix: str, first: int) -> list[str]:
    rows = await db.fetch(
        "SELECT name FROM tags WHERE workspace_id = $1 AND key LIKE lower($2) || '%' ORDER BY key LIMIT $3",
        scope.workspace_id,
        escape_like(prefix),
        first,
    )
    return [row["name"] for row in rows]


async def _suggest_texts(scope: Scope, field: Field, prefix: str, first: int) -> list[str]:
    """From some of the contacts that have one: a suggestion must come at once, and need not be complete."""
    text = kept_text_sql(field)
    rows = await db.fetch(
        "SELECT min(value) AS value FROM ("
        f"SELECT {text} AS value FROM contacts AS c"
        f" WHERE c.workspace_id = $1 AND {text} <> '' AND lower({text}) LIKE lower($2) || '%' LIMIT $3"
        ") AS sampled GROUP BY lower(value) ORDER BY count(*) DESC, lower(value) LIMIT $4",
        scope.workspace_id,
        escape_like(prefix),
        SUGGESTED_FROM,
        first,
    )
    return [row["value"] for row in rows]
