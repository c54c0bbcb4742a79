"""From a change to its event, the batch after a changed rule, many subscribers."""

import asyncio
import json
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
import psutil

from bench import one_rule, subscribers
from bench.bare_relay import CHANNEL
from bench.environment import Place, cpu_seconds, free_port, process
from bench.serving import api
from bench.table import Result
from bench.world import bearer, empty_of_segments, field, new_empty_segments, new_segments, world
from models import db
from models.queue import work
from models.queue.enqueue import enqueue
from permissions.principal import Scope
from schema.server.ids import find_id, to_global_id
from workers.broker import Broker, connected_broker

TITLE = "Live changes (milliseconds from commit to subscriber, unless the figure says otherwise)"

SEGMENTS, DEPENDENT = (1_000, 10_000), 200
CHANGES_PER_SECOND = 50


async def measure(place: Place) -> list[Result]:
    url, large, _ = await world(place)
    try:
        async with connected_broker(place.redis_url) as broker:
            return [
                *await _with_segments(place, url, large, broker),
                *await subscribers.measure(place, url, large),
            ]
    finally:
        await db.disconnect()


Tell = Callable[[int], Awaitable[None]]
"""After the commit, with the contact's id."""


async def _with_segments(place: Place, url: str, scope: Scope, broker: Broker) -> list[Result]:
    """Measures one change while the workspace gets more and more segments."""
    await empty_of_segments(scope)
    await new_segments(scope, [field("score", "EQUALS", number) for number in range(DEPENDENT)])
    changes, rules = [], []
    for before, segments in zip((DEPENDENT, *SEGMENTS), SEGMENTS, strict=False):
        others = [field("name", "STARTS_WITH", f"Nobody {number}") for number in range(before, segments)]
        await new_empty_segments(scope, others)
        changes.append(await _one_change(place, url, scope))
        rules += await one_rule.measure(place, url, scope, segments)
    await empty_of_segments(scope)
    bare = await _relayed(place, scope, broker)
    return [*_beside_the_relay(changes, bare), Result(f"a bare relay, {CHANGES_PER_SECOND}/s", bare), *rules]


def _beside_the_relay(changes: list[dict[str, float]], bare: dict[str, float]) -> list[Result]:
    return [
        Result(
            f"one contact, {CHANGES_PER_SECOND} changes/s, {segments:,} segments",
            ours,
            "a bare relay",
            {figure: ours[figure] / bare[figure] for figure in ("p50", "p99")},
            f"{DEPENDENT} of them read the field; goal: p50 40, p99 150",
        )
        for segments, ours in zip(SEGMENTS, changes, strict=True)
    ]


async def _one_change(place: Place, url: str, scope: Scope) -> dict[str, float]:
    """Measures from the commit, through a worker and an API process, to a subscriber."""

    async def enqueue_changes(_: int) -> None:
        await enqueue(work.PROCESS_CHANGES, scope.workspace_id)

    arguments = ["-m", "muster", "worker", "--queue", "realtime"]
    with api(place, url) as (port, server), process(arguments, place.environment(url), None, "worker.log") as worker:
        return await _change_and_listen(place, scope, enqueue_changes, port, (server, worker))


async def _relayed(place: Place, scope: Scope, broker: Broker) -> dict[str, float]:
    """The same without segments: only Redis and a bare socket."""

    async def publish(contact_id: int) -> None:
        change = {"contactId": to_global_id("Contact", contact_id), "kind": "ENTERED"}
        event = {"id": "1", "type": "next", "payload": {"data": {"membershipChanges": change}}}
        await broker.redis.publish(CHANNEL, json.dumps(event))

    port = free_port()
    arguments = ["-m", "bench.bare_relay", str(port), place.redis_url]
    with process(arguments, place.environment(""), f"http://127.0.0.1:{port}/", "bare_relay.log") as relay:
        return await _change_and_listen(place, scope, publish, port, (relay,))


async def _change_and_listen(
    place: Place, scope: Scope, tell: Tell, port: int, used_by: tuple[psutil.Process, ...]
) -> dict[str, float]:
    committed: dict[int, float] = {}
    late: list[float] = []
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())
        url = f"ws://127.0.0.1:{port}/graphql"
        socket = await stack.enter_async_context(session.ws_connect(url, protocols=["graphql-transport-ws"]))
        await socket.send_json(
            {"type": "connection_init", "payload": {"Authorization": f"Bearer {await bearer(scope)}"}}
        )
        await socket.receive_json()
        query = "subscription { membershipChanges { contactId kind } }"
        await socket.send_json({"id": "1", "type": "subscribe", "payload": {"query": query}})
        listening = asyncio.create_task(_listen(socket, committed, late))
        await asyncio.sleep(2)
        await _write(scope, tell, {}, 2.0)  # warms up
        late.clear()
        began, cpu = time.perf_counter(), sum(cpu_seconds(one) for one in used_by)
        await _write(scope, tell, committed, max(10.0, place.seconds * 4))
        await asyncio.sleep(1)
        cpu = (sum(cpu_seconds(one) for one in used_by) - cpu) / (time.perf_counter() - began) * 100
        listening.cancel()
    assert late, "no change has reached the subscriber: see worker.log and api.log"
    late.sort()
    return {"p50": late[len(late) // 2], "p99": late[len(late) * 99 // 100], "events": len(late), "CPU %": cpu}


async def _listen(socket: Any, committed: dict[int, float], late: list[float]) -> None:
    async for message in socket:
        now = time.perf_counter()
        event = json.loads(message.data)
        if event["type"] == "next":
            number = find_id("Contact", event["payload"]["data"]["membershipChanges"]["contactId"])
            if number in committed:
                late.append((now - committed[number]) * 1000)


async def _write(scope: Scope, tell: Tell, committed: dict[int, float], seconds: float) -> None:
    """Changes each contact once, so that an event identifies its change."""
    rows = await db.fetch(
        "SELECT id FROM contacts WHERE workspace_id = $1 ORDER BY random() LIMIT $2",
        scope.workspace_id,
        int(seconds * CHANGES_PER_SECOND),
    )
    start = time.perf_counter()
    for number, row in enumerate(rows):
        await asyncio.sleep(max(0.0, start + number / CHANGES_PER_SECOND - time.perf_counter()))
        await db.execute(
            "UPDATE contacts SET score = (score + $3) % 200 WHERE workspace_id = $1 AND id = $2",
            scope.workspace_id,
            row["id"],
            random.randint(1, 99),
        )
        committed[row["id"]] = time.perf_counter()
        await tell(row["id"])
