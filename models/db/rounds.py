"""Looks at workspaces in turn, so many at a time, so that a periodic task costs the same however many there are.

What such a task finds is what a message was lost for; the messages themselves do not wait for it.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

from models.db.statements import fetch_row

MOST_AT_ONCE: Final = 1_000


class Span(NamedTuple):
    """The workspaces with ids above `after`, up to and with `upto`."""

    after: int
    upto: int


EVERY: Final = Span(0, 2**63 - 1)


@dataclass(slots=True)
class Rounds:
    """Where a task of this process is in its round."""

    at_once: int = MOST_AT_ONCE
    after: int = 0

    async def next(self) -> Span:
        """The next workspaces; the last ones of a round include all that are made meanwhile."""
        row = await fetch_row(_NEXT, self.after, self.at_once)
        assert row is not None
        is_last = row["found"] < self.at_once
        span = Span(self.after, EVERY.upto if is_last else row["upto"])
        self.after = 0 if is_last else span.upto
        return span


_NEXT: Final = """
    /* all workspaces */ SELECT max(id) AS upto, count(*) AS found
    FROM (SELECT id FROM workspaces WHERE id > $1 ORDER BY id LIMIT $2) AS next_ones
"""
