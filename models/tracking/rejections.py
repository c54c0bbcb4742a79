"""What was not recorded, counted per key, hour and reason. No values of people are kept."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from models import clock, db
from permissions.principal import Scope

KEPT: Final = timedelta(days=30)


class RejectionCode(StrEnum):
    """Why an event, or a value of it, was not recorded."""

    NO_OBJECT = "NO_OBJECT"
    UNKNOWN_TYPE = "UNKNOWN_TYPE"
    NO_EVENT = "NO_EVENT"
    NOBODY = "NOBODY"
    BAD_PROPERTIES = "BAD_PROPERTIES"
    BAD_TIMESTAMP = "BAD_TIMESTAMP"
    BAD_MESSAGE_ID = "BAD_MESSAGE_ID"
    BAD_TRAIT = "BAD_TRAIT"
    TAKEN = "TAKEN"
    TOO_LARGE = "TOO_LARGE"
    FORBIDDEN_ORIGIN = "FORBIDDEN_ORIGIN"
    UNREADABLE = "UNREADABLE"


@dataclass(frozen=True, slots=True)
class Rejection:
    """`event` is the call and the event's name, such as `track Order Completed`. `message` holds no value of a person."""

    code: RejectionCode
    message: str
    event: str


LONGEST: Final = 200
"""Characters of a message or an event's name."""


async def count(scope: Scope, key_id: int, rejected: Sequence[Rejection]) -> None:
    if not rejected:
        return
    now = clock.now()
    counted = Counter(one.code for one in rejected)
    latest = {one.code: one for one in rejected}
    codes = sorted(latest)
    await db.execute(
        _COUNT,
        scope.workspace_id,
        key_id,
        now.replace(minute=0, second=0, microsecond=0),
        [code.value for code in codes],
        [counted[code] for code in codes],
        [latest[code].message[:LONGEST] for code in codes],
        [latest[code].event[:LONGEST] for code in codes],
        now,
    )


_COUNT: Final = """
    INSERT INTO tracking_rejections AS r (workspace_id, key_id, hour, code, count, message, event, last_at)
    SELECT $1, $2, $3, g.code, g.count, g.message, g.event, $8
    FROM unnest($4::text[], $5::bigint[], $6::text[], $7::text[]) AS g (code, count, message, event) ORDER BY g.code
    ON CONFLICT (workspace_id, key_id, hour, code) DO UPDATE
        SET count = r.count + excluded.count, message = excluded.message, event = excluded.event, last_at = excluded.last_at
"""


async def of_keys(scope: Scope, key_ids: Sequence[int], since: datetime) -> dict[int, list[db.Record]]:
    """Returns the rejections of each key since then, added up by code, the latest first."""
    rows = await db.fetch(_OF_KEYS, scope.workspace_id, list(key_ids), since)
    found: dict[int, list[db.Record]] = {key_id: [] for key_id in key_ids}
    for row in rows:
        found[row["key_id"]].append(row)
    return found


_OF_KEYS: Final = """
    SELECT key_id, code, sum(count)::bigint AS count, max(last_at) AS last_at,
           (array_agg(message ORDER BY last_at DESC))[1] AS message, (array_agg(event ORDER BY last_at DESC))[1] AS event
    FROM tracking_rejections WHERE workspace_id = $1 AND key_id = ANY ($2::bigint[]) AND hour >= $3
    GROUP BY key_id, code ORDER BY max(last_at) DESC, code
"""


async def forget_old() -> int:
    """Returns how many rows are gone. Reads all workspaces."""
    before = clock.now() - KEPT
    rows = await db.fetch(
        "/* all workspaces */ SELECT DISTINCT workspace_id FROM tracking_rejections WHERE hour < $1", before
    )
    return sum([await db.execute(_FORGET_OLD, row["workspace_id"], before) for row in rows])


_FORGET_OLD: Final = "DELETE FROM tracking_rejections WHERE workspace_id = $1 AND hour < $2"
