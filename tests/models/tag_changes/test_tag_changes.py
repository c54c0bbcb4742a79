"""Tags are renamed, merged and taken away in all contacts and rules."""

import asyncio
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import db
from models.contacts import tags
from models.contacts.create import create_contact
from models.contacts.tagging import add_tags, remove_tags
from models.errors import InUse, Invalid, NotFound
from models.membership import rebuild
from models.queue import jobs, running_jobs
from models.queue.jobs import Job, JobStatus
from models.segments import segments
from models.tag_changes import tag_changes
from permissions.principal import Scope
from tests.kit.engine import assert_all_is_right, settled
from tests.kit.segments import dynamic_segment, members_of
from tests.kit.transfers import imported, undone
from tests.kit.workspaces import new_workspace


@pytest.fixture
async def scope(database: str) -> Scope:
    return await new_workspace()


async def run(scope: Scope, job: Job) -> Job:
    """To the end, as a worker does."""
    held = await running_jobs.take(scope.workspace_id, job.id)
    assert held is not None
    async for _ in tag_changes.carry_on(scope, held):
        pass
    await running_jobs.finish(held)
    return held


async def renamed(scope: Scope, tag: str, to: str) -> Job:
    return await run(scope, await tag_changes.rename_tag(scope, tag, to))


async def tags_of(scope: Scope) -> list[list[str]]:
    rows = await db.fetch("SELECT tags FROM contacts WHERE workspace_id = $1 ORDER BY id", scope.workspace_id)
    return [row["tags"] for row in rows]


async def log_of(scope: Scope) -> int:
    """How many changes of members the log has."""
    return await db.fetch_value("SELECT count(*) FROM membership_changes WHERE workspace_id = $1", scope.workspace_id)


async def test_a_tag_is_renamed_in_contacts_and_rules(scope: Scope) -> None:
    for held in (["VIP", "a"], ["b"], ["a", "VIP"]):
        await create_contact(scope, {"tags": held})
    both = {"tags": {"operator": "HAS_ALL", "tags": ["vip", "a"]}}
    rule = {"any": [both, {"not": {"tags": {"operator": "HAS_ANY", "tags": ["Vip"]}}}]}
    segment = await dynamic_segment(scope, rule)
    before, entries = await members_of(scope, segment), await log_of(scope)
    job = await renamed(scope, "vip", " Gold ")
    assert (job.status, job.done, job.total) == (JobStatus.SUCCEEDED, 2, 2)
    assert await tags_of(scope) == [["Gold", "a"], ["b"], ["a", "Gold"]]
    assert await tags.find(scope, None, 9) == ["a", "b", "Gold"]
    now = await segments.get(scope, segment.id)
    assert now.version == segment.version + 1
    assert now.rule == now.active_rule
    assert now.rule["any"][0]["tags"]["tags"] == ["Gold", "a"]
    assert now.rule["any"][1]["not"]["tags"]["tags"] == ["Gold"]
    await settled(scope)
    await rebuild.rebuild(scope.workspace_id, segment.id)
    assert await members_of(scope, segment) == before
    assert await log_of(scope) == entries, "nobody left to come back"
    await assert_all_is_right(scope)


async def test_two_tags_become_one(scope: Scope) -> None:
    for held in (["old", "New"], ["New"], ["old"], ["x", "old"]):
        await create_contact(scope, {"tags": held})
    segment = await dynamic_segment(scope, {"tags": {"operator": "HAS_ANY", "tags": ["old"]}})
    await renamed(scope, "OLD", "NEW")
    assert await tags_of(scope) == [["New"], ["New"], ["New"], ["x", "New"]]
    assert await tags.find(scope, None, 9) == ["New", "x"]
    await settled(scope)
    await rebuild.rebuild(scope.workspace_id, segment.id)
    assert await members_of(scope, segment) == {1, 2, 3, 4}
    await assert_all_is_right(scope)


async def test_a_tag_gets_another_spelling(scope: Scope) -> None:
    await create_contact(scope, {"tags": ["a", "vip"]})
    await renamed(scope, "vip", "VIP")
    assert await tags_of(scope) == [["a", "VIP"]]
    assert await tags.find(scope, None, 9) == ["a", "VIP"]


async def test_a_job_that_runs_twice_changes_nothing_more(scope: Scope) -> None:
    await create_contact(scope, {"tags": ["old"]})
    job = await tag_changes.rename_tag(scope, "old", "new")
    other = await tag_changes.rename_tag(scope, "old", "third")
    await run(scope, job)
    await create_contact(scope, {"tags": ["old"]})
    reopened = await jobs.reopen(scope, job.id, (await jobs.get(scope, job.id)).progress)
    await run(scope, reopened)
    assert await tags_of(scope) == [["new"], ["old"]]
    await run(scope, other)
    assert await tags_of(scope) == [["new"], ["third"]]


async def test_what_was_killed_before_the_commit_is_done_again(scope: Scope, monkeypatch: pytest.MonkeyPatch) -> None:
    await create_contact(scope, {"tags": ["old"]})
    job = await tag_changes.rename_tag(scope, "old", "new")
    held = await running_jobs.take(scope.workspace_id, job.id)
    assert held is not None

    async def dies(*_: object, **__: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as patched:
        patched.setattr(running_jobs, "progress", dies)
        with pytest.raises(RuntimeError):
            async for _ in tag_changes.carry_on(scope, held):
                pass
    assert await tags_of(scope) == [["old"]]
    await running_jobs.release(held)
    await run(scope, job)
    assert await tags_of(scope) == [["new"]]


async def test_a_tag_is_taken_away_in_steps(scope: Scope, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tag_changes, "CHUNK", 2)
    for held in (["a", "old"], ["OLD"], ["b"], ["old"]):
        await create_contact(scope, {"tags": held})
    job = await run(scope, await tag_changes.delete_tag(scope, "Old"))
    assert (job.done, job.total) == (3, 3)
    assert await tags_of(scope) == [["a"], [], ["b"], []]
    assert await tags.find(scope, None, 9) == ["a", "b"]


async def test_a_tag_that_a_rule_names_is_in_use(scope: Scope) -> None:
    await create_contact(scope, {"tags": ["old"]})
    queued = await tag_changes.delete_tag(scope, "old")
    await dynamic_segment(scope, {"not": {"tags": {"operator": "HAS_ANY", "tags": ["OLD"]}}}, "Not old")
    with pytest.raises(InUse, match="'Not old'") as refused:
        await tag_changes.delete_tag(scope, "old")
    assert refused.value.path == ("tag",)
    with pytest.raises(InUse):
        await run(scope, queued)
    assert "old" in await tags.find(scope, None, 9)


async def test_mistakes_are_refused(scope: Scope) -> None:
    await create_contact(scope, {"tags": ["a"]})
    for change in (tag_changes.rename_tag(scope, "b", "c"), tag_changes.delete_tag(scope, "b")):
        with pytest.raises(NotFound) as missing:
            await change
        assert missing.value.path == ("tag",)
    for to in ("", "a", "x" * 101, "a\x00"):
        with pytest.raises(Invalid) as refused:
            await tag_changes.rename_tag(scope, "A", to)
        assert refused.value.path == ("to",)


async def test_contacts_of_another_workspace_keep_the_tag(scope: Scope) -> None:
    other = await new_workspace()
    for one in (scope, other):
        await create_contact(one, {"tags": ["old"]})
    await renamed(scope, "old", "new")
    assert (await tags_of(scope), await tags_of(other)) == ([["new"]], [["old"]])
    assert await tags.find(other, None, 9) == ["old"]


async def test_an_import_that_is_taken_back_brings_no_old_tag(scope: Scope) -> None:
    await create_contact(scope, {"external_id": "1", "tags": ["old", "a"]})
    job = await imported(scope, "external_id,tags\n1,b\n", overwrite=True)
    await create_contact(scope, {"tags": ["old"]})
    await renamed(scope, "old", "new")
    await undone(scope, job)
    assert await tags_of(scope) == [["new", "a"], ["new"]]


async def test_writers_beside_a_rename_leave_no_old_tag(scope: Scope) -> None:
    ids = [(await create_contact(scope, {"tags": ["old"]}))["id"] for _ in range(20)]
    job = await tag_changes.rename_tag(scope, "old", "new")
    writers = [add_tags(scope, [contact_id], ["old", "x"]) for contact_id in ids]
    await asyncio.gather(run(scope, job), *writers)
    known = set(await tags.find(scope, None, 9))
    assert {tag for held in await tags_of(scope) for tag in held} <= known


names = st.sampled_from(["a", "A", "b", "ü", "u\u0308", "Ü"])
step = st.tuples(st.sampled_from(["add", "remove", "rename", "delete"]), names, names)


@pytest.fixture
async def emptied(database: str):
    scope = await new_workspace()

    async def empty() -> Scope:
        for table in ("contacts", "tags", "jobs", "segments"):
            await db.execute(f"DELETE FROM {table}")
        return scope

    return empty


@given(st.lists(step, max_size=8))
async def test_any_changes_are_as_on_sets_of_folded_names(emptied, steps) -> None:
    scope = await emptied()
    one, two = [(await create_contact(scope, {"tags": held}))["id"] for held in (["a", "ü"], ["b"])]
    expected = {one: {"a", "ü"}, two: {"b"}}
    for action, first, second in steps:
        first, second = normalize("NFC", first), normalize("NFC", second)
        old, new = fold(first), fold(second)
        is_there = any(old in held for held in expected.values())
        if action == "add":
            await add_tags(scope, [one], [first])
            expected[one].add(old)
        elif action == "remove":
            await remove_tags(scope, [two], [first])
            expected[two].discard(old)
        elif action == "delete" and is_there:
            await run(scope, await tag_changes.delete_tag(scope, first))
            expected = {key: held - {old} for key, held in expected.items()}
        elif action == "rename" and is_there and await tags.find_spelling(scope, first) != second:
            await renamed(scope, first, second)
            expected = {key: {new if tag == old else tag for tag in held} for key, held in expected.items()}
    assert {
        key: {fold(tag) for tag in held} for key, held in zip((one, two), await tags_of(scope), strict=True)
    } == expected
    spelled = {tag for held in await tags_of(scope) for tag in held}
    assert len(spelled) == len({fold(tag) for tag in spelled})
    assert spelled <= set(await tags.find(scope, None, 99))


def fold(name: str) -> str:
    return {"A": "a", "Ü": "ü"}.get(name, name)


async def test_a_segment_that_is_followed_logs_only_who_really_moves(scope: Scope) -> None:
    await create_contact(scope, {"tags": ["old"]})
    await create_contact(scope, {"tags": ["new"]})
    segment = await dynamic_segment(scope, {"tags": {"operator": "HAS_ANY", "tags": ["new"]}})
    start = await log_of(scope)
    await renamed(scope, "old", "new")
    await settled(scope)
    await rebuild.rebuild(scope.workspace_id, segment.id)
    assert await log_of(scope) - start == 1
    assert await members_of(scope, segment) == {1, 2}
