"""Mistakes that clients make get an error at their place, and cost nothing else."""

import pytest

from models.contacts.create import create_contact
from permissions.capabilities import Permission
from schema.server.ids import to_global_id
from tests.kit.api import Api, bearer_of, token_with
from tests.kit.segments import static_segment
from tests.kit.workspaces import new_workspace


@pytest.fixture
def api(database: str) -> Api:
    del database
    return Api()


async def test_one_forbidden_field_leaves_the_others_where_its_type_can_be_null(api: Api) -> None:
    scope = await new_workspace()
    contact, segment = await create_contact(scope, {"name": "Ana"}), await static_segment(scope)
    token = await token_with(scope, Permission.CONTACT_READ)
    response = await api.ask(
        token,
        "query ($contact: ID!, $segment: ID!) { contact(id: $contact) { name } segment(id: $segment) { name } }",
        contact=to_global_id("Contact", contact["id"]),
        segment=to_global_id("Segment", segment.id),
    )
    assert response["data"] == {"contact": {"name": "Ana"}, "segment": None}
    assert [(error["path"], error["extensions"]["code"]) for error in response["errors"]] == [
        (["segment"], "FORBIDDEN")
    ]


async def test_a_field_that_is_included_only_with_its_permission_costs_nothing_else(api: Api) -> None:
    token = await token_with(await new_workspace(), Permission.CONTACT_READ)
    permissions = (await api.data(token, "{ viewer { permissions } }"))["viewer"]["permissions"]
    query = "query ($s: Boolean!) { contacts { nodes { id } } segments @include(if: $s) { nodes { id } } }"
    assert await api.data(token, query, s="SEGMENT_READ" in permissions) == {"contacts": {"nodes": []}}
    assert (await api.ask(token, query, s=True))["data"] is None


@pytest.mark.parametrize(
    ("mutation", "variables"),
    [
        ("mutation ($c: ContactInput!) { contactCreate(input: $c) { created } }", {"c": {"dateOfBirth": "31/12/2000"}}),
        ("mutation ($d: Date) { contactCreate(input: {dateOfBirth: $d}) { created } }", {"d": "31/12/2000"}),
        ('mutation { contactCreate(input: {dateOfBirth: "31/12/2000"}) { created } }', {}),
    ],
)
async def test_a_value_of_the_wrong_type_says_in_which_field_it_is(api: Api, mutation: str, variables: dict) -> None:
    bearer = await bearer_of(await new_workspace())
    (error,) = (await api.ask(bearer, mutation, **variables))["errors"]
    assert error["extensions"] == {"code": "BAD_REQUEST", "field": ["dateOfBirth"]}
    assert "write it as 2026-11-22" in error["message"]


CONTACTS = """
    query ($after: String, $order: ContactOrder!, $search: String, $filter: RuleInput) {
        contacts(first: 1, after: $after, orderBy: $order, search: $search, filter: $filter) { pageInfo { endCursor } }
    }
"""
VIP = {"tags": {"operator": "HAS_ANY", "tags": ["vip"]}}


async def test_a_cursor_of_another_list_order_filter_or_workspace_is_refused(api: Api) -> None:
    scope, stranger = await new_workspace(), await new_workspace("Stranger")
    for name in ("Ana", "Bea"):
        await create_contact(scope, {"name": name, "tags": ["vip"]})
    await static_segment(scope)
    bearer = await bearer_of(scope)
    page = (await api.data(bearer, CONTACTS, order="NAME_ASC"))["contacts"]
    after = page["pageInfo"]["endCursor"]
    assert "errors" not in await api.ask(bearer, CONTACTS, after=after, order="NAME_ASC")
    refused = [
        await api.ask(bearer, CONTACTS, after=after, order="NAME_DESC"),
        await api.ask(bearer, CONTACTS, after=after, order="NAME_ASC", search="a"),
        await api.ask(bearer, CONTACTS, after=after, order="NAME_ASC", filter=VIP),
        await api.ask(await bearer_of(stranger), CONTACTS, after=after, order="NAME_ASC"),
        await api.ask(bearer, "query ($a: String) { segments(after: $a) { nodes { id } } }", a=after),
        await api.ask(bearer, "query ($a: String) { jobs(after: $a) { nodes { id } } }", a=after),
    ]
    assert [answer["errors"][0]["extensions"] for answer in refused] == [
        {"code": "BAD_REQUEST", "reason": "INVALID", "field": ["after"]}
    ] * len(refused)


async def test_a_cursor_of_another_parent_is_refused_for_that_parent_alone(api: Api) -> None:
    scope = await new_workspace()
    for name in ("Ana", "Bea"):
        await create_contact(scope, {"name": name})
    await static_segment(scope, [1, 2])
    await static_segment(scope, [1, 2], "Another")
    bearer = await bearer_of(scope)
    query = """
        query ($after: String) {
            contacts(orderBy: NAME_ASC) {
                nodes { segments(first: 1, after: $after) { pageInfo { endCursor } nodes { name } } }
            }
        }
    """
    ana, _ = (await api.data(bearer, query))["contacts"]["nodes"]
    one = "query ($id: ID!, $after: String) { contact(id: $id) { segments(after: $after) { nodes { name } } } }"
    after = ana["segments"]["pageInfo"]["endCursor"]
    own = await api.data(bearer, one, id=to_global_id("Contact", 1), after=after)
    assert [segment["name"] for segment in own["contact"]["segments"]["nodes"]] == ["Another"]
    other = await api.ask(bearer, one, id=to_global_id("Contact", 2), after=after)
    assert other["errors"][0]["extensions"]["field"] == ["after"]
    both = await api.ask(bearer, query, after=after)
    assert [error["path"] for error in both["errors"]] == [["contacts", "nodes", 1, "segments"]]
