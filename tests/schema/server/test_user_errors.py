"""Errors in the input of a mutation, in its payload."""

import pytest

from models.errors import Invalid, NotFound, Problems
from permissions.capabilities import Permission
from schema.server.user_errors import user_errors
from tests.kit.api import Api, token_with
from tests.kit.toys import toy_schema
from tests.kit.workspaces import new_workspace


@pytest.fixture
def api() -> Api:
    return Api(toy_schema())


async def test_errors_in_the_input_of_a_mutation_are_in_its_payload(api: Api, database: str) -> None:
    del database
    writer = await token_with(await new_workspace(), Permission.CONTACT_WRITE)
    query = "mutation { toyMake(number: -1) { toy { id } userErrors { code message field } } }"
    assert await api.data(writer, query) == {
        "toyMake": {
            "toy": None,
            "userErrors": [{"code": "INVALID", "message": "a toy's number is positive", "field": ["number"]}],
        }
    }


def test_each_problem_is_an_entry_with_its_path() -> None:
    entries = user_errors(Problems([Invalid("not this", ("a", "0")), NotFound("nor that")]))
    assert [(entry.message, entry.field) for entry in entries] == [("not this", ["a", "0"]), ("nor that", None)]
    assert [entry.message for entry in user_errors(Invalid("alone"))] == ["alone"]
