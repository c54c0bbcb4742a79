"""Activities of messages are recorded once."""

from models import clock, db
from models.messaging import history
from models.messaging.history import MessageActivity
from models.messaging.sources import MessageSource, SourceKind
from schema.server.ids import to_global_id
from tests.kit.broadcasts import a_sender, people


async def test_activities_carry_the_broadcast_s_global_id(database: str):
    broadcast = MessageSource(SourceKind.BROADCAST, 123)
    assert await history.sent_by(1, [broadcast]) == {broadcast: {"broadcastId": to_global_id("Broadcast", 123)}}


async def test_an_activity_is_recorded_once_and_only_for_contacts_that_exist(database: str):
    scope = await a_sender()
    one, gone = await people(scope, 2)
    await db.execute("DELETE FROM contacts WHERE id = $1", gone)
    activities = [MessageActivity(who, "message.sent", clock.now(), f"key {who}", {}) for who in (one, gone)]
    async with db.transaction():
        assert await history.record(scope.workspace_id, activities) == 1
        assert await history.record(scope.workspace_id, activities) == 0
        assert await history.record(scope.workspace_id, activities[1:]) == 0
        assert await history.record(scope.workspace_id, []) == 0
    assert await db.fetch_value("SELECT count(*) FROM activities") == 1
