"""Requests are read within bounds."""

from typing import Any

import pytest

from schema.server.graphql_request import GraphQLRequest
from schema.server.refusals import BadRequest
from schema.server.transports.http_request import (
    Headers,
    TooLarge,
    Unreadable,
    body_of,
    caller_of,
    check_type,
    graphql_request_of,
    headers_of,
    params_of_body,
    params_of_url,
)


def receiver(*chunks: bytes) -> Any:
    messages = [{"body": chunk, "more_body": index < len(chunks) - 1} for index, chunk in enumerate(chunks)]

    async def receive() -> Any:
        return messages.pop(0)

    receive.left = messages  # type: ignore[attr-defined]
    return receive


def test_known_headers_are_read() -> None:
    headers = headers_of(
        {"headers": [(b"accept", b"a/b"), (b"x-request-id", b"from-my-side"), (b"cookie", b"c"), (b"x-other", b"d")]}
    )
    assert headers == Headers(accept="a/b", cookie="c", request_id="from-my-side")


def test_a_caller_has_the_given_request_id_when_it_is_well_formed() -> None:
    scope = {"client": ("192.0.2.1", 5)}
    caller = caller_of(scope, Headers(request_id="from-my-side", authorization="Bearer abc"))
    assert (caller.request_id, caller.bearer, caller.address) == ("from-my-side", "abc", "192.0.2.1")
    assert len(caller_of({}, Headers(request_id="short")).request_id) == 16


def test_a_caller_with_another_scheme_has_a_refusal() -> None:
    assert caller_of({}, Headers(authorization="Basic abc")).refusal is not None


async def test_a_body_in_parts_is_put_together() -> None:
    assert await body_of(Headers(), receiver(b"ab", b"", b"c"), 3) == b"abc"


async def test_reading_stops_as_soon_as_a_body_is_too_large() -> None:
    receive = receiver(b"abc", b"d", b"e")
    with pytest.raises(TooLarge):
        await body_of(Headers(), receive, 3)
    assert len(receive.left) == 1
    with pytest.raises(TooLarge):
        await body_of(Headers(content_length="4"), receiver(), 3)


@pytest.mark.parametrize(
    "kind", ["application/json", "APPLICATION/JSON; charset=UTF-8", 'application/json;charset="utf8"']
)
def test_json_in_utf_8_is_read(kind: str) -> None:
    check_type(Headers(content_type=kind))


@pytest.mark.parametrize("kind", [None, "", "text/plain", "application/json; charset=latin-1"])
def test_another_type_is_unreadable(kind: str | None) -> None:
    with pytest.raises(Unreadable):
        check_type(Headers(content_type=kind))


def test_parameters_come_from_a_body_or_a_url() -> None:
    expected = {"query": "{ a }", "variables": {"n": 1}}
    assert params_of_body(b'{"query": "{ a }", "variables": {"n": 1}}') == expected
    assert params_of_url({"query_string": b"query=%7B%20a%20%7D&variables=%7B%22n%22:1%7D"}) == expected
    assert graphql_request_of(expected) == GraphQLRequest("{ a }", None, {"n": 1})


def test_the_digest_of_a_document_can_take_its_place() -> None:
    extensions = {"persistedQuery": {"version": 1, "sha256Hash": "abc"}}
    assert graphql_request_of({"extensions": extensions}) == GraphQLRequest("", digest="abc")
    assert graphql_request_of({"extensions": extensions, "query": "{ a }"}) == GraphQLRequest("{ a }", digest="abc")


@pytest.mark.parametrize("persisted", [7, {}, {"version": 2, "sha256Hash": "abc"}, {"version": 1, "sha256Hash": 7}])
def test_a_persisted_query_of_another_form_is_a_bad_request(persisted: Any) -> None:
    with pytest.raises(BadRequest, match="persistedQuery"):
        graphql_request_of({"query": "{ a }", "extensions": {"persistedQuery": persisted}})


@pytest.mark.parametrize("query", [b"variables=[", b"a=" * 30, b"\xff"])
def test_a_url_that_is_not_understood_is_a_bad_request(query: bytes) -> None:
    with pytest.raises(BadRequest):
        params_of_url({"query_string": b"&".join([query] * 30)})
