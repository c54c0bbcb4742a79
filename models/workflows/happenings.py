"""What happens to contacts, as workflows hear of it."""

from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any

from models.workflows.causes import NOBODY, Cause
from models.workflows.plan import Plan


@dataclass(slots=True)
class Happening:
    """`word` as in sources.py. `position` is that in the log of members; None: it was signalled. `detail` is the signal's.

    `order` is the place of its change among those of the batch, by when they happened: nothing that one change of a contact
    says comes after the rest of it.
    """

    word: str
    contact_id: int
    at: datetime
    cause: Cause = NOBODY
    position: int | None = None
    activity_id: int | None = None
    detail: Any = None
    order: int = 0

    def concerns(self, plan: Plan) -> bool:
        """Whether the workflow listened already when it happened."""
        since, since_at = plan.since_of(self.word)
        return self.position > since if self.position is not None else self.at >= since_at


def in_order(happenings: list[Happening]) -> list[Happening]:
    """A change of a contact comes before the changes of members that follow from it."""
    happenings.sort(key=attrgetter("at"))
    changes: dict[tuple[int, datetime], int] = {}
    for order, one in enumerate(happenings):
        is_of_contact = one.position is None and one.activity_id is None
        one.order = changes.setdefault((one.contact_id, one.at), order) if is_of_contact else order
    return happenings
