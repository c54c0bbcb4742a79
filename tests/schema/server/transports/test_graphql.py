"""GraphQL over HTTP: requests, their answers, and what is refused."""

from hashlib import sha256
from json import dumps
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.kit.api import Response, application, send
from tests.kit.toys import toy_schema

RESPONSE = "application/graphql-response+json"


@pytest.fixture(scope="module")
def app() -> Any:
    return application(toy_schema(), body_limit_bytes=2_000, allowed_origins=("https://app.example.com",))


async def post(app: Any, query: str, accept: str = RESPONSE, **headers: str) -> Response:
    return await send(app, "POST", "/graphql", {"query": query}, accept=accept, **headers)


def codes(response: Response) -> list[str]:
    return [error["extensions"]["code"] for error in response.json()["errors"]]


async def test_a_query_is_answered_with_its_cost_and_request_id(app: Any) -> None:
    response = await post(app, "{ plainToys(count: 2) { name } }")
    assert response.status == 200
    assert response.headers["content-type"] == f"{RESPONSE}; charset=utf-8"
    assert len(response.headers["x-request-id"]) == 16
    assert response.json() == {
        "data": {"plainToys": [{"name": "toy 1"}, {"name": "toy 2"}]},
        "extensions": {
            "cost": {
                "requestedQueryCost": 10,
                "actualQueryCost": 2,
                "throttleStatus": {
                    "maximumAvailable": 1_000_000,
                    "currentlyAvailable": response.json()["extensions"]["cost"]["throttleStatus"]["currentlyAvailable"],
                    "restoreRate": 50_000,
                },
            }
        },
    }


async def test_instants_days_and_json_are_written_as_the_contract_has_them(app: Any) -> None:
    response = await post(app, "{ toy(number: 3) { madeAt soldOn extra stock colour } }")
    assert response.json()["data"]["toy"] == {
        "madeAt": "2026-01-04T00:00:00Z",
        "soldOn": "2026-02-04",
        "extra": {"n": 3},
        "stock": 2**40 + 3,
        "colour": "RED",
    }


async def test_a_given_request_id_is_kept(app: Any) -> None:
    assert (await post(app, "{ __typename }", x_request_id="from-my-side")).headers["x-request-id"] == "from-my-side"
    assert (await post(app, "{ __typename }", x_request_id="no\tgood")).headers["x-request-id"] != "no\tgood"


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (None, "application/json"),
        ("*/*", "application/json"),
        ("application/*;q=0.9", "application/json"),
        ("application/json", "application/json"),
        (RESPONSE, RESPONSE),
        (f"{RESPONSE}; charset=utf-8, application/json;q=0.9", RESPONSE),
        (f"application/json, {RESPONSE};q=0.5", "application/json"),
        (f"text/html, {RESPONSE}, */*;q=0.1", RESPONSE),
    ],
)
async def test_the_answer_comes_in_the_preferred_type(app: Any, accept: str | None, kind: str) -> None:
    headers = {} if accept is None else {"accept": accept}
    response = await send(app, "POST", "/graphql", {"query": "{ __typename }"}, **headers)
    assert response.headers["content-type"] == f"{kind}; charset=utf-8"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"text"', b"null", b"[{}]", b"\xff"])
async def test_a_body_that_is_no_json_object_is_a_bad_request(app: Any, body: bytes) -> None:
    response = await send(app, "POST", "/graphql", body, content_type="application/json")
    assert (response.status, codes(response)) == (400, ["BAD_REQUEST"])


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"query": 7},
        {"query": "{ __typename }", "variables": []},
        {"query": "{ __typename }", "operationName": 7},
        {"query": "{ __typename }", "extensions": "text"},
    ],
)
async def test_parameters_of_the_wrong_kind_are_a_bad_request(app: Any, body: dict[str, Any]) -> None:
    response = await send(app, "POST", "/graphql", body)
    assert (response.status, codes(response)) == (400, ["BAD_REQUEST"])


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin-1"]
)
async def test_another_type_of_body_is_refused(app: Any, kind: str) -> None:
    response = await send(app, "POST", "/graphql", b'{"query": "{ __typename }"}', content_type=kind)
    assert response.status == 415


async def test_a_body_over_the_limit_is_refused_before_it_is_read(app: Any) -> None:
    response = await send(app, "POST", "/graphql", {"query": "{ __typename }" + " " * 2_000})
    assert (response.status, codes(response)) == (413, ["BAD_REQUEST"])
    announced = await send(app, "POST", "/graphql", b"", content_type="application/json", content_length="2001")
    assert announced.status == 413


@pytest.mark.parametrize(
    ("query", "status"),
    [("{ nothing }", 400), ("{ toy }", 400), ("{", 400), ("query A { __typename } query B { __typename }", 400)],
)
async def test_a_wrong_document_is_a_bad_request(app: Any, query: str, status: int) -> None:
    response = await post(app, query)
    assert (response.status, set(codes(response))) == (status, {"BAD_REQUEST"})
    assert "data" not in response.json()
    assert (await post(app, query, "application/json")).status == 200


async def test_a_variable_of_the_wrong_type_is_a_bad_request(app: Any) -> None:
    body = {"query": "query ($n: Int!) { toy(number: $n) { id } }", "variables": {"n": "seven"}}
    response = await send(app, "POST", "/graphql", body, accept=RESPONSE)
    assert (response.status, codes(response)) == (400, ["BAD_REQUEST"])


async def test_get_runs_queries_and_nothing_else(app: Any) -> None:
    found = await send(app, "GET", "/graphql", query="query=query($n:Int!){toy(number:$n){name}}&variables={%22n%22:2}")
    assert found.json()["data"] == {"toy": {"name": "toy 2"}}
    for query in ("mutation{toyMake(number:1){toy{id}}}", "subscription{counting}"):
        response = await send(app, "GET", "/graphql", query=f"query={query}", accept=RESPONSE)
        assert (response.status, codes(response)) == (400, ["BAD_REQUEST"])
    assert (await send(app, "GET", "/graphql", query="query={__typename}&variables=[")).status == 400
    assert (await send(app, "GET", "/graphql")).status == 400


async def test_a_document_that_was_sent_once_can_be_named_by_its_digest(app: Any) -> None:
    text = "{ toy(number: 1) { name } }"
    persisted = {"persistedQuery": {"version": 1, "sha256Hash": sha256(text.encode()).hexdigest()}}
    unknown = await send(app, "POST", "/graphql", {"extensions": persisted}, accept=RESPONSE)
    assert unknown.status == 200
    assert unknown.json()["errors"] == [
        {"message": "PersistedQueryNotFound", "extensions": {"code": "PERSISTED_QUERY_NOT_FOUND"}}
    ]
    sent = await send(app, "POST", "/graphql", {"query": text, "extensions": persisted})
    named = await send(app, "POST", "/graphql", {"extensions": persisted})
    in_url = await send(app, "GET", "/graphql", query=urlencode({"extensions": dumps(persisted)}))
    assert [answer.json()["data"] for answer in (sent, named, in_url)] == [{"toy": {"name": "toy 1"}}] * 3


async def test_a_document_that_cannot_be_run_is_not_kept(app: Any) -> None:
    text = "{ nothing }"
    persisted = {"persistedQuery": {"version": 1, "sha256Hash": sha256(text.encode()).hexdigest()}}
    await send(app, "POST", "/graphql", {"query": text, "extensions": persisted})
    assert codes(await send(app, "POST", "/graphql", {"extensions": persisted})) == ["PERSISTED_QUERY_NOT_FOUND"]


async def test_a_subscription_cannot_be_sent_as_a_plain_post(app: Any) -> None:
    assert codes(await post(app, "subscription { counting }")) == ["BAD_REQUEST"]


async def test_other_methods_are_not_allowed(app: Any) -> None:
    assert (await send(app, "PATCH", "/graphql")).status == 405


async def test_an_authorization_that_makes_no_sense_is_refused(app: Any) -> None:
    response = await post(app, "{ __typename }", authorization="Basic abc")
    assert (response.status, codes(response)) == (401, ["UNAUTHENTICATED"])


async def test_a_request_that_accepts_no_offered_type_is_refused(app: Any) -> None:
    assert (await post(app, "{ __typename }", "image/png")).status == 406
