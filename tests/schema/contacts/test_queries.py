"""One contact, found by one of its keys."""

from tests.kit.api import Api, bearer_of
from tests.kit.workspaces import new_workspace
from tests.schema.contacts.operations import UPDATE, create


async def test_a_contact_is_found_by_each_of_its_keys(api: Api, admin: str) -> None:
    made = await create(api, admin, email="ana@example.com", phone="+34600111222", externalId="1")
    find = """query ($id: ID, $externalId: String, $email: String, $phone: String) {
        contact(id: $id, externalId: $externalId, email: $email, phone: $phone) { id }
    }"""
    for key in ({"id": made["id"]}, {"externalId": "1"}, {"email": "ANA@example.com"}, {"phone": "600111222"}):
        assert (await api.data(admin, find, **key))["contact"] == {"id": made["id"]}
    assert (await api.data(admin, find, email="bob@example.com"))["contact"] is None
    assert (await api.data(admin, find, id="nonsense"))["contact"] is None
    assert await api.codes(admin, find) == ["BAD_REQUEST"]
    assert await api.codes(admin, find, email="a@example.com", phone="600111222") == ["BAD_REQUEST"]


async def test_a_contact_of_another_workspace_does_not_exist(api: Api, admin: str) -> None:
    stranger = await bearer_of(await new_workspace("Other"))
    made = await create(api, admin, email="ana@example.com")
    assert (await api.data(stranger, "query ($id: ID!) { contact(id: $id) { id } }", id=made["id"])) == {
        "contact": None
    }
    assert (await api.data(stranger, "query ($id: ID!) { node(id: $id) { id } }", id=made["id"])) == {"node": None}
    payload = (await api.data(stranger, UPDATE, id=made["id"], input={"name": "X"}))["contactUpdate"]
    assert [(error["code"], error["field"]) for error in payload["userErrors"]] == [("NOT_FOUND", ["id"])]
    own = await create(api, stranger, email="ana@example.com")
    assert own["id"] != made["id"], "keys are unique in a workspace, not across them"


async def test_a_phone_number_that_cannot_be_read_is_refused_with_a_reason(api: Api, admin: str) -> None:
    response = await api.ask(admin, '{ contact(phone: "12") { id } }')
    assert response["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
    assert response["errors"][0]["extensions"]["field"] == ["phone"]
