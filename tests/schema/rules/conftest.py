"""The fixtures of the tests of rules."""

import pytest

from tests.kit.api import Api
from tests.kit.workspaces import new_workspace


@pytest.fixture
async def scope(database):
    return await new_workspace()


@pytest.fixture
def api():
    return Api()
