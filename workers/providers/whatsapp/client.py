"""A client of the Cloud API."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp
import orjson

from models.messaging.policy import Answer
from models.values.texts import storable
from workers.providers.whatsapp.errors import NotSent, Refused, Unconfirmed, refusal

NUMBER_FIELDS: Final = (
    "id,display_phone_number,verified_name,quality_rating,status,throughput,whatsapp_business_manager_messaging_limit"
)

TEMPLATE_FIELDS: Final = "id,name,language,status,category,parameter_format,components"

CONNECTIONS: Final = 1000

IDLE_SECONDS: Final = 15
"""Shorter than servers keep idle connections, so that none closes under a request."""


@dataclass(frozen=True, slots=True)
class WhatsAppAccount:
    """The account and number that send; the token is never shown."""

    number_id: str
    business_account_id: str
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Accepted:
    """With `held`, the template's quality is being judged: the message may still fail."""

    message_id: str
    wa_id: str | None
    held: bool


def open_session(timeout_seconds: float) -> aiohttp.ClientSession:
    """Opens a session in which `timeout_seconds` limits a whole call."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=CONNECTIONS, keepalive_timeout=IDLE_SECONDS, ttl_dns_cache=60),
        timeout=aiohttp.ClientTimeout(total=timeout_seconds, sock_connect=min(5.0, timeout_seconds)),
        cookie_jar=aiohttp.DummyCookieJar(),
    )


class Client:
    """`base_url` without a version; `version` such as v26.0."""

    def __init__(self, session: aiohttp.ClientSession, base_url: str, version: str) -> None:
        self._session = session
        self._root = f"{base_url.rstrip('/')}/{version}"

    async def send(self, account: WhatsAppAccount, body: bytes) -> Accepted:
        """Raises NotSent, Unconfirmed or Refused when the message was not accepted."""
        headers = {"Authorization": f"Bearer {account.token}", "Content-Type": "application/json"}
        answer = await self._call("POST", f"{self._root}/{account.number_id}/messages", headers, body)
        try:
            message = answer["messages"][0]
            contacts = answer.get("contacts") or [{}]
            return Accepted(
                str(message["id"]), contacts[0].get("wa_id"), message.get("message_status", "accepted") != "accepted"
            )
        except (KeyError, IndexError, TypeError, AttributeError):
            raise Unconfirmed("the answer to an accepted message cannot be read") from None

    async def number(self, account: WhatsAppAccount) -> dict[str, Any]:
        """Returns NUMBER_FIELDS of the number. Raises WhatsAppError when the call fails."""
        return await self._get(account, account.number_id, {"fields": NUMBER_FIELDS})

    async def numbers_of_account(self, account: WhatsAppAccount) -> list[str]:
        """Returns phone number ids. Raises WhatsAppError when a call fails."""
        listed = self._each(account, f"{account.business_account_id}/phone_numbers", {"fields": "id"})
        return [str(number.get("id")) async for number in listed]

    async def templates(self, account: WhatsAppAccount) -> list[dict[str, Any]]:
        """Returns all templates of the account. Raises WhatsAppError when a call fails."""
        path = f"{account.business_account_id}/message_templates"
        return [template async for template in self._each(account, path, {"fields": TEMPLATE_FIELDS})]

    async def _each(self, account: WhatsAppAccount, path: str, query: dict[str, str]) -> AsyncIterator[dict[str, Any]]:
        after: str | None = None
        while True:
            page = await self._get(account, path, {**query, "limit": "100", **({"after": after} if after else {})})
            for item in page.get("data", ()):
                yield item
            paging = page.get("paging") or {}
            after = (paging.get("cursors") or {}).get("after") if paging.get("next") else None
            if not after:
                return

    async def _get(self, account: WhatsAppAccount, path: str, query: dict[str, str]) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {account.token}"}
        return await self._call("GET", f"{self._root}/{path}", headers, None, query)

    async def _call(
        self, method: str, url: str, headers: dict[str, str], body: bytes | None, query: dict[str, str] | None = None
    ) -> dict[str, Any]:
        try:
            async with self._session.request(method, url, data=body, headers=headers, params=query) as response:
                status, text = response.status, await response.read()
        except aiohttp.InvalidURL as error:
            raise Refused(0, "The address of the API is no URL.", Answer.MISCONFIGURED) from error
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise NotSent(type(error).__name__) from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unconfirmed(type(error).__name__) from error
        return _read(status, text)


def _read(status: int, text: bytes) -> dict[str, Any]:
    """Without JSON, the answer comes from something between us and the API."""
    try:
        answer = orjson.loads(text)
        if rb"\u0000" in text:  # such as a template's body; PostgreSQL cannot hold it
            answer = storable(answer)
    except orjson.JSONDecodeError:
        answer = None
    if isinstance(answer, dict) and isinstance(answer.get("error"), dict):
        raise refusal(answer["error"])
    if status < 300 and isinstance(answer, dict):
        return answer
    raise _unreadable(status)


def _unreadable(status: int) -> Refused | Unconfirmed:
    """Refusals of something in between were not sent; the rest is unknown."""
    if status == 429:
        return Refused(429, "A proxy says that there are too many calls.", Answer.CROWDED)
    if 400 <= status < 500 and status not in (408, 425, 499):
        reason = f"The address of the API answered with HTTP {status}, and not as WhatsApp does."
        return Refused(status, reason, Answer.MISCONFIGURED)
    return Unconfirmed(f"HTTP {status} without an answer that can be read")
