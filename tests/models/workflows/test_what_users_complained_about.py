"""What users of other products complained about, each with the test that keeps it from happening here.

`PREVENTED_BY` names it in our words. The tests below it are of what no other test covers.
"""

import ast
import asyncio
from collections.abc import Mapping
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest

from models import db
from models.contacts.activities import NewActivity, record
from models.contacts.selections import ContactSelection
from models.contacts.update import update_contact
from models.errors import Problems
from models.membership import manual_changes, rebuild
from models.membership.origins import Origin
from models.segments import segments
from models.workflows import batches, drafts, engine_lock
from models.workflows.insight import enrollments, lag
from models.workflows.insight.enrollments import Wanted
from models.workflows.lifecycle import contacts
from models.workflows.trials.simulate import simulate
from tests.kit.killing import Killed, killed_after
from tests.kit.segments import dynamic_segment, members_of, new_contacts, static_segment
from tests.kit.workflow_graphs import end_of, graph_of, node_of, tagged, trigger_of, wait_of
from tests.kit.workflow_runs import activated, published, standing_clock
from tests.kit.workflows import assert_figures_add_up, ends_of, inside, moved, steps_of, turned_away
from tests.kit.workspaces import new_workspace

TESTS = Path(__file__).resolve().parents[2]
HERE = "models/workflows/test_what_users_complained_about.py"

BATCHES = "models/workflows/test_batches.py"
DRAFTS = "models/workflows/test_drafts.py"
EFFECTS = "models/workflows/test_effects.py"
ENTRIES = "models/workflows/test_entries.py"
FIGURES = "models/workflows/insight/test_figures.py"
JOURNEYS = "journeys/test_workflows.py"
LIFECYCLE = "models/workflows/lifecycle/test_lifecycle.py"
LOOPS = "models/workflows/test_loops.py"
PUBLISH = "models/workflows/publishing/test_publish.py"
SENDING = "models/workflows/test_sending.py"
SHOWN_DRAFTS = "schema/workflows/test_drafts.py"
SIGHT = "schema/workflows/test_sight.py"
TEST_RUNS = "models/workflows/trials/test_runs.py"
TIMED = "models/workflows/test_timed_triggers.py"
TIMING = "models/workflows/timing/test_waits.py"
WAITS = "models/workflows/test_waits.py"

PREVENTED_BY: Mapping[str, tuple[tuple[str, str], ...]] = {
    # ---- getting in
    "who enters again while inside has two schedules": (
        (ENTRIES, "test_who_is_inside_is_turned_away_and_may_come_back_after_leaving"),
    ),
    "once lets the same people in four times": ((ENTRIES, "test_once_means_once_whatever_happens_again"),),
    "a mix-up in the queue sends everything twice": (
        (HERE, "test_work_that_is_done_twice_at_once_or_dies_anywhere_is_done_once"),
    ),
    "it runs twice though the most is one": ((HERE, "test_the_most_times_hold_however_often_it_happens"),),
    "who leaves the segment and comes back is not let in again": (
        (HERE, "test_who_leaves_and_comes_back_enters_again"),
    ),
    "who may not enter again does": ((ENTRIES, "test_once_means_once_whatever_happens_again"),),
    "who opted out and in again never enters any workflow": ((HERE, "test_who_leaves_and_comes_back_enters_again"),),
    "to run many times needs leaving first, and the setting is lost": (
        (ENTRIES, "test_every_purchase_lets_in_though_several_come_at_once"),
        (SHOWN_DRAFTS, "test_a_draft_is_shown_as_it_is_given_and_can_be_given_again"),
    ),
    "a contact passes once ever, so that no test can be repeated": (
        (TEST_RUNS, "test_a_test_stands_beside_the_real_thing_and_a_new_one_takes_its_place"),
    ),
    "two triggers within a second count once": ((ENTRIES, "test_every_purchase_lets_in_though_several_come_at_once"),),
    "those who qualified before do not get in": ((LIFECYCLE, "test_existing_members_enter_by_a_job_and_only_once"),),
    "those already past the delay are never reached": ((WAITS, "test_who_comes_when_it_is_over"),),
    "a trigger never fires": ((ENTRIES, "test_each_trigger_lets_in_at_what_it_names"),),
    "nothing says why somebody is not in": (
        (SIGHT, "test_it_is_explained_why_a_contact_is_inside_may_enter_or_was_turned_away"),
    ),
    "a rebuild takes people out for a moment, and their steps are gone": (
        (HERE, "test_a_rebuilt_segment_throws_nobody_out_who_stays"),
    ),
    "who leaves the list goes on": ((WAITS, "test_an_exit_and_a_goal_end_a_wait"),),
    "a hidden limit leaves most of them out": (
        (TIMED, "test_more_contacts_than_enter_at_once_come_once_each"),
        (LIFECYCLE, "test_many_contacts_are_added_moved_and_removed_by_jobs"),
    ),
    "one failed page loses the rest": ((HERE, "test_work_that_is_done_twice_at_once_or_dies_anywhere_is_done_once"),),
    # ---- waiting
    "the hour is that of UTC": (
        (WAITS, "test_until_ten_o_clock_in_the_contact_s_zone_and_when_it_moves_in_its_new_one"),
    ),
    "a weekday east of UTC is another one": ((TIMING, "test_monday_at_nine_in_the_contact_s_zone_east_of_utc"),),
    "it is sent before the date": ((WAITS, "test_three_days_after_a_date_of_the_contact_that_changes_while_it_waits"),),
    "the hour shifts each time that it is opened": (
        (SHOWN_DRAFTS, "test_a_draft_is_shown_as_it_is_given_and_can_be_given_again"),
    ),
    "a hidden day lies between two workflows": ((HERE, "test_another_workflow_is_entered_at_once"),),
    "a failed message holds somebody forever": (
        (SENDING, "test_without_the_need_of_consent_and_of_an_outcome_s_way_one_goes_on"),
    ),
    "there are people that nothing wakes and nobody finds": (
        (HERE, "test_everybody_has_a_moment_and_who_is_late_is_found"),
    ),
    "a condition that is false at first is never looked at again": (
        (WAITS, "test_a_rule_that_a_change_or_time_alone_makes_true"),
    ),
    "nothing wakes what time alone makes true": ((WAITS, "test_a_rule_that_a_change_or_time_alone_makes_true"),),
    "a wait behind a message is never met": (
        (SENDING, "test_what_a_message_comes_to_is_an_event_for_those_who_wait_and_a_trigger"),
    ),
    "a wait for nothing ends at the first event of any kind": ((HERE, "test_a_wait_for_nothing_is_refused"),),
    "those who wait are looked at all day long": ((HERE, "test_who_waits_costs_nothing_until_then"),),
    "a wait does not see what happens later": ((WAITS, "test_what_happens_ends_the_wait_and_nothing_times_it_out"),),
    "an event lets in, or is waited for, but not both": ((JOURNEYS, "test_what_a_business_does_with_workflows"),),
    "what comes before its wait is lost": (
        (WAITS, "test_what_came_before_the_wait_counts_if_it_looks_back_and_only_once"),
    ),
    "who read it goes the way of those who did not": (
        (SENDING, "test_what_a_message_comes_to_is_an_event_for_those_who_wait_and_a_trigger"),
    ),
    "the time for an answer begins before the message is sent": (
        (SENDING, "test_the_time_for_an_answer_begins_when_the_message_has_gone"),
    ),
    "the wait does not wait": ((TEST_RUNS, "test_a_test_goes_through_days_at_once_and_counts_nothing"),),
    "the longest wait is written nowhere": ((HERE, "test_a_wait_is_as_long_as_somebody_may_stay"),),
    "what is pointless after a date still happens, and nobody can be pushed on": (
        (WAITS, "test_time_alone_leads_out"),
        (LIFECYCLE, "test_contacts_are_added_once_with_a_key_removed_and_moved"),
    ),
    # ---- edits and loops
    "who had passed a replaced step is processed again": (
        (PUBLISH, "test_a_node_that_keeps_its_key_keeps_its_people_and_figures"),
    ),
    "a shortened wait helps nobody who waits": (
        (PUBLISH, "test_a_shorter_wait_wakes_those_past_it_spread_and_a_longer_one_lets_them_wait"),
    ),
    "who waits at a deleted step is thrown out or stranded": (
        (PUBLISH, "test_those_at_a_deleted_node_go_where_the_publisher_says_or_end"),
    ),
    "those at the last wait never reach what is added behind it": (
        (HERE, "test_what_is_added_behind_a_wait_is_done_by_those_who_wait"),
    ),
    "nothing can be duplicated": ((DRAFTS, "test_a_draft_is_made_saved_and_duplicated"),),
    "what writes its own trigger runs forever": (
        (EFFECTS, "test_a_workflow_that_sets_itself_off_is_stopped"),
        (LOOPS, "test_what_several_led_to_knows_the_path_of_each"),
    ),
    "guards against loops stop what is no loop": (
        (EFFECTS, "test_what_a_workflow_set_off_before_a_wait_is_no_loop"),
        (LOOPS, "test_who_enters_a_segment_by_another_workflow_is_in_no_loop"),
    ),
    "taken out by a person and let in again without end": (
        (HERE, "test_who_is_removed_stays_out_and_does_nothing_more"),
    ),
    # ---- getting out, seeing, speed
    "who was removed does the next step all the same": ((HERE, "test_who_is_removed_stays_out_and_does_nothing_more"),),
    "a deleted contact spoils the figures": ((ENTRIES, "test_a_deleted_contact_leaves_at_once_and_the_figures_stay"),),
    "a late event revives what has ended": ((HERE, "test_what_has_ended_is_not_revived"),),
    "nobody knows who is where, and figures do not add up": (
        (SIGHT, "test_a_workflow_shows_its_figures_and_who_is_where"),
        (FIGURES, "test_nodes_add_up_for_each_version_and_in_each_hour"),
    ),
    "those who have ended are looked at again, and many take days": (
        (BATCHES, "test_members_of_a_segment_walk_to_the_end_and_each_effect_happens_once"),
    ),
    "one with many holds up all others": ((HERE, "test_many_are_done_in_parts_and_others_come_between"),),
}


def test_each_of_the_52_is_prevented_by_tests_that_exist() -> None:
    assert len(PREVENTED_BY) == 52
    named = [test for tests in PREVENTED_BY.values() for test in tests]
    missing = [f"{path}::{name}" for path, name in named if name not in _tests_in(TESTS / path)]
    assert missing == []


def _tests_in(path: Path) -> set[str]:
    if not path.exists():
        return set()
    tree = ast.parse(path.read_text())
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


# ---------------------------------------------------------------- a workflow on visits


@pytest.fixture
def time():
    with standing_clock() as now:
        yield now


@pytest.fixture
async def scope(database, time):
    return await new_workspace()


VISITED = trigger_of("visited", activity={"kind": "visit"})


async def runs(scope, *nodes, triggers=(VISITED,), name="Visits", **more):
    """A workflow that runs, and ends after these nodes."""
    return await activated(scope, graph_of(*nodes, end_of(), triggers=triggers, **more), name)


async def visit(scope, *contact_ids):
    await record(scope, [NewActivity("visit", contact_id) for contact_id in contact_ids])


async def put(scope, segment, *contact_ids, add=True):
    changed = {"add" if add else "remove": contact_ids}
    await manual_changes.change_members(scope, segment.id, origin=Origin.MANUAL, **changed)
    await moved(scope)


async def test_work_that_is_done_twice_at_once_or_dies_anywhere_is_done_once(scope):
    good = await static_segment(scope)
    workflow_id = await runs(
        scope,
        node_of("score", "fieldSet", field="score", increment=1, next="add"),
        node_of("add", "segmentAdd", segmentId=good.id, next="note"),
        node_of("note", "activityRecord", kind="note", next="end"),
    )
    ids = await new_contacts(scope, 3)
    await visit(scope, *ids)
    for statements in count(1, 3):
        try:
            with killed_after(statements):
                await moved(scope)
            break
        except Killed:
            pass
    await asyncio.gather(*(batches.process_batch(scope.workspace_id) for _ in range(3)))
    await moved(scope)
    assert await ends_of(scope, workflow_id) == [(contact_id, "REACHED_END") for contact_id in ids]
    assert await db.fetch_value("SELECT array_agg(score) FROM contacts") == [1, 1, 1]
    assert await db.fetch_value("SELECT count(*) FROM activities WHERE kind = 'note'") == 3
    assert await members_of(scope, good) == set(ids)
    await assert_figures_add_up(scope)


async def test_the_most_times_hold_however_often_it_happens(scope):
    workflow_id = await runs(
        scope, wait_of("wait", "PT1S", "end"), reentry={"policy": "EVERY_TIME", "maxPerContact": 1}
    )
    (ana,) = await new_contacts(scope, 1)
    await visit(scope, ana, ana)
    await moved(scope)
    await visit(scope, ana)
    await moved(scope)
    assert await db.fetch_value("SELECT count(*) FROM enrollments") + len(await ends_of(scope, workflow_id)) == 1


async def test_who_leaves_and_comes_back_enters_again(scope):
    """Also when it opted out of messages meanwhile, and in again."""
    source = await static_segment(scope, name="Source")
    triggers = [trigger_of("came", segmentEntered=source.id)]
    workflow_id = await runs(scope, triggers=triggers, reentry={"policy": "AFTER_LEAVING"})
    (ana,) = await new_contacts(scope, 1, whatsapp_consent="OPTED_IN")
    await put(scope, source, ana)
    await put(scope, source, ana, add=False)
    for consent in ("OPTED_OUT", "OPTED_IN"):
        await update_contact(scope, ana, {"whatsapp_consent": consent})
    await put(scope, source, ana)
    assert await ends_of(scope, workflow_id) == [(ana, "REACHED_END")] * 2
    assert await turned_away(scope, workflow_id) == {}


async def test_a_rebuilt_segment_throws_nobody_out_who_stays(scope):
    source = await dynamic_segment(scope)
    triggers = [trigger_of("came", segmentEntered=source.id)]
    workflow_id = await runs(scope, wait_of("wait", "P1D", "end"), triggers=triggers, exits=[{"leavesTrigger": True}])
    stays, goes = await new_contacts(scope, 2, tags=["vip"])
    await update_contact(scope, stays, {"tags": ["vip", "gold"]})
    await moved(scope)
    assert len(await inside(scope, workflow_id)) == 2
    await segments.update(scope, source.id, {"rule": tagged("gold")})
    await rebuild.rebuild(scope.workspace_id, source.id)
    await rebuild.rebuild(scope.workspace_id, source.id, again=True)
    await moved(scope)
    assert await inside(scope, workflow_id) == [(stays, "wait", "WAITING")]
    assert await ends_of(scope, workflow_id) == [(goes, "LEFT_SEGMENT")]


async def test_another_workflow_is_entered_at_once(scope):
    other = await runs(scope, wait_of("wait", "P1D", "end"), triggers=(), name="Other")
    await runs(scope, node_of("start", "enroll", workflowId=other, next="end"))
    (ana,) = await new_contacts(scope, 1)
    await visit(scope, ana)
    await moved(scope)
    assert await inside(scope, other) == [(ana, "wait", "WAITING")]
    assert await db.fetch_value("SELECT wake_at - entered_at FROM enrollments") == timedelta(days=1)


async def test_everybody_has_a_moment_and_who_is_late_is_found(scope, time):
    gone = await static_segment(scope)
    workflow_id = await runs(
        scope, node_of("add", "segmentAdd", segmentId=gone.id, next="wait"), wait_of("wait", "P1D", "end")
    )
    await db.execute("UPDATE segments SET deleted_at = now()")
    ana, ben = await new_contacts(scope, 2)
    await visit(scope, ana)
    await moved(scope)
    await db.execute("UPDATE segments SET deleted_at = NULL")
    await visit(scope, ben)
    await moved(scope)
    assert await inside(scope, workflow_id) == [(ana, "add", "FAILED"), (ben, "wait", "WAITING")]
    assert await db.fetch_value("SELECT bool_and(wake_at IS NOT NULL) FROM enrollments")
    (failed,) = await enrollments.page(scope, workflow_id, Wanted(state="FAILED"), 10)
    assert failed["contact_id"] == ana
    assert (await lag.lag_seconds(scope, [workflow_id]))[workflow_id] == 0
    time.wait(days=1, minutes=5)
    assert (await lag.lag_seconds(scope, [workflow_id]))[workflow_id] == 300


async def test_a_wait_for_nothing_is_refused(scope):
    nothing = node_of("wait", "waitFor", any=[], timeout="P1D", next="end", timedOut="end")
    with pytest.raises(Problems, match="say what is waited for: give at least one event in any, or a rule"):
        await runs(scope, nothing)


async def test_who_waits_costs_nothing_until_then(scope, time):
    await runs(scope, wait_of("wait", "P1D", "end"))
    await visit(scope, *await new_contacts(scope, 3))
    await moved(scope)
    assert await engine_lock.due() == []
    time.wait(hours=23)
    assert await engine_lock.due() == []
    time.wait(hours=1)
    assert await engine_lock.due() == [scope.workspace_id]


async def test_a_wait_is_as_long_as_somebody_may_stay(scope):
    (ana,) = await new_contacts(scope, 1)
    graph = graph_of(wait_of("wait", "P5Y", "end"), end_of())
    for stay, end in (("P1Y", "STAYED_TOO_LONG"), ("P6Y", "REACHED_END")):
        path = await simulate(scope, graph | {"maxStay": stay}, ana)
        assert path.end == end


async def test_what_is_added_behind_a_wait_is_done_by_those_who_wait(scope, time):
    workflow_id = await runs(scope, wait_of("wait", "P1D", "end"))
    (ana,) = await new_contacts(scope, 1)
    await visit(scope, ana)
    await moved(scope)
    nodes = [wait_of("wait", "P1D", "tag"), node_of("tag", "tagsChange", add=["new"], next="end"), end_of()]
    await drafts.update(scope, workflow_id, {"graph": graph_of(*nodes, triggers=[VISITED])})
    await published(scope, workflow_id)
    time.wait(days=1)
    await moved(scope)
    assert (await steps_of(scope, ana))[-3:] == [("wait", "next"), ("tag", "next"), ("end", "done")]


async def test_who_is_removed_stays_out_and_does_nothing_more(scope, time):
    workflow_id = await runs(
        scope, wait_of("wait", "PT1M", "tag"), node_of("tag", "tagsChange", add=["done"], next="end")
    )
    (ana,) = await new_contacts(scope, 1)
    await visit(scope, ana)
    await moved(scope)
    time.wait(minutes=1)
    await contacts.remove(scope, workflow_id, ContactSelection(ids=(ana,)))
    await moved(scope)
    await visit(scope, ana)
    await moved(scope)
    assert await ends_of(scope, workflow_id) == [(ana, "REMOVED")]
    assert await turned_away(scope, workflow_id) == {ana: "ONCE"}
    assert await db.fetch_value("SELECT tags FROM contacts") == []


async def test_what_has_ended_is_not_revived(scope, time):
    wait = node_of("wait", "waitFor", any=[VISITED["on"]], timeout="PT1M", next="tag", timedOut="end")
    workflow_id = await runs(
        scope,
        wait,
        node_of("tag", "tagsChange", add=["late"], next="end"),
        triggers=[trigger_of("in", contactCreated=True)],
    )
    (ana,) = await new_contacts(scope, 1)
    await moved(scope)
    time.wait(minutes=2)
    await moved(scope)
    await visit(scope, ana)
    await moved(scope)
    assert await ends_of(scope, workflow_id) == [(ana, "REACHED_END")]
    assert await steps_of(scope, ana) == [("wait", "waits"), ("wait", "timedOut"), ("end", "done")]


async def test_many_are_done_in_parts_and_others_come_between(scope):
    workflow_id = await runs(scope)
    ids = await new_contacts(scope, 7)
    await visit(scope, *ids)
    other = await new_workspace("Other")
    other_id = await runs(other)
    await visit(other, *await new_contacts(other, 1))
    await moved(other)
    assert len(await ends_of(other, other_id)) == 1
    assert await moved(scope, limit=2) == 7
    assert len(await ends_of(scope, workflow_id)) == 7
