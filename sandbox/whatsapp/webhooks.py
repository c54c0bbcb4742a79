"""Sends webhooks: signed, delayed, repeated until answered with 200."""

import asyncio
import heapq
import itertools
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp
import orjson

from workers.providers.whatsapp.webhook import SIGNATURE_HEADER, signature

TICK_SECONDS: Final = 0.02
POSTS_AT_ONCE: Final = 16
LONGEST_WAIT_SECONDS: Final = 60.0


@dataclass
class WebhookOptions:
    """Delays in seconds after the acceptance. `shuffled_seconds`: random extra delay. `held`: none are sent. `batch`: most
    statuses in a call."""

    sent_seconds: float = 0.05
    delivered_seconds: float = 0.3
    read_seconds: float = 1.0
    read_share: float = 0.6
    doubled: bool = False
    shuffled_seconds: float = 0.0
    held: bool = False
    badly_signed: bool = False
    batch: int = 10


@dataclass(frozen=True)
class WebhookSource:
    number_id: str
    business_account_id: str
    display_number: str
    secret: str = field(repr=False)


@dataclass(order=True)
class _Due:
    at: float
    order: int
    source: WebhookSource = field(compare=False)
    field_name: str = field(compare=False)
    value: dict[str, Any] = field(compare=False)


@dataclass
class _Post:
    source: WebhookSource
    body: bytes
    tries: int = 0


class WebhookSender:
    """Sends webhooks to `url` while a task runs its `run`."""

    def __init__(self, url: str | None, options: WebhookOptions) -> None:
        self.url = url
        self.options = options
        self.delivered = 0
        self.unanswered = 0
        self._due: list[_Due] = []
        self._has_due = asyncio.Event()
        self._order = itertools.count()
        self._rng = random.Random(11)  # noqa: S311 - the same in every run
        self._posts: asyncio.Queue[_Post] = asyncio.Queue()
        self._later: set[asyncio.Task[None]] = set()

    @property
    def waiting(self) -> int:
        return len(self._due) + self.unanswered

    def send(self, source: WebhookSource, field_name: str, value: dict[str, Any], delay_seconds: float = 0.0) -> None:
        for _ in range(2 if self.options.doubled else 1):
            shuffle = self._rng.random() * self.options.shuffled_seconds
            at = time.monotonic() + delay_seconds + shuffle
            heapq.heappush(self._due, _Due(at, next(self._order), source, field_name, value))
            self._has_due.set()

    def post(self, source: WebhookSource, body: str) -> None:
        """Sends this body as it is, signed, and again until it is answered with 200."""
        self._post(_Post(source, body.encode()))

    async def run(self) -> None:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session:
            posting = [asyncio.create_task(self._keep_posting(session)) for _ in range(POSTS_AT_ONCE)]
            try:
                while True:
                    await self._has_due.wait()
                    await asyncio.sleep(TICK_SECONDS)
                    self._collect()
                    if not self._due:
                        self._has_due.clear()
            finally:
                for task in [*posting, *self._later]:
                    task.cancel()

    def _collect(self) -> None:
        if self.url is None:
            self._due.clear()
        if self.options.held:
            return
        due: dict[tuple[WebhookSource, str], list[dict[str, Any]]] = {}
        while self._due and self._due[0].at <= time.monotonic():
            event = heapq.heappop(self._due)
            due.setdefault((event.source, event.field_name), []).append(event.value)
        for (source, field_name), values in due.items():
            if self.options.shuffled_seconds:
                self._rng.shuffle(values)
            for start in range(0, len(values), max(1, self.options.batch)):
                self._post(_Post(source, _body(source, field_name, values[start : start + max(1, self.options.batch)])))

    def _post(self, post: _Post) -> None:
        self.unanswered += 1
        self._posts.put_nowait(post)

    async def _keep_posting(self, session: aiohttp.ClientSession) -> None:
        while True:
            post = await self._posts.get()
            if await self._answered(session, post):
                self.unanswered -= 1
                self.delivered += 1
                continue
            post.tries += 1
            again = asyncio.create_task(self._again(post))
            self._later.add(again)
            again.add_done_callback(self._later.discard)

    async def _again(self, post: _Post) -> None:
        await asyncio.sleep(min(LONGEST_WAIT_SECONDS, 0.5 * 2**post.tries))
        self._posts.put_nowait(post)

    async def _answered(self, session: aiohttp.ClientSession, post: _Post) -> bool:
        secret = "wrong" if self.options.badly_signed else post.source.secret
        headers = {SIGNATURE_HEADER: signature(secret, post.body), "Content-Type": "application/json"}
        try:
            async with session.post(str(self.url), data=post.body, headers=headers) as response:
                return response.status == 200
        except (aiohttp.ClientError, TimeoutError, OSError):
            return False


def _body(source: WebhookSource, field_name: str, values: Sequence[Mapping[str, Any]]) -> bytes:
    changes = [{"field": field_name, "value": _with_source(source, field_name, value)} for value in values]
    if field_name == "messages":
        changes = _merged(changes)
    entry = {"id": source.business_account_id, "time": int(time.time()), "changes": changes}
    return orjson.dumps({"object": "whatsapp_business_account", "entry": [entry]})


def _with_source(source: WebhookSource, field_name: str, value: Mapping[str, Any]) -> dict[str, Any]:
    if field_name not in ("messages", "user_preferences"):
        return dict(value)
    metadata = {"display_phone_number": source.display_number, "phone_number_id": source.number_id}
    return {"messaging_product": "whatsapp", "metadata": metadata, **value}


def _merged(changes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One change for the statuses of a call, as Meta does."""
    statuses = [status for change in changes for status in change["value"].get("statuses", ())]
    others = [change for change in changes if "statuses" not in change["value"]]
    if not statuses:
        return others
    shared = {**next(change["value"] for change in changes if "statuses" in change["value"]), "statuses": statuses}
    return [{"field": "messages", "value": shared}, *others]
