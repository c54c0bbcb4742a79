"""The pool's connections are shared fairly among callers."""

import asyncio
import random

import pytest

from models import db
from models.db.shares import MOST_WAITING, Share, Sharing
from models.errors import Throttled


async def entered(sharing, *shares):
    """Starts to enter for each of them, and returns the tasks."""

    async def enter(share):
        if not sharing.try_enter(share):
            await sharing.wait(share)
        return share

    tasks = [asyncio.create_task(enter(share)) for share in shares]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return tasks


def of(workspace, caller):
    return Share(workspace, caller)


async def test_a_caller_holds_six_tenths_and_a_workspace_eight():
    sharing = Sharing(10)
    tasks = await entered(sharing, *(of(1, "ana") for _ in range(15)))
    assert sum(task.done() for task in tasks) == 6
    others = await entered(sharing, *(of(1, "ben") for _ in range(5)))
    assert sum(task.done() for task in others) == 2
    assert all(task.done() for task in await entered(sharing, of(2, "eva")))
    assert not any(task.done() for task in await entered(sharing, of(2, "eva")))  # one connection is for nobody


async def test_those_who_wait_are_served_by_turns():
    sharing = Sharing(2)
    (first,) = await entered(sharing, of(1, "ana"))
    order = []
    shares = [of(1, "ana"), of(1, "ana"), of(1, "ben"), of(2, "eva"), of(2, "eva")]
    waiting = await entered(sharing, *shares)
    held = first.result()
    for _ in shares:
        sharing.leave(held, 0)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        (done,) = [task for task in waiting if task.done()]
        waiting.remove(done)
        held = done.result()
        order.append(held.caller)
    assert order == ["ana", "eva", "ben", "eva", "ana"]


async def test_one_who_stops_waiting_takes_no_place():
    sharing = Sharing(2)
    (first,) = await entered(sharing, of(1, "ana"))
    waiting = await entered(sharing, of(1, "ana"), of(1, "ana"))
    waiting[0].cancel()
    sharing.leave(first.result(), 0)
    waiting[1].cancel()  # let in, and cancelled before it runs
    await asyncio.gather(*waiting, return_exceptions=True)
    assert (sharing.held, sharing.by_caller, sharing.by_workspace) == (0, {}, {})
    assert sharing.try_enter(of(1, "ana"))


async def test_too_many_who_wait_are_refused():
    sharing = Sharing(2)
    tasks = await entered(sharing, *(of(1, "ana") for _ in range(MOST_WAITING + 1)))
    with pytest.raises(Throttled, match="send fewer operations at a time"):
        await asyncio.gather(*await entered(sharing, of(1, "ana")))
    for task in tasks:
        task.cancel()


async def test_any_coming_and_going_leaves_nobody_waiting_and_nothing_held():
    draw = random.Random(7)
    sharing, most = Sharing(5), {"caller": 0, "workspace": 0, "all": 0}

    async def some_turns(most_turns):
        """Of the event loop, and not some time: who comes together then does not depend on the machine."""
        for _ in range(draw.randrange(most_turns)):
            await asyncio.sleep(0)

    async def cancel(task):
        await some_turns(50)
        task.cancel()

    async def come_and_go(share):
        await some_turns(20)
        if not sharing.try_enter(share):
            await sharing.wait(share)
        most["caller"] = max(most["caller"], *sharing.by_caller.values())
        most["workspace"] = max(most["workspace"], *sharing.by_workspace.values())
        most["all"] = max(most["all"], sharing.held)
        try:
            await some_turns(20)
        finally:
            sharing.leave(share, 0)

    tasks = [asyncio.create_task(come_and_go(of(draw.randrange(3), f"{draw.randrange(5)}"))) for _ in range(400)]
    tasks += [asyncio.create_task(cancel(task)) for task in draw.sample(tasks, 80)]
    await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 20)
    assert most == {"caller": 3, "workspace": 4, "all": 4}
    assert (sharing.held, sharing.waiting) == (0, {})


async def test_statements_and_transactions_count_the_time_of_their_connections(database):
    share = db.run_for(1, "ana")
    await db.execute("SELECT pg_sleep(0.05)")
    async with db.transaction():
        await db.execute("SELECT pg_sleep(0.05)")
    with pytest.raises(db.PostgresError):
        await db.execute("SELECT nothing")
    with pytest.raises(ZeroDivisionError):
        async with db.transaction():
            raise ZeroDivisionError
    assert 0.1 < share.seconds < 5
    db.run_for_nobody()


async def test_what_follows_a_commit_gets_a_connection_though_its_caller_holds_its_part(database):
    async def follow(_):
        await db.execute("SELECT 1")

    async def change():
        db.run_for(1, "ana")
        async with db.transaction():
            await db.execute("SELECT pg_sleep(0.02)")
            await db.after_commit(follow, 1)

    await asyncio.wait_for(asyncio.gather(*(asyncio.create_task(change()) for _ in range(30))), 30)
