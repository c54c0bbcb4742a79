"""Sending: claim what the pace allows, send it concurrently, collect the outcomes.

    take a grant (Redis) -> claim (PostgreSQL, committed as SENDING) -> use the grant -> call -> outcome

Claimed messages are in doubt when a worker dies, so the grant comes first. No database connection is held during a wait."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

import orjson
import structlog
from prometheus_client import Counter
from redis.exceptions import RedisError

from models import clock, db
from models.broadcasts import waiting
from models.messaging import ledger, pace, placeholders, policy, quota, sources, statuses
from models.messaging.channels import Credentials
from models.messaging.ledger import Attempt
from models.messaging.message_states import MessageStatus
from models.messaging.outcomes import AttemptOutcome
from models.messaging.policy import Answer, Reach
from models.messaging.sources import MessageSource, Stop
from models.queue import leases
from workers import stops
from workers.outcome_writer import OutcomeWriter
from workers.providers.whatsapp.client import Accepted, Client, WhatsAppAccount
from workers.providers.whatsapp.errors import Refused, WhatsAppError
from workers.providers.whatsapp.messages import Template, template_message
from workers.token_bucket import Bucket, Grant

log = structlog.get_logger(__name__)

RUN_SECONDS: Final = 20.0
"""Then it is enqueued again, after others."""

LOOK_SECONDS: Final = 0.25

IDLE_SECONDS: Final = 2.0
"""After this silence, no wait when Redis has forgotten the number."""

MOST_CALLS: Final = 1000

MOST_WAIT_SECONDS: Final = 1.0

_attempts = Counter("muster_whatsapp_attempts_total", "Attempts to send a message, by what came of them.", ["outcome"])


class SendingRun:
    def __init__(
        self,
        workspace_id: int,
        channel: Credentials,
        client: Client,
        bucket: Bucket,
        writer: OutcomeWriter,
        stopping: Callable[[], bool],
        claim_seconds: float,
    ) -> None:
        self.workspace_id = workspace_id
        self._channel = channel
        self._account = WhatsAppAccount(channel.number_id, channel.business_account_id, channel.token)
        self._client = client
        self._bucket = bucket
        self._writer = writer
        self._stopping = stopping
        self._claim_seconds = claim_seconds
        self._templates: dict[MessageSource, Template] = {}
        self._under_way: list[MessageSource] = []
        self._looked_at = -1e9
        self._calls: set[asyncio.Task[None]] = set()
        self._outage_answers = 0
        self._sending: set[MessageSource] = set()
        self._stopped: set[tuple[Reach, MessageSource]] = set()
        self.seen: set[MessageSource] = set()
        self.out_of_quota = False

    async def run(self) -> bool:
        """Until nothing is due, the time is over, or the worker stops. Returns whether there may be more."""
        ends_at = _now() + RUN_SECONDS
        idle = await quota.is_idle(
            self.workspace_id, self._channel.business_account_id, clock.now() - timedelta(seconds=IDLE_SECONDS)
        )
        while not self._stopping():
            if _now() >= ends_at:
                return True
            under_way = await self._look()
            if not under_way:
                return False
            grant = await self._bucket.take(self._room(), idle=idle)
            if not grant.count:
                await asyncio.sleep(min(MOST_WAIT_SECONDS, max(0.001, grant.wait_seconds)))
                continue
            idle = False
            if not await self._send(grant, under_way):
                return False
        return True

    async def drain(self, most_seconds: float) -> None:
        """Later calls stay SENDING, and become UNCONFIRMED."""
        if self._calls:
            await asyncio.wait(self._calls, timeout=most_seconds)
        for call in self._calls:
            call.cancel()

    def _room(self) -> int:
        return max(1, min(self._bucket.limit, MOST_CALLS - len(self._calls)))

    async def _look(self) -> list[MessageSource]:
        """Rarely read, because a claim checks states itself."""
        if len(self._calls) >= MOST_CALLS:
            await asyncio.wait(self._calls, return_when=asyncio.FIRST_COMPLETED)
        if _now() - self._looked_at >= LOOK_SECONDS:
            self._looked_at = _now()
            found = await sources.under_way(self.workspace_id)
            for one in found:
                if one.source not in self._templates:
                    self._templates[one.source] = _template(one.message)
            self._under_way = [one.source for one in found]
            self.seen.update(self._under_way)
        return self._under_way

    async def _send(self, grant: Grant, under_way: list[MessageSource]) -> bool:
        """Claims messages and starts their calls; False when nothing was due."""
        begins_at = _now() + grant.begins_in_seconds
        claimed = await self._claim(grant.count, under_way)
        await asyncio.sleep(max(0.0, begins_at - _now()))
        await self._bucket.use(grant, len(claimed.attempts))
        for attempt in claimed.attempts:
            call = asyncio.create_task(self._attempt(attempt))
            self._calls.add(call)
            call.add_done_callback(self._calls.discard)
        self.out_of_quota = claimed.out_of_quota and not claimed.attempts
        if claimed.attempts:
            await self._no_longer_waiting({attempt.source for attempt in claimed.attempts})
            return True
        self._looked_at = -1e9
        if claimed.out_of_quota or not await sources.has_due(self.workspace_id):
            return False
        await asyncio.sleep(0.02)  # other runs hold what is due
        return True

    async def _no_longer_waiting(self, sending: set[MessageSource]) -> None:
        begun = sending - self._sending
        if begun:
            self._sending |= begun
            await waiting.no_longer(self.workspace_id, begun)

    async def _claim(self, count: int, under_way: list[MessageSource]) -> ledger.Claimed:
        token = leases.new_token()
        until = clock.now() + timedelta(seconds=self._claim_seconds)
        shares = pace.shares(count, under_way)
        try:
            return await ledger.claim(self.workspace_id, self._channel, shares, count, until, token)
        except Exception:
            await _insist(lambda: ledger.release(self.workspace_id, token), self._claim_seconds / 2)
            raise

    async def _attempt(self, attempt: Attempt) -> None:
        body = template_message(
            self._templates[attempt.source], attempt.phone, attempt.parameters, statuses.reference_of(attempt.id)
        )
        try:
            accepted = await self._client.send(self._account, body)
        except WhatsAppError as error:
            _attempts.labels(error.answer.value).inc()
            await self._on_error(attempt, error)
            return
        _attempts.labels(Answer.ACCEPTED.value).inc()
        self._outage_answers = 0
        self._writer.add(_sent(attempt, accepted))

    async def _on_error(self, attempt: Attempt, error: WhatsAppError) -> None:
        self._writer.add(outcome_of(attempt, error))
        reach = policy.stop_reach(error.answer)
        if reach is not None:
            await self._stop(Stop(reach, attempt.source, f"Paused by itself: WhatsApp said {error}"))
            return
        with contextlib.suppress(RedisError, OSError):  # a lost bucket restarts cautiously
            await self._adapt_pace(error.answer)

    async def _adapt_pace(self, answer: Answer) -> None:
        self._outage_answers += policy.RULES[answer].is_outage
        change = policy.pace_change(answer, self._outage_answers)
        if change.slow_down:
            await self._bucket.slow_down()
        if change.rest_seconds:
            await self._bucket.rest(change.rest_seconds)

    async def _stop(self, stop: Stop) -> None:
        if (stop.reach, stop.source) in self._stopped:
            return
        self._stopped.add((stop.reach, stop.source))
        log.warning("sending paused", source=stop.source, reach=stop.reach.value, reason=stop.reason)
        await _insist(lambda: stops.stop(self.workspace_id, stop), 5.0)


def _template(message: str) -> Template:
    frozen = orjson.loads(message)
    return Template(frozen["name"], frozen["language"], tuple(placeholders.from_json(frozen["slots"])))


def _now() -> float:
    return asyncio.get_running_loop().time()


async def _insist(do: Callable[[], Awaitable[object]], most_seconds: float) -> None:
    """The database may be away for a moment."""
    until = _now() + most_seconds
    while True:
        try:
            await do()
            return
        except Exception as error:  # noqa: BLE001 - whatever it is, it is logged and tried again
            if not db.logged_as_outage(error):
                log.warning("trying again", error=type(error).__name__)
            if _now() >= until:
                return
            await asyncio.sleep(0.2)


def _sent(attempt: Attempt, accepted: Accepted) -> AttemptOutcome:
    held = "WhatsApp holds it back until it has judged the template's quality." if accepted.held else None
    return AttemptOutcome(attempt, MessageStatus.SENT, accepted.message_id, accepted.wa_id, reason=held)


def outcome_of(attempt: Attempt, error: WhatsAppError) -> AttemptOutcome:
    decision = policy.decide(error.answer, attempt.attempts)
    if decision.status is MessageStatus.UNCONFIRMED:
        reason = f"WhatsApp's answer did not come back ({error}). It may have gone out."
        return AttemptOutcome(attempt, decision.status, reason=reason)
    if decision.wait is not None:
        return AttemptOutcome(attempt, decision.status, again_at=clock.now() + decision.wait, counts=decision.counts)
    code, reason = (error.code, error.reason) if isinstance(error, Refused) else (None, str(error))
    return AttemptOutcome(attempt, decision.status, error_code=code, reason=reason)
