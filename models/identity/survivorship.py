"""Which value survives a merge: the kept contact's, else the other's. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from models import db
from models.contacts.built_in_fields import MOST_TAGS, path_of
from models.contacts.consent import Consent, consent_of
from models.contacts.names import PARTS
from models.errors import DomainError, Invalid, LimitExceeded, Problems

Row = Mapping[str, Any] | db.Record

_NAMES: Final = ("name", *PARTS)
"""They are one value: a first name of one contact and a last name of another are nobody's."""

_SINGLE: Final = ("external_id", "email", "phone", "timezone", "date_of_birth", "subscribed_at")

CHOSEN: Final = ("external_id", "email", "phone", "name", "timezone", "date_of_birth", "subscribed_at", "score")
"""What a caller may choose, beside custom fields."""

_CONSENT: Final = ("whatsapp_consent", "consent_source", "consent_at")

COLUMNS: Final = (
    *(
        "external_id",
        "email",
        "phone",
        *_NAMES,
        "timezone",
        "date_of_birth",
        "subscribed_at",
        "last_interaction_at",
        "score",
    ),
    *("tags", "attributes", *_CONSENT, "created_at"),
)
"""Of contacts, which a merge decides."""


@dataclass(frozen=True, slots=True)
class MergedField:
    """`field` as the API names it; values as JSON has them."""

    field: str
    kept: Any
    merged: Any
    result: Any


Choices = Mapping[str, bool]
"""By the field's name in the API: True takes the merged contact's value."""


def check_choices(choices: Choices, kept: Row, merged: Row) -> None:
    """Raises Problems for fields that nobody can choose."""
    known = {path_of(column) for column in CHOSEN} | {
        f"attributes.{key}" for key in _attributes(kept) | _attributes(merged)
    }
    problems: list[DomainError] = [
        Invalid(f"{field!r} is not chosen: choose among {', '.join(sorted(known))}", (index, "field"))
        for index, field in enumerate(choices)
        if field not in known
    ]
    if problems:
        raise Problems(problems).under("choices")


def result_of(kept: Row, merged: Row, choices: Choices) -> dict[str, Any]:
    """Returns the values of COLUMNS after the merge; `attributes` as a mapping. Raises LimitExceeded for too many tags."""
    result = {column: _one_of(column, kept, merged, choices) for column in _SINGLE}
    named = merged if choices.get("name", not any(kept[part] for part in _NAMES)) else kept
    result |= {part: named[part] for part in _NAMES}
    result["score"] = merged["score"] if choices.get("score", not kept["score"]) else kept["score"]
    result["last_interaction_at"] = _latest(kept["last_interaction_at"], merged["last_interaction_at"])
    result["created_at"] = min(kept["created_at"], merged["created_at"])
    result["tags"] = _tags(kept["tags"], merged["tags"])
    result["attributes"] = _merged_attributes(_attributes(kept), _attributes(merged), choices)
    consent = merged_consent(consent_of(kept), consent_of(merged))
    result |= zip(_CONSENT, (consent.value, consent.source, consent.at), strict=True)
    return result


def merged_consent(kept: Consent, merged: Consent) -> Consent:
    """An opt-out wins, a person's own before others; else what was said last; else what anybody said."""
    stops = [one for one in (kept, merged) if one.is_own_stop] or [
        one for one in (kept, merged) if one.value == "OPTED_OUT"
    ]
    if stops:
        return stops[0]
    said = [one for one in (kept, merged) if one.value != "UNKNOWN"] or [kept]
    return max(said, key=lambda one: (one.at is not None, one.at))


def _one_of(column: str, kept: Row, merged: Row, choices: Choices) -> Any:
    return merged[column] if choices.get(path_of(column), kept[column] is None) else kept[column]


def _latest(*moments: datetime | None) -> datetime | None:
    return max((one for one in moments if one is not None), default=None)


def _tags(kept: Sequence[str], merged: Sequence[str]) -> list[str]:
    united = list({tag.lower(): tag for tag in (*merged, *kept)}.values())
    if len(united) > MOST_TAGS:
        raise LimitExceeded(f"together they have {len(united)} tags: a contact holds at most {MOST_TAGS}")
    order = {tag.lower(): place for place, tag in enumerate((*kept, *merged))}
    return sorted(united, key=lambda tag: order[tag.lower()])


def _attributes(row: Row) -> dict[str, Any]:
    stored = row["attributes"]
    return dict(db.load_json(stored)) if isinstance(stored, str) else dict(stored)


def _merged_attributes(kept: Mapping[str, Any], merged: Mapping[str, Any], choices: Choices) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key in (*kept, *(key for key in merged if key not in kept)):
        value = merged.get(key) if choices.get(f"attributes.{key}", key not in kept) else kept.get(key)
        if value is not None:
            result[key] = value
    return result


# ---------------------------------------------------------------- shown


def fields_of(kept: Row, merged: Row, result: Mapping[str, Any]) -> list[MergedField]:
    """Returns the fields in which the two differ, with what survives."""
    shown = []
    for column in COLUMNS:
        if column == "attributes":
            shown += _fields_of_attributes(_attributes(kept), _attributes(merged), result[column])
        elif kept[column] != merged[column] and column not in ("consent_source", "consent_at"):
            shown.append(MergedField(path_of(column), *map(_plain, (kept[column], merged[column], result[column]))))
    return shown


def _fields_of_attributes(
    kept: Mapping[str, Any], merged: Mapping[str, Any], result: Mapping[str, Any]
) -> list[MergedField]:
    keys = dict.fromkeys((*kept, *merged))
    different = [key for key in keys if not db.same_json(kept.get(key), merged.get(key))]
    return [MergedField(f"attributes.{key}", kept.get(key), merged.get(key), result.get(key)) for key in different]


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value
