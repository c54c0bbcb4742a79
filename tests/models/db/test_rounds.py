"""Periodic tasks look at workspaces in turn."""

from models import db
from tests.kit.workspaces import new_workspace


async def test_each_workspace_is_in_one_span_of_a_round(database: str) -> None:
    ids = [(await new_workspace(f"{number}")).workspace_id for number in range(5)]
    rounds = db.Rounds(at_once=2)
    seen: list[list[int]] = []
    for _ in range(3):
        after, upto = await rounds.next()
        seen.append([one for one in ids if after < one <= upto])
    assert seen == [ids[:2], ids[2:4], ids[4:]]
    assert (await rounds.next()).after == 0, "and then from the beginning"


async def test_a_workspace_that_is_made_meanwhile_is_in_the_last_span(database: str) -> None:
    first = (await new_workspace("first")).workspace_id
    after, upto = await db.Rounds().next()
    later = (await new_workspace("later")).workspace_id
    assert after < first < later <= upto


async def test_all_workspaces_that_fill_a_span_are_followed_by_an_empty_end(database: str) -> None:
    ids = [(await new_workspace(f"{number}")).workspace_id for number in range(2)]
    rounds = db.Rounds(at_once=2)
    assert await rounds.next() == (0, ids[-1])
    assert await rounds.next() == (ids[-1], db.EVERY.upto)
    assert await rounds.next() == (0, ids[-1])
