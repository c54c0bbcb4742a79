"""Events of tracking keys: how many an API process records, and how soon a segment's subscriber hears of one."""

import asyncio
import base64
import json
import time
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any

import aiohttp
import psutil

from bench.environment import Place, cpu_seconds, process
from bench.serving import api
from bench.table import Result, medians
from bench.world import bearer, empty_of_segments, new_segments, world
from models import db
from models.tracking import keys
from permissions.principal import Scope

TITLE = "Tracking (events in batches of 100 over HTTP; milliseconds from the request to a segment's subscriber)"

BATCH, CONNECTIONS, USERS = 100, 4, 5_000
EVENTS_PER_SECOND = 200


async def measure(place: Place) -> list[Result]:
    url, large, _ = await world(place)
    try:
        await empty_of_segments(large)
        key = str((await keys.create(large, "bench"))["key"])
        rounds = [await _recorded(place, url, large, key) for _ in range(place.rounds)]
        ours, bare = medians([one for one, _ in rounds]), medians([other for _, other in rounds])
        ratios = {"events/s": ours["events/s"] / bare["events/s"]}
        heard = await _heard(place, url, large, key)
        return [
            Result("recorded by one API process", ours, "one INSERT per batch", ratios, "goal: 3,000 events/s"),
            Result("only one INSERT per batch", bare),
            Result(f"heard by a subscriber, {EVENTS_PER_SECOND}/s", heard, note="goal: p99 500"),
        ]
    finally:
        await db.disconnect()


def _batch(run: str, number: int) -> list[dict[str, Any]]:
    return [
        {
            "type": "track",
            "event": "Product Viewed",
            "userId": f"customer-{(number * BATCH + place) % USERS + 1}",
            "messageId": f"{run}-{number}-{place}",
            "properties": {"sku": f"sku-{place}", "price": place},
        }
        for place in range(BATCH)
    ]


def _headers(key: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode()}


async def _recorded(place: Place, url: str, scope: Scope, key: str) -> tuple[dict[str, float], dict[str, float]]:
    """By turns: the endpoint, and the same rows by one statement over as many connections."""
    with api(place, url, MUSTER_TRACKING_EVENTS_PER_SECOND="1000000") as (port, server):
        async with aiohttp.ClientSession(headers=_headers(key)) as session:
            await _posted(session, port, 1.0)
            before = cpu_seconds(server)
            events, seconds = await _posted(session, port, place.seconds)
            ours = {"events/s": events / seconds, "CPU ms/event": (cpu_seconds(server) - before) / events * 1000}
    events, seconds = await _inserted(scope, place.seconds)
    return ours, {"events/s": events / seconds}


async def _posted(session: aiohttp.ClientSession, port: int, seconds: float) -> tuple[int, float]:
    run, started = f"r{time.time_ns()}", time.perf_counter()

    async def post(first: int) -> int:
        number = first
        while time.perf_counter() - started < seconds:
            body = {"batch": _batch(run, number)}
            async with session.post(f"http://127.0.0.1:{port}/v1/batch", json=body) as answer:
                assert answer.status == 200, await answer.text()
            number += CONNECTIONS
        return (number - first) // CONNECTIONS * BATCH

    done = await asyncio.gather(*(post(first) for first in range(CONNECTIONS)))
    return sum(done), time.perf_counter() - started


_INSERT = """
    INSERT INTO activities (workspace_id, contact_id, kind, occurred_at, properties, idempotency_key)
    SELECT $1, c.id, 'product.visit', $2, g.properties::jsonb, g.message
    FROM unnest($3::text[], $4::text[], $5::text[]) AS g (customer, properties, message)
    JOIN contacts c ON c.workspace_id = $1 AND c.external_id = g.customer
    ON CONFLICT (workspace_id, idempotency_key) DO NOTHING
"""


async def _inserted(scope: Scope, seconds: float) -> tuple[int, float]:
    run, started = f"b{time.time_ns()}", time.perf_counter()

    async def insert(first: int) -> int:
        number = first
        while time.perf_counter() - started < seconds:
            events = _batch(run, number)
            await db.execute(
                _INSERT,
                scope.workspace_id,
                datetime.now(UTC),
                [one["userId"] for one in events],
                [json.dumps(one["properties"]) for one in events],
                [one["messageId"] for one in events],
            )
            number += CONNECTIONS
        return (number - first) // CONNECTIONS * BATCH

    done = await asyncio.gather(*(insert(first) for first in range(CONNECTIONS)))
    return sum(done), time.perf_counter() - started


# ---------------------------------------------------------------- until it is heard


async def _heard(place: Place, url: str, scope: Scope, key: str) -> dict[str, float]:
    """Each event lets its contact into a segment by its kind; the time runs from before the request."""
    rule = {"activity": {"kind": "bench.heard", "metric": "COUNT", "operator": "GTE", "value": 1}}
    await db.execute("DELETE FROM activities WHERE workspace_id = $1 AND kind = 'bench.heard'", scope.workspace_id)
    await new_segments(scope, [rule])
    arguments = ["-m", "muster", "worker", "--queue", "realtime"]
    with api(place, url) as (port, server), process(arguments, place.environment(url), None, "worker.log") as worker:
        return await _listened(place, scope, key, port, (server, worker))


async def _listened(
    place: Place, scope: Scope, key: str, port: int, used_by: tuple[psutil.Process, ...]
) -> dict[str, float]:
    sent: dict[str, float] = {}
    late: list[float] = []
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())
        socket = await stack.enter_async_context(
            session.ws_connect(f"ws://127.0.0.1:{port}/graphql", protocols=["graphql-transport-ws"])
        )
        authorization = {"Authorization": f"Bearer {await bearer(scope)}"}
        await socket.send_json({"type": "connection_init", "payload": authorization})
        await socket.receive_json()
        query = "subscription { membershipChanges { contact { externalId } } }"
        await socket.send_json({"id": "1", "type": "subscribe", "payload": {"query": query}})
        listening = asyncio.create_task(_listen(socket, sent, late))
        await asyncio.sleep(2)
        cpu, began = sum(map(cpu_seconds, used_by)), time.perf_counter()
        await _send(session, port, key, sent, max(10.0, place.seconds * 4))
        await asyncio.sleep(1)
        used = (sum(map(cpu_seconds, used_by)) - cpu) / (time.perf_counter() - began) * 100
        listening.cancel()
    assert late, "no event has reached the subscriber: see worker.log and api.log"
    late.sort()
    return {"p50": late[len(late) // 2], "p99": late[len(late) * 99 // 100], "events": len(late), "CPU %": used}


async def _listen(socket: Any, sent: dict[str, float], late: list[float]) -> None:
    async for message in socket:
        now = time.perf_counter()
        event = json.loads(message.data)
        if event["type"] == "next":
            user = event["payload"]["data"]["membershipChanges"]["contact"]["externalId"]
            if user in sent:
                late.append((now - sent.pop(user)) * 1000)


async def _send(session: aiohttp.ClientSession, port: int, key: str, sent: dict[str, float], seconds: float) -> None:
    """Ten events in a request, as libraries send them."""
    start, at_once = time.perf_counter(), 10
    waiting: set[asyncio.Task[None]] = set()

    async def post(users: list[str]) -> None:
        calls = [{"type": "track", "event": "bench.heard", "userId": user} for user in users]
        sent.update(dict.fromkeys(users, time.perf_counter()))
        address = f"http://127.0.0.1:{port}/v1/batch"
        async with session.post(address, json={"batch": calls}, headers=_headers(key)) as answer:
            assert answer.status == 200, await answer.text()

    for number in range(int(seconds * EVENTS_PER_SECOND / at_once)):
        await asyncio.sleep(max(0.0, start + number * at_once / EVENTS_PER_SECOND - time.perf_counter()))
        users = [f"customer-{USERS + number * at_once + place + 1}" for place in range(at_once)]
        waiting.add(task := asyncio.create_task(post(users)))
        task.add_done_callback(waiting.discard)
    await asyncio.gather(*waiting)
