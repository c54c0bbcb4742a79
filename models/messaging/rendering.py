"""Fills placeholders from contacts: checks the bindings and renders them in SQL."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from models.contacts import fields as contact_fields
from models.contacts.attributes import ContactField
from models.errors import DomainError, Invalid, Problems, Required
from models.messaging.placeholders import Placeholder
from models.rules.tree import FieldType
from models.values.texts import check_text
from permissions.principal import Scope

LONGEST_TEXT: Final = 1024

_BLANK: Final = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")

_MEDIA: Final = frozenset({"image", "video", "document"})

_COLUMNS: Final = {
    "name": "c.name",
    "first_name": "c.first_name",
    "last_name": "c.last_name",
    "email": "c.email",
    "phone": "c.phone",
    "external_id": "c.external_id",
    "timezone": "c.timezone",
    "score": "c.score::text",
    "date_of_birth": "to_char(c.date_of_birth, 'YYYY-MM-DD')",
    "tags": "array_to_string(c.tags, ', ')",
    "subscribed_at": "to_char(c.subscribed_at AT TIME ZONE {zone}, 'YYYY-MM-DD HH24:MI')",
    "last_interaction_at": "to_char(c.last_interaction_at AT TIME ZONE {zone}, 'YYYY-MM-DD HH24:MI')",
    "created_at": "to_char(c.created_at AT TIME ZONE {zone}, 'YYYY-MM-DD HH24:MI')",
}


@dataclass(frozen=True, slots=True)
class Binding:
    """A contact's `field` (`fallback` when that is empty), or a fixed `text`."""

    name: str
    field: str | None = None
    text: str | None = None
    fallback: str | None = None


class Binds(list[Any]):
    def bind(self, value: Any, kind: str) -> str:
        """Adds a value and returns its parameter, such as `$3::text`."""
        self.append(value)
        return f"${len(self)}::{kind}"


def to_json(bindings: Sequence[Binding]) -> list[dict[str, Any]]:
    return [asdict(binding) for binding in bindings]


def from_json(kept: Sequence[Mapping[str, Any]]) -> list[Binding]:
    return [Binding(**binding) for binding in kept]


def clean(text: str) -> str:
    """Replaces line breaks, tabs and runs of spaces, as muster_parameter() does in SQL."""
    return _BLANK.sub(" ", text).strip(" ")


# ---------------------------------------------------------------- checking


async def check(
    scope: Scope, placeholders: Sequence[Placeholder], bindings: Sequence[Binding], path: Sequence[str | int]
) -> list[Binding]:
    """Returns the bindings with cleaned texts. Raises Problems below `path` for wrong ones."""
    fields = await contact_fields.load(scope)
    problems: list[DomainError] = []
    checked: list[Binding] = []
    for index, binding in enumerate(bindings):
        try:
            _must_be_new(binding, checked)
            checked.append(_check_one(binding, placeholders, fields))
        except DomainError as error:
            problems.append(error.under(*path, index))
    bound = {binding.name for binding in bindings}
    missing = [
        placeholder.name for placeholder in placeholders if placeholder.required and placeholder.name not in bound
    ]
    if missing:
        problems.append(
            Required(f"the template's {_listed(missing)} must be filled: give a field or a text for each", path)
        )
    if problems:
        raise Problems(problems)
    return checked


def _must_be_new(binding: Binding, before: Sequence[Binding]) -> None:
    if any(other.name == binding.name for other in before):
        raise Invalid(f"{binding.name[:100]!r} is filled twice: keep one", ("name",))


def _check_one(binding: Binding, placeholders: Sequence[Placeholder], fields: Mapping[str, ContactField]) -> Binding:
    placeholder = next((placeholder for placeholder in placeholders if placeholder.name == binding.name), None)
    if placeholder is None:
        names = [placeholder.name for placeholder in placeholders]
        has = f"it has {_listed(names)}" if names else "it has none"
        raise Invalid(f"the template has no placeholder {binding.name[:100]!r}: {has}", ("name",))
    if binding.field is None and binding.text is None:
        raise Required(
            "this placeholder has nothing to be filled with: give a field of the contact, or a text", ("field",)
        )
    if binding.field is not None and binding.text is not None:
        raise Invalid("give either a field of the contact or a text, not both", ("field",))
    if binding.field is None:
        if binding.fallback is not None:
            raise Invalid("a fallback goes with a field: a fixed text is never empty", ("fallback",))
        return Binding(binding.name, text=_check_words(binding.text, placeholder, "text"))
    _check_field(binding.field, fields)
    fallback = None if binding.fallback is None else _check_words(binding.fallback, placeholder, "fallback")
    return Binding(binding.name, field=binding.field, fallback=fallback)


def _check_words(text: str | None, placeholder: Placeholder, name: str) -> str:
    cleaned = clean(check_text(text, LONGEST_TEXT))
    if not cleaned:
        raise Invalid("this is empty: WhatsApp refuses an empty parameter", (name,))
    if placeholder.kind in _MEDIA and not (cleaned.startswith("https://") or cleaned.isdigit()):
        raise Invalid("give the https address of the media, or the id that WhatsApp gave it", (name,))
    return cleaned


def _check_field(name: str, fields: Mapping[str, ContactField]) -> None:
    if name in _COLUMNS or (name.startswith("attributes.") and name.removeprefix("attributes.") in fields):
        return
    raise Invalid(
        f"there is no field {name[:100]!r}: use one of {_listed(sorted(_COLUMNS))}, or attributes.<key> of a custom field",
        ("field",),
    )


def _listed(names: Collection[str]) -> str:
    return ", ".join(names)


# ---------------------------------------------------------------- rendering


_ITEMS: Final = """(SELECT string_agg(item, ', ') FROM jsonb_array_elements_text(
    CASE WHEN jsonb_typeof(c.attributes -> {key}) = 'array' THEN c.attributes -> {key} ELSE '[]' END) AS items (item))"""


def expressions(
    placeholders: Sequence[Placeholder],
    bindings: Sequence[Binding],
    fields: Mapping[str, ContactField],
    timezone: str,
    binds: Binds,
) -> list[str]:
    """SQL per placeholder, over contacts `c`; NULL when there is no text."""
    by_name = {binding.name: binding for binding in bindings}
    return [_expression(by_name.get(placeholder.name), fields, timezone, binds) for placeholder in placeholders]


def _expression(binding: Binding | None, fields: Mapping[str, ContactField], timezone: str, binds: Binds) -> str:
    if binding is None:
        return "NULL::text"
    if binding.field is None:
        return binds.bind(binding.text, "text")
    filled = f"muster_parameter({_field(binding.field, fields, timezone, binds)})"
    return filled if binding.fallback is None else f"coalesce({filled}, {binds.bind(binding.fallback, 'text')})"


def _field(name: str, fields: Mapping[str, ContactField], timezone: str, binds: Binds) -> str:
    column = _COLUMNS.get(name)
    if column is not None:
        return column.format(zone=binds.bind(timezone, "text")) if "{zone}" in column else column
    custom = fields.get(name.removeprefix("attributes."))
    if custom is None:  # deleted since
        return "NULL::text"
    key = binds.bind(custom.key, "text")
    if custom.type is FieldType.MULTI_CHOICE:
        return _ITEMS.format(key=key)
    if custom.type is FieldType.DATETIME:
        return f"muster_local_time(c.attributes ->> {key}, {binds.bind(timezone, 'text')})"
    return f"c.attributes ->> {key}"
