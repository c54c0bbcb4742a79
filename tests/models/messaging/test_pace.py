"""Limits of a number and an account, and shares of a grant."""

from models.messaging import pace
from models.messaging.sources import of_broadcast


def test_unknown_limits_are_assumed_to_be_low():
    assert pace.messages_per_second({}) == 80
    assert pace.messages_per_second({"throughput": {"level": "NOT_APPLICABLE"}}) == 80
    assert pace.messages_per_second({"throughput": {"level": "HIGH"}, "is_on_biz_app": True}) == 20
    assert pace.daily_limit({}) == 250
    assert pace.daily_limit({"whatsapp_business_manager_messaging_limit": "TIER_UNLIMITED"}) is None


def test_a_source_with_few_messages_leaves_no_gap_in_a_grant():
    one, two, three = of_broadcast(1), of_broadcast(2), of_broadcast(3)
    assert pace.shares(8, []) == {}
    assert pace.shares(8, [one]) == {one: 8}
    assert pace.shares(9, [one, two, three]) == {one: 7, two: 7, three: 7}
    assert pace.shares(1, [one, two, three]) == {one: 1, two: 1, three: 1}
