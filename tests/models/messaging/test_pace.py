"""What a number may: how fast, how many people a day, and how a grant is shared out."""

from models.messaging import pace
from models.messaging.sources import of_broadcast


def test_pace_and_limits_are_cautious_where_nothing_is_known():
    assert pace.messages_per_second({}) == 80
    assert pace.messages_per_second({"throughput": {"level": "NOT_APPLICABLE"}}) == 80
    assert pace.messages_per_second({"throughput": {"level": "HIGH"}, "is_on_biz_app": True}) == 20
    assert pace.daily_limit({}) == 250
    assert pace.daily_limit({"whatsapp_business_manager_messaging_limit": "TIER_UNLIMITED"}) is None


def test_a_grant_is_looked_for_in_each_source_so_that_one_with_few_leaves_no_gap():
    one, two, three = of_broadcast(1), of_broadcast(2), of_broadcast(3)
    assert pace.shares(8, []) == {}
    assert pace.shares(8, [one]) == {one: 8}
    assert pace.shares(9, [one, two, three]) == {one: 7, two: 7, three: 7}
    assert pace.shares(1, [one, two, three]) == {one: 1, two: 1, three: 1}
