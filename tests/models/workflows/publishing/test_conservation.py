"""Random edits are published while people are inside: nobody is lost, nobody is there twice, and all figures add up."""

from collections import Counter
from random import Random
from typing import Any

from models import db
from models.contacts.selections import ContactSelection
from models.rules.duration import Duration
from models.workflows.lifecycle import commands, contacts
from models.workflows.publishing import publish as publishing
from models.workflows.states import EnrolledContactsPolicy
from permissions.principal import Scope
from tests.kit.draws import with_seeds
from tests.kit.segments import new_contacts
from tests.kit.workflow_graphs import end_of, graph_of, node_of, tagged, wait_of
from tests.kit.workflow_runs import activated, finished, published, standing_clock
from tests.kit.workflows import assert_figures_add_up, moved
from tests.kit.workspaces import new_workspace

KEYS = ("a", "b", "c", "d")
ROUNDS = 8


def draw_graph(random: Random) -> dict[str, Any]:
    """Some of the nodes, in some order, each leading forward, so that there is no cycle without a wait."""
    keys = [key for key in KEYS if random.random() < 0.7] or ["a"]
    random.shuffle(keys)
    nodes = [_node(random, key, [*keys[index + 1 :], "end"]) for index, key in enumerate(keys)]
    return graph_of(*nodes, end_of(), reentry={"policy": "EVERY_TIME"})


def _node(random: Random, key: str, later: list[str]) -> dict[str, Any]:
    match random.randrange(5):
        case 0:
            return node_of(key, "condition", rule=tagged("odd"), yes=random.choice(later), no=random.choice(later))
        case 1:
            shares = [{"name": name, "percent": 50, "next": random.choice(later)} for name in ("x", "y")]
            return node_of(key, "split", shares=shares)
        case 2:
            return node_of(key, "tagsChange", add=["odd"], next=random.choice(later))
        case 3:
            return wait_of(key, "P1M", random.choice(later))
        case _:
            return wait_of(key, f"P{random.randrange(1, 9)}D", random.choice(later))


def draw_moves(random: Random, before: set[str], graph: dict[str, Any]) -> dict[str, str]:
    """A target for some of the nodes that are gone, which may be another wait or the end."""
    keys = [node["key"] for node in graph["nodes"]]
    return {key: random.choice(keys) for key in sorted(before - set(keys)) if random.random() < 0.7}


async def where_everybody_is(scope: Scope, workflow_id: int) -> Counter[int]:
    """How often each contact is, or was, inside."""
    rows = await db.fetch(
        "SELECT contact_id FROM enrollments WHERE workspace_id = $1 AND workflow_id = $2"
        " UNION ALL SELECT contact_id FROM enrollments_ended WHERE workspace_id = $1 AND workflow_id = $2",
        scope.workspace_id,
        workflow_id,
    )
    return Counter(row["contact_id"] for row in rows)


async def keys_inside(scope: Scope, workflow_id: int) -> set[str]:
    rows = await db.fetch(
        "SELECT DISTINCT n.key FROM enrollments e JOIN workflow_nodes n ON n.workspace_id = $1"
        " AND n.workflow_id = e.workflow_id AND n.node = e.node WHERE e.workspace_id = $1 AND e.workflow_id = $2",
        scope.workspace_id,
        workflow_id,
    )
    return {row["key"] for row in rows}


@with_seeds(4, 50_000, 50_001)
async def test_whatever_is_published_everybody_is_somewhere_and_figures_add_up(
    database: str, seed: int, monkeypatch: Any
) -> None:
    random = Random(seed)
    monkeypatch.setattr(publishing, "AT_ONCE", random.choice((0, 3, 2_000)))
    scope = await new_workspace()
    with standing_clock() as time:
        workflow_id = await activated(scope, draw_graph(random))
        entered: Counter[int] = Counter()
        for _ in range(ROUNDS):
            people = await new_contacts(scope, random.randrange(1, 5))
            await contacts.add(scope, workflow_id, ContactSelection(ids=tuple(people)))
            entered.update(people)
            time.wait(days=random.randrange(0, 5), hours=random.randrange(24))
            await moved(scope)
            await _publish(scope, workflow_id, random)
            assert await where_everybody_is(scope, workflow_id) == entered
            await assert_figures_add_up(scope)
        await commands.drain(scope, workflow_id)
        for _ in range(20):
            time.wait(days=31)
            await moved(scope)
        assert await keys_inside(scope, workflow_id) == set()
        assert await where_everybody_is(scope, workflow_id) == entered
        await assert_figures_add_up(scope)


async def _publish(scope: Scope, workflow_id: int, random: Random) -> None:
    """The preview says before what can be seen afterwards."""
    graph = draw_graph(random)
    enrolled = random.choice((*[EnrolledContactsPolicy.MOVE] * 3, *EnrolledContactsPolicy))
    inside_before = await keys_inside(scope, workflow_id)
    moves = draw_moves(random, inside_before, graph) if enrolled is EnrolledContactsPolicy.MOVE else {}
    ended = await _count_ended(scope, workflow_id)
    spread = Duration(seconds=random.choice((0, 3600)))
    shown, _, job = await published(scope, workflow_id, graph, enrolled, moves, spread)
    assert shown.stay + shown.exits + sum(move.count for move in shown.moves if move.to_key) == shown.inside
    if job is not None:
        if random.random() < 0.5:
            await moved(scope)  # the engine meets some before the job does
        await finished(scope, job)
    else:
        assert await _count_ended(scope, workflow_id) == ended + shown.exits
    await moved(scope)
    if enrolled is not EnrolledContactsPolicy.FINISH_OLD_VERSION:
        kept = {node["key"] for node in graph["nodes"]}
        assert await keys_inside(scope, workflow_id) <= kept


async def _count_ended(scope: Scope, workflow_id: int) -> int:
    return int(
        await db.fetch_value(
            "SELECT count(*) FROM enrollments_ended WHERE workspace_id = $1 AND workflow_id = $2",
            scope.workspace_id,
            workflow_id,
        )
    )
