"""The fixtures of the tests of broadcasts."""

import pytest

from permissions.principal import Scope
from schema.root import build_schema
from tests.kit.api import Api, bearer_of
from tests.kit.broadcasts import a_sender


@pytest.fixture(scope="module")
def api() -> Api:
    return Api(build_schema())


@pytest.fixture
async def scope(database: str) -> Scope:
    return await a_sender()


@pytest.fixture
async def bearer(scope: Scope) -> str:
    return await bearer_of(scope)
