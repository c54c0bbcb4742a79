"""A new rule is computed beside the old members and swapped in at one instant, whatever goes on meanwhile."""

import asyncio
import contextvars
from random import Random

from models import db
from models.changelog.members import MEMBERS
from models.changelog.read import read_head, read_page
from models.membership import (
    batches,
    builds,
    indexes,
    rebuild,
    swap,
)
from models.segments import segments
from tests.kit.draws import with_seeds
from tests.kit.engine import Pause, assert_all_is_right, settled
from tests.kit.segments import (
    TAGGED_VIP,
    dynamic_segment,
    in_segment,
    members_of,
    new_contacts,
)
from tests.kit.workspaces import new_workspace

SCORED = {"field": {"field": "score", "operator": "GTE", "value": 10}}


async def _new_rule(scope, segment, rule):
    await segments.update(scope, segment.id, {"rule": rule})


async def _set(contact_id, **values):
    for column, value in values.items():
        await db.execute(f"UPDATE contacts SET {column} = $2 WHERE id = $1", contact_id, value)


async def _log(scope, after):
    return [(c.contact_id, c.kind) for c in (await read_page(scope, MEMBERS, after, 100)).entries]


async def test_a_new_rule_logs_only_the_difference(database):
    scope = await new_workspace()
    segment = await dynamic_segment(scope)
    both, old, new, none = [
        *await new_contacts(scope, 1, tags=["vip"], score=10),
        *await new_contacts(scope, 1, tags=["vip"]),
        *await new_contacts(scope, 1, score=10),
        *await new_contacts(scope, 1),
    ]
    await settled(scope)
    before = (await read_head(scope, MEMBERS)).position
    await _new_rule(scope, segment, SCORED)
    assert await members_of(scope, segment) == {both, old}
    assert await rebuild.rebuild(scope.workspace_id, segment.id) == swap.RebuildResult(2, 0)
    assert sorted(await _log(scope, before)) == sorted([(old, "LEFT"), (new, "ENTERED")])
    fresh = await segments.get(scope, segment.id)
    assert (fresh.status, fresh.active_rule, fresh.active_version, fresh.member_count) == ("READY", SCORED, 2, 2)
    assert none not in await members_of(scope, segment)
    await assert_all_is_right(scope)


async def test_the_old_rule_is_active_until_the_swap_and_no_change_is_lost(database, monkeypatch):
    scope = await new_workspace()
    segment = await dynamic_segment(scope)
    one, two, three, four = await new_contacts(scope, 4)
    await settled(scope)
    pause = Pause(monkeypatch, "unsettled_contacts")
    await _new_rule(scope, segment, SCORED)
    building = asyncio.create_task(rebuild.rebuild(scope.workspace_id, segment.id))
    await pause.reach()
    await _set(one, tags=["vip"])
    await _set(two, score=10)
    await _set(three, tags=["vip"], score=10)
    await settled(scope)
    assert await members_of(scope, segment) == {one, three}
    await _set(four, score=10)
    pause.go_on()
    await building
    assert await members_of(scope, segment) >= {two, three}
    await settled(scope)
    assert await members_of(scope, segment) == {two, three, four}
    await assert_all_is_right(scope)


async def test_a_recompute_waits_for_another_build_of_the_segment(database, monkeypatch):
    scope = await new_workspace()
    segment = await dynamic_segment(scope)
    (one,) = await new_contacts(scope, 1, tags=["vip"])
    await settled(scope)
    await db.execute("DELETE FROM memberships")
    monkeypatch.setattr(rebuild, "AGAIN_SECONDS", 0.01)
    async with db.transaction():
        await db.advisory_lock(builds.build_lock(scope.workspace_id, segment.id))
        recomputing = asyncio.get_running_loop().create_task(
            rebuild.rebuild(scope.workspace_id, segment.id, again=True), context=contextvars.Context()
        )
        _, waiting = await asyncio.wait({recomputing}, timeout=0.3)
        assert waiting
    assert await recomputing == swap.RebuildResult(1, 0)
    assert await members_of(scope, segment) == {one}


async def test_an_edit_during_a_build_ends_at_the_newest_rule(database, monkeypatch):
    scope = await new_workspace()
    segment = await dynamic_segment(scope)
    one, two, three = await new_contacts(scope, 3)
    await _set(one, score=10)
    await _set(two, score=99)
    await _set(three, tags=["vip"])
    await settled(scope)
    pause = Pause(monkeypatch, "unsettled_contacts")
    await _new_rule(scope, segment, SCORED)
    building = asyncio.create_task(rebuild.rebuild(scope.workspace_id, segment.id))
    await pause.reach()
    newest = {"field": {"field": "score", "operator": "GTE", "value": 50}}
    await _new_rule(scope, segment, newest)
    pause.go_on()
    await building
    fresh = await segments.get(scope, segment.id)
    assert (fresh.status, fresh.active_rule, fresh.active_version) == ("READY", newest, 3)
    assert await members_of(scope, segment) == {two}
    await settled(scope)
    await assert_all_is_right(scope)


async def test_a_recompute_that_another_process_ended_is_still_done(database, monkeypatch):
    scope = await new_workspace()
    segment = await dynamic_segment(scope)
    one, two = await new_contacts(scope, 2, tags=["vip"])
    await settled(scope)
    async with db.transaction():
        await db.execute("SET LOCAL muster.members = 'logged'")
        await db.execute("DELETE FROM memberships WHERE contact_id = $1", one)
    pause = Pause(monkeypatch, "compute_and_swap")
    recomputing = asyncio.create_task(rebuild.rebuild(scope.workspace_id, segment.id, again=True))
    await pause.reach()
    for workspace_id, segment_id in await builds.wanted():  # a periodic task finds a segment that is READY
        assert await rebuild.rebuild(workspace_id, segment_id) is None
    pause.go_on()
    assert await recomputing == swap.RebuildResult(1, 1)
    assert await members_of(scope, segment) == {one, two}


async def test_a_rule_that_waits_for_an_index_begins_no_build(database, monkeypatch):
    scope = await new_workspace()
    segment = await dynamic_segment(scope)
    ids = await new_contacts(scope, 2, tags=["vip"], score=10)
    await settled(scope)
    await _new_rule(scope, segment, SCORED)
    ready = False

    async def build(_):
        return ready

    monkeypatch.setattr(indexes, "build", build)
    assert await rebuild.rebuild(scope.workspace_id, segment.id) is None
    assert await db.fetch_value("SELECT count(*) FROM segment_builds") == 0
    assert await builds.wanted() == [(scope.workspace_id, segment.id)]
    await _set(ids[0], score=0)
    await settled(scope)
    ready = True
    await rebuild.rebuild(scope.workspace_id, segment.id)
    assert await members_of(scope, segment) == {ids[1]}
    await assert_all_is_right(scope)


async def test_a_segment_deleted_during_its_build_stays_as_it_was(database, monkeypatch):
    scope = await new_workspace()
    segment = await dynamic_segment(scope)
    (one,) = await new_contacts(scope, 1, score=10)
    await settled(scope)
    pause = Pause(monkeypatch, "unsettled_contacts")
    await _new_rule(scope, segment, SCORED)
    building = asyncio.create_task(rebuild.rebuild(scope.workspace_id, segment.id))
    await pause.reach()
    await segments.delete(scope, segment.id)
    pause.go_on()
    assert await building is None
    assert await db.fetch_value("SELECT count(*) FROM segment_builds") == 0
    await segments.restore(scope, segment.id)
    await rebuild.rebuild(scope.workspace_id, segment.id)
    assert await members_of(scope, segment) == {one}
    await settled(scope)
    await assert_all_is_right(scope)


async def test_a_build_that_dies_is_repeated(database, monkeypatch):
    scope = await new_workspace()
    segment = await dynamic_segment(scope)
    ids = await new_contacts(scope, 8, score=10)
    await settled(scope)
    monkeypatch.setattr(swap, "SMALL", 2)
    pause = Pause(monkeypatch, "swap")
    await _new_rule(scope, segment, SCORED)
    building = asyncio.create_task(rebuild.rebuild(scope.workspace_id, segment.id))
    await pause.reach()
    building.cancel()
    await asyncio.wait({building})
    await _set(ids[0], score=0)
    await _set(ids[1], tags=["vip"])
    await settled(scope)
    assert await members_of(scope, segment) == {ids[1]}
    assert list(await builds.wanted()) == [(scope.workspace_id, segment.id)]
    pause.go_on()
    await rebuild.rebuild(scope.workspace_id, segment.id)
    assert list(await builds.wanted()) == []
    assert await members_of(scope, segment) == set(ids[1:])
    await settled(scope)
    await assert_all_is_right(scope)


async def test_a_rule_that_cannot_be_computed_leaves_the_members_as_they_were(database):
    scope = await new_workspace()
    segment = await dynamic_segment(scope)
    (one,) = await new_contacts(scope, 1, tags=["vip"])
    await settled(scope)
    await db.execute(
        "UPDATE segments SET rule = '{\"all\": 5}', status = 'BUILDING', rule_version = 2 WHERE id = $1", segment.id
    )
    assert await rebuild.rebuild(scope.workspace_id, segment.id) is None
    (two,) = await new_contacts(scope, 1, tags=["vip"])
    await settled(scope)
    assert await members_of(scope, segment) == {one, two}
    assert (await segments.get(scope, segment.id)).status == "FAILED"
    await assert_all_is_right(scope)


@with_seeds(3)
async def test_writers_readers_builds_and_edits_at_the_same_time_end_well(database, monkeypatch, seed):
    """Eight writers, an engine, two builders, rules that change, and readers that miss nothing."""
    random = Random(seed)
    scope = await new_workspace()
    monkeypatch.setattr(swap, "SMALL", random.choice([0, 3, 1000]))
    ids = await new_contacts(scope, 30)
    chain = [await dynamic_segment(scope), await dynamic_segment(scope, SCORED)]
    chain.append(await dynamic_segment(scope, in_segment(chain[0], member=False)))
    chain.append(await dynamic_segment(scope, {"all": [in_segment(chain[1]), in_segment(chain[2])]}))
    working = True

    async def write():
        for _ in range(15):
            contact_id = random.choice(ids)
            match random.randrange(6):
                case 0 | 1:
                    await _set(contact_id, tags=random.choice([[], ["vip"], ["x"]]))
                case 2 | 3:
                    await _set(contact_id, score=random.choice([0, 10, 50]))
                case 4:
                    ids.extend(await new_contacts(scope, 1, tags=["vip"], score=random.choice([0, 10])))
                case 5:
                    await db.execute("DELETE FROM contacts WHERE id = $1", contact_id)

    async def edit():
        for _ in range(4):
            rule = random.choice([TAGGED_VIP, SCORED, {"not": TAGGED_VIP}, {"not": SCORED}])
            await _new_rule(scope, random.choice(chain[:2]), rule)
            await asyncio.sleep(0.02)

    async def keep(work, *args):
        while working:
            await work(scope.workspace_id, *args)
            await asyncio.sleep(0)

    async def read():
        position, seen = 0, []
        while True:
            ended = not working
            page = await read_page(scope, MEMBERS, position, 7)
            seen += [change.position for change in page.entries]
            position = page.position
            if ended and not page.more:
                return seen
            await asyncio.sleep(0)

    others = [
        asyncio.create_task(keep(batches.process_batch, 5)),
        *(asyncio.create_task(keep(rebuild.rebuild, segment.id)) for segment in chain[:2]),
    ]
    reading = asyncio.create_task(read())
    await asyncio.gather(*(write() for _ in range(6)), edit())
    working = False
    await asyncio.gather(*others)
    seen = await reading
    assert seen == list(range(1, len(seen) + 1))
    for segment in chain:
        await rebuild.rebuild(scope.workspace_id, segment.id)
    await settled(scope)
    await assert_all_is_right(scope)


async def _tamper(sql, *args):
    """Change what is stored behind everybody's back."""
    async with db.transaction():
        await db.execute("SET LOCAL muster.members = 'logged'")
        await db.execute(sql, *args)


async def test_a_recompute_counts_unexplained_differences_as_drift(database):
    scope = await new_workspace()
    vips = await dynamic_segment(scope)
    ids = await new_contacts(scope, 4, tags=["vip"])
    await settled(scope)
    await _tamper("DELETE FROM memberships WHERE contact_id = $1", ids[0])
    assert await rebuild.rebuild(scope.workspace_id, vips.id, again=True) == swap.RebuildResult(1, 1)
    assert await rebuild.rebuild(scope.workspace_id, vips.id, again=True) == swap.RebuildResult(0, 0)
    assert await members_of(scope, vips) == set(ids)
