"""The epoch of a workspace's rules: it grows with each change of a rule, a field, the time zone, a build or a score.

Triggers capture each change as a row, without a lock. The engine numbers captured changes when it reads the rules. Until then
they count beside the last number, so that an epoch and the rules become visible together.
"""

import secrets
from collections.abc import Set
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, NamedTuple

from models import clock, db


class RuleEpoch(NamedTuple):
    """The last number, and the moments of captured changes added up: each one that becomes visible makes them more."""

    number: int
    captured: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Numbered:
    """Captured changes have numbers up to that of `epoch`. A segment None stands for a field, the time zone or a score."""

    epoch: RuleEpoch
    segment_ids: Set[int | None]


EPOCH: Final = """
    (SELECT epoch FROM rule_epochs WHERE workspace_id = $1) AS rule_number,
    (SELECT sum(extract(epoch FROM at)) FROM captured_rules WHERE workspace_id = $1) AS rules_captured
"""
"""Columns of a statement, for `read`."""


def read(row: db.Record) -> RuleEpoch:
    return RuleEpoch(row["rule_number"] or 0, row["rules_captured"])


async def number(workspace_id: int) -> Numbered | None:
    """Numbers captured changes, and lists them. Returns None when there are none.

    Needs the engine lock, and nobody writes numbers without it. LOCKS: the row of rule_epochs.
    """
    rows = await db.fetch("DELETE FROM captured_rules WHERE workspace_id = $1 RETURNING segment_id", workspace_id)
    changed = list({row["segment_id"] for row in rows})
    if not changed:
        return None
    now = int(clock.now().timestamp() * 1_000_000)
    # Where the clock is behind, a number that was rolled back is not given again.
    row = await db.fetch_row(_NUMBER, workspace_id, now, len(changed) + secrets.randbelow(1_000))
    assert row is not None
    numbers = range(row["epoch"] - len(changed) + 1, row["epoch"] + 1)
    await db.execute(_LIST, workspace_id, list(numbers), [row["previous"], *numbers[:-1]], changed)
    return Numbered(RuleEpoch(row["epoch"]), frozenset(changed))


_NUMBER: Final = """
    INSERT INTO rule_epochs AS known (workspace_id, epoch) VALUES ($1, $2)
    ON CONFLICT (workspace_id) DO UPDATE SET epoch = greatest(known.epoch + $3, excluded.epoch), previous = known.epoch
    RETURNING epoch, previous
"""

_LIST: Final = """
    INSERT INTO rule_changes (workspace_id, epoch, previous, segment_id)
    SELECT $1, epoch, previous, segment_id
    FROM unnest($2::bigint[], $3::bigint[], $4::bigint[]) AS changed (epoch, previous, segment_id)
"""
