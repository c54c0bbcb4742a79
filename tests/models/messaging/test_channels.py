"""A channel keeps its secrets, belongs to one workspace, and has the limits that WhatsApp reports."""

import dataclasses

import pytest

from models import db
from models.accounts import secrets
from models.errors import Invalid, NotAllowedInState, Taken
from models.messaging import channels
from sandbox.whatsapp.provider import NUMBER_ID, SECRET, TOKEN, VERIFY_TOKEN
from tests.kit.broadcasts import CONNECTION, SECRET_KEY, a_sender
from tests.kit.workspaces import new_workspace


async def test_secrets_are_never_returned(database: str, capsys: pytest.CaptureFixture):
    scope = await a_sender()
    credentials = await channels.find_credentials(scope.workspace_id)
    assert credentials is not None
    assert credentials.token == TOKEN
    assert TOKEN not in repr(credentials)
    (wired,) = await channels.find_by_senders([NUMBER_ID], [])
    assert wired.app_secret == SECRET
    assert SECRET not in repr(wired)
    assert SECRET not in repr(CONNECTION)
    kept = await db.fetch_value("SELECT whatsapp_channels::text FROM whatsapp_channels")
    for secret in (TOKEN, SECRET, VERIFY_TOKEN):
        assert secret not in kept
        assert secret.encode().hex() not in kept
    audited = await db.fetch_value("SELECT string_agg(audit_log::text, ' ') FROM audit_log")
    assert TOKEN not in audited


async def test_a_number_and_an_account_belong_to_one_workspace(database: str):
    await a_sender()
    other = await new_workspace("Other")
    with pytest.raises(Taken) as taken:
        await channels.connect(other, CONNECTION)
    assert taken.value.path == ("phoneNumberId",)
    with pytest.raises(Taken) as taken:
        await channels.connect(other, dataclasses.replace(CONNECTION, number_id="42"))
    assert taken.value.path == ("businessAccountId",)


async def test_a_channel_that_whatsapp_did_not_confirm_reserves_nothing(database: str):
    secrets.use_keys([SECRET_KEY])
    squatter, owner = await new_workspace("Squatter"), await new_workspace("Owner")
    junk = await channels.connect(squatter, dataclasses.replace(CONNECTION, token="a junk token"))
    channel = await channels.connect(owner, CONNECTION)
    await channels.refused(squatter.workspace_id, junk.id, "(190) junk")
    assert await channels.checked(owner.workspace_id, channel.id, {})
    assert (await channels.get(owner)).status == "READY"
    with pytest.raises(Taken):
        await channels.connect(squatter, CONNECTION)


async def test_of_two_channels_of_one_number_only_the_first_to_be_confirmed_is_ready(database: str):
    secrets.use_keys([SECRET_KEY])
    one, other = await new_workspace("One"), await new_workspace("Other")
    first, second = await channels.connect(one, CONNECTION), await channels.connect(other, CONNECTION)
    assert await channels.checked(other.workspace_id, second.id, {})
    assert not await channels.checked(one.workspace_id, first.id, {})
    found = await channels.find(one)
    assert found is not None
    assert (found.status, found.reason) == (
        "REFUSED",
        "Another workspace is connected to this: disconnect it there first.",
    )
    await channels.disconnect(other)
    assert not await channels.checked(other.workspace_id, second.id, {})
    again = await channels.connect(one, CONNECTION)
    assert await channels.checked(one.workspace_id, again.id, {})


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"number_id": "abc"}, ("phoneNumberId",)),
        ({"business_account_id": ""}, ("businessAccountId",)),
        ({"token": "short"}, ("token",)),
        ({"app_secret": "with\nnewline"}, ("appSecret",)),
        ({"verify_token": "näh-nicht-ascii"}, ("verifyToken",)),
        ({"stop_words": ["STOP", "  "]}, ("stopWords", "1")),
    ],
)
async def test_an_invalid_connection_is_refused(database: str, change: dict, path: tuple):
    scope = await a_sender()
    with pytest.raises(Invalid) as wrong:
        await channels.connect(scope, dataclasses.replace(CONNECTION, **change))
    assert wrong.value.path == path


async def test_connecting_again_renews_the_secrets_of_the_same_channel(database: str):
    scope = await a_sender()
    before = await channels.get(scope)
    after = await channels.connect(scope, dataclasses.replace(CONNECTION, token="a new token"))
    assert (after.id, after.status) == (before.id, "CHECKING")
    credentials = await channels.find_credentials(scope.workspace_id)
    assert credentials is not None
    assert credentials.token == "a new token"


async def test_the_number_reports_its_pace_and_limit(database: str):
    scope = await a_sender()
    channel = await channels.get(scope)
    number = {
        "display_phone_number": "+1 555",
        "throughput": {"level": "HIGH"},
        "whatsapp_business_manager_messaging_limit": "TIER_10K",
    }
    await channels.checked(scope.workspace_id, channel.id, number)
    now = await channels.get(scope)
    assert (now.status, now.messages_per_second, now.daily_limit, now.display_number) == (
        "READY",
        1000,
        10_000,
        "+1 555",
    )
    await channels.refused(scope.workspace_id, channel.id, "(190) expired")
    with pytest.raises(NotAllowedInState, match="190"):
        await channels.get(scope)
