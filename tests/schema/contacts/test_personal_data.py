"""All that is held about one person, over the API."""

from pathlib import Path

import pytest

from models.contacts.create import create_contact
from permissions.capabilities import Permission
from permissions.principal import Scope
from schema.server.ids import to_global_id
from tests.kit.api import ERRORS, Api, bearer_of, token_with
from tests.kit.workspaces import new_workspace

ERASE = f"mutation ($id: ID!) {{ contactErase(id: $id) {{ deletedId {ERRORS} }} }}"
EXPORT = "query ($id: ID!) { contactExport(id: $id) }"


@pytest.fixture
async def scope(database: str, file_folder: Path) -> Scope:
    return await new_workspace()


async def a_contact(scope: Scope) -> str:
    row = await create_contact(scope, {"email": "zoe@example.org", "attributes": {}, "tags": ["vip"]})
    return to_global_id("Contact", row["id"])


async def test_what_is_held_is_json(scope: Scope) -> None:
    api, contact = Api(), await a_contact(scope)
    held = (await api.data(await bearer_of(scope), EXPORT, id=contact))["contactExport"]
    assert (held["contact"]["id"], held["contact"]["email"]) == (contact, "zoe@example.org")
    assert held["messages"] == []


async def test_an_erased_contact_is_gone_at_once_and_asking_again_changes_nothing(scope: Scope) -> None:
    api, contact, bearer = Api(), await a_contact(scope), await bearer_of(scope)
    for _ in range(2):
        erased = (await api.data(bearer, ERASE, id=contact))["contactErase"]
        assert erased == {"deletedId": contact, "userErrors": []}
        assert (await api.data(bearer, "query ($id: ID!) { contact(id: $id) { id } }", id=contact))["contact"] is None
    assert await api.codes(bearer, EXPORT, id=contact) == ["BAD_REQUEST"]


async def test_one_who_was_never_there_is_not_found(scope: Scope) -> None:
    refused = (await Api().data(await bearer_of(scope), ERASE, id=to_global_id("Contact", 7)))["contactErase"]
    assert [(error["code"], error["field"]) for error in refused["userErrors"]] == [("NOT_FOUND", ["id"])]


async def test_reading_contacts_is_not_enough(scope: Scope) -> None:
    api, contact = Api(), await a_contact(scope)
    token = await token_with(scope, Permission.CONTACT_READ)
    assert await api.codes(token, EXPORT, id=contact) == ["FORBIDDEN"]
    assert await api.codes(token, ERASE, id=contact) == ["FORBIDDEN"]
