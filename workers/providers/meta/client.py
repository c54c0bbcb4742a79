"""A client of the Marketing API for custom audiences."""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp
import orjson

from models.destinations.audiences.answers import Answer, Received, Trouble, Usage
from models.values.texts import storable
from workers.providers.meta.errors import MetaError, lost, refusal

ROWS_AT_ONCE: Final = 10_000
"""Meta's limit of a request."""

USAGE_HEADER: Final = "X-Business-Use-Case-Usage"

ACCOUNT_FIELDS: Final = "id,name,account_status,tos_accepted"

AUDIENCE_FIELDS: Final = (
    "id,name,operation_status,delivery_status,approximate_count_lower_bound,approximate_count_upper_bound"
)

_PAGE: Final = 20
"""Larger pages are refused as too much data."""


@dataclass(frozen=True, slots=True)
class AdAccount:
    """`id`: digits, without `act_`. The token is never shown."""

    id: str
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows in the order of `schema`, up to ROWS_AT_ONCE, as one of a session."""

    session_id: int
    number: int
    is_last: bool
    total: int
    schema: Sequence[str]
    rows: Sequence[Sequence[str]]

    def body(self) -> bytes:
        session = {
            "session_id": self.session_id,
            "batch_seq": self.number,
            "last_batch_flag": self.is_last,
            "estimated_num_total": self.total,
        }
        return orjson.dumps({"session": session, "payload": {"schema": self.schema, "data": self.rows}})


def open_session(timeout_seconds: float) -> aiohttp.ClientSession:
    """Opens a session in which `timeout_seconds` limits a whole call."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=10, keepalive_timeout=15, ttl_dns_cache=60),
        timeout=aiohttp.ClientTimeout(total=timeout_seconds, sock_connect=min(5.0, timeout_seconds)),
        cookie_jar=aiohttp.DummyCookieJar(),
    )


class Client:
    """`base_url` without a version; `version` such as v26.0. All calls raise MetaError when they fail."""

    def __init__(self, session: aiohttp.ClientSession, base_url: str, version: str, account: AdAccount) -> None:
        self._session = session
        self._root = f"{base_url.rstrip('/')}/{version}"
        self._account = account
        self.usage = Usage()
        """Of the last answer."""

    # ------------------------------------------------------------ account and audiences

    async def account(self) -> Mapping[str, Any]:
        """ACCOUNT_FIELDS of the ad account."""
        return await self._call("GET", f"act_{self._account.id}", query={"fields": ACCOUNT_FIELDS})

    async def create(self, name: str, description: str) -> str:
        """The id of the new audience. Calling it twice makes two."""
        body = {
            "name": name,
            "subtype": "CUSTOM",
            "description": description,
            "customer_file_source": "USER_PROVIDED_ONLY",
        }
        answer = await self._call("POST", f"act_{self._account.id}/customaudiences", orjson.dumps(body))
        if not str(answer.get("id") or "").isdigit():
            raise lost("it names no id of the audience that it made")
        return str(answer["id"])

    async def find(self, mark: str) -> str | None:
        """The id of the audience with this text in its description."""
        async for audience in self._each(f"act_{self._account.id}/customaudiences", {"fields": "id,description"}):
            if mark in str(audience.get("description") or ""):
                return str(audience.get("id"))
        return None

    async def read(self, audience_id: str) -> Mapping[str, Any]:
        """AUDIENCE_FIELDS of the audience."""
        return await self._call("GET", audience_id, query={"fields": AUDIENCE_FIELDS})

    async def delete(self, audience_id: str) -> None:
        """For good: adverts that use it stop."""
        await self._call("DELETE", audience_id)

    # ------------------------------------------------------------ people

    async def add(self, audience_id: str, batch: Batch) -> Received:
        return _received(await self._call("POST", f"{audience_id}/users", batch.body()))

    async def remove(self, audience_id: str, batch: Batch) -> Received:
        return _received(await self._call("DELETE", f"{audience_id}/users", batch.body()))

    async def replace(self, audience_id: str, batch: Batch) -> Received:
        return _received(await self._call("POST", f"{audience_id}/usersreplace", batch.body()))

    # ------------------------------------------------------------ calls

    async def _each(self, path: str, query: Mapping[str, str]) -> AsyncIterator[Mapping[str, Any]]:
        after: str | None = None
        while True:
            cursor = {"after": after} if after else {}
            page = await self._call("GET", path, query={**query, "limit": str(_PAGE), **cursor})
            for item in page.get("data") or ():
                yield item
            paging = page.get("paging") or {}
            after = (paging.get("cursors") or {}).get("after") if paging.get("next") else None
            if not after:
                return

    async def _call(
        self, method: str, path: str, body: bytes | None = None, query: Mapping[str, str] | None = None
    ) -> Mapping[str, Any]:
        headers = {"Authorization": f"Bearer {self._account.token}", "Content-Type": "application/json"}
        try:
            async with self._session.request(
                method, f"{self._root}/{path}", data=body, headers=headers, params=query, allow_redirects=False
            ) as response:
                status, text = response.status, await response.read()
                self.usage = _usage(response.headers.get(USAGE_HEADER))
        except aiohttp.InvalidURL:
            raise MetaError(Trouble(Answer.STOPPED, "The address of the Marketing API is no URL.")) from None
        except TimeoutError as error:  # to wait as long again keeps one that hangs from holding up others
            raise lost("it did not answer in time", self._session.timeout.total) from error
        except (aiohttp.ClientError, OSError) as error:
            raise lost(type(error).__name__) from error
        return _read(status, text, self.usage)


def _read(status: int, text: bytes, usage: Usage) -> Mapping[str, Any]:
    """Without JSON, the answer comes from something between us and the API."""
    try:
        answer = orjson.loads(text)
    except orjson.JSONDecodeError:
        answer = None
    if isinstance(answer, dict) and isinstance(answer.get("error"), dict):
        raise refusal(storable(answer["error"]), status, usage.wait_seconds)
    if 200 <= status < 300 and isinstance(answer, dict):
        return answer
    raise lost(f"HTTP {status} without an answer that can be read")


def _usage(header: str | None) -> Usage:
    """The largest percentage and the longest wait of all that the header lists. Unreadable: none."""
    try:
        listed = [one for several in orjson.loads(header or "{}").values() for one in several]
        percent = max((float(one.get(name) or 0) for one in listed for name in _PERCENTAGES), default=0.0)
        minutes = max((float(one.get("estimated_time_to_regain_access") or 0) for one in listed), default=0.0)
    except (orjson.JSONDecodeError, AttributeError, TypeError, ValueError):
        return Usage()
    return Usage(percent, minutes * 60)


_PERCENTAGES: Final = ("call_count", "total_cputime", "total_time")

_HASH: Final = re.compile("[0-9a-f]{64}")


def _received(answer: Mapping[str, Any]) -> Received:
    """`invalid_entry_samples` is a list or a map; what is known of it are the values in it."""
    invalid, samples = answer.get("num_invalid_entries"), answer.get("invalid_entry_samples") or {}
    found: set[str] = set()
    for sample in samples.items() if isinstance(samples, dict) else samples:
        found.update(_HASH.findall(orjson.dumps(sample).decode().lower()))
    return Received(invalid if isinstance(invalid, int) else 0, frozenset(found))
