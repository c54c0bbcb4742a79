"""What nodes do to contacts and segments, how often, and what is known about who led to it."""

from datetime import UTC, date, datetime, timedelta

import pytest

from models import clock, db
from models.contacts import activities
from models.contacts.activities import NewActivity
from models.membership import manual_changes
from models.membership.origins import Origin
from models.workflows import lists
from models.workflows.lists import WorkflowFilter
from tests.kit.engine import assert_all_is_right, settled
from tests.kit.segments import (
    TAGGED_VIP,
    dynamic_segment,
    in_segment,
    members_of,
    new_contacts,
    replayed,
    static_segment,
)
from tests.kit.workflows import assert_figures_add_up, ends_of, entered, graph, inside, moved, node, running, steps_of
from tests.kit.workspaces import new_workspace

END = node("end", end={})
BOUGHT = {"key": "bought", "on": {"activity": {"kind": "purchase"}}}
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def at(moment):
    clock.set_source(lambda: moment)


async def buy(scope, *contact_ids):
    await activities.record(scope, [NewActivity("purchase", one) for one in contact_ids])
    await moved(scope)


async def contact(one):
    row = await db.fetch_row("SELECT * FROM contacts WHERE id = $1", one)
    return dict(row) | {"attributes": db.load_json(row["attributes"])}


async def new_field(scope, key, kind):
    await db.execute(
        "INSERT INTO contact_fields (workspace_id, key, label, type) VALUES ($1, $2, $2, $3)",
        scope.workspace_id,
        key,
        kind,
    )


async def test_tags_come_and_go_and_too_many_fail(database):
    scope = await new_workspace()
    nodes = [node("tags", tagsChange={"add": ["VIP", "new"], "remove": ["OLD"], "next": "end"}), END]
    workflow_id = await running(scope, graph([BOUGHT], nodes))
    (one,), (full,) = await new_contacts(scope, 1, tags=["vip", "old", "x"]), await new_contacts(scope, 1)
    await db.execute("UPDATE contacts SET tags = $2 WHERE id = $1", full, [f"tag {number}" for number in range(199)])
    await buy(scope, one, full)
    assert (await contact(one))["tags"] == ["vip", "x", "new"]
    assert len((await contact(full))["tags"]) == 199
    assert await inside(scope, workflow_id) == [(full, "tags", "FAILED")]
    assert await steps_of(scope, full) == [("tags", "failed")]
    await running(scope, graph([BOUGHT], [END]))
    found = await lists.page(scope, WorkflowFilter(with_failed=True), 10)
    assert [listed.workflow.id for listed in found] == [workflow_id]
    assert await lists.count(scope, WorkflowFilter(with_failed=True)) == 1
    await assert_figures_add_up(scope)


FIELDS = {
    "score": ({"value": 7}, 7),
    "timezone": ({"value": "Asia/Tokyo"}, "Asia/Tokyo"),
    "date_of_birth": ({"value": "1990-02-03"}, date(1990, 2, 3)),
    "last_interaction_at": ({"now": True}, NOON),
    "first_name": ({"value": "Ana"}, "Ana"),
    "attributes.level": ({"value": 2.5}, 2.5),
    "attributes.met": ({"now": True}, "2026-03-02T12:00:00.000000Z"),
    "attributes.day": ({"now": True}, "2026-03-02"),
    "attributes.gone": ({"value": None}, None),
}


@pytest.mark.parametrize("field", FIELDS)
async def test_a_field_is_set(database, field):
    scope = await new_workspace()
    for key, kind in (("level", "NUMBER"), ("met", "DATETIME"), ("day", "DATE"), ("gone", "TEXT")):
        await new_field(scope, key, kind)
    given, wanted = FIELDS[field]
    at(NOON)
    workflow_id = await running(
        scope, graph([BOUGHT], [node("set", fieldSet={"field": field, **given, "next": "end"}), END])
    )
    (one,) = await new_contacts(scope, 1, attributes={"gone": "x"})
    await buy(scope, one)
    assert await ends_of(scope, workflow_id) == [(one, "REACHED_END")]
    stored = await contact(one)
    value = stored["attributes"].get(field[11:]) if field.startswith("attributes.") else stored[field]
    assert value == wanted


async def test_points_are_added_for_each_that_comes_by(database):
    scope = await new_workspace()
    await new_field(scope, "points", "NUMBER")
    nodes = [
        node("more", fieldSet={"field": "attributes.points", "increment": 0.1, "next": "score"}),
        node("score", fieldSet={"field": "score", "increment": 5, "next": "end"}),
        END,
    ]
    await running(scope, graph([BOUGHT], nodes, reentry={"policy": "EVERY_TIME"}))
    (one,) = await new_contacts(scope, 1)
    await buy(scope, one, one, one)
    stored = await contact(one)
    assert (stored["attributes"], stored["score"]) == ({"points": 0.3}, 15)


async def test_a_value_that_nobody_can_have_fails_and_says_why(database):
    scope = await new_workspace()
    workflow_id = await running(
        scope, graph([BOUGHT], [node("set", fieldSet={"field": "email", "value": "a@b.example", "next": "end"}), END])
    )
    one, other = await new_contacts(scope, 2)
    await buy(scope, one, other)
    assert await ends_of(scope, workflow_id) == [(one, "REACHED_END")]
    assert await inside(scope, workflow_id) == [(other, "set", "FAILED")]
    assert "email" in await db.fetch_value("SELECT reason FROM enrollments")


async def test_a_condition_on_a_segment_sees_what_the_workflow_has_just_changed(database):
    scope = await new_workspace()
    vips, good = await dynamic_segment(scope), await static_segment(scope)
    both = await dynamic_segment(scope, {"all": [in_segment(vips), in_segment(good)]})
    nodes = [
        node("tag", tagsChange={"add": ["vip"], "next": "add"}),
        node("add", segmentAdd={"segmentId": good.id, "next": "both"}),
        node("both", condition={"rule": in_segment(both), "yes": "record", "no": "end"}),
        node("record", activityRecord={"kind": "welcome", "properties": {"by": "us"}, "next": "end"}),
        END,
    ]
    await running(scope, graph([BOUGHT], nodes))
    (one,) = await new_contacts(scope, 1)
    await buy(scope, one)
    assert [outcome for _, outcome in await steps_of(scope, one)] == ["next", "next", "yes", "next", "done"]
    rows = await db.fetch("SELECT properties FROM activities WHERE contact_id = $1 AND kind = 'welcome'", one)
    assert [db.load_json(row["properties"]) for row in rows] == [{"by": "us"}]
    assert await members_of(scope, both) == {one} == await replayed(scope, good)
    await assert_all_is_right(scope)


async def test_who_comes_again_is_let_in_after_one_who_waits_for_a_segment(database):
    scope = await new_workspace()
    good = await static_segment(scope)
    nodes = [
        node("tag", tagsChange={"add": ["seen"], "next": "good"}),
        node("good", condition={"rule": in_segment(good), "yes": "end", "no": "end"}),
        END,
    ]
    workflow_id = await running(scope, graph([BOUGHT], nodes, reentry={"policy": "EVERY_TIME"}))
    (one,) = await new_contacts(scope, 1)
    await buy(scope, one, one, one)
    assert await ends_of(scope, workflow_id) == [(one, "REACHED_END")] * 3
    assert await db.fetch("SELECT reason FROM workflow_turned_away") == []


async def test_those_that_a_segment_lets_in_are_judged_by_segments_that_follow_from_it(database):
    scope = await new_workspace()
    chosen = await static_segment(scope)
    follows = await dynamic_segment(scope, in_segment(chosen))
    nodes = [node("follows", condition={"rule": in_segment(follows), "yes": "end", "no": "end"}), END]
    await running(scope, graph([entered(chosen)], nodes))
    ids = await new_contacts(scope, 5)
    await manual_changes.change_members(scope, chosen.id, add=ids, origin=Origin.MANUAL)
    await moved(scope)
    assert [await steps_of(scope, one) for one in ids] == [[("follows", "yes"), ("end", "done")]] * 5


async def test_a_branch_takes_the_first_that_holds_and_a_split_keeps_its_shares(database):
    scope = await new_workspace()
    scored = {"field": {"field": "score", "operator": "GTE", "value": 10}}
    shares = [{"name": "a", "percent": 50, "next": "end"}, {"name": "b", "percent": 50, "next": "end"}]
    cases = [{"name": "vip", "rule": TAGGED_VIP, "next": "split"}, {"name": "scored", "rule": scored, "next": "split"}]
    nodes = [node("branch", branch={"cases": cases, "otherwise": "end"}), node("split", split={"shares": shares}), END]
    workflow_id = await running(scope, graph([BOUGHT], nodes))
    both = await new_contacts(scope, 20, tags=["vip"], score=10)
    scored_only, neither = await new_contacts(scope, 20, score=10), await new_contacts(scope, 1)
    await buy(scope, *both, *scored_only, *neither)
    counts = dict(
        await db.fetch("SELECT what, sum(count)::int FROM workflow_counts WHERE what LIKE 'outcome:%' GROUP BY 1")
    )
    assert (counts["outcome:vip"], counts["outcome:scored"], counts["outcome:otherwise"]) == (20, 20, 1)
    assert 10 <= counts["outcome:a"] <= 30
    assert counts["outcome:a"] + counts["outcome:b"] == 40
    assert len(await ends_of(scope, workflow_id)) == 41


async def test_limits_hold_back_and_lead_elsewhere(database):
    scope = await new_workspace()
    at(NOON)
    once = {"perContact": 1, "next": "end"}
    rests = {"cooldown": "P1D"}
    twice = {"total": 2}
    nodes = [
        node("once", activityRecord={"kind": "once", "next": "rests"}) | {"limit": once},
        node("rests", activityRecord={"kind": "rests", "next": "twice"}) | {"limit": rests},
        node("twice", activityRecord={"kind": "twice", "next": "end"}) | {"limit": twice},
        END,
    ]
    bought = {"key": "again", "on": {"activity": {"kind": "again"}}, "start": "rests"}
    workflow_id = await running(scope, graph([BOUGHT, bought], nodes, reentry={"policy": "EVERY_TIME"}))
    one, other = await new_contacts(scope, 2)
    await buy(scope, one, one)
    assert await steps_of(scope, one) == [
        *(("once", "next"), ("rests", "next"), ("twice", "next"), ("end", "done")),
        *(("once", "limited"), ("end", "done")),
    ]
    await activities.record(scope, [NewActivity("again", one), NewActivity("again", other)])
    await moved(scope)
    assert await inside(scope, workflow_id) == [(one, "rests", "HELD")]
    at(NOON + timedelta(days=1))
    await moved(scope)
    assert (await steps_of(scope, one))[-3:] == [("rests", "held"), ("rests", "next"), ("twice", "limited")]
    kinds = dict(await db.fetch("SELECT kind, count(*)::int FROM activities GROUP BY 1"))
    assert {kind: kinds[kind] for kind in ("once", "rests", "twice")} == {"once": 1, "rests": 3, "twice": 2}
    await assert_figures_add_up(scope)


# ---------------------------------------------------------------- loops


async def loop_of(scope):
    """The reasons of those who were stopped, and how often anybody entered."""
    rows = await db.fetch("SELECT reason FROM enrollments_ended WHERE \"end\" = 'LOOP_STOPPED'")
    return [row["reason"] for row in rows], await db.fetch_value("SELECT count(*) FROM enrollments_ended")


async def test_workflows_that_call_each_other_are_stopped_by_the_path_they_took(database):
    scope = await new_workspace()
    again = {"policy": "EVERY_TIME"}
    first, second = (node("other", enroll={"workflowId": number, "next": "end"}) for number in (2, 1))
    await running(scope, graph([BOUGHT], [first, END], reentry=again), name="One")
    await running(scope, graph([{"key": "m", "on": {"manual": True}}], [second, END], reentry=again), name="Two")
    (one,) = await new_contacts(scope, 1)
    await buy(scope, one)
    reasons, entries = await loop_of(scope)
    assert (len(reasons), entries) == (1, 3)
    assert "One -> Two -> One" in reasons[0]
    await assert_figures_add_up(scope)


EDGES = {"condition": ("yes", "no")}
TRIGGER_AND_ACTION = {
    "tag": ({"tagAdded": "on"}, [{"tagsChange": {"remove": ["on"]}}, {"tagsChange": {"add": ["on"]}}]),
    "field": ({"fieldChanged": ["score"]}, [{"fieldSet": {"field": "score", "increment": 1}}]),
    "activity": ({"activity": {"kind": "ping"}}, [{"activityRecord": {"kind": "ping"}}]),
    "segment": ({"segmentEntered": 1}, [{"segmentRemove": {"segmentId": 1}}, {"segmentAdd": {"segmentId": 1}}]),
    "followed": (
        {"segmentEntered": 2},
        [
            {"segmentRemove": {"segmentId": 1}},
            {"condition": {"rule": {"segment": {"segmentId": 2}}}},
            {"segmentAdd": {"segmentId": 1}},
        ],
    ),
}
"""2 follows 1. The condition waits until 2 has followed."""


@pytest.mark.parametrize("what", TRIGGER_AND_ACTION)
async def test_a_workflow_that_sets_itself_off_is_stopped(database, what):
    scope = await new_workspace()
    static = await static_segment(scope)
    await dynamic_segment(scope, in_segment(static))
    event, actions = TRIGGER_AND_ACTION[what]
    keys = [f"step{number}" for number in range(len(actions))] + ["end"]
    nodes = [
        node(keys[index], **{name: given | dict.fromkeys(EDGES.get(name, ("next",)), keys[index + 1])})
        for index, action in enumerate(actions)
        for name, given in action.items()
    ]
    await running(scope, graph([{"key": "it", "on": event}], [*nodes, END], reentry={"policy": "EVERY_TIME"}))
    (one,) = await new_contacts(scope, 1)
    await settled(scope)
    await manual_changes.change_members(scope, static.id, add=[one], origin=Origin.MANUAL)
    await db.execute("UPDATE contacts SET tags = '{on}', score = 1 WHERE id = $1", one)
    await activities.record(scope, [NewActivity("ping", one)])
    await moved(scope)
    reasons, entries = await loop_of(scope)
    assert (len(reasons), entries) == (1, 2), "once by a person, and once by itself"


async def test_what_a_workflow_set_off_before_a_wait_is_no_loop(database):
    scope = await new_workspace()
    at(NOON)
    nodes = [
        node("wait", wait={"for": "PT1M", "next": "ping"}),
        node("ping", activityRecord={"kind": "ping", "next": "end"}),
        END,
    ]
    ping = {"key": "ping", "on": {"activity": {"kind": "ping"}}}
    workflow_id = await running(scope, graph([ping], nodes, reentry={"policy": "EVERY_TIME"}))
    (one,) = await new_contacts(scope, 1)
    await activities.record(scope, [NewActivity("ping", one)])
    for minutes in range(4):
        at(NOON + timedelta(minutes=minutes))
        await moved(scope)
    assert await ends_of(scope, workflow_id) == [(one, "REACHED_END")] * 3
