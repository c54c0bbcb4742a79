"""One stream of server-sent events on its way to a client."""

import asyncio
import math
from collections.abc import AsyncGenerator, Coroutine
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from typing import Any, Final

from schema.server.execution.encoding import encode
from schema.server.formatted_errors import FormattedError, format_error
from schema.server.graphql_request import Answer, Caller, OperationEnded
from schema.server.subscriptions.event_batch import Payloads
from schema.server.transports.wire import DeliveredPayloads, event, events

COMMENT: Final = b":\n\n"


@dataclass(frozen=True, slots=True)
class StreamLimits:
    """Bounds of one stream. Silence of `keep_alive_seconds` is broken by a comment, so that nothing in between takes the
    connection for dead; a reserved stream waits `reserved_seconds` to be listened to."""

    keep_alive_seconds: float = 12.0
    send_seconds: float = 30.0
    reserved_seconds: float = 30.0
    operations: int = 100


@dataclass(slots=True, eq=False)
class Feeding:
    """An operation that feeds a stream. `identity` is its id as JSON; None when it is the stream's only one."""

    identity: bytes | None
    caller: Caller
    standing: DeliveredPayloads = field(default_factory=DeliveredPayloads)
    task: "asyncio.Task[None]" = field(init=False)


@dataclass(slots=True, eq=False)
class Stream:
    """Its operations write to it, each when it has something, as soon as somebody listens.

    Who takes nothing for `send_seconds` is told where to go on, if it takes that, and the stream ends.
    """

    limits: StreamLimits
    send: Any = None
    feedings: dict[bytes | None, Feeding] = field(default_factory=dict)
    is_open: bool = False
    is_unread: bool = False
    written_at: float = -math.inf
    opened: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    sending: asyncio.Lock = field(default_factory=asyncio.Lock)

    # ---------------------------------------------------------------- what feeds it

    def start(self, feeding: Feeding, work: Coroutine[Any, Any, None]) -> None:
        """Let an operation feed it."""
        self.feedings[feeding.identity] = feeding
        feeding.task = asyncio.ensure_future(work)
        feeding.task.add_done_callback(lambda _: self._forget(feeding))

    def _forget(self, feeding: Feeding) -> None:
        if not self.is_unread:  # otherwise it is still to be told where to go on
            self.feedings.pop(feeding.identity, None)

    async def feed(self, feeding: Feeding, started: Answer | AsyncGenerator[Payloads, None]) -> None:
        """Write what an operation answers, to its end; when we end it, the last event says why."""
        try:
            await self._pass_all_on(feeding, started)
            await self._write(_complete(feeding))
            feeding.standing = DeliveredPayloads()
        except TimeoutError:
            self.is_unread = True
            self.ended.set()

    async def _pass_all_on(self, feeding: Feeding, started: Answer | AsyncGenerator[Payloads, None]) -> None:
        if isinstance(started, Answer):
            await self._pass_on(feeding, Payloads([encode(started.payload)]))
            return
        try:
            async with aclosing(started) as batches:
                async for payloads in batches:
                    await self._pass_on(feeding, payloads)
        except OperationEnded as ended:
            await self._write(_refusal(feeding, ended.errors))

    async def _pass_on(self, feeding: Feeding, payloads: Payloads) -> None:
        feeding.standing.takes(payloads)
        for some, upto in events(payloads, feeding.identity):
            await self._write(some)
            feeding.standing.given = upto

    async def _write(self, part: bytes) -> None:
        await self.opened.wait()
        async with self.sending, asyncio.timeout(self.limits.send_seconds):
            await self.send({"type": "http.response.body", "body": part, "more_body": True})
        self.written_at = asyncio.get_running_loop().time()

    def stop(self) -> None:
        """Stop all that feeds it."""
        for feeding in self.feedings.values():
            feeding.task.cancel()

    # ---------------------------------------------------------------- who listens to it

    async def serve(self, send: Any, gone: "asyncio.Future[None]") -> None:
        """Send what is written to it until it has ended, or `gone`. The response has been started."""
        self.send = send
        self.opened.set()
        try:
            await self._keep_alive(gone)
        except TimeoutError:
            self.is_unread = True
        finally:
            await self._stop_and_wait()
        await self._end()

    async def _keep_alive(self, gone: "asyncio.Future[None]") -> None:
        """Write a comment now, and whenever nothing was written for a while."""
        ended = asyncio.ensure_future(self.ended.wait())
        ends: set[asyncio.Future[Any]] = {gone, ended}
        loop = asyncio.get_running_loop()
        try:
            while not (gone.done() or ended.done()):
                quiet_until = self.written_at + self.limits.keep_alive_seconds
                if quiet_until <= loop.time():
                    await self._write(COMMENT)
                else:
                    await asyncio.wait(ends, timeout=quiet_until - loop.time(), return_when=asyncio.FIRST_COMPLETED)
        finally:
            ended.cancel()

    async def _stop_and_wait(self) -> None:
        tasks = [feeding.task for feeding in self.feedings.values()]
        self.stop()
        if tasks:
            await asyncio.wait(tasks)

    async def _end(self) -> None:
        with suppress(TimeoutError):  # nobody reads that either
            if self.is_unread:
                await self._tell_where_to_go_on()
            async with asyncio.timeout(self.limits.send_seconds):
                await self.send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _tell_where_to_go_on(self) -> None:
        for feeding in self.feedings.values():
            refusal = feeding.standing.refusal()
            if refusal is not None:
                errors = format_error(refusal, feeding.caller.request_id)
                await self._write(_refusal(feeding, errors) + _complete(feeding))


def _refusal(feeding: Feeding, errors: list[FormattedError]) -> bytes:
    return b"".join(some for some, _ in events(Payloads([encode({"errors": errors})]), feeding.identity))


def _complete(feeding: Feeding) -> bytes:
    return event(b"complete", b"" if feeding.identity is None else b'{"id":' + feeding.identity + b"}")
