"""One worker's time with one endpoint."""

import asyncio
import random
import time
from collections import deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog
from prometheus_client import Counter, Histogram

from models import clock
from models.accounts.secrets import SecretUnreadable
from models.changelog.read import NotInLog
from models.destinations.webhooks import dispatch, outcomes, planning, positions, schedule
from models.destinations.webhooks.bodies import Delivery
from models.destinations.webhooks.dispatch import Situation
from models.destinations.webhooks.outcomes import Attempt, Outcome
from models.destinations.webhooks.planning import MOST_PLANNED, Planned
from models.destinations.webhooks.rows import SENDS, DeliveryKind, Endpoint
from models.queue.leases import Lease
from permissions.principal import Scope
from workers.context import WorkerContext
from workers.providers.webhooks.client import WebhookClient, WebhookRequest
from workers.webhook_lines import is_full, is_quiet, kinds_of, lines_of, room_for
from workers.webhook_outcomes import OutcomeRecorder, recording
from workers.webhook_requests import RequestMaker

log = structlog.get_logger(__name__)

RUN_SECONDS: Final = 300.0
CROWDED_RUN_SECONDS: Final = 20.0
"""Then the endpoint goes to the end of the queue. Up to a half sooner, so that not all of them do at once."""

IN_ORDER_SECONDS: Final = 1.0
"""So long the log is sent in order before tests, replays and messages have their turn."""

MOST_AT_ONCE: Final = 16
FIRST_AT_ONCE: Final = 4
"""Requests of a PARALLEL endpoint at a time: one more with each success, half as many when it asks for less."""

_sent = Counter(
    "muster_webhook_requests_total", "Requests to endpoints of partners, by what came of them.", ["outcome"]
)
_seconds = Histogram("muster_webhook_request_seconds", "How long requests to endpoints of partners took.")


async def shared_client(context: WorkerContext) -> WebhookClient:
    """The client of this process, which is closed when the worker ends."""
    return await context.shared(WebhookClient)


@dataclass(frozen=True, slots=True)
class Waiting:
    """How a run waits for more. `wake`: a log has grown."""

    wake: asyncio.Event
    is_crowded: Callable[[], bool]
    patience_seconds: float


class EndpointRun:
    """`lost`: the lease is."""

    def __init__(
        self,
        context: WorkerContext,
        scope: Scope,
        lease: Lease,
        client: WebhookClient,
        lost: asyncio.Event,
        waiting: Waiting,
    ) -> None:
        self._context = context
        self._scope = scope
        self._lease = lease
        self._client = client
        self._lost = lost
        self._waiting = waiting
        self._began_at = time.monotonic()
        self._part_of_time = random.uniform(0.5, 1.0)  # noqa: S311 - no secret
        self._at_once = FIRST_AT_ONCE
        self._next_request_at = 0.0
        self._due_at: datetime | None = None
        self._requests = RequestMaker(scope)

    async def run(self) -> bool:
        """Returns whether it stopped though there was more. Raises LeaseLost."""
        try:
            while not self._is_over():
                self._waiting.wake.clear()
                situation = await dispatch.look_at(self._lease)
                if not await self._send_what_is_due(situation) and not await self._linger():
                    return False
        except SecretUnreadable:
            await outcomes.disable(self._scope, self._lease, "Its secret cannot be decrypted: rotate it, and resume.")
            return False
        return not self._lost.is_set()

    def _is_over(self) -> bool:
        seconds = CROWDED_RUN_SECONDS if self._waiting.is_crowded() else RUN_SECONDS
        is_late = time.monotonic() - self._began_at > seconds * self._part_of_time
        return is_late or self._lost.is_set() or self._context.stopping.is_set()

    async def _linger(self) -> bool:
        """Returns whether something may have come, or become due."""
        patience = 0.0 if self._waiting.is_crowded() else self._waiting.patience_seconds
        until_due = patience + 1 if self._due_at is None else (self._due_at - clock.now()).total_seconds()
        try:
            await asyncio.wait_for(self._waiting.wake.wait(), max(0.0, min(patience, until_due)))
        except TimeoutError:
            return until_due < patience
        return True

    async def _send_what_is_due(self, situation: Situation) -> bool:
        """Returns False when there was nothing, and then writes when there will be."""
        endpoint = situation.endpoint
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
        quiet = is_quiet(endpoint)
        if endpoint.status in SENDS and not quiet and (situation.behind or endpoint.replays):
            waits += await self._plan(situation, waits)
        kinds = kinds_of(endpoint)
        lines = lines_of(endpoint.mode, [one for one in waits if one.kind in kinds])
        due = [line for line in lines if line[0].next_attempt_at <= clock.now()]
        if not due:
            at = endpoint.quiet_until if quiet else min((line[0].next_attempt_at for line in lines), default=None)
            await self._rest(endpoint, at, is_full=quiet or is_full(endpoint.mode, waits))
        return [line for line in due if line[0].id not in busy]

    async def _plan(self, situation: Situation, waits: Sequence[Delivery]) -> list[Delivery]:
        endpoint = situation.endpoint
        planned: list[Planned] = []
        room = room_for(endpoint.mode, waits, DeliveryKind.LIVE)
        if room and situation.behind:
            planned += await planning.plan(self._scope, endpoint, situation.behind, room)
        room = room_for(endpoint.mode, waits, DeliveryKind.REPLAY)
        if room and endpoint.replays:
            planned += await planning.plan_replay(self._scope, endpoint, room)
        self._requests.keep(planned)
        return [one.delivery for one in planned]

    # ---------------------------------------------------------------- sending

    async def _send_in_order(self, endpoint: Endpoint, line: Sequence[Delivery]) -> None:
        """Up to the first failure. What follows a long line is planned while the line is sent."""
        until = time.monotonic() + IN_ORDER_SECONDS
        async with recording(self._scope, self._lease, endpoint.status) as recorder:
            while line:
                following = asyncio.create_task(self._following(endpoint, line, until))
                try:
                    all_sent = await self._send_line(endpoint, line, recorder)
                    endpoint, line = await following if all_sent else (endpoint, ())
                finally:
                    following.cancel()
                    await asyncio.gather(following, return_exceptions=True)

    async def _following(
        self, endpoint: Endpoint, line: Sequence[Delivery], until: float
    ) -> tuple[Endpoint, Sequence[Delivery]]:
        """Returns the endpoint as it is now, and the next part of the log; nothing after a short line, or after `until`."""
        is_short = line[0].kind is not DeliveryKind.LIVE or len(line) < MOST_PLANNED["ORDERED"]
        if is_short or time.monotonic() > until:
            return endpoint, ()
        situation = await dispatch.look_at(self._lease)
        if not situation.behind or situation.endpoint.status not in SENDS:
            return endpoint, ()
        planned = await planning.plan(self._scope, situation.endpoint, situation.behind, MOST_PLANNED["ORDERED"])
        self._requests.keep(planned)
        return situation.endpoint, [one.delivery for one in planned]

    async def _send_line(self, endpoint: Endpoint, line: Sequence[Delivery], recorder: OutcomeRecorder) -> bool:
        """Returns whether all of it was sent, and the endpoint is as it was."""
        async with self._requests.ahead(endpoint, line) as ahead:
            for _ in line:
                if self._is_over():
                    return False
                await self._keep_pace(endpoint.requests_per_second)
                outcome = await self._send(*await ahead.take())
                await recorder.note(outcome)
                if not outcome.attempt.succeeded or recorder.status is not endpoint.status:
                    return False
        return True

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
                await outcomes.record(self._scope, self._lease, found)
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
        await dispatch.keep_quiet(self._scope, endpoint, until)

    async def _rest(self, endpoint: Endpoint, until: datetime | None, *, is_full: bool) -> None:
        self._due_at = until
        await dispatch.rest(self._scope, endpoint, until, is_full=is_full)

    async def _attempt(self, endpoint: Endpoint, delivery: Delivery) -> Outcome:
        await self._keep_pace(endpoint.requests_per_second)
        return await self._send(delivery, await self._requests.make(endpoint, delivery))

    async def _send(self, delivery: Delivery, request: WebhookRequest) -> Outcome:
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


def _observe(attempt: Attempt) -> None:
    _sent.labels("delivered" if attempt.succeeded else f"http_{attempt.status}" if attempt.status else "none").inc()
    _seconds.observe(attempt.milliseconds / 1000)
