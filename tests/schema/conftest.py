"""The API in this process, a workspace, and the bearer token of its admin."""

from collections.abc import AsyncIterator

import pytest

from permissions.principal import Scope
from tests.kit.api import Api, bearer_of
from tests.kit.workspaces import new_workspace
from tests.schema.samples import stop_workers


@pytest.fixture(scope="session")
def api() -> Api:
    return Api()


@pytest.fixture
async def workspace(database: str) -> Scope:
    return await new_workspace()


@pytest.fixture
async def admin(workspace: Scope) -> str:
    return await bearer_of(workspace)


@pytest.fixture(autouse=True)
async def _workers_of_samples_stop() -> AsyncIterator[None]:
    """So that they change no other test."""
    yield
    await stop_workers()
