"""What the engine does may die at any statement, and be done twice: nothing is lost, and nothing is told twice."""

from datetime import timedelta
from itertools import count

import pytest

from models import clock, db
from models.membership import audit, batches, builds, manual_changes, rebuild, swap
from models.membership.origins import Origin, Override
from models.segments import segments
from tests.kit.engine import assert_all_is_right, plus_segment, settled
from tests.kit.killing import Killed, killed_after
from tests.kit.segments import TAGGED_VIP, dynamic_segment, in_segment, new_contacts, static_segment
from tests.kit.workspaces import new_workspace

SILENT = {"field": {"field": "last_interaction_at", "operator": "MORE_THAN_AGO", "value": "P30D"}}
BOUGHT = {"activity": {"kind": "purchase", "within": "P1D", "operator": "GTE", "value": 1}}


class Clinic:
    """A workspace with a bit of everything, of which something always waits."""

    async def open(self):
        self.now = clock.now()
        clock.set_source(lambda: self.now)
        self.scope = await new_workspace()
        self.ws = self.scope.workspace_id
        self.ids = await new_contacts(self.scope, 12, last_interaction_at=self.now - timedelta(days=29))
        self.static = await static_segment(self.scope, self.ids[:3])
        self.vips = await dynamic_segment(self.scope)
        await dynamic_segment(self.scope, in_segment(self.vips, member=False))
        await dynamic_segment(self.scope, {"any": [in_segment(self.vips), in_segment(self.static)]})
        await dynamic_segment(self.scope, SILENT)
        await plus_segment(self.scope, BOUGHT)
        await settled(self.scope)

    async def something_happens(self, lock):
        """Another contact each time: what was true of it is not any more."""
        contact_id = self.ids[lock % len(self.ids)]
        await db.execute(
            "UPDATE contacts SET tags = CASE WHEN tags = '{}' THEN '{vip}'::text[] ELSE '{}' END WHERE id = $1",
            contact_id,
        )
        await db.execute(
            "INSERT INTO activities (workspace_id, contact_id, kind, occurred_at) VALUES ($1, $2, 'purchase', $3)",
            self.ws, contact_id, self.now,
        )  # fmt: skip
        if lock % 5 == 4:
            await db.execute("DELETE FROM contacts WHERE id = $1", self.ids.pop())
        self.now += timedelta(hours=3)

    async def finish(self):
        for workspace_id, segment_id in await builds.wanted():
            await rebuild.rebuild(workspace_id, segment_id)
        self.now += timedelta(seconds=1)
        await settled(self.scope)
        await assert_all_is_right(self.scope, self.now)

    # ------------------------------------------------------------ what may die

    async def a_slice(self, lock):
        await batches.process_batch(self.ws, 4)

    async def a_build(self, lock):
        await rebuild.rebuild(self.ws, self.vips.id)

    async def a_recompute(self, lock):
        await rebuild.rebuild(self.ws, self.vips.id, again=True)

    async def an_audit(self, lock):
        await audit.step(self.ws, 100)

    async def a_hand(self, lock):
        some = self.ids[lock % 3 :: 3]
        if lock % 2:
            await manual_changes.change_members(self.scope, self.static.id, add=some, origin=Origin.API)
        else:
            await manual_changes.change_members(self.scope, self.static.id, remove=some, origin=Origin.API)

    async def an_override(self, lock):
        word = (Override.INCLUDE, Override.EXCLUDE, None)[lock % 3]
        await manual_changes.override(self.scope, self.vips.id, self.ids[lock % 4 :: 4], word)

    async def a_new_rule(self):
        rule = {"not": TAGGED_VIP} if (await segments.get(self.scope, self.vips.id)).rule == TAGGED_VIP else TAGGED_VIP
        await segments.update(self.scope, self.vips.id, {"rule": rule})


@pytest.mark.parametrize(
    ("work", "small"),
    [
        ("a_slice", 5_000),
        ("a_build", 5_000),
        ("a_build", 1),
        ("a_recompute", 5_000),
        ("a_recompute", 1),
        ("an_audit", 5_000),
        ("a_hand", 5_000),
        ("an_override", 5_000),
    ],
)
async def test_a_kill_at_any_statement_loses_and_logs_nothing(database, monkeypatch, work, small):
    monkeypatch.setattr(swap, "SMALL", small)
    clinic = Clinic()
    await clinic.open()
    for statements in count():
        await clinic.something_happens(statements)
        if work == "a_build":
            await clinic.a_new_rule()
        try:
            with killed_after(statements):
                await getattr(clinic, work)(statements)
            break
        except Killed:
            if statements % 3 == 0:
                await clinic.finish()
    assert statements >= 5
    await getattr(clinic, work)(statements)
    await clinic.finish()
