"""Live: from the commit of a change to its event at a subscriber, and many subscribers at once."""

import asyncio
import json
import random
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, contextmanager
from typing import Any

import aiohttp
import psutil

from bench.bare_relay import CHANNEL
from bench.environment import Place, cpu_seconds, free_port, process
from bench.table import Result
from bench.world import Rule, empty_of_segments, field, new_empty_segments, new_segments, world
from models import db
from models.accounts import api_tokens
from models.changelog.members import MEMBERS
from models.changelog.read import read_head
from models.membership import manual_changes
from models.membership.origins import Origin
from permissions.capabilities import Permission
from permissions.principal import Scope
from schema.server.ids import find_id, to_global_id
from workers.bells import Bells

TITLE = "Live changes (milliseconds from commit to subscriber, unless the figure says otherwise)"

SEGMENTS, DEPENDENT = 1_000, 200
CHANGES_PER_SECOND = 50
SUBSCRIBERS = 500
RATES = (200, 150, 100, 50)


async def measure(place: Place) -> list[Result]:
    """Both rows, in the engine's database."""
    url, large, _ = await world(place)
    bells = Bells(place.redis_url)
    try:
        return [*await _one_change(place, url, large, bells), *await _many_subscribers(place, url, large, bells)]
    finally:
        await bells.close()
        await db.disconnect()


@contextmanager
def _api(place: Place, url: str) -> Any:
    port = free_port()
    environment = place.environment(url, MUSTER_PORT=str(port), MUSTER_API_PROCESSES="1")
    with process(["-m", "muster", "api"], environment, f"http://127.0.0.1:{port}/health/live", "api.log") as running:
        yield port, running


async def _bearer(scope: Scope) -> str:
    return (await api_tokens.create(scope, name="bench", permissions={Permission.SEGMENT_READ}))[1]


# ---------------------------------------------------------------- one change


Tell = Callable[[int], Awaitable[None]]
"""Says, after the commit, that this contact was changed."""


async def _one_change(place: Place, url: str, scope: Scope, bells: Bells) -> list[Result]:
    """From the commit to a subscriber by way of the engine, and by way of nothing but Redis and a bare socket."""
    await empty_of_segments(scope)
    others: list[Rule] = [field("name", "STARTS_WITH", f"Nobody {number}") for number in range(SEGMENTS - DEPENDENT)]
    await new_empty_segments(scope, others)
    await new_segments(scope, [field("score", "EQUALS", number) for number in range(DEPENDENT)])

    async def ring(_: int) -> None:
        await bells.changes(scope.workspace_id)

    arguments = ["-m", "muster", "worker", "--queue", "realtime"]
    with _api(place, url) as (port, api), process(arguments, place.environment(url), None, "worker.log") as worker:
        ours = await _change_and_listen(place, scope, ring, port, (api, worker))
    await empty_of_segments(scope)
    bare = await _relayed(place, scope, bells)
    note = f"{SEGMENTS:,} dynamic segments, {DEPENDENT} read the field; goal: p50 40, p99 150"
    ratios = {figure: ours[figure] / bare[figure] for figure in ("p50", "p99")}
    return [
        Result(f"one contact, {CHANGES_PER_SECOND} changes/s", ours, "a bare relay", ratios, note),
        Result(f"a bare relay, {CHANGES_PER_SECOND}/s", bare),
    ]


async def _relayed(place: Place, scope: Scope, bells: Bells) -> dict[str, float]:
    """The same changes where no segment is; each is published, and passed on by a bare application."""

    async def publish(contact_id: int) -> None:
        change = {"contactId": to_global_id("Contact", contact_id), "kind": "ENTERED"}
        event = {"id": "1", "type": "next", "payload": {"data": {"membershipChanges": change}}}
        await bells.redis.publish(CHANNEL, json.dumps(event))

    port = free_port()
    arguments = ["-m", "bench.bare_relay", str(port), place.redis_url]
    with process(arguments, place.environment(""), f"http://127.0.0.1:{port}/", "bare_relay.log") as relay:
        figures = await _change_and_listen(place, scope, publish, port, (relay,))
    await empty_of_segments(scope)
    return figures


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
            {"type": "connection_init", "payload": {"Authorization": f"Bearer {await _bearer(scope)}"}}
        )
        await socket.receive_json()
        query = "subscription { membershipChanges { contactId kind } }"
        await socket.send_json({"id": "1", "type": "subscribe", "payload": {"query": query}})
        listening = asyncio.create_task(_listen(socket, committed, late))
        await asyncio.sleep(2)
        await _write(scope, tell, {}, 2.0)  # everything is prepared and warm
        late.clear()
        began, cpu = time.perf_counter(), sum(cpu_seconds(one) for one in used_by)
        await _write(scope, tell, committed, max(10.0, place.seconds * 4))
        await asyncio.sleep(1)
        cpu = (sum(cpu_seconds(one) for one in used_by) - cpu) / (time.perf_counter() - began) * 100
        listening.cancel()
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
    """Change one contact after the other, each once, so that an event tells which change it is of."""
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


# ---------------------------------------------------------------- many subscribers


async def _many_subscribers(place: Place, url: str, scope: Scope, bells: Bells) -> list[Result]:
    """The largest rate that reaches all of them in time, and what bare sockets reach in the same run."""
    await empty_of_segments(scope)
    (segment_id,) = await db.fetch_row(
        "INSERT INTO segments (workspace_id, name, kind) VALUES ($1, 'followed', 'STATIC') RETURNING id",
        scope.workspace_id,
    )
    results = []
    for rate in RATES:
        with _api(place, url) as (port, api):
            figures = await _followed(place, scope, bells, segment_id, port, api, rate, "sockets")
        results.append(
            Result(f"{SUBSCRIBERS} subscribers, {rate} changes/s", figures, note="goal: all, p99 500 at 200/s")
        )
        if figures["delivered %"] == 100 and figures["p99"] <= 500:
            break
    with _api(place, url) as (port, api):
        figures = await _followed(place, scope, bells, segment_id, port, api, RATES[0], "events")
    results.append(Result(f"the same as events, {RATES[0]} changes/s", figures))
    results.append(await _bare(place, RATES[0]))
    await empty_of_segments(scope)
    return results


async def _followed(
    place: Place, scope: Scope, bells: Bells, segment_id: int, port: int, api: psutil.Process, rate: int, way: str
) -> dict[str, float]:
    seconds = max(5.0, place.seconds * 2)
    total = int(rate * seconds)
    followers = await _followers(port, total, seconds + 20, way, await _bearer(scope))
    began, cpu = time.perf_counter(), cpu_seconds(api)
    await _change_members(scope, bells, segment_id, rate, total)
    heard = await _heard(followers)
    cpu = (cpu_seconds(api) - cpu) / (time.perf_counter() - began) * 100
    return _figures(heard, total) | {"API CPU %": cpu}


async def _followers(port: int, total: int, seconds: float, way: str, bearer: str) -> asyncio.subprocess.Process:
    numbers = [str(number) for number in (port, SUBSCRIBERS, total, seconds)]
    arguments = ["-m", "bench.followers", "127.0.0.1", *numbers, way, bearer]
    followers = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=asyncio.subprocess.PIPE)
    assert followers.stdout is not None
    assert await followers.stdout.readline() == b"ready\n"
    return followers


async def _heard(followers: asyncio.subprocess.Process) -> dict[str, float]:
    assert followers.stdout is not None
    heard: dict[str, float] = json.loads(await followers.stdout.readline())
    await followers.wait()
    return heard


def _figures(heard: dict[str, float], total: int) -> dict[str, float]:
    share = heard["delivered"] / (total * SUBSCRIBERS) * 100
    return {"p50": heard["p50_ms"], "p99": heard["p99_ms"], "delivered %": share, "their CPU %": heard["cpu_percent"]}


async def _change_members(scope: Scope, bells: Bells, segment_id: int, rate: int, total: int) -> None:
    """Entries and exits, a few with each commit, as an engine under load writes them."""
    each = max(1, rate // 50)
    rows = await db.fetch(
        "SELECT id FROM contacts WHERE workspace_id = $1 ORDER BY id LIMIT $2", scope.workspace_id, each
    )
    ids = [row["id"] for row in rows]
    before, start, done = (await read_head(scope, MEMBERS)).position, time.perf_counter(), 0
    while done < total:
        some = ids[: total - done]
        moved = {"remove": some} if (done // each) % 2 else {"add": some}
        await manual_changes.change_members(scope, segment_id, origin=Origin.API, **moved)
        await bells.log_grew(scope.workspace_id)
        done = (await read_head(scope, MEMBERS)).position - before
        await asyncio.sleep(max(0.0, start + done / rate - time.perf_counter()))


async def _bare(place: Place, rate: int) -> Result:
    """A bare application sends texts of the same size to as many sockets, at the same rate."""
    port = free_port()
    seconds = max(5.0, place.seconds * 2)
    total = int(rate * seconds)
    arguments = ["-m", "bench.bare_sockets", str(port), str(rate)]
    with process(arguments, place.environment(""), f"http://127.0.0.1:{port}/", "bare_sockets.log") as bare:
        followers = await _followers(port, total, seconds + 20, "sockets", "")
        began, cpu = time.perf_counter(), cpu_seconds(bare)
        heard = await _heard(followers)
        figures = _figures(heard, total)
        figures["API CPU %"] = (cpu_seconds(bare) - cpu) / (time.perf_counter() - began) * 100
    figures["delivered %"] = min(100.0, figures["delivered %"])
    return Result(f"bare sockets, {SUBSCRIBERS} x {rate}/s", figures)
