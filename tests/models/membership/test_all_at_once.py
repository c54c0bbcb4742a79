"""Everything at the same time in one workspace: writers with open transactions, hands, operators, people who edit, delete and
restore segments, engines, builders, recomputes and audits. In the end members, counts and log agree, and nothing ever drifted.

`make explore` takes more rounds than the few of every run. What happens when is up to the machine.
"""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from models import db
from models.changelog.members import MEMBERS
from models.changelog.read import read_page
from models.errors import DomainError, Problems
from models.membership import audit, backfill, batches, builds, manual_changes, rebuild, swap
from models.membership.origins import Origin, Override
from models.segments import segments
from tests.kit.draws import with_seeds
from tests.kit.engine import assert_all_is_right, plus_segment, settled
from tests.kit.segments import new_contacts, static_segment
from tests.kit.workspaces import new_workspace

SECONDS = 2.0


@pytest.mark.slow
@with_seeds(2)
async def test_whatever_runs_at_the_same_time_members_end_right(connected_database, database, monkeypatch, seed):
    monkeypatch.setattr(swap, "SMALL", Random(seed).choice([0, 3, 1_000]))
    monkeypatch.setattr(backfill, "AT_ONCE", Random(seed).choice([3, 5_000]))
    await db.disconnect()
    await db.connect(connected_database, pool_max=30)
    try:
        crowd = Crowd(seed)
        await crowd.gather()
        await crowd.work_for(SECONDS)
        await crowd.come_to_rest()
        await assert_all_is_right(crowd.scope)
    finally:
        await db.disconnect()
        await db.connect(connected_database, pool_max=10)


class Crowd:
    """Those who work in the workspace. What the domain refuses, or a deadlock of two writers ends, was not done."""

    def __init__(self, seed):
        self.random, self.working = Random(seed), True

    async def gather(self):
        self.scope = await new_workspace()
        self.ws = self.scope.workspace_id
        self.ids = await new_contacts(self.scope, 25)
        self.static = [(await static_segment(self.scope)).id for _ in range(2)]
        self.dynamic = []
        for _ in range(6):
            self.dynamic.append((await plus_segment(self.scope, self.rule(10**9))).id)

    async def work_for(self, seconds):
        people = [self.write, self.write, self.write, self.write, self.move, self.move, self.override, self.operate]
        people += [self.edit, self.delete_and_restore]
        workers = [self.tell, self.process, self.process, self.build, self.build, self.recompute, self.audit]
        working = [asyncio.create_task(self.keep(one)) for one in people + workers]
        reading = asyncio.create_task(self.read())
        await asyncio.sleep(seconds)
        self.working = False
        await asyncio.gather(*working)
        seen = await reading
        assert seen == list(range(1, len(seen) + 1))

    async def keep(self, work):
        while self.working:
            with suppress(DomainError, Problems, *db.Contended):
                await work()
            await asyncio.sleep(self.random.random() * 0.05)

    async def read(self):
        position, seen = 0, []
        while True:
            ended = not self.working
            page = await read_page(self.scope, MEMBERS, position, 17)
            seen += [change.position for change in page.entries]
            position = page.position
            if ended and not page.more:
                return seen
            await asyncio.sleep(0.005)

    async def come_to_rest(self):
        while await backfill.waiting() or await builds.wanted():
            await self.tell()
            await self.build()
        await asyncio.sleep(2.2)  # until whatever was about to happen has happened, and lies more than a second back
        await settled(self.scope)

    # ------------------------------------------------------------ people

    def rule(self, before):
        """A rule that mentions only older segments, so that there is no cycle."""
        random, older = self.random, [one for one in self.static + self.dynamic if one < before]
        leaves = [
            {"tags": {"operator": "HAS_ANY", "tags": [random.choice(["vip", "x"])]}},
            {"field": {"field": "score", "operator": "GTE", "value": 10}},
            {"field": {"field": "last_interaction_at", "operator": "WITHIN_LAST", "value": "PT1S"}},
            {"activity": {"kind": "buy", "within": random.choice(["PT1S", "P1D"]), "operator": "GTE", "value": 1}},
            {"segment": {"segmentId": random.choice(older), "member": random.random() < 0.6}},
            {"segment": {"segmentId": random.choice(older), "member": True}},
        ]
        one, other = random.sample(leaves, 2)
        return random.choice([one, {"not": one}, {"any": [one, other]}, {"all": [one, {"not": other}]}])

    def some(self, most):
        return sorted(self.random.sample(self.ids, self.random.randint(1, most)))

    async def write(self):
        """A few statements in a transaction, which may be open for a while."""
        async with db.transaction():
            for _ in range(self.random.choice([1, 1, 2])):
                await self.random.choice([self._tag, self._score, self._hear_from, self._buy, self._come_or_go])()
                await asyncio.sleep(self.random.choice([0, 0, 0.05]))

    async def _tag(self):
        tags = self.random.choice([[], ["vip"], ["x"]])
        await db.execute("UPDATE contacts SET tags = $2 WHERE id = ANY ($1)", self.some(4), tags)

    async def _score(self):
        await db.execute(
            "UPDATE contacts SET score = $2 WHERE id = ANY ($1)", self.some(4), self.random.choice([0, 10])
        )

    async def _hear_from(self):
        sql = "UPDATE contacts SET last_interaction_at = $2 WHERE id = ANY ($1)"
        await db.execute(sql, self.some(4), self._about_now())

    async def _buy(self):
        locked = "SELECT id FROM contacts WHERE workspace_id = $1 AND id = ANY ($2) ORDER BY id FOR KEY SHARE"
        ids = [row["id"] for row in await db.fetch(locked, self.ws, self.some(4))]
        sql = """INSERT INTO activities (workspace_id, contact_id, kind, occurred_at)
                 SELECT $1, unnest($2::bigint[]), 'buy', $3"""
        await db.execute(sql, self.ws, ids, self._about_now())

    def _about_now(self):
        return datetime.now(UTC) + timedelta(seconds=self.random.random() * 2 - 1)

    async def _come_or_go(self):
        if len(self.ids) > 20:
            await db.execute("DELETE FROM contacts WHERE id = $1", self.ids[self.random.randrange(len(self.ids))])
        self.ids.append(
            await db.fetch_value("INSERT INTO contacts (workspace_id, tags) VALUES ($1, '{vip}') RETURNING id", self.ws)
        )

    async def move(self):
        segment_id, some = self.random.choice(self.static), self.random.sample(self.ids, 6)
        await manual_changes.change_members(self.scope, segment_id, add=some[:3], remove=some[3:], origin=Origin.MANUAL)

    async def override(self):
        word = self.random.choice([*Override, None])
        await manual_changes.override(self.scope, self.random.choice(self.dynamic), self.some(2), word)

    async def operate(self):
        """In SQL, in a transaction that may be open for a while."""
        async with db.transaction():
            if self.random.random() < 0.5:
                await db.execute("DELETE FROM memberships WHERE contact_id = $1", self.random.choice(self.ids))
            else:
                segment_id = self.random.choice(self.static + self.dynamic)
                await db.execute(_PUT_IN, self.ws, segment_id, self.random.choice(self.ids))
            await asyncio.sleep(self.random.choice([0, 0, 0.1]))

    async def edit(self):
        segment_id = self.random.choice(self.dynamic)
        await segments.update(self.scope, segment_id, {"rule": self.rule(segment_id)})
        await asyncio.sleep(self.random.random() * 0.2)

    async def delete_and_restore(self):
        segment_id = self.random.choice(self.static + self.dynamic)
        await segments.delete(self.scope, segment_id, force=True)
        await asyncio.sleep(self.random.random() * 0.2)
        await segments.restore(self.scope, segment_id)

    # ------------------------------------------------------------ workers

    async def tell(self):
        for _, segment_id in await backfill.waiting():
            await segments.backfill_step(self.scope, segment_id)

    async def process(self):
        await batches.process_batch(self.ws, self.random.choice([1, 3, 50]))

    async def build(self):
        for workspace_id, segment_id in await builds.wanted():
            await rebuild.rebuild(workspace_id, segment_id)

    async def recompute(self):
        built = await rebuild.rebuild(self.ws, self.random.choice(self.dynamic), again=True)
        assert built is None or built.drift == 0

    async def audit(self):
        assert (await audit.step(self.ws, 7)).drift == 0


_PUT_IN = """
INSERT INTO memberships (workspace_id, segment_id, contact_id, origin)
SELECT $1, $2, id, 'MANUAL' FROM contacts WHERE id = $3 ON CONFLICT DO NOTHING
"""
