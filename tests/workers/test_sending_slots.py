"""A slot has one worker at a time, and a resting workspace can be woken."""

import pytest

from tests.kit.broadcasts import a_sender, a_worker_context
from workers import sending_slots


@pytest.mark.parametrize(("per_second", "slots"), [(80, 1), (399, 1), (400, 2), (1_000, 3), (100_000, 4)])
def test_a_fast_number_has_more_slots(per_second: int, slots: int):
    assert sending_slots.slots_of(per_second) == slots


async def test_a_slot_has_one_worker_at_a_time(database: str):
    workspace_id = (await a_sender()).workspace_id
    async with (
        sending_slots.held(workspace_id, 0) as first,
        sending_slots.held(workspace_id, 0) as second,
        sending_slots.held(workspace_id, 1) as other,
    ):
        assert (first is None, second is None, other is None) == (False, True, False)
        assert await sending_slots.free(workspace_id, 3) == [2]
    assert await sending_slots.free(workspace_id, 3) == [0, 1, 2]


async def test_a_rest_ends_when_the_workspace_is_woken(database: str, redis_url: str):
    async with a_worker_context(redis_url) as context:
        redis = context.broker.redis
        await sending_slots.rest(redis, 7, 60)
        assert await sending_slots.is_resting(redis, 7)
        assert not await sending_slots.is_resting(redis, 8)
        await sending_slots.wake(redis, 7)
        assert not await sending_slots.is_resting(redis, 7)
