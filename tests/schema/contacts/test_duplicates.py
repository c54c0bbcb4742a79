"""Contacts with one number, and whose a taken key is."""

import pytest

from models import db
from models.identity import duplicate_searches
from tests.kit.api import ERRORS, Api
from tests.schema.contacts.operations import create

DUPLICATES = """
    query ($first: Int, $after: String) {
        duplicateContacts(first: $first, after: $after) {
            nodes { likeness reasons a { phone } b { phone } } pageInfo { hasNextPage endCursor }
            searchedAt isSearching
        }
    }
"""


async def test_two_contacts_that_turned_out_to_be_one_are_listed(api: Api, admin: str) -> None:
    for n in (1, 2):
        await create(api, admin, phone=f"+551197650000{n}")
        await db.execute(
            "INSERT INTO contacts (workspace_id, phone, phone_twin) SELECT id, $1, 1 FROM workspaces LIMIT 1",
            f"+55117650000{n}",
        )
    found = (await api.data(admin, DUPLICATES, first=1))["duplicateContacts"]
    assert found["pageInfo"]["hasNextPage"]
    assert found["searchedAt"]
    assert not found["isSearching"]
    assert found["nodes"] == [
        {
            "likeness": 1.0,
            "reasons": ["They have the same phone number, in two spellings."],
            "a": {"phone": "+5511976500001"},
            "b": {"phone": "+551176500001"},
        }
    ]
    rest = await api.data(admin, DUPLICATES, first=5, after=found["pageInfo"]["endCursor"])
    assert [pair["a"]["phone"] for pair in rest["duplicateContacts"]["nodes"]] == ["+5511976500002"]


async def test_a_search_among_many_contacts_is_shown(api: Api, admin: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duplicate_searches, "FEW", 1)
    for _ in range(2):
        await create(api, admin, name="Ana García", dateOfBirth="1990-05-01")
    asked = [(await api.data(admin, DUPLICATES))["duplicateContacts"] for _ in range(2)][1]
    assert (asked["nodes"], asked["searchedAt"], asked["isSearching"]) == ([], None, True)
    assert await duplicate_searches.search(await db.fetch_value("SELECT id FROM workspaces"))
    found = (await api.data(admin, DUPLICATES))["duplicateContacts"]
    assert [pair["reasons"] for pair in found["nodes"]] == [["They were born on the same day."]]
    assert (found["searchedAt"] is not None, found["isSearching"]) == (True, False)


async def test_contacts_that_whatsapp_says_are_one_person_are_listed(api: Api, admin: str) -> None:
    for phone in ("+34600000001", "+34600000002"):
        await create(api, admin, phone=phone)
    await db.execute(
        """
        INSERT INTO contact_merge_suggestions (workspace_id, contact_id, other_contact_id, reason, created_at)
        SELECT a.workspace_id, a.id, b.id, 'They are one.', now() FROM contacts a
        JOIN contacts b ON b.workspace_id = a.workspace_id AND b.id > a.id
        """
    )
    [pair] = (await api.data(admin, DUPLICATES))["duplicateContacts"]["nodes"]
    assert (pair["reasons"], pair["b"], pair["a"]) == (
        ["They are one."],
        {"phone": "+34600000002"},
        {"phone": "+34600000001"},
    )


async def test_pairs_with_one_contact_are_listed(api: Api, admin: str) -> None:
    names = ("Ana Ruiz", "Ana Ruis", "Bo Chen", "Bo Chem")
    made = [await create(api, admin, name=name, dateOfBirth="1990-05-04") for name in names]
    of = "query ($id: ID) { duplicateContacts(contactId: $id) { nodes { a { id } b { id } } } }"
    assert len((await api.data(admin, of))["duplicateContacts"]["nodes"]) == 2
    found = (await api.data(admin, of, id=made[3]["id"]))["duplicateContacts"]["nodes"]
    assert found == [{"a": {"id": made[2]["id"]}, "b": {"id": made[3]["id"]}}]
    assert (await api.data(admin, of, id="nobody"))["duplicateContacts"]["nodes"] == []


async def test_a_taken_key_names_the_contact_that_has_it(api: Api, admin: str) -> None:
    made = await create(api, admin, phone="+525512341001")
    again = f"mutation ($input: ContactInput!) {{ contactCreate(input: $input) {{ {ERRORS[:-1]} takenBy }} }} }}"
    refused = await api.data(admin, again, input={"phone": "+5215512341001"})
    [error] = refused["contactCreate"]["userErrors"]
    assert (error["code"], error["field"], error["takenBy"]) == ("TAKEN", ["phone"], made["id"])
