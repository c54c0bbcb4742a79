"""Callers spend points from a bucket that all processes share."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from models.errors import Throttled
from schema.server.refusals import CostExceeded
from schema.server.throttle import Rates, Throttle
from schema.server.transports.app import redis_client

RATES = Rates(maximum=1_000, per_second=100, operation=400)


class Clock:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client = redis_client(redis_url)
    assert client is not None
    yield client
    await client.aclose()


async def spent(throttle: Throttle, most: int = 10_000) -> int:
    """How much one caller gets before it is throttled, in operations of 10 points."""
    total = 0
    try:
        while total < most:
            await throttle.charge("ana", 10)
            total += 10
    except Throttled:
        pass
    return total


async def test_a_caller_that_has_spent_its_bucket_must_wait() -> None:
    throttle = Throttle(RATES, now=Clock())
    assert await spent(throttle) == 1_000
    with pytest.raises(Throttled) as refused:
        await throttle.charge("ana", 50)
    assert refused.value.retry_after_seconds == 0.5
    assert await throttle.charge("ben", 10)


async def test_points_flow_back() -> None:
    clock = Clock()
    throttle = Throttle(RATES, now=clock)
    await spent(throttle)
    clock.at += 2
    assert await spent(throttle) == 200
    clock.at += 3_600
    assert await spent(throttle) == 1_000


async def test_no_operation_may_cost_more_than_one_may() -> None:
    with pytest.raises(CostExceeded, match="may cost 401 points, and the most for one is 400"):
        await Throttle(RATES).charge("ana", 401)


async def test_unused_points_are_given_back() -> None:
    throttle = Throttle(RATES, now=Clock())
    for _ in range(50):
        allowance = await throttle.charge("ana", 100)
        throttle.give_back(allowance, 90)
    assert throttle.level(allowance).available == 500


async def test_processes_share_a_bucket_in_redis(redis: Redis) -> None:
    processes = [Throttle(RATES, redis) for _ in range(3)]
    total = sum([await spent(process, 2_000) for process in processes])
    assert 1_000 <= total <= 1_000 + 100  # what flowed back meanwhile


async def test_most_operations_do_not_ask_redis(redis: Redis) -> None:
    throttle = Throttle(Rates(), redis)
    await redis.config_resetstat()
    for _ in range(500):
        await throttle.charge("ana", 10)
    assert (await redis.info("commandstats"))["cmdstat_eval"]["calls"] == 1


async def test_many_operations_at_once_get_no_more_than_the_bucket_holds(redis: Redis) -> None:
    throttle = Throttle(RATES, redis)
    answers = await asyncio.gather(*(throttle.charge("ana", 10) for _ in range(300)), return_exceptions=True)
    assert 100 <= sum(not isinstance(answer, Throttled) for answer in answers) <= 115


async def test_the_next_process_knows_what_is_left(redis: Redis) -> None:
    await spent(Throttle(RATES, redis), 500)
    allowance = await Throttle(RATES, redis).charge("ana", 10)
    assert 440 <= Throttle(RATES, redis).level(allowance).available <= 520


async def test_redis_may_be_away_and_each_process_goes_by_its_own_bucket() -> None:
    client = redis_client("redis://127.0.0.1:1")
    assert await spent(Throttle(RATES, client, now=Clock())) == 1_000


async def test_redis_may_be_emptied(redis: Redis) -> None:
    throttle = Throttle(RATES, redis)
    await spent(throttle)
    await redis.flushdb()
    assert await spent(throttle) >= 990


async def test_what_others_spend_meanwhile_refuses_nobody_while_points_are_left(redis: Redis) -> None:
    throttle = Throttle(Rates(maximum=10_000, per_second=1, operation=1_000), redis)
    await asyncio.gather(*(throttle.charge("ana", 10) for _ in range(10)))  # each takes 100 more, for later operations
    await throttle.charge("ana", 100)
    await asyncio.gather(throttle.charge("ana", 1_000), *(throttle.charge("ana", 100) for _ in range(9)))
    with pytest.raises(Throttled, match=r"try again in \d"):
        await asyncio.gather(*(throttle.charge("ana", 1_000) for _ in range(10)))
