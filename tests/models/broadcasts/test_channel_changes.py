"""Changes of the channel pause what is sent through it."""

import dataclasses

import pytest

from models import db
from models.broadcasts import channel_changes, lifecycle
from models.errors import NotAllowedInState
from models.messaging import channels
from models.messaging.channels import Connection
from sandbox.whatsapp.provider import BUSINESS_ACCOUNT_ID, NUMBER_ID, VERIFY_TOKEN
from tests.kit.broadcasts import CONNECTION, a_draft_to, a_sender, read_again
from tests.models.messaging.claims import claim, sending


async def test_disconnecting_forgets_the_secrets_and_pauses_what_is_sent(database: str):
    scope = await a_sender()
    broadcast = await sending(scope, await a_draft_to(scope, 2))
    await channel_changes.disconnect(scope)
    assert await channels.find(scope) is None
    assert await channels.find_credentials(scope.workspace_id) is None
    assert await channels.find_by_senders([NUMBER_ID], [BUSINESS_ACCOUNT_ID]) == []
    assert not await channels.is_verify_token(VERIFY_TOKEN)
    assert await db.fetch_value("SELECT encrypted_token = '' AND encrypted_app_secret = '' FROM whatsapp_channels")
    paused = await read_again(broadcast)
    assert (paused.status, paused.reason) == ("PAUSED", "The channel was disconnected.")
    with pytest.raises(NotAllowedInState):
        await channel_changes.disconnect(scope)
    with pytest.raises(NotAllowedInState):
        await lifecycle.resume(scope, broadcast.id)
    await channels.connect(scope, CONNECTION)
    assert (await lifecycle.resume(scope, broadcast.id)).status == "SENDING"


OTHER_NUMBER = dataclasses.replace(CONNECTION, number_id="42")
NEW_TOKEN = dataclasses.replace(CONNECTION, token="a new token")


@pytest.mark.parametrize(("given", "status"), [(OTHER_NUMBER, "PAUSED"), (NEW_TOKEN, "SENDING")])
async def test_another_number_pauses_what_is_sent_and_new_secrets_do_not(database: str, given: Connection, status: str):
    scope = await a_sender()
    broadcast = await sending(scope, await a_draft_to(scope, 1))
    waiting = await lifecycle.schedule(scope, (await a_draft_to(scope, 0)).id, None)
    await channel_changes.connect(scope, given)
    assert (await read_again(broadcast)).status == status
    assert (await read_again(waiting)).status == ("PAUSED" if status == "PAUSED" else "PREPARING")
    assert len((await claim(scope, broadcast)).attempts) == (0 if status == "PAUSED" else 1)
