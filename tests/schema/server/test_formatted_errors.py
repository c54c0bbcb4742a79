"""Errors as callers see them."""

import logging
from typing import Any

import pytest
from graphql import GraphQLError

from models import db
from models.errors import Throttled
from schema.server.formatted_errors import format_error, format_errors
from schema.server.refusals import BadRequest, CostExceeded, Rejected, SlowConsumer
from tests.kit.api import Api
from tests.kit.toys import toy_schema

SCHEMA = toy_schema()


@pytest.fixture
def api() -> Api:
    return Api(SCHEMA)


async def test_an_unexpected_error_is_hidden_behind_the_request_id(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    response = await api.ask(None, "{ broken toy(number: 1) { name } }")
    assert response["data"] == {"broken": None, "toy": {"name": "toy 1"}}
    error = response["errors"][0]
    assert error["message"] == "something went wrong on our side: if you tell us, name the request a-request"
    assert error["extensions"] == {"code": "INTERNAL", "requestId": "a-request"}
    assert error["path"] == ["broken"]


async def test_an_error_of_the_caller_has_its_path(api: Api) -> None:
    response = await api.ask(None, "{ wrong }")
    assert response["errors"][0]["message"] == "not this"
    assert response["errors"][0]["extensions"] == {"code": "BAD_REQUEST", "reason": "INVALID", "field": ["a", "0"]}


async def test_each_of_several_problems_is_an_entry(api: Api) -> None:
    reasons = [error["extensions"]["reason"] for error in (await api.ask(None, "{ wrong(many: true) }"))["errors"]]
    assert reasons == ["INVALID", "NOT_FOUND"]


async def test_a_statement_that_takes_too_long_is_a_timeout(api: Api, database: str, monkeypatch: Any) -> None:
    del database
    field = SCHEMA.query_type.fields["broken"]  # type: ignore[union-attr]

    async def slow(*_: Any) -> Any:
        async with db.transaction():
            await db.execute("SET LOCAL statement_timeout = 20")
            await db.execute("SELECT pg_sleep(5)")

    monkeypatch.setattr(field, "resolve", slow)
    assert await api.codes(None, "{ broken }") == ["TIMEOUT"]


@pytest.mark.parametrize(
    ("error", "extensions"),
    [
        (BadRequest("no"), {"code": "BAD_REQUEST"}),
        (CostExceeded("too much"), {"code": "COST_EXCEEDED"}),
        (Throttled("later", 2.5), {"code": "THROTTLED", "retryAfterSeconds": 2.5}),
        (SlowConsumer("c42"), {"code": "SLOW_CONSUMER", "cursor": "c42"}),
        (SlowConsumer(), {"code": "SLOW_CONSUMER"}),
        (RecursionError(), {"code": "BAD_REQUEST"}),
        *((kind(), {"code": "TIMEOUT"}) for kind in (*db.TimedOut, *db.Busy)),
        (GraphQLError("no such field", extensions={"more": 1}), {"code": "BAD_REQUEST", "more": 1}),
    ],
)
def test_an_error_has_the_code_of_its_class(error: Exception, extensions: dict[str, Any]) -> None:
    (formatted,) = format_error(error, "a-request")
    assert formatted["extensions"] == extensions


def test_a_rejected_request_has_an_entry_for_each_reason() -> None:
    rejected = Rejected([GraphQLError("one"), ValueError("two")])
    assert [entry["message"] for entry in format_errors([rejected, BadRequest("three")], "a-request")] == [
        "one",
        "two",
        "three",
    ]


@pytest.mark.parametrize(
    "message", ["Abstract type 'Node' must ...", "Runtime Object type ...", "Expected Iterable, ..."]
)
def test_a_wrong_value_of_a_resolver_is_hidden(message: str) -> None:
    (formatted,) = format_error(GraphQLError(message), "a-request")
    assert formatted["extensions"] == {"code": "INTERNAL", "requestId": "a-request"}
