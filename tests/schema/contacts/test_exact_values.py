"""Numbers and texts over the API are kept exactly, or refused at their path."""

import pytest

from models import db
from models.contacts import fields
from models.contacts.create import create_contact
from models.rules.tree import FieldType
from permissions.principal import Scope
from tests.kit.api import ERRORS, Api, application, send, started

RECORD = f"""
    mutation ($p: JSON!) {{
        activitiesRecord(input: [{{externalId: "ana", kind: "a", properties: $p}}]) {{ recorded {ERRORS} }}
    }}
"""
UPDATE = """
    mutation { contactUpsert(input: {externalId: "ana", attributes: {n: %s}}) { userErrors { code message field } } }
"""
INEXACT = ["1e400", "0.1234567890123456789", "9223372036854775809", "12345678901234567890123", "1e-400"]
EXACT = {"1e22": "10000000000000000000000", "-0": "0", "9223372036854775807": "9223372036854775807", "0.1": "0.1"}


@pytest.fixture
async def ana(workspace: Scope) -> None:
    await fields.create(workspace, key="n", label="N", kind=FieldType.NUMBER)
    await create_contact(workspace, {"external_id": "ana"})


@pytest.mark.parametrize("number", INEXACT)
async def test_a_number_in_a_document_that_cannot_be_kept_is_refused(
    api: Api, admin: str, ana: None, number: str
) -> None:
    payload = (await api.data(admin, UPDATE % number))["contactUpsert"]
    [error] = payload["userErrors"]
    assert (error["code"], error["field"]) == ("INVALID", ["attributes", "n"])
    assert "exactly" in error["message"]


@pytest.mark.parametrize(("number", "stored"), EXACT.items())
async def test_a_number_in_a_document_is_kept(api: Api, admin: str, ana: None, number: str, stored: str) -> None:
    assert (await api.data(admin, UPDATE % number))["contactUpsert"]["userErrors"] == []
    assert await db.fetch_value("SELECT attributes ->> 'n' FROM contacts") == stored


@pytest.mark.parametrize("number", INEXACT)
async def test_a_number_in_a_body_that_cannot_be_kept_is_refused(
    database: str, admin: str, ana: None, number: str
) -> None:
    body = db.dump_json({"query": RECORD, "variables": {"p": {"a": [0, "here"]}}}).replace('"here"', number)
    async with started(application()) as app:
        answer = await send(
            app, "POST", "/graphql", body.encode(), content_type="application/json", authorization=f"Bearer {admin}"
        )
    [error] = answer.json()["data"]["activitiesRecord"]["userErrors"]
    assert (error["code"], error["field"]) == ("INVALID", ["0", "properties", "a", "1"])


async def test_what_is_no_number_of_json_is_refused(api: Api, admin: str, ana: None) -> None:
    for number in ("NaN", "Infinity"):
        assert await api.codes(admin, UPDATE % number) == ["BAD_REQUEST"]


async def test_a_rule_refuses_a_number_that_cannot_be_kept(api: Api, admin: str, ana: None) -> None:
    query = '{ segmentPreview(rule: {field: {field: "score", operator: EQUALS, value: %s}}) { count } }'
    for number in INEXACT:
        assert await api.codes(admin, query % number) == ["BAD_REQUEST"]
    assert await api.codes(admin, query % "1e22") == []


NUL = "a\x00b"
DOORS = [
    ("contactCreate(input: {name: $x})", ["name"]),
    ("contactCreate(input: {firstName: $x})", ["firstName"]),
    ("contactCreate(input: {tags: [$x]})", ["tags", "0"]),
    ("contactUpsert(input: {externalId: $x})", ["externalId"]),
    ("segmentCreate(input: {name: $x, kind: STATIC})", ["name"]),
    ('contactFieldCreate(input: {key: "k", label: $x, type: TEXT})', ["label"]),
]


@pytest.mark.parametrize(("door", "path"), DOORS)
async def test_a_character_that_cannot_be_stored_is_refused_at_its_path(
    api: Api, admin: str, door: str, path: list[str]
) -> None:
    document = f"mutation ($x: String!) {{ said: {door} {{ {ERRORS} }} }}"
    [error] = (await api.data(admin, document, x=NUL))["said"]["userErrors"]
    assert (error["code"], error["field"]) == ("INVALID", path)
    assert "U+0000" in error["message"]


@pytest.mark.parametrize(
    "argument", ["contacts(search: $x) { nodes { id } }", "tags(search: $x)", "contact(externalId: $x) { id }"]
)
async def test_a_search_for_such_a_character_is_refused(api: Api, admin: str, argument: str) -> None:
    assert await api.codes(admin, f"query ($x: String) {{ {argument} }}", x=NUL) == ["BAD_REQUEST"]


async def test_texts_are_shown_and_found_composed(api: Api, admin: str) -> None:
    create = 'mutation { contactCreate(input: {name: "Zoe\u0301", tags: ["e\u0301", "é"]}) { contact { name tags } } }'
    assert (await api.data(admin, create))["contactCreate"]["contact"] == {"name": "Zoé", "tags": ["é"]}
    for search in ("zoé", "zoe\u0301"):
        found = await api.data(admin, "query ($x: String) { contacts(search: $x) { nodes { name } } }", x=search)
        assert found["contacts"]["nodes"] == [{"name": "Zoé"}]
    assert await api.data(admin, '{ tags(search: "E\u0301") }') == {"tags": ["é"]}
