"""Creating contacts."""

import asyncio

import pytest

from models.contacts.create import create_contact
from models.errors import Problems, Taken
from permissions.principal import Scope
from tests.kit.workspaces import new_workspace


@pytest.fixture
async def workspace(database: str) -> Scope:
    return await new_workspace()


async def test_of_many_creations_with_one_key_one_succeeds(workspace: Scope) -> None:
    outcomes = await asyncio.gather(
        *(create_contact(workspace, {"email": "ana@example.com"}) for _ in range(12)), return_exceptions=True
    )
    refused = [outcome for outcome in outcomes if isinstance(outcome, Problems)]
    assert len(refused) == 11
    assert all([type(error) for error in problems.errors] == [Taken] for problems in refused)
