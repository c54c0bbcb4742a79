"""Operations, run without a transport: who may, what errors say, and what is logged."""

import asyncio
import logging
from typing import Any

import pytest

from models import db
from models.accounts import api_tokens, members
from permissions.capabilities import Permission
from permissions.roles import Role
from schema.server.throttle import Rates
from tests.kit.api import Api, bearer_of, token_with
from tests.kit.toys import toy_schema
from tests.kit.workspaces import new_workspace

SCHEMA = toy_schema()


@pytest.fixture
def api() -> Api:
    return Api(SCHEMA)


# ---------------------------------------------------------------- permissions


async def test_without_a_bearer_only_what_is_for_anyone_is_open(api: Api) -> None:
    assert await api.data(None, "{ toy(number: 1) { name } __typename }")
    assert await api.codes(None, "{ who }") == ["UNAUTHENTICATED"]
    assert await api.codes(None, "{ toys { nodes { id } } }") == ["UNAUTHENTICATED"]


async def test_a_permission_is_asked_for_once_for_each_root_field(api: Api, database: str) -> None:
    del database
    reader = await token_with(await new_workspace(), Permission.CONTACT_READ)
    assert await api.data(reader, "{ toys(first: 1) { nodes { name } } }")
    assert await api.codes(reader, "mutation { toyMake(number: 1) { toy { id } } }") == ["FORBIDDEN"]


async def test_a_change_of_role_and_a_revoked_token_take_effect_on_the_next_operation(api: Api, database: str) -> None:
    del database
    scope = await new_workspace()
    secret, bearer = await token_with(scope, Permission.CONTACT_READ), await bearer_of(scope, Role.USER)
    assert await api.codes(bearer, "{ dear }") == ["FORBIDDEN"]
    await members.update(scope, 1, {"role": Role.MANAGER})
    assert await api.codes(bearer, "{ dear }") == []
    await members.update(scope, 1, {"role": Role.USER})
    assert await api.codes(bearer, "{ dear }") == ["FORBIDDEN"]
    assert await api.codes(secret, "{ dear }") == []
    await api_tokens.revoke(scope, 1)
    assert await api.codes(secret, "{ dear }") == ["UNAUTHENTICATED"]


async def test_operations_that_arrive_together_share_a_look_at_the_bearer(api: Api, database: str) -> None:
    del database
    secret = await token_with(await new_workspace(), Permission.CONTACT_READ)
    looks = []
    find = api.operations.authenticator.find

    async def counting(*arguments: Any) -> Any:
        looks.append(1)
        return await find(*arguments)

    api.operations.authenticator.find = counting
    await asyncio.gather(*(api.data(secret, "{ dear }") for _ in range(20)))
    assert len(looks) <= 2


async def test_a_look_at_the_bearer_that_fails_is_not_kept(api: Api, database: str) -> None:
    del database
    secret = await token_with(await new_workspace(), Permission.CONTACT_READ)
    find, api.operations.authenticator.find = api.operations.authenticator.find, _broken
    assert await api.codes(secret, "{ dear }") == ["INTERNAL"]
    api.operations.authenticator.find = find
    assert await api.codes(secret, "{ dear }") == []


async def _broken(*_: Any) -> Any:
    raise OSError("the database is away")


async def test_a_field_that_names_no_permission_is_refused_even_to_admins(api: Api, database: str) -> None:
    del database
    assert await api.codes(await bearer_of(await new_workspace()), "{ unguarded }") == ["FORBIDDEN"]


# ---------------------------------------------------------------- errors


async def test_a_mistake_of_ours_is_hidden_behind_the_request_id(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    response = await api.ask(None, "{ broken toy(number: 1) { name } }")
    assert response["data"] == {"broken": None, "toy": {"name": "toy 1"}}
    error = response["errors"][0]
    assert error["message"] == "something went wrong on our side: if you tell us, name the request a-request"
    assert error["extensions"] == {"code": "INTERNAL", "requestId": "a-request"}
    assert error["path"] == ["broken"]


async def test_a_mistake_of_the_callers_is_told_with_its_path(api: Api) -> None:
    response = await api.ask(None, "{ wrong }")
    assert response["errors"][0]["message"] == "not this"
    assert response["errors"][0]["extensions"] == {"code": "BAD_REQUEST", "reason": "INVALID", "field": ["a", "0"]}


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        ('{ since(at: "yesterday") }', {}),
        ("query ($at: DateTime!) { since(at: $at) }", {"at": "2026-01-01"}),
        ("query ($at: DateTime!) { since(at: $at) }", {"at": "2026-02-30T00:00:00Z"}),
        ("query ($at: DateTime!) { since(at: $at) }", {"at": 7}),
    ],
)
async def test_a_value_that_a_scalar_refuses_is_told_with_what_would_be_right(
    api: Api, query: str, variables: dict[str, Any]
) -> None:
    (error,) = (await api.ask(None, query, **variables))["errors"]
    assert error["extensions"] == {"code": "BAD_REQUEST"}
    assert "is not an instant: write it as 2026-11-22T09:30:00Z, always with an offset" in error["message"]


async def test_an_instant_is_taken_with_any_offset_and_given_in_utc(api: Api) -> None:
    assert await api.data(None, '{ since(at: "2026-06-01t10:00:00.5+02:00") }') == {
        "since": "2026-06-01T08:00:00.500000Z"
    }


async def test_several_mistakes_are_told_one_by_one(api: Api) -> None:
    reasons = [error["extensions"]["reason"] for error in (await api.ask(None, "{ wrong(many: true) }"))["errors"]]
    assert reasons == ["INVALID", "NOT_FOUND"]


async def test_mistakes_in_a_mutation_are_told_in_its_payload(api: Api, database: str) -> None:
    del database
    writer = await token_with(await new_workspace(), Permission.CONTACT_WRITE)
    query = "mutation { toyMake(number: -1) { toy { id } userErrors { code message field } } }"
    assert await api.data(writer, query) == {
        "toyMake": {
            "toy": None,
            "userErrors": [{"code": "INVALID", "message": "a toy's number is positive", "field": ["number"]}],
        }
    }


@pytest.mark.parametrize("first", [0, -1, 251])
async def test_a_page_has_between_1_and_250_nodes(api: Api, database: str, first: int) -> None:
    del database
    reader = await token_with(await new_workspace(), Permission.CONTACT_READ)
    error = (await api.ask(reader, "query ($n: Int) { toys(first: $n) { nodes { id } } }", n=first))["errors"][0]
    assert error["extensions"]["code"] == "BAD_REQUEST"
    assert error["message"] == f"`first` is {first}: ask for between 1 and 250 at a time"


async def test_what_takes_too_long_is_stopped(database: str) -> None:
    del database
    api = Api(SCHEMA, timeout_seconds=0.05)
    assert await api.codes(None, "{ sleep(seconds: 5) }") == ["TIMEOUT"]


async def test_a_statement_that_takes_too_long_is_told_as_such(api: Api, database: str, monkeypatch: Any) -> None:
    del database
    field = SCHEMA.query_type.fields["broken"]  # type: ignore[union-attr]

    async def slow(*_: Any) -> Any:
        async with db.transaction():
            await db.execute("SET LOCAL statement_timeout = 20")
            await db.execute("SELECT pg_sleep(5)")

    monkeypatch.setattr(field, "resolve", slow)
    assert await api.codes(None, "{ broken }") == ["TIMEOUT"]


# ---------------------------------------------------------------- cost


async def test_who_has_spent_the_bucket_is_throttled() -> None:
    api = Api(SCHEMA, rates=Rates(maximum=100, per_second=1, operation=60))
    assert await api.codes(None, "{ toys { nodes { id } } }") == ["UNAUTHENTICATED"]
    for _ in range(11):
        codes = await api.codes(None, "{ plainToys { name } }")
    assert codes == []
    response = await api.ask(None, "{ __schema { types { name } } plainToys { children { children { id } } } }")
    assert [error["extensions"]["code"] for error in response["errors"]] == ["COST_EXCEEDED"]
    for _ in range(200):
        codes = await api.codes(None, "{ plainToys { name } }")
    assert codes == ["THROTTLED"]


async def test_what_was_not_spent_is_given_back_and_told(api: Api) -> None:
    response = await api.ask(None, "{ plainToys(count: 2) { children(first: 1) { name } } }")
    cost = response["extensions"]["cost"]
    assert (cost["requestedQueryCost"], cost["actualQueryCost"]) == (20, 4)
    assert cost["throttleStatus"]["maximumAvailable"] == 1_000_000
    assert cost["throttleStatus"]["restoreRate"] == 50_000
    assert 999_990 <= cost["throttleStatus"]["currentlyAvailable"] <= 1_000_000


# ---------------------------------------------------------------- the log


async def test_each_operation_is_one_line_without_anything_personal(api: Api, database: str) -> None:
    del database
    scope = await new_workspace()
    bearer = await bearer_of(scope)
    await api.ask(bearer, "query Find($n: Int!) { toy(number: $n) { name } }", n=12345)
    (line,) = api.lines
    assert {**line, "milliseconds": 0} == {
        "event": "operation",
        "type": "query",
        "operation": "Find",
        "code": "OK",
        "milliseconds": 0,
        "cost": 1,
        "workspace": scope.workspace_id,
        "request_id": "a-request",
    }


async def test_an_operation_without_a_name_is_called_by_its_root_fields(api: Api) -> None:
    await api.ask(None, "{ a: toy(number: 1) { id } b: toy(number: 2) { id } plainToys { id } }")
    assert api.lines[0]["operation"] == "toy,plainToys"
