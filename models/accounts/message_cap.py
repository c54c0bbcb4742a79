"""How many messages a workspace sends to one person within a window."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from models import clock, db
from models.errors import DomainError, Invalid, Problems
from models.rules.duration import parse_duration

MOST: Final = 1000

LONGEST_DAYS: Final = 366


@dataclass(frozen=True, slots=True)
class MessageCap:
    """`window` is an ISO 8601 duration, such as P7D; messages before `since` do not count now."""

    count: int
    window: str
    since: datetime

    def __str__(self) -> str:
        return f"at most {self.count:,} message{'' if self.count == 1 else 's'} to a person within {parse_duration(self.window)}"


async def find(workspace_id: int) -> MessageCap | None:
    """Returns None when the workspace has none."""
    row = await db.fetch_row(
        """
        SELECT message_cap_count AS count, message_cap_window AS "window",
               $2::timestamptz - message_cap_window::interval AS since
        FROM workspaces WHERE id = $1 AND message_cap_count IS NOT NULL
        """,
        workspace_id,
        clock.now(),
    )
    return None if row is None else MessageCap(row["count"], row["window"], row["since"])


def check(count: Any, window: Any) -> tuple[int, str]:
    """Returns both as they are stored. Raises Problems at `count` and `window`."""
    problems: list[DomainError] = []
    if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= MOST:
        problems.append(Invalid(f"this must be between 1 and {MOST:,}: null in place of the cap lifts it", ("count",)))
    try:
        duration = parse_duration(str(window))
        days = duration.months * 30.5 + duration.days + duration.seconds / 86_400
        if not 0 < days <= LONGEST_DAYS:
            problems.append(Invalid("this must be longer than nothing, and at most a year, such as P7D", ("window",)))
    except ValueError as error:
        problems.append(Invalid(f"this must be {error}", ("window",)))
    if problems:
        raise Problems(problems)
    return count, str(window)
