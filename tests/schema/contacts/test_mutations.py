"""Changes of contacts, custom fields and tags."""

import pytest

from models import db
from tests.kit.api import ERRORS, Api
from tests.schema.contacts.operations import CREATE, UPDATE, create

UPSERT = f"""
    mutation ($input: ContactInput!) {{
        contactUpsert(input: $input) {{
            created contact {{ id externalId name email phone tags attributes }} {ERRORS}
        }}
    }}
"""


FIELD = f"""
    mutation ($input: ContactFieldCreateInput!) {{
        contactFieldCreate(input: $input) {{ contactField {{ id key label type choices }} {ERRORS} }}
    }}
"""


async def test_a_contact_is_shown_as_it_was_created(api: Api, admin: str) -> None:
    made = await create(
        api,
        admin,
        externalId="C-1",
        name="  Ana García ",
        email="Ana@Example.com",
        phone="600 111 222",
        dateOfBirth="1990-02-28",
        subscribedAt="2026-01-01T10:00:00+02:00",
        score=7,
        whatsappConsent="OPTED_IN",
        tags=["VIP", "vip", "New"],
    )
    expected = {
        "externalId": "C-1",
        "name": "Ana García",
        "email": "ana@example.com",
        "phone": "+34600111222",
        "dateOfBirth": "1990-02-28",
        "subscribedAt": "2026-01-01T08:00:00Z",
        "lastInteractionAt": None,
        "score": 7,
        "whatsappConsent": "OPTED_IN",
        "tags": ["VIP", "New"],
        "attributes": {},
    }
    assert {key: made[key] for key in expected} == expected
    found = await api.data(admin, "query ($id: ID!) { contact(id: $id) { name phone } }", id=made["id"])
    assert found == {"contact": {"name": "Ana García", "phone": "+34600111222"}}


async def test_custom_values_of_all_types_come_back_as_they_are_stored(api: Api, admin: str) -> None:
    for key, kind, choices in (
        ("city", "TEXT", None),
        ("spent", "NUMBER", None),
        ("member", "BOOLEAN", None),
        ("since", "DATE", None),
        ("seen", "DATETIME", None),
        ("size", "CHOICE", ["S", "M"]),
        ("likes", "MULTI_CHOICE", ["tea", "Coffee"]),
    ):
        made = await api.data(admin, FIELD, input={"key": key, "label": key, "type": kind, "choices": choices})
        assert made["contactFieldCreate"]["userErrors"] == []
    given = {
        "city": "Berlin",
        "spent": 12.5,
        "member": False,
        "since": "2024-02-29",
        "seen": "2026-01-01T00:00:00+01:00",
        "size": "m",
        "likes": ["coffee", "TEA", "tea"],
    }
    made = await create(api, admin, attributes=given)
    assert made["attributes"] == {
        **given,
        "seen": "2025-12-31T23:00:00.000000Z",
        "size": "M",
        "likes": ["tea", "Coffee"],
    }


async def test_each_wrong_value_is_reported_at_its_path(api: Api, admin: str) -> None:
    await api.data(admin, FIELD, input={"key": "age", "label": "Age", "type": "NUMBER"})
    wrong = {
        "email": "nobody",
        "phone": "12",
        "tags": ["fine", " "],
        "attributes": {"age": "forty", "shoe": 1},
    }
    payload = (await api.data(admin, CREATE, input=wrong))["contactCreate"]
    told = {tuple(error["field"]): (error["code"], error["message"]) for error in payload["userErrors"]}
    assert set(told) == {("email",), ("phone",), ("tags", "1"), ("attributes", "age"), ("attributes", "shoe")}
    assert {code for code, _ in told.values()} == {"INVALID"}
    assert told["attributes", "shoe"][1] == "there is no custom field 'shoe': the fields are age"
    assert payload["contact"] is None
    assert (await api.data(admin, "{ contacts { totalCount } }"))["contacts"]["totalCount"] == 0


async def test_an_absent_field_stays_and_null_clears_it(api: Api, admin: str) -> None:
    await api.data(admin, FIELD, input={"key": "city", "label": "City", "type": "TEXT"})
    await api.data(admin, FIELD, input={"key": "zip", "label": "Zip", "type": "TEXT"})
    made = await create(
        api, admin, name="Ana", email="ana@example.com", score=4, tags=["a"], attributes={"city": "Rome", "zip": "1"}
    )
    given = {"email": None, "score": None, "attributes": {"city": None}}
    payload = (await api.data(admin, UPDATE, id=made["id"], input=given))["contactUpdate"]
    assert payload["created"] is False
    assert payload["contact"] == {
        "id": made["id"],
        "name": "Ana",
        "email": None,
        "phone": None,
        "tags": ["a"],
        "score": 0,
        "attributes": {"zip": "1"},
    }


async def test_a_key_of_another_contact_is_refused(api: Api, admin: str) -> None:
    await create(api, admin, email="ana@example.com", phone="+34600111222", externalId="1")
    other = await create(api, admin, email="bob@example.com")
    keys = {"email": "ANA@example.com", "phone": "600111222", "externalId": "1"}
    expected = [("TAKEN", ["externalId"]), ("TAKEN", ["email"]), ("TAKEN", ["phone"])]
    made = (await api.data(admin, CREATE, input=keys))["contactCreate"]
    changed = (await api.data(admin, UPDATE, id=other["id"], input=keys))["contactUpdate"]
    for payload in (made, changed):
        assert [(error["code"], error["field"]) for error in payload["userErrors"]] == expected


async def test_an_upsert_finds_its_contact_by_external_id_then_email_then_phone(api: Api, admin: str) -> None:
    async def upsert(**given):
        return (await api.data(admin, UPSERT, input=given))["contactUpsert"]

    first = await upsert(externalId="1", email="ana@example.com", phone="+34600111222", name="Ana")
    assert first["created"] is True
    for keys in ({"externalId": "1"}, {"email": "ana@example.com"}, {"phone": "600 111 222"}):
        again = await upsert(**keys, tags=list(keys))
        assert (again["created"], again["contact"]["id"]) == (False, first["contact"]["id"])
    other = await upsert(email="bob@example.com")
    assert other["created"] is True
    split = await upsert(externalId="1", email="bob@example.com")
    assert [(error["code"], error["field"]) for error in split["userErrors"]] == [("TAKEN", ["email"])]
    nameless = await upsert(name="Nobody")
    assert [error["code"] for error in nameless["userErrors"]] == ["REQUIRED"]


async def test_tags_keep_their_first_spelling_everywhere(api: Api, admin: str) -> None:
    await create(api, admin, email="ana@example.com", tags=["Big Spender"])
    bob = await create(api, admin, email="bob@example.com", tags=["BIG SPENDER", "other"])
    assert bob["tags"] == ["Big Spender", "other"]
    add = """mutation ($ids: [ID!]!, $tags: [String!]!) {
        contactTagsAdd(contactIds: $ids, tags: $tags) { contacts { tags } userErrors { code field } } }"""
    remove = add.replace("contactTagsAdd", "contactTagsRemove")
    added = await api.data(admin, add, ids=[bob["id"]], tags=["OTHER", "New", "new"])
    assert added["contactTagsAdd"]["contacts"] == [{"tags": ["Big Spender", "other", "New"]}]
    removed = await api.data(admin, remove, ids=[bob["id"]], tags=["big spender", "nobody's"])
    assert removed["contactTagsRemove"]["contacts"] == [{"tags": ["other", "New"]}]
    assert (await api.data(admin, '{ tags(search: "e") }'))["tags"] == ["Big Spender", "New", "other"]
    unknown = await api.data(admin, add, ids=[bob["id"], "bm9uZQ"], tags=["x"])
    assert unknown["contactTagsAdd"]["userErrors"] == [{"code": "NOT_FOUND", "field": ["contactIds", "1"]}]


async def test_deleting_contacts_deletes_their_activities(api: Api, admin: str) -> None:
    made = await create(api, admin, externalId="1")
    record = """mutation ($input: [ActivityInput!]!) {
        activitiesRecord(input: $input) { recorded duplicates userErrors { code field } } }"""
    await api.data(admin, record, input=[{"externalId": "1", "kind": "purchase"}])
    delete = "mutation ($ids: [ID!]!) { contactsDelete(ids: $ids) { deletedIds userErrors { code field } } }"
    gone = (await api.data(admin, delete, ids=[made["id"], made["id"]]))["contactsDelete"]
    assert gone == {"deletedIds": [made["id"]], "userErrors": []}
    again = (await api.data(admin, delete, ids=[made["id"]]))["contactsDelete"]
    assert again == {"deletedIds": [], "userErrors": [{"code": "NOT_FOUND", "field": ["ids"]}]}
    assert await db.fetch_value("SELECT count(*) FROM activities") == 0


async def test_a_field_that_a_rule_uses_is_not_deleted(api: Api, admin: str) -> None:
    made = (await api.data(admin, FIELD, input={"key": "city", "label": "City", "type": "TEXT"}))["contactFieldCreate"]
    delete = "mutation ($id: ID!) { contactFieldDelete(id: $id) { deletedId userErrors { code message field } } }"
    segment = """mutation { segmentCreate(input: { name: "Romans", kind: DYNAMIC, rule: {
        any: [{ not: { field: { field: "attributes.city", operator: EQUALS, value: "Rome" } } }] } })
        { segment { id } userErrors { message } } }"""
    await create(api, admin, attributes={"city": "Rome"})
    in_use = (await api.data(admin, segment))["segmentCreate"]
    assert in_use["userErrors"] == []
    refused = (await api.data(admin, delete, id=made["contactField"]["id"]))["contactFieldDelete"]
    assert [(error["code"], error["field"]) for error in refused["userErrors"]] == [("IN_USE", ["id"])]
    assert "'Romans'" in refused["userErrors"][0]["message"]
    await api.data(admin, "mutation ($id: ID!) { segmentDelete(id: $id) { deletedId } }", id=in_use["segment"]["id"])
    deleted = (await api.data(admin, delete, id=made["contactField"]["id"]))["contactFieldDelete"]
    assert deleted == {"deletedId": made["contactField"]["id"], "userErrors": []}
    assert (await api.data(admin, "{ contacts { nodes { attributes } } contactFields { key } }")) == {
        "contacts": {"nodes": [{"attributes": {}}]},
        "contactFields": [],
    }
    again = await api.data(admin, FIELD, input={"key": "city", "label": "City", "type": "NUMBER"})
    assert again["contactFieldCreate"]["userErrors"] == []


@pytest.mark.parametrize(
    ("given", "paths"),
    [
        ({"key": "Big", "label": " ", "type": "TEXT"}, [["key"], ["label"]]),
        ({"key": "size", "label": "Size", "type": "CHOICE"}, [["choices"]]),
        ({"key": "size", "label": "Size", "type": "CHOICE", "choices": ["S", "s"]}, [["choices"]]),
        ({"key": "size", "label": "Size", "type": "TEXT", "choices": ["S"]}, [["choices"]]),
        ({"key": "size", "label": "Size", "type": "MULTI_CHOICE", "choices": ["S", ""]}, [["choices", "1"]]),
    ],
)
async def test_an_invalid_field_is_refused(api: Api, admin: str, given: dict, paths: list) -> None:
    payload = (await api.data(admin, FIELD, input=given))["contactFieldCreate"]
    assert [error["field"] for error in payload["userErrors"]] == paths
    assert payload["contactField"] is None


@pytest.mark.parametrize(
    ("given", "path"),
    [
        (r'name: "a\u0000b"', ["name"]),
        (r'externalId: "\u0000"', ["externalId"]),
        (r'tags: ["\u0000"]', ["tags", "0"]),
        (r'attributes: { city: "a\u0000" }', ["attributes", "city"]),
        ("attributes: { spent: 1e999 }", ["attributes", "spent"]),
        ("attributes: { spent: 123456789012345678901234567890 }", ["attributes", "spent"]),
        ("attributes: [1]", ["attributes"]),
        ('attributes: "x"', ["attributes"]),
        (f'name: "{"x" * 501}"', ["name"]),
        ('email: "\\"@example.com"', ["email"]),
    ],
)
async def test_what_cannot_be_stored_is_a_user_error(api: Api, admin: str, given: str, path: list[str]) -> None:
    for key, kind in (("city", "TEXT"), ("spent", "NUMBER")):
        await api.data(admin, FIELD, input={"key": key, "label": key, "type": kind})
    written = f"mutation {{ contactCreate(input: {{ {given} }}) {{ userErrors {{ code field }} }} }}"
    assert (await api.data(admin, written))["contactCreate"]["userErrors"] == [{"code": "INVALID", "field": path}]
