"""How much one call can write."""

import pytest

from models.contacts.create import create_contact
from models.contacts.delete import delete_contacts
from models.contacts.limits import MOST_AT_ONCE
from models.contacts.tagging import add_tags
from models.errors import LimitExceeded
from permissions.principal import Scope
from tests.kit.workspaces import new_workspace


@pytest.fixture
async def workspace(database: str) -> Scope:
    return await new_workspace()


async def test_too_much_at_once_is_refused(workspace: Scope) -> None:
    row = await create_contact(workspace, {"tags": [str(n) for n in range(199)]})
    with pytest.raises(LimitExceeded) as refused:
        await add_tags(workspace, [row["id"]], ["x", "y"])
    assert refused.value.path == ("tags",)
    await add_tags(workspace, [row["id"]], ["x", "X"])
    with pytest.raises(LimitExceeded):
        await delete_contacts(workspace, list(range(MOST_AT_ONCE + 1)))
    with pytest.raises(LimitExceeded):
        await add_tags(workspace, list(range(MOST_AT_ONCE + 1)), ["x"])
