"""Requests to a provider: asked for, taken by one worker, ended once."""

from datetime import UTC, datetime, timedelta

from models import clock
from models.queue import requests
from models.queue.requests import ProviderRequestKind
from tests.kit.workspaces import new_workspace

CHECK, TEST = ProviderRequestKind.CHECK, ProviderRequestKind.TEST


async def test_one_worker_takes_a_request_and_ends_it(database):
    scope = await new_workspace()
    asked = await requests.ask(scope, CHECK, {"channel": 7})
    taken = await requests.take(scope.workspace_id, asked.id)
    assert taken is not None
    assert (taken.status, taken.input) == ("RUNNING", {"channel": 7})
    assert await requests.take(scope.workspace_id, asked.id) is None
    await requests.end(taken, result={"name": "Clinic"})
    done = await requests.read(scope.workspace_id, asked.id)
    assert (done.status, done.result, done.error, done.is_over) == ("DONE", {"name": "Clinic"}, None, True)


async def test_a_request_is_cancelled_only_before_a_worker_begins(database):
    scope = await new_workspace()
    waiting, running = await requests.ask(scope, CHECK), await requests.ask(scope, CHECK)
    await requests.take(scope.workspace_id, running.id)
    assert await requests.call_off(waiting)
    assert not await requests.call_off(running)
    assert await requests.take(scope.workspace_id, waiting.id) is None


async def test_a_test_send_whose_worker_died_is_given_up_and_another_request_is_repeated(database):
    scope = await new_workspace()
    test_send, check = await requests.ask(scope, TEST), await requests.ask(scope, CHECK)
    for request in (test_send, check):
        assert await requests.take(scope.workspace_id, request.id) is not None
    clock.set_source(lambda: datetime.now(UTC) + timedelta(minutes=2))
    assert await requests.waiting(10) == [(scope.workspace_id, check.id)]
    assert (await requests.read(scope.workspace_id, test_send.id)).status == "FAILED"
    assert await requests.take(scope.workspace_id, check.id) is not None
