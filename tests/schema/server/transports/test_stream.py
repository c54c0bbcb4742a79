"""A stream of server-sent events, without HTTP."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from schema.server.graphql_request import Answer, Caller, OperationEnded
from schema.server.subscriptions.event_batch import Payloads
from schema.server.transports.stream import COMMENT, Stream, StreamLimits, StreamOperation


async def batches(*texts: bytes, end: Exception | None = None) -> AsyncIterator[Payloads]:
    yield Payloads(list(texts))
    if end is not None:
        raise end


async def sent(result: Any, limits: StreamLimits | None = None, id_json: bytes | None = None) -> bytes:
    """All that a client gets of a stream with one operation."""
    stream, operation, chunks = Stream(limits or StreamLimits()), StreamOperation(id_json, Caller("a-request")), []
    stream.start(operation, stream.send_all(operation, result))
    operation.task.add_done_callback(lambda _: stream.ended.set())

    async def send(message: Any) -> None:
        chunks.append(message["body"])

    await asyncio.wait_for(stream.serve(send, asyncio.get_running_loop().create_future()), 5)
    return b"".join(chunks)


async def test_an_answer_is_one_event() -> None:
    assert await sent(Answer({"data": 1})) == COMMENT + b'event: next\ndata: {"data":1}\n\nevent: complete\ndata: \n\n'


async def test_payloads_have_the_id_of_their_operation() -> None:
    assert await sent(batches(b"1"), id_json=b'"a"') == (
        COMMENT + b'event: next\ndata: {"id":"a","payload":1}\n\nevent: complete\ndata: {"id":"a"}\n\n'
    )


async def test_an_ended_operation_tells_its_errors_before_it_completes() -> None:
    ended = OperationEnded([{"message": "gone", "extensions": {"code": "FORBIDDEN"}}])
    text = await sent(batches(b"1", end=ended))
    assert text.endswith(
        b'{"errors":[{"message":"gone","extensions":{"code":"FORBIDDEN"}}]}\n\nevent: complete\ndata: \n\n'
    )


async def test_a_quiet_stream_sends_comments() -> None:
    async def quiet() -> AsyncIterator[Payloads]:
        await asyncio.sleep(0.2)
        yield Payloads([b"1"])

    assert (await sent(quiet(), StreamLimits(keep_alive_seconds=0.05))).count(COMMENT) >= 2
