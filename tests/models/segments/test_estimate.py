"""About how many contacts a rule finds, from a sample that gaps and neighbours who are alike do not lead astray."""

import pytest

from models import db
from models.errors import Problems
from models.segments import estimate
from models.segments.estimate import Estimate
from tests.kit.segments import TAGGED_VIP, new_contacts
from tests.kit.workspaces import new_workspace

CROWD = """
    INSERT INTO contacts (workspace_id, id, name, score, tags)
    SELECT $1, $2 + n * $3, 'Contact ' || n, n / 1000 % 10, CASE WHEN n <= 10000 THEN ARRAY['vip'] ELSE '{}' END
    FROM generate_series(1, 30000) AS n
"""


def scored(below):
    return {"field": {"field": "score", "operator": "LT", "value": below}}


async def test_few_contacts_are_counted(database):
    scope = await new_workspace()
    await new_contacts(scope, 3, tags=["vip"])
    await new_contacts(scope, 2)
    assert await estimate.estimate(scope, TAGGED_VIP) == Estimate(3, 0)
    with pytest.raises(Problems):
        await estimate.estimate(scope, {"field": {"field": "nothing", "operator": "IS_SET"}})


async def test_many_contacts_are_estimated_within_the_margin(database, monkeypatch):
    """A third has the tag, among ids without gaps, and then among ids of which nine in ten are gaps. Neighbours are all alike."""
    monkeypatch.setattr(estimate, "FEW", 5_000)
    scope, other = await new_workspace(), await new_workspace()
    async with db.transaction():
        await db.execute("SET LOCAL muster.capture = 'off'")
        await db.execute(CROWD, scope.workspace_id, 1_000_000, 1)
        await db.execute(CROWD, other.workspace_id, 5_000_000, 10)
    for where in (scope, other):
        for rule, exact in ((TAGGED_VIP, 10_000), (scored(4), 12_000), (scored(10), 30_000), (scored(0), 0)):
            found = await estimate.estimate(where, rule)
            assert 0 < found.margin < 4_000
            assert abs(found.count - exact) <= found.margin, (rule, found)
        assert await estimate.estimate(where, TAGGED_VIP) == await estimate.estimate(where, TAGGED_VIP)


async def test_windows_are_read_by_id_before_the_statistics_know_the_workspace(database, monkeypatch):
    """As after an import: the planner expects one contact there, and may take any index for it."""
    monkeypatch.setattr(estimate, "FEW", 5_000)
    scope, other = await new_workspace(), await new_workspace()
    await new_contacts(other, 5)
    await db.execute("ANALYZE contacts")
    async with db.transaction():
        await db.execute("SET LOCAL muster.capture = 'off'")
        await db.execute(CROWD, scope.workspace_id, 1_000_000, 1)
        assert (await estimate.estimate(scope, TAGGED_VIP)).margin > 0
        read = await db.fetch_value("SELECT idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'contacts'")
    assert read < 300_000, "each of the 2,000 windows has read all contacts"
