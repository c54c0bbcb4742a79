"""The log of steps: appended with what happened, read in order and without gaps, by workflow and by contact."""

import asyncio
from contextlib import aclosing
from datetime import timedelta

import pytest

from models import clock, db
from models.changelog import retention
from models.changelog.cursor import from_cursor, to_cursor
from models.changelog.members import MEMBERS
from models.changelog.read import NotInLog, read_page
from models.changelog.tail import Tail
from models.errors import Invalid
from models.workflows import steps
from models.workflows.steps import STEPS, NewStep
from tests.kit.workspaces import new_workspace


def step(workflow, enrollment, contact, outcome="yes", **more):
    return NewStep(workflow, enrollment, contact, 1, 2, outcome, clock.now(), **more)


@pytest.fixture
async def scope(database):
    """Five steps: of the contacts 7 and 8, in the workflows 1 and 2."""
    scope = await new_workspace()
    await steps.append(scope, [step(1, 10, 7), step(1, 11, 8, detail='{"segment": 3}'), step(2, 12, 7, test=True)])
    await steps.append(scope, [])
    await steps.append(scope, [step(1, 10, 7, "done"), step(2, 13, 8)])
    return scope


async def test_steps_are_read_in_order_with_all_that_was_said(scope):
    page = await read_page(scope, STEPS, None, 10)
    assert [(s.position, s.workflow_id, s.enrollment_id, s.contact_id, s.outcome) for s in page.entries] == [
        (1, 1, 10, 7, "yes"), (2, 1, 11, 8, "yes"), (3, 2, 12, 7, "yes"), (4, 1, 10, 7, "done"), (5, 2, 13, 8, "yes"),
    ]  # fmt: skip
    assert [s.detail for s in page.entries][:2] == [None, '{"segment": 3}']
    assert [s.test for s in page.entries] == [False, False, True, False, False]
    assert [s.position for s in (await read_page(scope, STEPS, 1, 10, {2})).entries] == [3, 5]


async def test_a_contacts_steps_are_read_page_by_page_and_its_way_by_enrollment(scope):
    first = await steps.of_contact(scope, 7, None, 2)
    assert [s.position for s in first.entries] == [1, 3]
    assert first.more
    rest = await steps.of_contact(scope, 7, first.position, 2)
    assert [s.position for s in rest.entries] == [4]
    assert not rest.more
    assert rest.position == 5
    assert [s.position for s in (await steps.of_contact(scope, 7, None, 9, [2])).entries] == [3]
    assert [s.outcome for s in await steps.of_enrollment(scope, 7, 10, None, 9)] == ["yes", "done"]
    with pytest.raises(NotInLog, match="lies ahead"):
        await steps.of_contact(scope, 7, 99, 2)


async def test_what_is_rolled_back_leaves_no_gap_for_a_live_follower(scope):
    tail = Tail()
    async with aclosing(tail.follow(scope, STEPS, None, 3)) as follower:
        assert [s.position for s in (await asyncio.wait_for(anext(follower), 5)).entries] == [4, 5]
        with pytest.raises(ZeroDivisionError):
            async with db.transaction():
                await steps.append(scope, [step(1, 14, 9)])
                raise ZeroDivisionError
        await steps.append(scope, [step(1, 15, 9)])
        (entry,) = (await asyncio.wait_for(anext(follower), 5)).entries
    assert (entry.position, entry.enrollment_id) == (6, 15)


async def test_a_cursor_is_of_this_log_and_old_steps_are_dropped(scope):
    assert from_cursor(scope, STEPS, to_cursor(STEPS, scope.workspace_id, 4)) == 4
    with pytest.raises(Invalid, match="no cursor of this workspace's steps: pass one that workflowSteps gave"):
        from_cursor(scope, STEPS, to_cursor(MEMBERS, scope.workspace_id, 4))
    later = clock.now() + timedelta(days=401)
    clock.set_source(lambda: later)
    assert await retention.drop_older_than(timedelta(days=400), STEPS) == 2
    with pytest.raises(NotInLog, match="the steps after it are no longer kept. Read the workflows' enrollments anew"):
        await read_page(scope, STEPS, 1, 10)
