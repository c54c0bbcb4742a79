"""The fixtures of the tests of segments."""

import pytest

from permissions.principal import Scope
from tests.kit.api import Api, bearer_of
from tests.kit.workspaces import new_workspace


@pytest.fixture
async def scope(database: str) -> Scope:
    return await new_workspace()


@pytest.fixture
async def admin(scope: Scope) -> str:
    return await bearer_of(scope)


@pytest.fixture
def api() -> Api:
    return Api()
