"""Broadcasts from the start to the end, with a worker in the test's own loop and the sandbox for WhatsApp."""

from models import db
from models.broadcasting import course
from tests.kit.broadcasts import a_desk, a_draft_to, a_sender, counts_of, send_all
from tests.kit.whatsapp import a_sandbox


async def test_everybody_in_the_audience_gets_it_once(database: str, redis_url: str):
    scope = await a_sender()
    broadcast = await a_draft_to(scope, 150)
    await course.schedule(scope, broadcast.id, None)
    async with a_sandbox() as server, a_desk(redis_url, server.url) as desk:
        server.sandbox.add_number(per_second=1000)
        ended = await send_all(desk, broadcast)
        assert ended.status == "COMPLETED"
        assert await counts_of(broadcast) == {"sent": 150}
        assert len(server.sandbox.accepted) == 150
        assert set(server.sandbox.accepted.values()) == {1}
        assert not server.sandbox.refusals
    sent = await db.fetch_value("SELECT count(*) FROM activities WHERE kind = 'message.sent'")
    assert sent == 150
