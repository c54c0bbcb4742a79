"""A pause changes nothing about how often a contact may pass a node."""

from collections.abc import Iterator

import pytest

from models import db
from models.contacts.selections import ContactSelection
from models.workflows.lifecycle import commands, contacts
from tests.kit.segments import new_contacts
from tests.kit.workflow_graphs import end_of, graph_of, wait_of
from tests.kit.workflow_runs import Clock, activated, standing_clock
from tests.kit.workflows import assert_figures_add_up, inside, moved, steps_of
from tests.kit.workspaces import new_workspace


@pytest.fixture
def time() -> Iterator[Clock]:
    with standing_clock() as clock:
        yield clock


@pytest.mark.parametrize("comes", ["before the pause", "during the pause"])
async def test_a_pause_at_a_node_with_a_limit_counts_the_visit_once(database: str, time: Clock, comes: str) -> None:
    scope = await new_workspace()
    limited = wait_of("wait", "P1D", "end") | {"limit": {"perContact": 1}}
    workflow_id = await activated(scope, graph_of(limited, end_of(), reentry={"policy": "EVERY_TIME"}))
    (one,) = await new_contacts(scope, 1)
    enter = ContactSelection(ids=(one,))
    if comes == "before the pause":
        await contacts.add(scope, workflow_id, enter)
        await moved(scope)
    for _ in range(2):
        await commands.pause(scope, workflow_id)
        if not await inside(scope, workflow_id):
            await contacts.add(scope, workflow_id, enter)
            await moved(scope)
            assert await inside(scope, workflow_id) == [(one, "wait", "HELD")]
        time.wait(hours=13)
        await moved(scope)
        await commands.resume(scope, workflow_id)
        await moved(scope)
    time.wait(hours=13)
    await moved(scope)
    assert (await steps_of(scope, one))[-2:] == [("wait", "next"), ("end", "done")]
    assert await db.fetch("SELECT times FROM workflow_node_visits WHERE contact_id = $1", one) == [(1,)]
    await contacts.add(scope, workflow_id, enter)
    await moved(scope)
    assert (await steps_of(scope, one))[-1] == ("wait", "limited")
    await assert_figures_add_up(scope)
