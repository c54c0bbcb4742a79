"""What each answer means for the message, its source and the pace."""

from datetime import timedelta

import pytest

from models.messaging import policy
from models.messaging.message_states import MessageStatus
from models.messaging.policy import RULES, Answer, Decision, PaceChange, Reach

SECOND = timedelta(seconds=1)

STOPS = {
    Answer.ACCOUNT_STOPPED: Reach.ACCOUNT,
    Answer.NUMBER_STOPPED: Reach.NUMBER,
    Answer.TEMPLATE_STOPPED: Reach.TEMPLATE,
    Answer.MISCONFIGURED: Reach.SOURCE,
}


def test_every_answer_has_a_rule():
    assert set(RULES) == set(Answer)


def test_an_unconfirmed_attempt_is_never_tried_again():
    assert policy.decide(Answer.ACCEPTED, 1) == Decision(MessageStatus.SENT)
    assert policy.decide(Answer.UNCONFIRMED, 1) == Decision(MessageStatus.UNCONFIRMED)


@pytest.mark.parametrize("answer", [Answer.REFUSED, Answer.OPTED_OUT, Answer.NOT_NOW])
def test_an_answer_about_the_recipient_fails_at_once(answer: Answer):
    assert policy.decide(answer, 1) == Decision(MessageStatus.FAILED)
    assert policy.stop_reach(answer) is None


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        (Answer.NOT_SENT, 1),
        (Answer.TOO_FAST, 1),
        (Answer.CROWDED, 5),
        (Answer.TOO_MANY_CALLS, 60),
        *((answer, 1) for answer in STOPS),
    ],
)
def test_an_answer_not_about_the_message_is_retried_without_limit_and_not_counted(answer: Answer, seconds: int):
    for attempts in (1, 7, 1000):
        assert policy.decide(answer, attempts) == Decision(MessageStatus.PENDING, seconds * SECOND, counts=False)


@pytest.mark.parametrize(
    ("answer", "waits"),
    [
        (Answer.PAIR_LIMITED, [4, 16, 64, 256, 300]),
        (Answer.UNAVAILABLE, [1, 2, 4, 8, 16, 32, 64]),
        (Answer.FAULTY, [1, 2]),
        (Answer.MAINTENANCE, [60, 120, 240, 300, 300, 300, 300]),
        (Answer.NOT_READY, [600, 600]),
    ],
)
def test_a_temporary_answer_is_retried_with_longer_waits_and_fails_in_the_end(answer: Answer, waits: list[int]):
    for attempts, seconds in enumerate(waits, start=1):
        assert policy.decide(answer, attempts) == Decision(MessageStatus.PENDING, seconds * SECOND)
    assert policy.decide(answer, len(waits) + 1) == Decision(MessageStatus.FAILED)


def test_a_stop_reaches_as_far_as_its_cause():
    assert {answer: reach for answer in Answer if (reach := policy.stop_reach(answer)) is not None} == STOPS
    assert policy.stop_reach(None) is None


def test_only_a_number_that_is_too_fast_slows_down_and_a_long_wait_rests_it():
    assert policy.pace_change(Answer.TOO_FAST, 0) == PaceChange(slow_down=True)
    assert policy.pace_change(Answer.CROWDED, 0) == PaceChange(slow_down=True, rest_seconds=5)
    assert policy.pace_change(Answer.TOO_MANY_CALLS, 0) == PaceChange(slow_down=True, rest_seconds=60)
    for answer in (Answer.PAIR_LIMITED, Answer.REFUSED, Answer.UNCONFIRMED, Answer.ACCEPTED):
        assert policy.pace_change(answer, 100) == PaceChange()


def test_a_longer_outage_means_longer_rests():
    assert [policy.pace_change(Answer.NOT_SENT, n).rest_seconds for n in (1, 10, 20, 40, 400)] == [0.25, 0.5, 1, 4, 5]
    assert [policy.pace_change(Answer.UNAVAILABLE, n).rest_seconds for n in (1, 19, 20, 400)] == [0, 0, 1, 5]
    assert [policy.pace_change(Answer.MAINTENANCE, n).rest_seconds for n in (1, 400)] == [60, 60]
    assert policy.pace_change(Answer.NOT_READY, 1).rest_seconds == 600


def test_a_failure_rate_is_judged_over_enough_outcomes_only():
    assert not policy.too_many_failures(99, 99, 0.5)
    assert not policy.too_many_failures(100, 50, 0.5)
    assert policy.too_many_failures(100, 51, 0.5)
