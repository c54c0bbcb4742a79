"""Sends one request to a partner. Nothing of the network around us can be reached, or learned from the errors."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

import aiohttp

from models import clock
from models.destinations.webhooks.outcomes import Attempt
from models.destinations.webhooks.urls import check_url
from models.errors import Invalid
from models.values.texts import storable
from workers.providers.webhooks.addresses import AddressRefused, CheckedResolver
from workers.providers.webhooks.signing import signatures

TIMEOUT_SECONDS: Final = 15.0

MOST_OF_ANSWER: Final = 64 * 1024
"""A longer answer is not read to its end."""

KEPT_OF_ANSWER: Final = 4 * 1024

IDLE_SECONDS: Final = 15
"""Shorter than servers keep idle connections, so that few close under a request."""

UNREACHABLE: Final = "The address could not be reached: no public address, no connection, or no valid certificate."
TOO_SLOW: Final = "There was no answer within 15 seconds."
CUT_OFF: Final = "The connection was closed before the answer was complete."
UNREADABLE: Final = "The answer was not one of HTTP."


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """`secrets` sign the body; `headers` are the endpoint's own."""

    url: str
    webhook_id: str
    body: bytes
    secrets: tuple[str, ...]
    headers: Mapping[str, str]


class WebhookClient:
    """Connections are kept while they are used. Close it in the end."""

    def __init__(self, resolver: CheckedResolver | None = None, timeout_seconds: float | None = None) -> None:
        connector = aiohttp.TCPConnector(
            resolver=resolver or CheckedResolver(), use_dns_cache=False, limit=0, keepalive_timeout=IDLE_SECONDS
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            timeout=aiohttp.ClientTimeout(total=timeout_seconds or TIMEOUT_SECONDS),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            auto_decompress=False,
            skip_auto_headers=("Accept-Encoding",),
        )

    async def close(self) -> None:
        await self._session.close()

    async def send(self, request: WebhookRequest) -> Attempt:
        """Never raises for what a partner does."""
        at, began = clock.now(), time.perf_counter()
        try:
            check_url(request.url)  # it may have been stored when more was allowed
            attempt = await self._post(request, at)
        except Invalid:
            attempt = Attempt(at, 0, error=UNREACHABLE)
        except TimeoutError:
            attempt = Attempt(at, 0, error=TOO_SLOW)
        except (aiohttp.ClientConnectorError, aiohttp.InvalidURL, AddressRefused):
            attempt = Attempt(at, 0, error=UNREACHABLE)
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientPayloadError, aiohttp.ClientOSError):
            attempt = Attempt(at, 0, error=CUT_OFF)
        except (aiohttp.ClientError, ValueError, OSError):
            attempt = Attempt(at, 0, error=UNREADABLE)
        return _timed(attempt, time.perf_counter() - began)

    async def _post(self, request: WebhookRequest, at: datetime) -> Attempt:
        """A connection that was kept may be closed by the other side just now: then once more, on a new one."""
        try:
            return await self._post_once(request, at)
        except aiohttp.ServerDisconnectedError:
            return await self._post_once(request, at)

    async def _post_once(self, request: WebhookRequest, at: datetime) -> Attempt:
        timestamp = int(at.timestamp())
        headers = {
            **request.headers,
            "Content-Type": "application/json",
            "User-Agent": "Muster-Webhooks/1.0",
            "webhook-id": request.webhook_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signatures(request.secrets, request.webhook_id, timestamp, request.body),
        }
        async with self._session.post(request.url, data=request.body, headers=headers, allow_redirects=False) as answer:
            text = await _start_of(answer)
            retry_after = _seconds(answer.headers.get("Retry-After"))
            return Attempt(at, 0, answer.status, None, text, retry_after)


async def _start_of(answer: aiohttp.ClientResponse) -> str:
    """Returns what is kept of the body. Closes the connection when there is more than is read."""
    read = bytearray()
    async for chunk in answer.content.iter_any():
        read += chunk
        if len(read) > MOST_OF_ANSWER:
            answer.close()
            break
    text: str = storable(bytes(read[:KEPT_OF_ANSWER]).decode("utf-8", "replace"))
    return text


def _seconds(retry_after: str | None) -> float | None:
    """Reads both forms of Retry-After; None for what is neither."""
    if retry_after is None:
        return None
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return (moment.replace(tzinfo=moment.tzinfo or UTC) - clock.now()).total_seconds()


def _timed(attempt: Attempt, seconds: float) -> Attempt:
    return Attempt(
        attempt.at,
        round(seconds * 1000),
        attempt.status,
        attempt.error,
        attempt.response,
        attempt.retry_after_seconds,
    )
