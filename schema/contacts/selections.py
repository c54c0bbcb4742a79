"""Which contacts an operation is about, as the world says it."""

import strawberry
from strawberry import UNSET

from models.contacts.selections import ContactSelection
from schema.rules.rule_input import RuleInput, rule_from_input
from schema.server.ids import find_id


@strawberry.input(name="ContactSelection", one_of=True)
class ContactSelectionInput:
    """Ids, or everything that a rule, a search or a segment finds."""

    ids: list[strawberry.ID] | None = UNSET
    filter: RuleInput | None = UNSET
    search: str | None = UNSET
    segment_id: strawberry.ID | None = UNSET


def selection_from_input(given: ContactSelectionInput) -> ContactSelection:
    """The selection as the models take it. An id that is none becomes 0, which is found nowhere."""
    if isinstance(given.ids, list):
        return ContactSelection(ids=tuple(find_id("Contact", one) or 0 for one in given.ids))
    if given.filter:
        return ContactSelection(filter=rule_from_input(given.filter))
    if isinstance(given.search, str):
        return ContactSelection(search=given.search)
    if isinstance(given.segment_id, str):
        return ContactSelection(segment_id=find_id("Segment", given.segment_id) or 0)
    return ContactSelection()
