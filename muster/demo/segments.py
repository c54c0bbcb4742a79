"""The segments of the demo workspace."""

from typing import Any

from models.contacts.selections import ContactSelection
from models.segments import segments
from models.segments.segments import SegmentKind
from permissions.principal import Scope

REGULARS = "Regulars in Lyon"

SILENT = "Silent for 90 days"


def _field(key: str, operator: str, value: Any) -> dict[str, Any]:
    return {"field": {"field": key, "operator": operator, "value": value}}


RULES: tuple[tuple[str, SegmentKind, dict[str, Any]], ...] = (
    (
        REGULARS,
        SegmentKind.DYNAMIC,
        {"all": [_field("attributes.city", "EQUALS", "Lyon"), {"tags": {"operator": "HAS_ANY", "tags": ["regular"]}}]},
    ),
    (
        "Birthday within a week",
        SegmentKind.DYNAMIC,
        {
            "all": [
                _field("date_of_birth", "ANNIVERSARY_WITHIN_NEXT", "P7D"),
                _field("whatsapp_consent", "EQUALS", "OPTED_IN"),
            ]
        },
    ),
    (
        SILENT,
        SegmentKind.DYNAMIC,
        _field("last_interaction_at", "MORE_THAN_AGO", "P90D"),
    ),
    (
        "Spent 100 EUR or more in 90 days",
        SegmentKind.DYNAMIC_PLUS,
        {
            "activity": {
                "kind": "purchase",
                "where": [{"property": "currency", "operator": "EQUALS", "value": "EUR"}],
                "metric": "SUM",
                "property": "amount",
                "within": "P90D",
                "operator": "GTE",
                "value": 100,
            }
        },
    ),
)


async def make_segments(scope: Scope) -> dict[str, int]:
    """Returns their ids by name. A worker computes their members."""
    created = {}
    for name, kind, rule in RULES:
        created[name] = (await segments.create(scope, kind, name=name, rule=rule)).segment.id
    not_regular = {
        "all": [
            _field("attributes.city", "EQUALS", "Lyon"),
            {"segment": {"segmentId": created[REGULARS], "member": False}},
        ]
    }
    made = await segments.create(scope, SegmentKind.DYNAMIC, name="In Lyon, not yet regular", rule=not_regular)
    panel = ContactSelection(search="ana")
    tasting = await segments.create(scope, SegmentKind.STATIC, name="Tasting panel", contacts=panel)
    return created | {one.segment.name: one.segment.id for one in (made, tasting)}
