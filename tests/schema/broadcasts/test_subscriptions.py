"""The progress of a broadcast."""

from models.broadcasts import stopping
from models.messaging import outcomes
from permissions.principal import Scope
from schema.server.ids import to_global_id
from tests.kit.api import Api
from tests.kit.broadcasts import a_draft_to
from tests.models.messaging.claims import claim, sending, sent


async def test_progress_is_followed_to_the_end(api: Api, scope: Scope, bearer: str):
    broadcast = await sending(scope, await a_draft_to(scope, 2))
    events = api.listen(
        bearer,
        "subscription ($id: ID!) { broadcastProgress(id: $id) { status counts { pending sending sent } } }",
        id=to_global_id("Broadcast", broadcast.id),
    )
    seen = [(await anext(events))["data"]["broadcastProgress"]]
    attempts = (await claim(scope, broadcast)).attempts
    await outcomes.settle(scope.workspace_id, [sent(one) for one in attempts])
    await stopping.finish(scope.workspace_id, broadcast.id)
    seen += [event["data"]["broadcastProgress"] async for event in events]
    assert seen[0] == {"status": "SENDING", "counts": {"pending": 2, "sending": 0, "sent": 0}}
    assert seen[-1] == {"status": "COMPLETED", "counts": {"pending": 0, "sending": 0, "sent": 2}}


async def test_progress_of_a_broadcast_that_does_not_exist_is_an_error(api: Api, bearer: str):
    query = "subscription ($id: ID!) { broadcastProgress(id: $id) { status } }"
    first = await anext(api.listen(bearer, query, id=to_global_id("Broadcast", 999)))
    assert first["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
