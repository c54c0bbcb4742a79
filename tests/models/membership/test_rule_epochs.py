"""No reader of the rules misses a change, in whatever order the writers commit, and no writer waits for another."""

import asyncio
import random
from collections import OrderedDict
from contextlib import suppress
from contextvars import Context, ContextVar

import pytest

from models import clock, db
from models.membership import compiled_rules, engine_lock, rule_epochs
from models.scores import epochs
from tests.kit.segments import dynamic_segment
from tests.kit.workspaces import new_workspace

SET_RULE = "UPDATE segments SET active_rule = $3 WHERE workspace_id = $1 AND id = $2"


def rule(version: int) -> str:
    return db.dump_json({"field": {"field": "score", "operator": "GTE", "value": version}})


async def stored_versions(scope) -> dict[int, int]:
    rows = await db.fetch("SELECT id, active_rule FROM segments WHERE workspace_id = $1", scope.workspace_id)
    return {row["id"]: db.load_json(row["active_rule"])["field"]["value"] for row in rows}


class KeptByTask:
    """What each of several tasks has compiled, as if it was a process."""

    def __init__(self):
        self._own = ContextVar("compiled")

    def begin(self):
        self._own.set(OrderedDict())

    def __getattr__(self, name):
        return getattr(self._own.get(), name)

    def __setitem__(self, workspace_id, compiled):
        self._own.get()[workspace_id] = compiled

    def __len__(self):
        return len(self._own.get())


async def versions(scope, *, fails: bool = False) -> tuple[dict[int, int], dict[int, int]]:
    """What was stored before the turn began, and what this engine has compiled then. `fails`: the turn is rolled back."""
    async with db.transaction():
        stored = await stored_versions(scope)
        lock = await engine_lock.take(scope.workspace_id)
        compiled = await compiled_rules.current(scope.workspace_id, lock.epoch)
        found = {segment_id: int(one.rule.operand) for segment_id, one in compiled.rules.items()}
        if fails:
            raise RolledBack
    return stored, found


class RolledBack(Exception):
    pass


@pytest.mark.parametrize("seed", range(3))
async def test_no_engine_misses_a_rule_that_was_committed_before_its_turn(database, seed, monkeypatch):
    kept = KeptByTask()
    kept.begin()
    monkeypatch.setattr(compiled_rules, "_compiled", kept)
    draw, scope = random.Random(seed), await new_workspace()
    ids = [(await dynamic_segment(scope, db.load_json(rule(0)))).id for _ in range(6)]
    written, busy = 0, True
    if seed == 2:  # a clock that is behind: numbers go on one by one
        await rule_epochs_ahead(scope)

    async def write(own):
        nonlocal written
        for _ in range(20):
            async with db.transaction():
                for segment_id in draw.sample(own, 2):
                    written += 1
                    await db.execute(SET_RULE, scope.workspace_id, segment_id, rule(written))
                    await asyncio.sleep(draw.random() / 100)

    async def run_engine():
        kept.begin()
        while busy:
            with suppress(RolledBack):
                await look(fails=draw.random() < 0.2)
            await asyncio.sleep(draw.random() / 50)
        stored, compiled = await look()
        assert compiled == stored

    async def look(*, fails=False):
        stored, compiled = await versions(scope, fails=fails)
        late = {segment_id for segment_id in ids if compiled[segment_id] < stored[segment_id]}
        assert not late, "it had these rules of before"
        return stored, compiled

    engines = [asyncio.create_task(run_engine(), context=Context()) for _ in range(2)]
    writers = [asyncio.create_task(write(own), context=Context()) for own in (ids[:2], ids[2:4], ids[4:])]
    await asyncio.gather(*writers)
    busy = False
    await asyncio.gather(*engines)
    assert await db.fetch_value("SELECT count(*) FROM captured_rules WHERE workspace_id = $1", scope.workspace_id) == 0


async def rule_epochs_ahead(scope):
    later = int(clock.now().timestamp() * 1_000_000) + 3_600_000_000
    await db.execute("UPDATE rule_epochs SET epoch = $2 WHERE workspace_id = $1", scope.workspace_id, later)


async def test_writers_of_rules_do_not_wait_for_each_other(database):
    scope = await new_workspace()
    one, other = await dynamic_segment(scope), await dynamic_segment(scope)
    async with db.transaction():
        await db.execute(SET_RULE, scope.workspace_id, one.id, rule(1))
        await epochs.grow(scope.workspace_id)
        async with asyncio.timeout(5):
            write = db.execute(SET_RULE, scope.workspace_id, other.id, rule(1))
            await asyncio.create_task(write, context=Context())
            await asyncio.create_task(_turn(scope), context=Context())


async def _turn(scope):
    async with db.transaction():
        lock = await engine_lock.take(scope.workspace_id)
        await compiled_rules.current(scope.workspace_id, lock.epoch)


async def test_an_epoch_grows_with_each_change_that_becomes_visible_and_stays_when_it_gets_its_number(database):
    scope = await new_workspace()
    segment = await dynamic_segment(scope)
    await _turn(scope)
    seen = [await _epoch(scope)]
    for version in (1, 2):
        await db.execute(SET_RULE, scope.workspace_id, segment.id, rule(version))
        seen.append(await _epoch(scope))
    await _turn(scope)
    seen.append(await _epoch(scope))
    assert len(set(seen)) == 4
    assert seen == sorted(seen, key=lambda epoch: (epoch.number, epoch.captured or 0))
    assert (seen[0].captured, seen[3].captured) == (None, None)


async def _epoch(scope):
    async with db.transaction():
        return (await engine_lock.take(scope.workspace_id)).epoch


async def test_two_changes_of_one_segment_get_one_number_and_the_chain_holds(database):
    scope = await new_workspace()
    one, other = await dynamic_segment(scope), await dynamic_segment(scope)
    await _turn(scope)
    before = await _epoch(scope)
    for segment in (one, other, one):
        await db.execute(SET_RULE, scope.workspace_id, segment.id, rule(1))
    async with db.transaction():
        await engine_lock.take(scope.workspace_id)
        numbered = await rule_epochs.number(scope.workspace_id)
        assert await rule_epochs.number(scope.workspace_id) is None
    rows = await db.fetch(
        "SELECT epoch, previous, segment_id FROM rule_changes WHERE workspace_id = $1 AND epoch > $2 ORDER BY epoch",
        scope.workspace_id,
        before.number,
    )
    assert {row["segment_id"] for row in rows} == {one.id, other.id} == numbered.segment_ids
    assert [row["previous"] for row in rows] == [before.number, rows[0]["epoch"]]
    assert rows[-1]["epoch"] == numbered.epoch.number == (await _epoch(scope)).number
