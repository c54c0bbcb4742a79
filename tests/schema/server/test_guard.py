"""Root fields are open to those who have the permission that they name."""

import pytest

from permissions.capabilities import Permission
from tests.kit.api import Api, bearer_of, token_with
from tests.kit.toys import toy_schema
from tests.kit.workspaces import new_workspace


@pytest.fixture
def api() -> Api:
    return Api(toy_schema())


async def test_without_a_bearer_only_fields_for_anyone_are_open(api: Api) -> None:
    assert await api.data(None, "{ toy(number: 1) { name } __typename }")
    assert await api.codes(None, "{ who }") == ["UNAUTHENTICATED"]
    assert await api.codes(None, "{ toys { nodes { id } } }") == ["UNAUTHENTICATED"]


async def test_each_root_field_checks_its_permission(api: Api, database: str) -> None:
    del database
    reader = await token_with(await new_workspace(), Permission.CONTACT_READ)
    assert await api.data(reader, "{ toys(first: 1) { nodes { name } } }")
    assert await api.codes(reader, "mutation { toyMake(number: 1) { toy { id } } }") == ["FORBIDDEN"]


async def test_a_field_that_names_no_permission_is_refused_even_to_admins(api: Api, database: str) -> None:
    del database
    assert await api.codes(await bearer_of(await new_workspace()), "{ unguarded }") == ["FORBIDDEN"]
