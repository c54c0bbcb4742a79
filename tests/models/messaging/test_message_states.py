"""A provider's status moves a message up the ladder, and never down."""

from itertools import combinations

from models.messaging.message_states import LADDER, MessageStatus, higher


def test_every_status_is_on_the_ladder_once():
    assert sorted(LADDER) == sorted(MessageStatus)


def test_the_higher_of_two_wins_in_either_order():
    for lower, upper in combinations(LADDER, 2):
        assert higher(lower, upper) is higher(upper, lower) is upper
