"""PostgreSQL stops for a while: callers are told to try again, and the log stays short."""

import asyncio

import pytest
import structlog

from models.db import outages
from permissions.principal import Scope
from tests.kit.api import application, bearer_of, send
from tests.kit.restartable import Restartable, own_database, own_folder, own_server
from tests.kit.workspaces import new_workspace

__all__ = ["own_database", "own_folder", "own_server"]

pytestmark = pytest.mark.slow

ASK = {"query": "{ viewer { workspace { name } } }"}
ACCEPT = {"accept": "application/graphql-response+json"}


async def test_callers_are_told_to_try_again_until_the_database_is_back(
    own_database: str, own_server: Restartable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outages, "_log", outages.OutageLog())
    monkeypatch.setattr(
        outages, "log", structlog.get_logger()
    )  # the usual one may be bound to an earlier configuration
    app = application()
    scope: Scope = await new_workspace()
    bearer = f"Bearer {await bearer_of(scope)}"
    assert (await send(app, "POST", "/graphql", ASK, authorization=bearer)).json()["data"]
    await asyncio.to_thread(own_server.crash)
    began_at = asyncio.get_running_loop().time()
    with structlog.testing.capture_logs() as lines:
        for _ in range(50):
            answer = await send(app, "POST", "/graphql", ASK, authorization=bearer, **ACCEPT)
            assert (answer.status, answer.headers["retry-after"]) == (503, "1")
            (error,) = answer.json()["errors"]
            assert error["extensions"] == {"code": "UNAVAILABLE", "retryAfterSeconds": 1}
        hook = await send(
            app, "GET", "/webhooks/whatsapp", query="hub.mode=subscribe&hub.challenge=1&hub.verify_token=x"
        )
        assert (hook.status, hook.headers["retry-after"]) == (503, "1")
    seconds = asyncio.get_running_loop().time() - began_at
    told = [line for line in lines if line["log_level"] in ("error", "warning")]
    assert 1 <= len(told) <= seconds + 1
    assert not any("trace" in line or "exc_info" in line for line in told)
    await asyncio.to_thread(own_server.start)
    assert (await send(app, "POST", "/graphql", ASK, authorization=bearer, **ACCEPT)).status == 200
