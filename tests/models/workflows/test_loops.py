"""Several workflows change one contact in one batch: each loop is stopped, by the path that it took."""

import pytest

from models import db
from models.contacts import activities
from models.contacts.activities import NewActivity
from models.workflows.causes import MOST_CHAINS, NOBODY, Cause, parse
from tests.kit.segments import dynamic_segment, new_contacts, static_segment
from tests.kit.workflows import assert_figures_add_up, graph, moved, node, running
from tests.kit.workspaces import new_workspace

END = node("end", end={})
BOUGHT = {"key": "bought", "on": {"activity": {"kind": "purchase"}}}
AGAIN = {"policy": "EVERY_TIME"}


def tagged(*tags):
    return {"tags": {"operator": "HAS_ANY", "tags": list(tags)}}


async def changing(scope, name, **do):
    """A workflow that changes who has bought something."""
    (what, given), *_ = do.items()
    return await running(
        scope, graph([BOUGHT], [node("it", **{what: given | {"next": "end"}}), END], reentry=AGAIN), name=name
    )


async def leading_back(scope, name, event, workflow_id):
    """A workflow that lets every contact of this event into another one."""
    nodes = [node("back", enroll={"workflowId": workflow_id, "next": "end"}), END]
    await running(scope, graph([{"key": "it", "on": event}], nodes, reentry=AGAIN), name=name)


async def paths_after(scope, *kinds):
    """By which paths loops were stopped, after one contact has bought."""
    (one,) = await new_contacts(scope, 1)
    await activities.record(scope, [NewActivity("purchase", one)])
    await moved(scope)
    rows = await db.fetch("SELECT reason FROM enrollments_ended WHERE \"end\" = 'LOOP_STOPPED' ORDER BY id")
    await assert_figures_add_up(scope)
    return sorted(row["reason"].split("between: ")[1] for row in rows)


async def test_each_path_through_segments_that_follow_tags_is_told_from_the_others(database):
    scope = await new_workspace()
    for tag in ("one", "two"):
        workflow_id = await changing(scope, f"Tags {tag}", tagsChange={"add": [tag]})
        follows = await dynamic_segment(scope, tagged(tag))
        after = await dynamic_segment(scope, {"segment": {"segmentId": follows.id}})
        await leading_back(scope, f"Back {tag}", {"segmentEntered": after.id}, workflow_id)
    assert await paths_after(scope) == ["Tags one -> Back one -> Tags one", "Tags two -> Back two -> Tags two"]


async def test_who_enters_a_segment_by_another_workflow_is_in_no_loop(database):
    scope = await new_workspace()
    first = await changing(scope, "Tags one", tagsChange={"add": ["one"]})
    await changing(scope, "Tags two", tagsChange={"add": ["two"]})
    await leading_back(scope, "Back", {"segmentEntered": (await dynamic_segment(scope, tagged("two"))).id}, first)
    assert await paths_after(scope) == []
    assert await db.fetch_value("SELECT count(*) FROM enrollments_ended") == 4


async def test_what_several_led_to_knows_the_path_of_each(database):
    scope = await new_workspace()
    workflows = [await changing(scope, f"Tags {tag}", tagsChange={"add": [tag]}) for tag in ("one", "two")]
    both = await dynamic_segment(scope, {"all": [tagged("one"), tagged("two")]})
    for tag, workflow_id in zip(("one", "two"), workflows, strict=True):
        await leading_back(scope, f"Back {tag}", {"segmentEntered": both.id}, workflow_id)
    assert await paths_after(scope) == ["Tags one -> Back one -> Tags one", "Tags two -> Back two -> Tags two"]


async def test_a_contact_that_one_puts_in_and_another_takes_out_again_has_a_path_for_each(database):
    scope = await new_workspace()
    chosen, other = await static_segment(scope), await static_segment(scope)
    puts_in = await changing(scope, "Puts in", segmentAdd={"segmentId": chosen.id})
    nodes = [
        node("out", segmentRemove={"segmentId": chosen.id, "next": "other"}),
        node("other", segmentAdd={"segmentId": other.id, "next": "end"}),
        END,
    ]
    takes_out = await running(scope, graph([BOUGHT], nodes, reentry=AGAIN), name="Takes out")
    await leading_back(scope, "In", {"segmentEntered": chosen.id}, puts_in)
    await leading_back(scope, "Out", {"segmentLeft": chosen.id}, takes_out)
    await leading_back(scope, "Other", {"segmentEntered": other.id}, takes_out)
    assert await paths_after(scope) == [
        "Puts in -> In -> Puts in",
        "Takes out -> Other -> Takes out",
        "Takes out -> Out -> Takes out",
    ]


CAUSES = [NOBODY, Cause(((3,),)), Cause(((3, 7),)), Cause(((3,), (4, 5)))]


@pytest.mark.parametrize("cause", CAUSES, ids=str)
def test_a_cause_is_read_as_it_was_written(cause):
    assert parse(str(cause)) == cause
    assert Cause.of_path(cause.path) == cause


def test_of_too_many_chains_the_longest_are_kept():
    chains = [tuple(range(length)) for length in range(1, MOST_CHAINS + 3)]
    assert parse("|".join(str(Cause((chain,))) for chain in chains)).chains == tuple(chains[2:])
    assert len(parse("1:7|1:7|1:8").chains) == 2
