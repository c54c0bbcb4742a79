"""Hints are given after the commit of what grew, once per workspace, and never fail who appends."""

import asyncio
import time

import pytest

from models import db
from models.changelog import events, hints
from models.changelog.hints import log_grew
from tests.kit.logs import entered
from tests.kit.queue import recording
from tests.kit.segments import new_contacts, static_segment
from tests.kit.workspaces import new_workspace


async def test_a_change_of_members_gives_a_hint(database):
    scope = await new_workspace()
    segment, (contact_id,) = await static_segment(scope), await new_contacts(scope, 1)
    with recording() as sender:
        await entered(scope, segment, contact_id)
        assert ("log_grew", scope.workspace_id) in sender.sent
        sender.sent.clear()
        await entered(scope, segment, contact_id)  # it is there already
        assert ("log_grew", scope.workspace_id) not in sender.sent


async def test_an_event_gives_a_hint_and_one_that_is_rolled_back_none(database):
    scope = await new_workspace()
    with recording() as sender:
        async with db.transaction():
            for number in range(2):
                await events.record(scope.workspace_id, events.SegmentDeleted(number, "Regulars"))
            assert sender.sent == []
        assert sender.sent == [("log_grew", scope.workspace_id)]
        with pytest.raises(ZeroDivisionError):
            async with db.transaction():
                await events.record(scope.workspace_id, events.SegmentDeleted(3, "Regulars"))
                raise ZeroDivisionError
        assert len(sender.sent) == 1


async def test_hints_that_fail_or_hang_do_not_fail_the_caller():
    class Broken:
        async def give(self, workspace_ids):
            raise OSError("no way")

    class Hanging:
        async def give(self, workspace_ids):
            await asyncio.Event().wait()

    for way in (Broken(), Hanging(), None):
        hints.use(way)
        started = time.monotonic()
        await log_grew(7)
        assert time.monotonic() - started < hints.GIVE_SECONDS + 0.5
