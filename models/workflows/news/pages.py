"""A page of the log of members, as what happened to contacts."""

from dataclasses import dataclass
from typing import Final

from models.changelog.members import MEMBERS, MembershipChange
from models.changelog.read import LogPage, read_page
from models.workflows import sources
from models.workflows.happenings import Happening, in_order
from models.workflows.plans import Plans

AT_ONCE: Final = 2_500
"""Entries of a statement: while Python reads them, it sends nothing else."""


@dataclass(frozen=True, slots=True)
class Page:
    """`changes` in the order of time, of nobody's causing as far as the page knows. Go on after `position`, if `more`."""

    changes: list[Happening]
    position: int
    more: bool


async def read(plans: Plans, limit: int, after: int) -> Page:
    """Up to `limit` changes after a position of the segments that are listened to. Raises NotInLog."""
    changes: list[Happening] = []
    position, more = after, True
    while more and len(changes) < limit:
        page = await _read(plans, min(AT_ONCE, limit - len(changes)), position)
        changes += _happenings(page.entries)
        position, more = page.position, page.more
        if not page.entries:  # it has looked for as long as it may
            break
    return Page(in_order(changes), position, more)


async def _read(plans: Plans, limit: int, after: int) -> LogPage[MembershipChange]:
    return await read_page(plans.scope, MEMBERS, after, limit, plans.segment_ids)


def _happenings(entries: list[MembershipChange]) -> list[Happening]:
    words = {
        (kind, segment_id): f"{word}{segment_id}"
        for segment_id in {entry.segment_id for entry in entries}
        for kind, word in (("ENTERED", sources.ENTERED), ("LEFT", sources.LEFT))
    }
    return [
        Happening(words[entry.kind, entry.segment_id], entry.contact_id, entry.at, position=entry.position)
        for entry in entries
    ]
