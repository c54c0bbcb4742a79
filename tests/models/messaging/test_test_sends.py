"""A test send counts its people before it is sent."""

from models import clock, db
from models.messaging import quota, test_sends
from tests.kit.broadcasts import a_sender
from tests.models.messaging.claims import credentials

PHONES = ["+34600000001", "+34600000002"]


async def test_people_of_a_test_send_count_as_reached(database: str):
    scope = await a_sender(daily_limit=10)
    channel = await credentials(scope)
    assert await test_sends.reaching(scope.workspace_id, channel, PHONES)
    assert await quota.used(scope.workspace_id, channel.business_account_id, clock.now()) == 2


async def test_a_test_send_beyond_the_limit_reaches_nobody(database: str):
    scope = await a_sender(daily_limit=1)
    assert not await test_sends.reaching(scope.workspace_id, await credentials(scope), PHONES)
    assert await db.fetch_value("SELECT count(*) FROM whatsapp_reached") == 0
