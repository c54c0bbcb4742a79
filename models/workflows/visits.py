"""How often contacts have passed nodes that have a limit. A test run has its own count, which begins and ends with it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from models import db
from models.workflows.run import Run

EVERYBODY: Final = 0
"""In place of a contact's id: the passes of all."""

Place = tuple[int, int]
"""The workflow, and the number of the node."""


@dataclass(slots=True)
class Visits:
    """`more`: how many of the `times` this batch has added."""

    times: int
    last_at: datetime | None
    more: int = 0


async def load(run: Run, place: Place, contact_ids: Collection[int]) -> dict[int, Visits]:
    """Those of each contact, and of EVERYBODY."""
    wanted = dict.fromkeys((EVERYBODY, *contact_ids))
    if run.test_id is None:
        rows = await db.fetch(_LOAD, run.workspace_id, *place, list(wanted))
        known = {row["contact_id"]: Visits(row["times"], row["last_at"]) for row in rows}
    else:
        known = (await _of_test(run, run.test_id)).get(place, {})
    return {contact_id: known.get(contact_id) or Visits(0, None) for contact_id in wanted}


async def store(run: Run, place: Place, visits: Mapping[int, Visits]) -> None:
    """What the batch has added."""
    changed = {contact_id: one for contact_id, one in visits.items() if one.more}
    if not changed:
        return
    if run.test_id is None:
        times = [one.times for one in changed.values()]
        await db.execute(_STORE, run.workspace_id, *place, list(changed), times, run.now)
    else:
        known = await _of_test(run, run.test_id)
        known[place] = known.get(place, {}) | changed
        await db.execute(_STORE_OF_TEST, run.workspace_id, run.test_id, db.dump_json(_json_of(known)))


_LOAD: Final = """
    SELECT contact_id, times, last_at FROM workflow_node_visits
    WHERE workspace_id = $1 AND workflow_id = $2 AND node = $3 AND contact_id = ANY ($4::bigint[])
"""

_STORE: Final = """
    INSERT INTO workflow_node_visits AS v (workspace_id, workflow_id, node, contact_id, times, last_at)
    SELECT $1, $2, $3, contact_id, times, $6 FROM unnest($4::bigint[], $5::integer[]) AS new (contact_id, times)
    ON CONFLICT (workspace_id, workflow_id, node, contact_id) DO UPDATE
        SET times = excluded.times, last_at = excluded.last_at
"""


# ---------------------------------------------------------------- of a test run

ByPlace = dict[Place, dict[int, Visits]]


async def _of_test(run: Run, test_id: int) -> ByPlace:
    stored = await db.fetch_value(_LOAD_OF_TEST, run.workspace_id, test_id)
    found: ByPlace = {}
    for workflow_id, node, contact_id, times, last_at in db.load_json(stored):
        found.setdefault((workflow_id, node), {})[contact_id] = Visits(times, datetime.fromisoformat(last_at))
    return found


def _json_of(visits: ByPlace) -> list[list[Any]]:
    return [
        [*place, contact_id, one.times, one.last_at.isoformat()]
        for place, of_contacts in visits.items()
        for contact_id, one in of_contacts.items()
        if one.last_at is not None
    ]


_LOAD_OF_TEST: Final = "SELECT visits FROM workflow_tests WHERE workspace_id = $1 AND id = $2"

_STORE_OF_TEST: Final = "UPDATE workflow_tests SET visits = $3::jsonb WHERE workspace_id = $1 AND id = $2"
