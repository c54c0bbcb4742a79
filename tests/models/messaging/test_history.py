"""What happens to a message is an activity of its contact, recorded once."""

from models import clock, db
from models.messaging import history
from models.messaging.history import Happening
from schema.server.ids import to_global_id
from tests.kit.broadcasts import a_sender, people


def test_the_broadcast_s_id_in_activities_is_the_one_that_clients_know():
    assert history.outside_id(123) == to_global_id("Broadcast", 123)


async def test_an_activity_is_recorded_once_and_only_of_contacts_that_are_there(database: str):
    scope = await a_sender()
    one, gone = await people(scope, 2)
    await db.execute("DELETE FROM contacts WHERE id = $1", gone)
    told = [Happening(who, "message.sent", clock.now(), f"key {who}", {}) for who in (one, gone)]
    async with db.transaction():
        assert await history.record(scope.workspace_id, told) == 1
        assert await history.record(scope.workspace_id, told) == 0
        assert await history.record(scope.workspace_id, told[1:]) == 0
        assert await history.record(scope.workspace_id, []) == 0
    assert await db.fetch_value("SELECT count(*) FROM activities") == 1
