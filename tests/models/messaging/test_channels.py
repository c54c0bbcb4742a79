"""The channel's secrets are sealed, its number belongs to one workspace, and what WhatsApp says of it is heeded."""

import dataclasses

import pytest

from models import db
from models.accounts import secrets
from models.accounts.secrets import SecretUnreadable
from models.broadcasts import channel_changes, lifecycle
from models.errors import Invalid, NotAllowedInState, Taken
from models.messaging import channels, pace, templates
from sandbox.whatsapp.provider import BUSINESS_ACCOUNT_ID, NUMBER_ID, SECRET, TOKEN, VERIFY_TOKEN
from sandbox.whatsapp.templates import TEMPLATES
from tests.kit.broadcasts import CONNECTION, SEALING_KEY, a_draft_to, a_sender, read_again
from tests.kit.workspaces import new_workspace
from tests.models.messaging.claims import sending


def test_a_seal_opens_only_with_its_key_and_in_its_place():
    secrets.use_keys(["one key of thirty-two characters"])
    sealed = secrets.encrypt("secret", "7:token")
    assert b"secret" not in sealed
    assert secrets.decrypt(sealed, "7:token") == "secret"
    assert secrets.encrypt("secret", "7:token") != sealed
    with pytest.raises(SecretUnreadable):
        secrets.decrypt(sealed, "8:token")
    with pytest.raises(SecretUnreadable):
        secrets.decrypt(sealed[:-1] + bytes([sealed[-1] ^ 1]), "7:token")
    secrets.use_keys(["another key of thirty-two letters", "one key of thirty-two characters"])
    assert secrets.decrypt(sealed, "7:token") == "secret"
    secrets.use_keys(["another key of thirty-two letters"])
    with pytest.raises(SecretUnreadable):
        secrets.decrypt(sealed, "7:token")


async def test_secrets_are_nowhere_to_be_read(database: str, capsys: pytest.CaptureFixture):
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
async def test_what_cannot_be_right_is_refused(database: str, change: dict, path: tuple):
    scope = await a_sender()
    with pytest.raises(Invalid) as wrong:
        await channels.connect(scope, dataclasses.replace(CONNECTION, **change))
    assert wrong.value.path == path


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


async def test_connecting_again_renews_the_secrets_of_the_same_channel(database: str):
    scope = await a_sender()
    before = await channels.get(scope)
    after = await channels.connect(scope, dataclasses.replace(CONNECTION, token="a new token"))
    assert (after.id, after.status) == (before.id, "CHECKING")
    credentials = await channels.find_credentials(scope.workspace_id)
    assert credentials is not None
    assert credentials.token == "a new token"


async def test_what_the_number_reports_sets_its_pace_and_its_limit(database: str):
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


def test_pace_and_limits_are_cautious_where_nothing_is_known():
    assert pace.messages_per_second({}) == 80
    assert pace.messages_per_second({"throughput": {"level": "NOT_APPLICABLE"}}) == 80
    assert pace.messages_per_second({"throughput": {"level": "HIGH"}, "is_on_biz_app": True}) == 20
    assert pace.daily_limit({}) == 250
    assert pace.daily_limit({"whatsapp_business_manager_messaging_limit": "TIER_UNLIMITED"}) is None


async def test_templates_are_taken_over_and_missing_ones_are_gone(database: str):
    scope = await a_sender()
    assert len(await templates.all_of(scope)) == len(TEMPLATES)
    strange = {"id": "1", "name": "map", "language": "en", "status": "APPROVED", "category": "UTILITY"}
    strange["components"] = [{"type": "HEADER", "format": "LOCATION"}, {"type": "BODY", "text": "Here"}]
    await templates.store(scope.workspace_id, BUSINESS_ACCOUNT_ID, [TEMPLATES[0], strange, {"nonsense": 1}])
    found = {one.name: one for one in await templates.all_of(scope)}
    assert set(found) == {"spring_sale", "map"}
    assert found["map"].unsupported == "a header of the format LOCATION"
    assert list(found["spring_sale"].parameters) == ["1", "2", "button.1"]
    await templates.store(scope.workspace_id, BUSINESS_ACCOUNT_ID, TEMPLATES)
    assert len(await templates.all_of(scope)) == len(TEMPLATES)


async def test_only_news_of_a_template_that_concern_sending_change_its_status(database: str):
    scope = await a_sender()

    async def after(event: str) -> str:
        await templates.status_changed(scope.workspace_id, BUSINESS_ACCOUNT_ID, "greeting", "en_US", event)
        return await db.fetch_value("SELECT status FROM message_templates WHERE name = 'greeting'")

    assert [await after(event) for event in ("PAUSED", "FLAGGED", "REINSTATED", "DISABLED")] == [
        "PAUSED",
        "PAUSED",
        "APPROVED",
        "DISABLED",
    ]
    assert not await templates.status_changed(scope.workspace_id, "another", "greeting", "en_US", "APPROVED")


@pytest.fixture(autouse=True)
def _the_usual_key():
    yield
    secrets.use_keys([SEALING_KEY])
