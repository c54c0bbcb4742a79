"""Connecting the channel, fetching templates, and test sends that wait for a worker."""

import pytest

from models import db
from models.messaging import channels
from permissions.principal import Scope
from sandbox.whatsapp.provider import BUSINESS_ACCOUNT_ID, NUMBER_ID, SECRET, TOKEN, VERIFY_TOKEN
from schema.server.ids import to_global_id
from tests.kit.api import ERRORS, Api

CONNECT = f"""mutation ($input: WhatsAppChannelConnectInput!) {{ whatsappChannelConnect(input: $input) {{
    whatsappChannel {{ phoneNumberId businessAccountId status stopWords webhookPath }} {ERRORS} }} }}"""


async def test_a_channel_is_connected_and_its_secrets_are_never_shown(api: Api, scope: Scope, bearer: str):
    secrets = {"token": TOKEN, "appSecret": SECRET, "verifyToken": VERIFY_TOKEN}
    values = {"phoneNumberId": NUMBER_ID, "businessAccountId": BUSINESS_ACCOUNT_ID, **secrets, "stopWords": ["Basta"]}
    response = await api.ask(bearer, CONNECT, input=values)
    assert response["data"]["whatsappChannelConnect"]["whatsappChannel"] == {
        "phoneNumberId": NUMBER_ID,
        "businessAccountId": BUSINESS_ACCOUNT_ID,
        "status": "CHECKING",
        "stopWords": ["Basta"],
        "webhookPath": "/webhooks/whatsapp",
    }
    assert not [secret for secret in secrets.values() if secret in str(response)]
    names = (await api.data(bearer, '{ __type(name: "WhatsAppChannel") { fields { name } } }'))["__type"]["fields"]
    assert not [one["name"] for one in names if "token" in one["name"].lower() or "secret" in one["name"].lower()]
    channel = await channels.get(scope)
    shown = (await api.data(bearer, "{ whatsappChannel { id dailyLimit reachedToday messagesPerSecond } }"))[
        "whatsappChannel"
    ]
    assert shown == {
        "id": to_global_id("WhatsAppChannel", channel.id),
        "dailyLimit": None,
        "reachedToday": 0,
        "messagesPerSecond": 1000,
    }


async def test_without_a_channel_nothing_can_be_fetched(api: Api, scope: Scope, bearer: str):
    gone = await api.data(bearer, f"mutation {{ whatsappChannelDisconnect {{ {ERRORS} }} }}")
    assert gone["whatsappChannelDisconnect"]["userErrors"] == []
    assert (await api.data(bearer, "{ whatsappChannel { id } messageTemplates { id } }")) == {
        "whatsappChannel": None,
        "messageTemplates": [],
    }
    answer = await api.data(bearer, f"mutation {{ messageTemplatesSync {{ {ERRORS} }} }}")
    assert answer["messageTemplatesSync"]["userErrors"][0]["code"] == "NOT_ALLOWED_IN_STATE"


async def test_without_a_worker_the_request_is_refused_and_never_done(
    api: Api, scope: Scope, bearer: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("schema.messaging.request_wait.WAIT_SECONDS", 0.1)
    answer = await api.data(bearer, f"mutation {{ messageTemplatesSync {{ messageTemplates {{ id }} {ERRORS} }} }}")
    payload = answer["messageTemplatesSync"]
    assert payload["userErrors"][0]["code"] == "NOT_ALLOWED_IN_STATE"
    assert "worker" in payload["userErrors"][0]["message"]
    assert await db.fetch_value("SELECT status FROM provider_requests") == "CANCELLED"
    assert scope.workspace_id
