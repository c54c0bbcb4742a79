"""Tags that are renamed or taken away, and choices that would go, where workflows speak of them."""

import pytest

from models import db
from models.contacts import field_changes, fields
from models.contacts.create import create_contact
from models.contacts.tagging import add_tags
from models.errors import InUse
from models.queue import running_jobs
from models.rules.tree import FieldType
from models.tag_changes import tag_changes
from models.workflows import batches, drafts, versions
from models.workflows.lifecycle import commands
from tests.kit.engine import settled
from tests.kit.segments import new_contacts
from tests.kit.workflow_graphs import end_of, graph_of, node_of, tagged, trigger_of
from tests.kit.workflow_runs import activated, published
from tests.kit.workflows import ends_of, inside, moved, steps_of
from tests.kit.workspaces import new_workspace


@pytest.fixture
async def scope(database):
    scope = await new_workspace()
    await create_contact(scope, {"tags": ["old", "other"]})
    return scope


async def change(scope, job):
    """The job, done as a worker does."""
    held = await running_jobs.take(scope.workspace_id, job.id)
    async for _ in tag_changes.carry_on(scope, held):
        pass
    await running_jobs.finish(held)


async def tags_of(contact_id):
    return await db.fetch_value("SELECT tags FROM contacts WHERE id = $1", contact_id)


SPEAKING = graph_of(
    node_of("has", "condition", rule={"any": [tagged("OLD"), {"not": tagged("Old")}]}, yes="wait", no="end"),
    node_of("wait", "waitFor", any=[{"tagRemoved": "old"}], timeout="P1D", next="change", timedOut="end"),
    node_of("change", "tagsChange", add=["old", "seen"], remove=["gone"], next="note"),
    node_of("note", "activityRecord", kind="note", properties={"tagAdded": "old"}, next="end"),
    end_of(),
    triggers=[trigger_of("tagged", tagAdded="old")],
    exits=[{"rule": tagged("old-exit")}],
    reentry={"policy": "EVERY_TIME"},
)


async def test_what_runs_follows_the_new_name_and_nobody_is_let_in_by_the_rename(scope):
    workflow_id = await activated(scope, SPEAKING)
    before, had = await new_contacts(scope, 2)
    await add_tags(scope, [before], ["old"])
    await moved(scope)
    await add_tags(scope, [had], ["OLD"])  # nobody has heard of it yet
    await change(scope, await tag_changes.rename_tag(scope, "old", "New"))
    await moved(scope)
    assert [contact_id for contact_id, _, _ in await inside(scope, workflow_id)] == [before, had]
    (late,) = await new_contacts(scope, 1)
    await add_tags(scope, [late], ["new"])
    await moved(scope)
    assert [contact_id for contact_id, _, _ in await inside(scope, workflow_id)] == [before, had, late]
    await db.execute("UPDATE contacts SET tags = '{x}' WHERE id = ANY ($1)", [before, late])
    await moved(scope)
    assert [await tags_of(one) for one in (before, late)] == [["x", "New", "seen"]] * 2
    assert [one for one, _, _ in await inside(scope, workflow_id)] == [had]
    assert await steps_of(scope, late) == [
        *(("has", "yes"), ("wait", "waits"), ("wait", "next"), ("change", "next"), ("note", "next"), ("end", "done")),
        ("has", "LOOP_STOPPED"),
    ], "it lets in by the new name what it has tagged so itself"
    note = await db.fetch_value("SELECT properties FROM activities WHERE kind = 'note' LIMIT 1")
    assert db.load_json(note) == {"tagAdded": "old"}, "a text that is no tag"


async def test_a_version_stays_as_it_was_published_and_drafts_are_renamed(scope):
    workflow_id = await activated(scope, SPEAKING)
    await change(scope, await tag_changes.rename_tag(scope, "old", "New"))
    await change(scope, await tag_changes.rename_tag(scope, "New", "newer"))
    workflow, version = await drafts.get(scope, workflow_id), await versions.find(scope, workflow_id, 1)
    assert version.graph["triggers"][0]["on"] == {"tagAdded": "old"}
    assert workflow.version == 3
    assert version.runs_as == workflow.draft
    assert workflow.draft["triggers"][0]["on"] == {"tagAdded": "newer"}
    await drafts.update(scope, workflow_id, {"graph": graph_of(end_of())})
    await drafts.restore_version(scope, workflow_id, 1)
    assert (await drafts.get(scope, workflow_id)).draft == version.runs_as
    await published(scope, workflow_id)
    assert (await versions.find(scope, workflow_id, 2)).runs_as is None


async def test_two_tags_that_become_one_are_added_and_not_removed(scope):
    swap = node_of("swap", "tagsChange", add=["other"], remove=["old"], next="end")
    workflow_id = await activated(scope, graph_of(swap, end_of(), triggers=[trigger_of("in", tagAdded="other")]))
    (one,) = await new_contacts(scope, 1)
    await change(scope, await tag_changes.rename_tag(scope, "old", "other"))
    assert await moved(scope) == 0, "contacts had the tag before"
    await add_tags(scope, [one], ["other"])
    await moved(scope)
    assert (await tags_of(one), await ends_of(scope, workflow_id)) == (["other"], [(one, "REACHED_END")])


ACTIONS = {
    "trigger": {"triggers": [trigger_of("in", tagAdded="OLD")]},
    "rule": {"entryRule": {"all": [{"not": tagged("old")}]}},
    "goal": {"goal": {"event": {"tagRemoved": "old"}}},
    "node": {},
}


@pytest.mark.parametrize("where", ACTIONS)
async def test_a_tag_of_a_running_workflow_is_in_use(scope, where):
    nodes = [node_of("change", "tagsChange", remove=["old"], next="end")] if where == "node" else []
    job = await tag_changes.delete_tag(scope, "old")
    workflow_id = await activated(scope, graph_of(*nodes, end_of(outcome="old"), **ACTIONS[where]), "Welcome")
    for refused in (tag_changes.delete_tag(scope, "old"), change(scope, job)):
        with pytest.raises(InUse, match="these workflows use this tag: 'Welcome'") as error:
            await refused
        assert error.value.path == ("tag",)
    await commands.archive(scope, workflow_id)
    await tag_changes.delete_tag(scope, "old")
    await tag_changes.delete_tag(scope, "other")


async def test_choices_and_fields_of_a_running_workflow_are_in_use(scope):
    plan = await fields.create(scope, key="plan", label="Plan", kind=FieldType.CHOICE, choices=["a", "b", "c", "d"])
    is_b = {"field": {"field": "attributes.plan", "operator": "IN", "value": ["b"]}}
    nodes = [
        node_of("set", "fieldSet", field="attributes.plan", value="a", next="is"),
        node_of("is", "condition", rule=is_b, yes="end", no="end"),
        end_of(),
    ]
    workflow_id = await activated(scope, graph_of(*nodes), "Plans")
    await field_changes.change_field(scope, plan.id, {"choices": ["a", "b", "c"]})
    for left in (["a", "c"], ["b", "c"]):
        with pytest.raises(InUse, match="these workflows use this choice: 'Plans'"):
            await field_changes.change_field(scope, plan.id, {"choices": left})
    with pytest.raises(InUse, match="these workflows use this field: 'Plans'"):
        await fields.delete(scope, plan.id)
    await published(scope, workflow_id, graph_of(end_of()))
    await field_changes.change_field(scope, plan.id, {"choices": ["c"]})
    await fields.delete(scope, plan.id)
    await settled(scope)
    assert await batches.process_batch(scope.workspace_id) is not None
