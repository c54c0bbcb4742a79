"""Tags that are renamed or taken away where scores name them."""

import asyncio
from typing import Any

import pytest

from models import db
from models.contacts.create import create_contact
from models.contacts.tagging import add_tags, remove_tags
from models.errors import Conflict, InUse
from models.membership import indexes
from models.queue import running_jobs
from models.queue.jobs import Job
from models.score_models import build, of_contacts, score_models
from models.tag_changes import tag_changes
from permissions.principal import Scope
from tests.kit.engine import Pause, settled
from tests.kit.queue import recording
from tests.kit.workspaces import new_workspace


@pytest.fixture
async def scope(database: str) -> Scope:
    return await new_workspace()


async def run(scope: Scope, job: Job) -> None:
    """To the end, as a worker does."""
    held = await running_jobs.take(scope.workspace_id, job.id)
    assert held is not None
    async for _ in tag_changes.carry_on(scope, held):
        pass
    await running_jobs.finish(held)


async def renamed(scope: Scope, tag: str, to: str) -> None:
    await run(scope, await tag_changes.rename_tag(scope, tag, to))


def tagged(*tags: str, operator: str = "HAS_ANY") -> dict[str, Any]:
    return {"tags": {"operator": operator, "tags": list(tags)}}


def given(rule: dict[str, Any], name: str = "Interest") -> dict[str, Any]:
    """A score of 9 points while the rule holds, whose other texts say "old" too."""
    part = {"label": "old", "points": 9, "earn": {"while": rule}}
    each = {"label": "Visits", "points": 1, "earn": {"each": {"kind": "old"}}}
    return {"key": name.lower(), "name": name, "groups": [{"name": "old", "parts": [part, each]}]}


async def built(scope: Scope, rule: dict[str, Any]) -> int:
    model_id: int = (await score_models.create(scope, given(rule)))["id"]
    assert await build.build(scope.workspace_id, model_id)
    return model_id


async def values(scope: Scope) -> list[int]:
    await settled(scope)
    rows = await db.fetch("SELECT id FROM contacts WHERE workspace_id = $1 ORDER BY id", scope.workspace_id)
    found = await of_contacts.of_contacts(scope, [row["id"] for row in rows])
    return [int(scores[0].value) for scores in found.values()]


async def of(scope: Scope, *held: list[str]) -> list[int]:
    return [(await create_contact(scope, {"tags": tags}))["id"] for tags in held]


async def test_a_renamed_tag_is_renamed_in_scores_and_none_moves(scope: Scope) -> None:
    ids = await of(scope, ["old"], ["a"], ["a", "Old"], [])
    rule = {"all": [tagged("OLD", "b"), {"not": tagged("old", "a", operator="HAS_ALL")}]}
    model_id = await built(scope, rule)
    assert await values(scope) == [9, 0, 0, 0]
    before = await score_models.find(scope, model_id)
    history = await db.fetch_value("SELECT count(*) FROM score_history")
    await renamed(scope, "old", " New ")
    now = await score_models.find(scope, model_id)
    assert before is not None
    assert now is not None
    assert (now["status"], now["active_build"]) == ("READY", before["active_build"]), "nothing is built again"
    assert now["version"] == before["version"] + 1
    new = {"all": [tagged("New", "b"), {"not": tagged("New", "a", operator="HAS_ALL")}]}
    for name in ("definition", "active_definition"):
        assert db.load_json(now[name])["groups"] == given(new)["groups"], "only tags are renamed"
    assert await values(scope) == [9, 0, 0, 0]
    assert await db.fetch_value("SELECT count(*) FROM score_history") == history
    await add_tags(scope, ids[3:], ["new"])
    await remove_tags(scope, ids[:1], ["new"])
    assert await values(scope) == [0, 0, 0, 9], "and it follows the new name"
    with pytest.raises(Conflict):
        await score_models.update(scope, model_id, given(rule), before["version"])


async def test_a_score_is_built_again_when_two_tags_become_one(scope: Scope) -> None:
    await of(scope, ["old"], ["new"], ["old", "new"], ["b"])
    model_id = await built(scope, tagged("old"))
    assert await values(scope) == [9, 0, 9, 0]
    with recording() as sender:
        await renamed(scope, "old", "NEW")
    assert ("build_score", scope.workspace_id, model_id) in sender.sent
    assert await build.build(scope.workspace_id, model_id)
    assert await values(scope) == [9, 9, 9, 0]


@pytest.mark.parametrize("to", ["other", "new"])
@pytest.mark.parametrize("point", ["build", "_compute", "_swap"])
async def test_a_tag_is_renamed_while_a_score_is_built(
    scope: Scope, monkeypatch: pytest.MonkeyPatch, point: str, to: str
) -> None:
    await of(scope, ["old"], ["new"], ["b"])
    model_id = await built(scope, tagged("b"))
    await settled(scope)
    row = await score_models.update(scope, model_id, given(tagged("old")), None)
    pause = Pause(monkeypatch, point, indexes if point == "build" else build)
    building = asyncio.create_task(build.build(scope.workspace_id, model_id))
    await pause.reach()
    await renamed(scope, "old", to)
    await settled(scope)
    pause.go_on()
    await building
    while (await score_models.find(scope, model_id))["status"] == "BUILDING":  # type: ignore[index]
        assert (scope.workspace_id, model_id) in await build.wanted()
        await build.build(scope.workspace_id, model_id)
    assert await values(scope) == [9, 9 if to == "new" else 0, 0]
    assert (await score_models.find(scope, model_id))["version"] == row["version"] + 1  # type: ignore[index]


async def test_a_definition_that_is_changed_after_a_build_read_it_is_built(
    scope: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    await of(scope, ["a"], ["b"])
    model_id = (await score_models.create(scope, given(tagged("a"))))["id"]
    pause = Pause(monkeypatch, "build", indexes)
    building = asyncio.create_task(build.build(scope.workspace_id, model_id))
    await pause.reach()
    await score_models.update(scope, model_id, given(tagged("b")), None)
    pause.go_on()
    assert not await building
    assert await build.wanted() == [(scope.workspace_id, model_id)]
    await build.build(scope.workspace_id, model_id)
    assert await values(scope) == [0, 9]


async def test_a_tag_that_a_score_names_is_in_use(scope: Scope) -> None:
    await of(scope, ["old"])
    queued = await tag_changes.delete_tag(scope, "old")
    model_id = await built(scope, {"not": tagged("OLD")})
    with pytest.raises(InUse, match="'Interest'") as refused:
        await tag_changes.delete_tag(scope, "old")
    assert refused.value.path == ("tag",)
    with pytest.raises(InUse):
        await run(scope, queued)
    await score_models.update(scope, model_id, given(tagged("b")), None)
    with pytest.raises(InUse):
        await tag_changes.delete_tag(scope, "old")  # what counts now names it still
    await build.build(scope.workspace_id, model_id)
    await tag_changes.delete_tag(scope, "old")
