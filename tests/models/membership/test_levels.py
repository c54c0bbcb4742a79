"""Segments are evaluated after those that their rules mention."""

from models import db
from models.membership.levels import Levels, Reader
from models.rules.contact_changes import CREATED, membership_changed, rule_to_evaluate
from tests.kit.engine import settled
from tests.kit.segments import TAGGED_VIP, dynamic_segment, in_segment, members_of, new_contacts
from tests.kit.workspaces import new_workspace


async def test_rules_in_a_cycle_stop_no_other(database):
    scope = await new_workspace()
    one = await dynamic_segment(scope)
    other = await dynamic_segment(scope, in_segment(one))
    whole = await dynamic_segment(scope)
    await db.execute(
        "UPDATE segments SET active_rule = $2 WHERE id = $1",
        one.id,
        db.dump_json({"any": [TAGGED_VIP, in_segment(other)]}),
    )
    ids = await new_contacts(scope, 2, tags=["vip"])
    await settled(scope)
    assert await members_of(scope, whole) == set(ids)


def _levels(**mentions):
    """Levels of segments 1, 2, ...; each mentions some others."""
    levels = Levels()
    levels.change({int(name[1:]): _reader(ids) for name, ids in mentions.items()})
    return levels


def _reader(ids):
    return Reader(frozenset(map(membership_changed, ids)), frozenset(ids))


def test_a_segment_comes_after_those_that_it_mentions():
    levels = _levels(s1=[], s2=[1], s3=[1, 2], s4=[99])
    assert [set(ids) for ids in levels] == [{1, 4}, {2}, {3}]


def test_segments_move_when_what_they_mention_moves():
    levels = _levels(s1=[], s2=[1], s3=[2], s4=[], s5=[], s6=[])
    levels.change({1: _reader([4])})
    assert [set(ids) for ids in levels] == [{4, 5, 6}, {1}, {2}, {3}]
    levels.change({2: None})
    assert [set(ids) for ids in levels] == [{3, 4, 5, 6}, {1}]


def test_segments_in_a_cycle_come_last_and_go_back_when_it_ends():
    levels = _levels(s1=[], s2=[3], s3=[2], s4=[1])
    assert [set(ids) for ids in levels] == [{1}, {4}, {2, 3}]
    levels.change({3: _reader([])})
    assert [set(ids) for ids in levels] == [{1, 3}, {2, 4}]


def test_a_change_concerns_its_readers_and_a_new_contact_all_segments():
    levels = _levels(s1=[], s2=[1], s3=[1])
    assert levels.readers(1, [membership_changed(1)]) == {2, 3}
    assert levels.readers(1, [rule_to_evaluate(3)]) == {3}
    assert levels.readers(1, [membership_changed(2)]) == set()
    assert levels.readers(1, [CREATED]) == {2, 3}
