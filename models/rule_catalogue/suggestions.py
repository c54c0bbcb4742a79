"""Fields and values to suggest."""

from collections.abc import Sequence
from typing import Final

from models import db
from models.errors import Invalid
from models.rule_catalogue.loading import load_catalogue
from models.rules.catalogue import BUILT_IN
from models.rules.fields import kept_text_sql
from models.rules.tree import Field, FieldType
from models.values.texts import composed, escape_like
from permissions.principal import Scope

SUGGESTED_FROM: Final = 5_000
"""Contacts with a matching value that are read."""


async def rule_fields(scope: Scope) -> list[Field]:
    return (await load_catalogue(scope)).fields()


async def suggest_values(scope: Scope, field_key: str, prefix: str, first: int) -> list[str]:
    """Values of a field (or `tags`), by prefix in any case, most frequent first. Raises Invalid at `field`."""
    prefix = composed(prefix)
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
    """Reads only a sample of the contacts, to be fast."""
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
