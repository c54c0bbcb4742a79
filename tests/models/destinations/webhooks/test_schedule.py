"""When a failed request is tried again."""

from datetime import timedelta

import pytest

from models.destinations.webhooks import schedule


def test_the_schedule_is_that_of_the_specification() -> None:
    assert sum(schedule.DELAYS) == timedelta(hours=75, minutes=35, seconds=5).total_seconds()
    assert [schedule.is_last(attempts) for attempts in (1, 9, 10)] == [False, False, True]


@pytest.mark.parametrize("attempts", range(1, 14))
def test_each_wait_is_up_to_a_tenth_longer(attempts: int) -> None:
    delay = schedule.DELAYS[min(attempts, 9) - 1]
    waits = {schedule.wait_after(attempts) for _ in range(20)}
    assert len(waits) > 1
    assert all(delay <= wait <= delay * 1.1 for wait in waits)


def test_retry_after_is_honoured_between_a_second_and_an_hour() -> None:
    assert [schedule.honoured(seconds) for seconds in (-5, 0, 7, 999_999)] == [1, 1, 7, 3600]
