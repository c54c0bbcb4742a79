"""Each event type that an endpoint can subscribe to really comes, when what it tells happens."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web
from jsonschema import Draft202012Validator

from models import clock, db
from models.broadcasts import lifecycle as broadcasts
from models.broadcasts import starting
from models.contacts.activities import NewActivity, record
from models.contacts.create import create_contact
from models.destinations.audiences import connections
from models.destinations.webhooks import resending, schedule
from models.destinations.webhooks.event_types import EVENT_TYPES, SUBSCRIBABLE
from models.identity.merge import merge_contacts
from models.identity.unmerge import unmerge
from models.score_models import build, score_models
from models.segments import segments
from permissions.principal import Scope
from tests.kit import transfers
from tests.kit.audiences import an_audience, with_account
from tests.kit.broadcasts import a_draft, a_segment, a_sender
from tests.kit.engine import settled
from tests.kit.logs import entered as put
from tests.kit.receivers import Receiver, a_receiver, says
from tests.kit.segments import backfill_all, new_contacts, static_segment
from tests.kit.webhook_endpoints import a_webhook_worker, an_endpoint, send_all
from tests.kit.workflows import entered, graph, moved, node, running
from tests.models.scores.test_engine import INTEREST


async def members_change(scope: Scope, _: int) -> None:
    await put(scope, await static_segment(scope), *await new_contacts(scope, 2))


async def a_segment_changes(scope: Scope, _: int) -> None:
    await segments.update(scope, (await static_segment(scope)).id, {"name": "New"})


async def a_segment_goes(scope: Scope, _: int) -> None:
    await segments.delete(scope, (await static_segment(scope)).id)


async def a_segment_comes_back(scope: Scope, _: int) -> None:
    segment = await static_segment(scope)
    await segments.delete(scope, segment.id)
    await backfill_all(scope, segment)
    await segments.restore(scope, segment.id)
    await backfill_all(scope, segment)


async def a_broadcast_ends(scope: Scope, _: int) -> None:
    broadcast = await a_draft(scope, await a_segment(scope, []))
    await broadcasts.schedule(scope, broadcast.id, None)
    await starting.prepare(scope, broadcast.id)


async def an_import_ends(scope: Scope, _: int) -> None:
    await transfers.imported(scope, "email\na@x.org\n")


async def two_contacts_become_one(scope: Scope, _: int) -> int:
    kept, merged = await new_contacts(scope, 2)
    await merge_contacts(scope, kept, merged, {})
    merge_id: int = await db.fetch_value("SELECT max(id) FROM contact_merges")
    return merge_id


async def two_contacts_become_two_again(scope: Scope, _: int) -> None:
    await unmerge(scope, await two_contacts_become_one(scope, _))


async def a_score_rises(scope: Scope, _: int) -> None:
    model = await score_models.create(scope, INTEREST)
    await build.build(scope.workspace_id, model["id"])
    ana = (await create_contact(scope, {"name": "Ana"}))["id"]
    await settled(scope)
    await record(scope, [NewActivity("visit", ana)] * 2)
    await settled(scope)


async def an_account_is_disconnected(scope: Scope, _: int) -> None:
    await with_account(scope)
    await an_audience(scope, (await static_segment(scope)).id)
    await connections.disconnect(scope)


async def an_endpoint_fails(scope: Scope, other: int) -> None:
    """It has failed for an hour."""
    await put(scope, await static_segment(scope), *await new_contacts(scope, 1))
    began = clock.now() - schedule.NOTICES[0] - timedelta(minutes=1)
    await db.execute("UPDATE webhook_endpoints SET failing_since = $2 WHERE id = $1", other, began)


async def an_endpoint_is_gone(scope: Scope, other: int) -> None:
    await db.execute("UPDATE webhook_endpoints SET url = replace(url, 'other', 'gone') WHERE id = $1", other)
    await put(scope, await static_segment(scope), *await new_contacts(scope, 1))


async def a_workflow_tells(scope: Scope, _: int) -> None:
    endpoint_id = await db.fetch_value("SELECT min(id) FROM webhook_endpoints")
    start, end = await static_segment(scope), node("end", end={"outcome": "done"})
    tell = node("tell", webhook={"endpointId": endpoint_id, "body": {"offer": "A7"}, "next": "end", "failed": "end"})
    await running(scope, graph([entered(start)], [tell, end]))
    await put(scope, start, *await new_contacts(scope, 1))
    await moved(scope)


async def a_person_tests(scope: Scope, _: int) -> None:
    await resending.test(scope, await db.fetch_value("SELECT min(id) FROM webhook_endpoints"))


Cause = Callable[[Scope, int], Awaitable[object]]

CAUSES: dict[str, Cause] = {
    "membership.changes": members_change,
    "segment.updated": a_segment_changes,
    "segment.deleted": a_segment_goes,
    "segment.restored": a_segment_comes_back,
    "broadcast.finished": a_broadcast_ends,
    "job.finished": an_import_ends,
    "contact.merged": two_contacts_become_one,
    "contact.unmerged": two_contacts_become_two_again,
    "score.level_changed": a_score_rises,
    "audience.blocked": an_account_is_disconnected,
    "webhook.endpoint_failing": an_endpoint_fails,
    "webhook.endpoint_disabled": an_endpoint_is_gone,
    "workflow.message": a_workflow_tells,
    "ping": a_person_tests,
}


class Both(Receiver):
    """The partner, and at other paths endpoints that fail."""

    def __init__(self) -> None:
        super().__init__()
        self.everything: list[Any] = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if request.path != "/hooks":
            return await says(410 if request.path == "/gone" else 500)(request)
        body = await request.read()
        self.everything.append(self.verified(body, request))
        return await says(200)(request)


async def test_nothing_that_can_be_subscribed_to_is_without_a_cause() -> None:
    assert set(CAUSES) == SUBSCRIBABLE | {"ping"} == set(EVENT_TYPES)


@pytest.mark.parametrize("name", CAUSES)
async def test_it_is_sent_when_it_happens(
    name: str, database: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    scope, receiver = await a_sender(), Both()
    async with a_receiver(receiver), a_webhook_worker(redis_url) as context:
        await an_endpoint(scope, receiver, *sorted(SUBSCRIBABLE))
        other = await an_endpoint(scope, Receiver(url=receiver.url.replace("hooks", "other")))
        await CAUSES[name](scope, other)
        for _ in range(2):
            await send_all(context, monkeypatch)  # the second time, what the first one logged
    (event, *_) = [one for one in receiver.everything if one["type"] == name]
    Draft202012Validator(EVENT_TYPES[name].schema).validate(event["data"])
