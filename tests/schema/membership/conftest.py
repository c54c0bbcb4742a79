"""The fixtures of the tests of membership."""

import pytest

from tests.kit.api import Api


@pytest.fixture
async def api():
    return Api()
