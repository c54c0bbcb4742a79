"""One worker's time with one endpoint."""

import asyncio
import time
from collections import deque
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog
from prometheus_client import Counter, Histogram

from models import clock
from models.accounts.secrets import SecretUnreadable
from models.changelog.read import NotInLog
from models.destinations.webhooks import bodies, dispatch, outcomes, planning, positions, schedule
from models.destinations.webhooks.bodies import Delivery
from models.destinations.webhooks.dispatch import Situation
from models.destinations.webhooks.outcomes import Attempt, Outcome
from models.destinations.webhooks.planning import MOST_PLANNED, Planned
from models.destinations.webhooks.rows import SENDS, DeliveryKind, Endpoint, WebhookEndpointStatus
from models.queue.leases import Lease
from permissions.principal import Scope
from workers.context import WorkerContext
from workers.providers.webhooks.client import WebhookClient, WebhookRequest

log = structlog.get_logger(__name__)

RUN_SECONDS: Final = 30.0
"""Then the endpoint goes to the end of the queue."""

RECORD_SECONDS: Final = 0.25
"""Outcomes are written at least so often."""

MOST_AT_ONCE: Final = 16
FIRST_AT_ONCE: Final = 4
"""Requests of a PARALLEL endpoint at a time: one more with each success, half as many when it asks for less."""

KINDS: Final = {
    WebhookEndpointStatus.CHECKING: frozenset({DeliveryKind.PING, DeliveryKind.TEST}),
    WebhookEndpointStatus.PAUSED: frozenset({DeliveryKind.TEST}),
    WebhookEndpointStatus.DISABLED: frozenset({DeliveryKind.TEST}),
    **dict.fromkeys(SENDS, frozenset(DeliveryKind)),
}
"""What is sent in each state."""

OWN_LINES: Final = (DeliveryKind.LIVE, DeliveryKind.REPLAY)
"""Of an ORDERED endpoint these are each sent in their order; the rest for itself."""

_sent = Counter(
    "muster_webhook_requests_total", "Requests to endpoints of partners, by what came of them.", ["outcome"]
)
_seconds = Histogram("muster_webhook_request_seconds", "How long requests to endpoints of partners took.")


async def shared_client(context: WorkerContext) -> WebhookClient:
    """The client of this process, which is closed when the worker ends."""
    return await context.shared(WebhookClient)


class EndpointRun:
    """`lost`: the lease is. `wake`: a log has grown. `patience_seconds`: how long to wait for more at the end."""

    def __init__(
        self,
        context: WorkerContext,
        scope: Scope,
        lease: Lease,
        client: WebhookClient,
        lost: asyncio.Event,
        wake: asyncio.Event,
        patience_seconds: float,
    ) -> None:
        self._context = context
        self._scope = scope
        self._lease = lease
        self._client = client
        self._lost = lost
        self._wake = wake
        self._patience_seconds = patience_seconds
        self._ends_at = time.monotonic() + RUN_SECONDS
        self._at_once = FIRST_AT_ONCE
        self._next_request_at = 0.0
        self._due_at: datetime | None = None
        self._planned: dict[int, Planned] = {}

    async def run(self) -> bool:
        """Returns whether it stopped though there was more. Raises LeaseLost."""
        try:
            while not self._is_over():
                self._wake.clear()
                situation = await dispatch.look_at(self._lease)
                if not await self._send_what_is_due(situation) and not await self._linger():
                    return False
        except SecretUnreadable:
            await outcomes.disable(self._scope, self._lease, "Its secret cannot be decrypted: rotate it, and resume.")
            return False
        return not self._lost.is_set()

    def _is_over(self) -> bool:
        return self._lost.is_set() or self._context.stopping.is_set() or time.monotonic() > self._ends_at

    async def _linger(self) -> bool:
        """Returns whether something may have come, or become due."""
        until_due = self._patience_seconds + 1 if self._due_at is None else (self._due_at - clock.now()).total_seconds()
        try:
            await asyncio.wait_for(self._wake.wait(), max(0.0, min(self._patience_seconds, until_due)))
        except TimeoutError:
            return until_due < self._patience_seconds
        return True

    async def _send_what_is_due(self, situation: Situation) -> bool:
        """Returns False when there was nothing, and then writes when there will be."""
        endpoint = situation.endpoint
        if _is_quiet(endpoint):
            self._due_at = endpoint.next_attempt_at
            return False
        try:
            due = await self._due(situation)
            if not due:
                return False
            if endpoint.mode == "PARALLEL":
                await self._send_side_by_side(endpoint, [line[0] for line in due])
            else:
                for line in due:
                    await self._send_in_order(endpoint, line)
        except NotInLog:
            await outcomes.disable(self._scope, self._lease, await self._reason_of_gap())
        return True

    async def _reason_of_gap(self) -> str:
        kept_from = await positions.kept_from(self._scope)
        since = "nothing of it is kept" if kept_from is None else f"it is kept from {kept_from:%Y-%m-%d %H:%M} UTC on"
        return f"What follows its cursor is no longer in the log: {since}. Resume it with skipToNow, and read the rest anew."

    # ---------------------------------------------------------------- what is due

    async def _due(self, situation: Situation, busy: Collection[int] = ()) -> list[list[Delivery]]:
        """Returns the lines that can be sent now, without `busy`, after planning more. Raises NotInLog."""
        endpoint = situation.endpoint
        waits = await dispatch.deliveries_waiting(self._scope, endpoint.id) if situation.has_waiting else []
        if endpoint.status in SENDS and (situation.behind or endpoint.replays):
            waits += await self._plan(situation, waits)
        lines = _lines(endpoint.mode, [one for one in waits if one.kind in KINDS[endpoint.status]])
        due = [line for line in lines if line[0].next_attempt_at <= clock.now()]
        if not due:
            at = min((line[0].next_attempt_at for line in lines), default=None)
            await self._rest(endpoint, at, is_full=_is_full(endpoint.mode, waits))
        return [line for line in due if line[0].id not in busy]

    async def _plan(self, situation: Situation, waits: Sequence[Delivery]) -> list[Delivery]:
        endpoint = situation.endpoint
        planned: list[Planned] = []
        room = _room(endpoint.mode, waits, DeliveryKind.LIVE)
        if room and situation.behind:
            planned += await planning.plan(self._scope, endpoint, situation.behind, room)
        room = _room(endpoint.mode, waits, DeliveryKind.REPLAY)
        if room and endpoint.replays:
            planned += await planning.plan_replay(self._scope, endpoint, room)
        self._keep(planned)
        return [one.delivery for one in planned]

    def _keep(self, planned: Sequence[Planned]) -> None:
        """So that the log is not read again for them."""
        self._planned |= {one.delivery.id: one for one in planned}

    # ---------------------------------------------------------------- sending

    async def _send_in_order(self, endpoint: Endpoint, line: Sequence[Delivery]) -> None:
        """Up to the first failure. Of a long line, the next part is planned meanwhile."""
        if line[0].kind is not DeliveryKind.LIVE or len(line) < MOST_PLANNED["ORDERED"]:
            return await self._send_line(endpoint, line)
        ahead = asyncio.create_task(self._plan_ahead())
        try:
            await self._send_line(endpoint, line)
            await ahead
        finally:
            ahead.cancel()
            await asyncio.gather(ahead, return_exceptions=True)

    async def _plan_ahead(self) -> None:
        situation = await dispatch.look_at(self._lease)
        if situation.behind and situation.endpoint.status in SENDS:
            self._keep(await planning.plan(self._scope, situation.endpoint, situation.behind, MOST_PLANNED["ORDERED"]))

    async def _send_line(self, endpoint: Endpoint, line: Sequence[Delivery]) -> None:
        done: list[Outcome] = []
        recorded_at = time.monotonic()
        for delivery in line:
            if self._is_over():
                break
            outcome = await self._attempt(endpoint, delivery)
            done.append(outcome)
            if not outcome.attempt.succeeded:
                break
            if time.monotonic() - recorded_at > RECORD_SECONDS:
                if await self._record(done) is not endpoint.status:
                    return
                done, recorded_at = [], time.monotonic()
        await self._record(done)

    async def _send_side_by_side(self, endpoint: Endpoint, due: Sequence[Delivery]) -> None:
        """Each by itself. What hangs does not stop the others."""
        queue, running = deque(due), dict[asyncio.Task[Outcome], int]()
        try:
            while queue or running:
                while queue and len(running) < self._at_once and not self._is_over():
                    delivery = queue.popleft()
                    running[asyncio.create_task(self._attempt(endpoint, delivery))] = delivery.id
                if not running:
                    return
                done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                found = [task.result() for task in done]
                for task in done:
                    del running[task]
                await self._record(found)
                if self._adapt(found):
                    queue.clear()
                    await self._keep_quiet(endpoint, found)
                elif not queue and running and not self._is_over():
                    situation = await dispatch.look_at(self._lease)
                    endpoint = situation.endpoint
                    more = await self._due(situation, set(running.values()))
                    queue.extend(line[0] for line in more)
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    def _adapt(self, found: Sequence[Outcome]) -> bool:
        """Returns whether the endpoint asks for less."""
        slower = any(one.attempt.is_slowing_down for one in found)
        succeeded = sum(one.attempt.succeeded for one in found)
        self._at_once = max(1, self._at_once // 2) if slower else min(MOST_AT_ONCE, self._at_once + succeeded)
        return slower

    async def _keep_quiet(self, endpoint: Endpoint, found: Sequence[Outcome]) -> None:
        """Nothing more is sent until the endpoint takes it again."""
        asked = [one.attempt.retry_after_seconds or 0.0 for one in found if one.attempt.is_slowing_down]
        until = clock.now() + timedelta(seconds=max(schedule.DELAYS[0], schedule.honoured(max(asked))))
        await self._rest(endpoint, until, is_full=True)

    async def _rest(self, endpoint: Endpoint, until: datetime | None, *, is_full: bool) -> None:
        self._due_at = until
        await dispatch.rest(self._scope, endpoint, until, is_full=is_full)

    async def _attempt(self, endpoint: Endpoint, delivery: Delivery) -> Outcome:
        planned = self._planned.pop(delivery.id, None)
        entries = await bodies.entries_of(self._scope, delivery) if planned is None else planned.entries
        body = await bodies.body_of(self._scope, delivery, entries, with_contacts=endpoint.include_contacts)
        await self._keep_pace(endpoint.requests_per_second)
        request = WebhookRequest(endpoint.url, delivery.webhook_id, body, endpoint.secrets, endpoint.headers)
        attempt = await self._client.send(request)
        _observe(attempt)
        return Outcome(delivery, attempt)

    async def _keep_pace(self, per_second: float | None) -> None:
        if per_second is None:
            return
        now = time.monotonic()
        at = max(now, self._next_request_at)
        self._next_request_at = at + 1 / per_second
        await asyncio.sleep(at - now)

    async def _record(self, done: Sequence[Outcome]) -> WebhookEndpointStatus:
        return await outcomes.record(self._scope, self._lease, done)


def _observe(attempt: Attempt) -> None:
    _sent.labels("delivered" if attempt.succeeded else f"http_{attempt.status}" if attempt.status else "none").inc()
    _seconds.observe(attempt.milliseconds / 1000)


# ---------------------------------------------------------------- lines


def _is_quiet(endpoint: Endpoint) -> bool:
    """Whether a PARALLEL endpoint asked for a pause, or all that may wait at a time does."""
    at = endpoint.next_attempt_at
    return endpoint.mode == "PARALLEL" and endpoint.is_full and at is not None and at > clock.now()


def _lines(mode: str, waits: Sequence[Delivery]) -> list[list[Delivery]]:
    """What is sent one after another. Nothing of a line is due before its first one."""
    if mode == "PARALLEL":
        return [[one] for one in waits]
    lines = [[one] for one in waits if one.kind not in OWN_LINES]
    return lines + [line for kind in OWN_LINES if (line := [one for one in waits if one.kind is kind])]


def _room(mode: str, waits: Sequence[Delivery], kind: DeliveryKind) -> int:
    """How many requests to plan. In order, only when all before are done."""
    waiting = sum(one.kind is kind for one in waits)
    if mode == "PARALLEL":
        return max(0, MOST_PLANNED[mode] - waiting)
    return 0 if waiting else MOST_PLANNED[mode]


def _is_full(mode: str, waits: Sequence[Delivery]) -> bool:
    return _room(mode, waits, DeliveryKind.LIVE) == 0
