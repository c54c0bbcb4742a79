"""Enrollments are listed by workflow and by contact, inside and ended, and by the version that they run by."""

from datetime import UTC, datetime, timedelta

import pytest

from models import db
from models.workflows.insight import enrollments, version_paths
from models.workflows.insight.enrollments import Wanted
from tests.kit.workspaces import new_workspace

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
async def scope(database):
    """Version 1 at noon, 2 an hour later takes over those inside, 3 an hour later does not. Four inside, three ended."""
    scope = await new_workspace()
    await db.execute(
        "INSERT INTO workflows (workspace_id, id, name, draft, created_at, updated_at) VALUES ($1, 5, 'W', '{}', $2, $2)",
        scope.workspace_id,
        NOON,
    )
    for number, followed_by in ((1, 2), (2, None), (3, None)):
        await db.execute(
            "INSERT INTO workflow_versions (workspace_id, workflow_id, number, graph, published_at, followed_by)"
            " VALUES ($1, 5, $2, '{}', $3, $4)",
            scope.workspace_id,
            number,
            NOON + HOUR * (number - 1),
            followed_by,
        )
    await db.execute(
        "INSERT INTO workflow_nodes (workspace_id, workflow_id, node, key) VALUES ($1, 5, 1, 'ask'), ($1, 5, 2, 'wait')",
        scope.workspace_id,
    )
    for enrollment, number, contact, node, state in (
        (1, 1, 7, 1, "WAITING"),
        (4, 2, 8, 2, "HELD"),
        (6, 3, 7, 2, "READY"),
    ):
        await insert(scope, enrollment, number, contact, node, state)
    await insert(scope, 9, 3, 7, 1, "WAITING", workflow=6)
    for enrollment, number, contact, ended in (
        (2, 1, 8, NOON + HOUR / 2),
        (3, 1, 7, NOON + 1.5 * HOUR),
        (5, 2, 9, NOON + 9 * HOUR),
    ):
        await db.execute(
            "INSERT INTO enrollments_ended"
            " VALUES ($1, $2, 5, $3, $4, '', 'bought', 2, 1, $5, NULL, false, NULL, NULL, $5, $5, 'GOAL')",
            scope.workspace_id,
            enrollment,
            number,
            contact,
            ended,
        )
    return scope


async def insert(scope, enrollment, number, contact, node, state, workflow=5):
    await db.execute(
        "INSERT INTO enrollments (workspace_id, id, workflow_id, number, contact_id, trigger, node, node_at, state, entered_at,"
        " entry_key)"
        " VALUES ($1, $2, $3, $4, $5, 'bought', $6, $7, $8, $7, $9)",
        scope.workspace_id,
        enrollment,
        workflow,
        number,
        contact,
        node,
        NOON,
        state,
        f"order {enrollment}",
    )


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Wanted(), [6, 5, 4, 3, 2, 1]),
        (Wanted(state="HELD"), [4]),
        (Wanted(state="ENDED"), [5, 3, 2]),
        (Wanted(node_key="wait"), [6, 5, 4, 3, 2]),
        (Wanted(node_key="wait", state="READY"), [6]),
        (Wanted(node_key="nowhere"), []),
        (Wanted(number=1), [2]),
        (Wanted(number=2), [5, 4, 3, 1]),
        (Wanted(number=3, contact_id=7), [6]),
        (Wanted(number=4), []),
        (Wanted(contact_id=8), [4, 2]),
    ],
    ids=str,
)
async def test_a_workflows_enrollments_are_found_newest_first(scope, wanted, found):
    rows = await enrollments.page(scope, 5, wanted, 10)
    assert [row["id"] for row in rows] == found
    assert await enrollments.count(scope, 5, wanted) == len(found)
    assert [row["id"] for row in await enrollments.page(scope, 5, wanted, 2, before=4)] == [i for i in found if i < 4][
        :2
    ]


async def test_rows_of_those_inside_and_of_the_ended_say_the_same(scope):
    inside, ended = sorted(await enrollments.by_ids(scope, [1, 3, 77]), key=lambda row: row["id"])
    assert (inside["state"], inside["node_key"], inside["end"], inside["ended_at"]) == ("WAITING", "ask", None, None)
    assert (ended["state"], ended["node_key"], ended["end"], ended["ended_at"]) == (
        "ENDED",
        "wait",
        "GOAL",
        NOON + 1.5 * HOUR,
    )
    assert list(inside.keys()) == list(ended.keys())
    assert await version_paths.numbers_of(scope, await enrollments.page(scope, 5, Wanted(), 10)) == [3, 2, 2, 2, 1, 2]


async def test_contacts_have_their_enrollments_in_all_workflows(scope):
    for inside, of_7, of_8 in ((None, [9, 6, 3, 1], [4, 2]), (True, [9, 6, 1], [4]), (False, [3], [2])):
        found = await enrollments.of_contacts(scope, [7, 8, 55], inside, 10)
        assert {contact: [row["id"] for row in rows] for contact, rows in found.items()} == {7: of_7, 8: of_8, 55: []}
        assert await enrollments.counts_of_contacts(scope, [7, 8, 55], inside) == {7: len(of_7), 8: len(of_8)}
    assert [row["id"] for row in (await enrollments.of_contacts(scope, [7], None, 2, before=9))[7]] == [6, 3]
