"""WEBHOOK: what an endpoint is sent of a contact, and where the contact goes then."""

import pytest

from models import clock, db
from models.destinations.webhooks import endpoints
from models.destinations.webhooks.settings import EndpointSettings
from models.errors import InUse
from models.identity.merge import merge_contacts
from permissions.principal import Scope
from schema.server.ids import to_global_id
from tests.kit.receivers import Receiver, a_receiver
from tests.kit.segments import new_contacts, static_segment
from tests.kit.webhook_endpoints import a_webhook_worker, an_endpoint, send_all
from tests.kit.workflows import assert_figures_add_up, ends_of, entered, graph, inside, moved, node, running
from tests.kit.workspaces import new_workspace
from tests.models.workflows.test_waits import put_into

END = node("end", end={"outcome": "done"})
FAILED = node("failed", end={"outcome": "failed"})


@pytest.fixture
async def scope(database: str) -> Scope:
    return await new_workspace()


@pytest.fixture
async def receiver():
    async with a_receiver() as listening:
        yield listening


async def telling(scope: Scope, endpoint_id: int, *, failed: str | None = "failed"):
    """A workflow that tells the endpoint who came into a segment, and the segment."""
    start = await static_segment(scope)
    do = {"endpointId": endpoint_id, "body": {"offer": "A7"}, "next": "end", "failed": failed}
    return await running(scope, graph([entered(start)], [node("tell", webhook=do), END, FAILED])), start


async def later(scope: Scope) -> None:
    await db.execute("UPDATE enrollments SET wake_at = $1 WHERE wake_at IS NOT NULL", clock.now())
    await moved(scope)


async def test_an_endpoint_is_told_once_and_its_answer_leads_on(
    scope: Scope, receiver: Receiver, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint_id = await an_endpoint(scope, receiver, "workflow.message")
    workflow_id, start = await telling(scope, endpoint_id)
    (one,) = await new_contacts(scope, 1)
    await put_into(scope, start, one)
    await later(scope)
    assert await inside(scope, workflow_id) == [(one, "tell", "WAITING")]
    async with a_webhook_worker(redis_url) as context:
        await send_all(context, monkeypatch)
    (told,) = [body["data"] for body in receiver.bodies("workflow.message")]
    assert told == {
        "contactId": to_global_id("Contact", one),
        "workflowId": to_global_id("Workflow", workflow_id),
        "enrollmentId": told["enrollmentId"],
        "node": "tell",
        "body": {"offer": "A7"},
    }
    await later(scope)
    assert await ends_of(scope, workflow_id) == [(one, "REACHED_END")]
    await assert_figures_add_up(scope)


@pytest.mark.parametrize(("failed", "left"), [("failed", []), (None, ["FAILED"])])
async def test_what_was_not_taken_goes_its_own_way_or_stays(
    scope: Scope, receiver: Receiver, failed: str | None, left: list[str]
) -> None:
    endpoint_id = await an_endpoint(scope, receiver, "workflow.message")
    workflow_id, start = await telling(scope, endpoint_id, failed=failed)
    (one,) = await new_contacts(scope, 1)
    await put_into(scope, start, one)
    await db.execute("UPDATE webhook_deliveries SET status = 'FAILED' WHERE kind = 'MESSAGE'")  # after five days
    await later(scope)
    assert [state for _, _, state in await inside(scope, workflow_id)] == left
    await assert_figures_add_up(scope)


async def test_an_endpoint_is_kept_for_workflows_and_one_that_takes_no_messages_pauses_them(
    scope: Scope, receiver: Receiver
) -> None:
    endpoint_id = await an_endpoint(scope, receiver, "workflow.message")
    workflow_id, start = await telling(scope, endpoint_id)
    with pytest.raises(InUse, match="these workflows use this endpoint: 'Welcome'"):
        await endpoints.delete(scope, endpoint_id)
    await endpoints.update(scope, endpoint_id, EndpointSettings(receiver.url, ("job.finished",)))
    (one,) = await new_contacts(scope, 1)
    await put_into(scope, start, one)
    status, reason = await db.fetch_row("SELECT status, reason FROM workflows WHERE id = $1", workflow_id)
    assert (status, reason) == (
        "PAUSED",
        "The endpoint of node tell was deleted, or does not take workflow.message any more.",
    )
    assert await inside(scope, workflow_id) == [(one, "tell", "HELD")]


async def test_what_waits_follows_a_merge(scope: Scope, receiver: Receiver) -> None:
    endpoint_id = await an_endpoint(scope, receiver, "workflow.message")
    _, start = await telling(scope, endpoint_id)
    kept, merged = await new_contacts(scope, 2)
    await put_into(scope, start, merged)
    await merge_contacts(scope, kept, merged, {})
    assert await db.fetch_value("SELECT contact_id FROM webhook_deliveries WHERE kind = 'MESSAGE'") == kept
