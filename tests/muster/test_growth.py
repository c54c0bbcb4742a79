"""What `muster doctor` says of tables and of what is kept."""

import random
from datetime import timedelta

import pytest

from models import clock, db
from models.contacts.activities import NewActivity, record
from models.contacts.create import create_contact
from muster.growth import growth, shown_bytes
from muster.settings import Settings
from tests.kit.workspaces import new_workspace


async def said(**settings: int) -> str:
    return "\n".join([finding.text() async for finding in growth(Settings(**settings))])


async def test_the_largest_tables_are_named_with_rows_and_bytes(database):
    scope = await new_workspace()
    contact = await create_contact(scope, {"external_id": "a"})
    for _ in range(5):
        # Text that cannot be compressed: 16 MB, more than other tests left in any table of this database.
        pages = [random.randbytes(8_000).hex() for _ in range(200)]
        await record(scope, [NewActivity("visit", contact["id"], properties={"page": page}) for page in pages])
    await db.execute("ANALYZE activities")
    lines = (await said()).splitlines()
    assert [line.split()[1] for line in lines[:5]] == ["table"] * 5
    assert "ok        table activities: about 1,000 rows, " in "\n".join(lines[:5])


async def test_it_says_what_is_kept_for_good_and_what_a_worker_will_drop(database):
    scope = await new_workspace()
    contact = await create_contact(scope, {"external_id": "a"})
    await record(
        scope, [NewActivity("visit", contact["id"], None, clock.now() - timedelta(days=days)) for days in (1, 50)]
    )
    assert "activities are kept for good (MUSTER_ACTIVITY_DAYS is unset)" in await said()
    kept = await said(activity_days=30)
    assert "activities are kept for 30 days (MUSTER_ACTIVITY_DAYS): 1 are older, and a worker drops them" in kept
    assert "ended jobs are kept for 365 days (MUSTER_JOB_DAYS): none is older" in kept


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 bytes"), (1023, "1023 bytes"), (1536, "1.5 KiB"), (340 * 2**20, "340 MiB"), (1.25 * 2**30, "1.2 GiB")],
)
def test_bytes_are_shown_in_a_fitting_unit(count, text):
    assert shown_bytes(count) == text
