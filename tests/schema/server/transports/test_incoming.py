"""Messages of a client over a WebSocket."""

from typing import Any

import pytest

from models.errors import Unauthenticated
from schema.server.graphql_request import Caller, GraphQLRequest
from schema.server.transports.incoming import Close, read, read_bearer, read_subscribe


def test_a_text_message_is_a_json_object() -> None:
    assert read({"text": '{"type": "ping"}'}, 100) == {"type": "ping"}


@pytest.mark.parametrize(
    ("message", "code"),
    [({"bytes": b"{}"}, 4400), ({"text": "["}, 4400), ({"text": "[]"}, 4400), ({"text": " " * 9}, 1009)],
)
def test_another_message_closes_the_socket(message: Any, code: int) -> None:
    with pytest.raises(Close) as close:
        read(message, 8)
    assert close.value.code == code


def test_the_bearer_of_the_payload_replaces_that_of_the_header() -> None:
    caller = Caller("a-request", "old", refusal=Unauthenticated("not understood"))
    read_bearer(caller, {"Authorization": "Bearer new", "other": 1})
    assert (caller.bearer, caller.refusal) == ("new", None)
    read_bearer(caller, None)
    read_bearer(caller, {"authorization": None})
    assert caller.bearer == "new"


@pytest.mark.parametrize("payload", ["text", {"authorization": 7}])
def test_a_payload_of_another_kind_closes_the_socket(payload: Any) -> None:
    with pytest.raises(Close):
        read_bearer(Caller("a-request"), payload)


def test_nested_headers_are_heard_too() -> None:
    caller = Caller("a-request")
    read_bearer(caller, {"headers": {"Authorization": "Bearer nested"}})
    assert caller.bearer == "nested"
    read_bearer(caller, {"headers": {"Authorization": "Bearer nested"}, "authorization": "Bearer plain"})
    assert caller.bearer == "plain"
    with pytest.raises(Close, match="must be an object"):
        read_bearer(caller, {"headers": ["Authorization"]})


def test_a_subscribe_message_has_an_id_and_a_request() -> None:
    message = {"id": "1", "payload": {"query": "{ a }", "operationName": "A"}}
    assert read_subscribe(message) == ("1", GraphQLRequest("{ a }", "A"))


@pytest.mark.parametrize("message", [{}, {"id": "", "payload": {}}, {"id": "1"}, {"id": "1", "payload": {"query": 7}}])
def test_an_incomplete_subscribe_message_closes_the_socket(message: Any) -> None:
    with pytest.raises(Close) as close:
        read_subscribe(message)
    assert close.value.code == 4400
