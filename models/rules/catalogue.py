"""What the rules of a workspace can name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from models.rules.tree import Field, FieldOperator, FieldType

BUILT_IN: Final[Mapping[str, Field]] = MappingProxyType(
    {
        key: Field(key, label, held, choices=choices)
        for key, label, held, choices in (
            ("external_id", "External id", FieldType.TEXT, None),
            ("name", "Name", FieldType.TEXT, None),
            ("first_name", "First name", FieldType.TEXT, None),
            ("last_name", "Last name", FieldType.TEXT, None),
            ("email", "Email", FieldType.TEXT, None),
            ("phone", "Phone", FieldType.TEXT, None),
            ("timezone", "Time zone", FieldType.TEXT, None),
            ("date_of_birth", "Date of birth", FieldType.DATE, None),
            ("subscribed_at", "Subscribed", FieldType.DATETIME, None),
            ("last_interaction_at", "Last interaction", FieldType.DATETIME, None),
            ("score", "Score", FieldType.NUMBER, None),
            ("whatsapp_consent", "WhatsApp consent", FieldType.CHOICE, ("UNKNOWN", "OPTED_IN", "OPTED_OUT")),
            ("created_at", "Created", FieldType.DATETIME, None),
            ("updated_at", "Updated", FieldType.DATETIME, None),
        )
    }
)

_O = FieldOperator
_PRESENCE = (_O.IS_SET, _O.IS_NOT_SET)
_EQUALITY = (_O.EQUALS, _O.NOT_EQUALS)
_LISTS = (_O.IN, _O.NOT_IN)
_ORDER = (_O.LT, _O.LTE, _O.GT, _O.GTE, _O.BETWEEN)

RELATIVE: Final = (_O.WITHIN_LAST, _O.MORE_THAN_AGO, _O.WITHIN_NEXT, _O.MORE_THAN_AHEAD)
"""They compare with a Duration from now."""

NUMERIC: Final = (*_EQUALITY, *_LISTS, *_ORDER)

TEMPORAL: Final = (*_EQUALITY, *_LISTS, *_ORDER, *RELATIVE)

OPERATORS: Final[Mapping[FieldType, tuple[FieldOperator, ...]]] = MappingProxyType(
    {
        FieldType.TEXT: (
            *_EQUALITY, *_LISTS, _O.CONTAINS, _O.NOT_CONTAINS, _O.STARTS_WITH, _O.ENDS_WITH, *_PRESENCE,
        ),
        FieldType.NUMBER: (*NUMERIC, *_PRESENCE),
        FieldType.BOOLEAN: (*_EQUALITY, *_PRESENCE),
        FieldType.DATE: (*_EQUALITY, *_LISTS, *_ORDER, *RELATIVE, _O.ANNIVERSARY_WITHIN_NEXT, *_PRESENCE),
        FieldType.DATETIME: (*TEMPORAL, *_PRESENCE),
        FieldType.CHOICE: (*_EQUALITY, *_LISTS, *_PRESENCE),
        FieldType.MULTI_CHOICE: (_O.HAS_ANY, _O.HAS_ALL, _O.HAS_NONE, *_PRESENCE),
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class KnownSegment:
    """A segment that rules can mention; `uses` are the segments that its own rule mentions."""

    name: str
    uses: frozenset[int] = frozenset()
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Custom fields by `attributes.<key>` and scores by `scores.<key>`, segments by id, and the IANA time zone."""

    timezone: str = "UTC"
    custom: Mapping[str, Field] = field(default_factory=dict)
    segments: Mapping[int, KnownSegment] = field(default_factory=dict)

    def find_field(self, key: str) -> Field | None:
        return BUILT_IN.get(key) or self.custom.get(key)

    def fields(self) -> list[Field]:
        return [*BUILT_IN.values(), *self.custom.values()]


def score_fields(key: str, name: str, levels: Sequence[str]) -> dict[str, Field]:
    """The value of a score, and its level when it has `levels` (names, from the lowest)."""
    value = Field(f"scores.{key}", name, FieldType.NUMBER, score=True)
    if not levels:
        return {value.key: value}
    level = Field(f"scores.{key}.level", f"{name}: level", FieldType.CHOICE, choices=tuple(levels), score=True)
    return {value.key: value, level.key: level}


def custom_field(key: str, label: str, held: FieldType, choices: tuple[str, ...] | None = None) -> Field:
    return Field(f"attributes.{key}", label, held, custom=True, choices=choices)
