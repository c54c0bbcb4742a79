"""Writes outcomes of attempts in bulk."""

import asyncio
from typing import Final

import structlog

from models import db
from models.messaging import outcomes
from models.messaging.message_states import MessageStatus
from models.messaging.outcomes import AttemptOutcome
from models.messaging.sources import MessageSource
from workers import stops

log = structlog.get_logger(__name__)

FLUSH_SECONDS: Final = 0.1

LONGEST_PAUSE_SECONDS: Final = 2.0


class OutcomeWriter:
    """Run it as a task; `end` stops it."""

    def __init__(self, workspace_id: int, most_failures: float) -> None:
        self._workspace_id = workspace_id
        self._most_failures = most_failures
        self._waiting: list[AttemptOutcome] = []
        self._failing: set[MessageSource] = set()
        self._ended = False

    def add(self, outcome: AttemptOutcome) -> None:
        """Adds an outcome, which is written within FLUSH_SECONDS."""
        self._waiting.append(outcome)
        if outcome.status is MessageStatus.FAILED:
            self._failing.add(outcome.attempt.source)

    async def run(self) -> None:
        """Writes until `end` was called and nothing is left. Waits for a database that is away."""
        pause = FLUSH_SECONDS
        while self._waiting or not self._ended:
            await asyncio.sleep(pause)
            pause = FLUSH_SECONDS if await self._flush() else min(LONGEST_PAUSE_SECONDS, pause * 2)

    def end(self) -> None:
        self._ended = True

    async def _flush(self) -> bool:
        batch, self._waiting = self._waiting, []
        if not batch:
            return True
        try:
            await outcomes.settle(self._workspace_id, batch)
            await self._judge()
        except Exception as error:  # noqa: BLE001 - these outcomes must be written, whatever went wrong
            if not db.logged_as_outage(error):
                log.warning("outcomes wait", count=len(batch), error=type(error).__name__)
            self._waiting = batch + self._waiting
            return False
        return True

    async def _judge(self) -> None:
        failing, self._failing = self._failing, set()
        for source in failing:
            if await stops.judge(self._workspace_id, source, self._most_failures):
                log.warning("paused: too many failures", source=source)
