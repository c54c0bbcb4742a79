"""The answer for each code of the API."""

import pytest

from models.messaging.policy import NOT_NOW_CODES, RULES, Answer, Retry, stop_reach
from workers.providers.whatsapp.errors import ANSWERS, Refused, refusal


def of(code: int, details: str = "") -> Refused:
    return refusal({"code": code, "message": "as it says", "error_data": {"details": details}})


def retry_of(code: int) -> Retry:
    retry = RULES[of(code).answer].retry
    assert retry is not None
    return retry


@pytest.mark.parametrize("code", [130429, 4, 613, 80007, 80008])
def test_too_fast_is_to_slow_down_however_often_it_takes(code: int):
    rule = RULES[of(code).answer]
    assert rule.slows
    assert rule.retry is not None
    assert rule.retry.most_attempts is None
    assert rule.retry.first_seconds >= 1


def test_the_pair_limit_makes_only_this_person_wait():
    assert of(131056).answer is Answer.PAIR_LIMITED
    assert retry_of(131056).most_attempts is not None


@pytest.mark.parametrize("code", [1, 2, 131000, 131016, 131057, 133004, 134101, 2494100])
def test_a_service_that_is_out_is_tried_again_a_bounded_number_of_times(code: int):
    assert RULES[of(code).answer].is_outage
    assert retry_of(code).most_attempts is not None


@pytest.mark.parametrize("code", [0, 3, 10, 190, 200, 250, 299, 368, 131005, 131031, 131042, 131064, 135000, 141008])
def test_an_account_error_stops_the_account(code: int):
    assert of(code).answer is Answer.ACCOUNT_STOPPED


@pytest.mark.parametrize("code", [33, 131037, 131045, 131048, 133010])
def test_a_number_error_stops_the_number(code: int):
    assert of(code).answer is Answer.NUMBER_STOPPED


@pytest.mark.parametrize("code", [132000, 132001, 132007, 132015, 132016, 132068, 132069])
def test_a_template_error_stops_the_template(code: int):
    assert of(code).answer is Answer.TEMPLATE_STOPPED


@pytest.mark.parametrize(
    "code", [130403, 130472, 130497, 131021, 131026, 131030, 131047, 132005, 132012, 132018, 137000]
)
def test_a_recipient_error_fails_only_that_message(code: int):
    answer = of(code).answer
    assert answer is Answer.REFUSED
    assert stop_reach(answer) is None


def test_opted_out_and_not_now_are_answers_of_their_own():
    assert of(131050).answer is Answer.OPTED_OUT
    assert of(131049).answer is Answer.NOT_NOW
    assert [code for code, answer in ANSWERS.items() if answer is Answer.NOT_NOW] == list(NOT_NOW_CODES)


def test_code_100_is_our_mistake_unless_its_details_point_at_the_recipient():
    assert of(100, "The parameter messaging_product is required.").answer is Answer.MISCONFIGURED
    assert of(100, "Recipient is not a valid user.").answer is Answer.REFUSED


@pytest.mark.parametrize(
    "error", [{}, {"code": "nonsense"}, {"code": 987654, "message": None}, {"error_data": "a string"}]
)
def test_an_unknown_error_drops_the_recipient_and_has_a_reason(error: dict):
    found = refusal(error)
    assert found.answer is Answer.REFUSED
    assert found.reason


def test_details_of_templates_come_as_a_plain_string():
    assert refusal({"code": 132001, "error_data": "not there"}).reason == "not there"
