import orjson
import pytest

from models.personal_data.identity import Identity
from models.personal_data.in_webhooks import without_items
from tests.kit.person import NAME, OTHER, PHONE, USER_ID, webhook

ZOE = Identity(1, phones=frozenset({PHONE}), user_ids=frozenset({USER_ID}))


def test_a_webhook_about_others_is_left_byte_for_byte() -> None:
    body = b'{"entry": [ 1,2 ], "x": "\\u00e9"}'
    assert without_items(webhook(OTHER), ZOE) == webhook(OTHER)
    assert orjson.loads(without_items(body, ZOE) or b"") == orjson.loads(body)


def test_the_items_of_one_person_are_removed_and_those_of_others_stay() -> None:
    assert without_items(webhook(OTHER, PHONE), ZOE) == webhook(OTHER)


def test_a_number_that_is_written_in_escapes_is_found() -> None:
    escaped = "".join(f"\\u{ord(one):04x}" for one in PHONE[1:]).encode()
    body = webhook(PHONE).replace(PHONE[1:].encode(), escaped).replace(USER_ID.encode(), b"x")
    left = without_items(body, ZOE)
    assert left is not None
    assert orjson.loads(left)["entry"][0]["changes"][0]["value"]["messages"] == []
    assert NAME.encode() not in left


@pytest.mark.parametrize("body", [b"{ broken " + PHONE.encode(), orjson.dumps({"from": PHONE}), orjson.dumps(PHONE)])
def test_what_cannot_be_taken_apart_goes_as_a_whole(body: bytes) -> None:
    assert without_items(body, ZOE) is None
