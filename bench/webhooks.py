"""Webhooks to partners: how many changes a second, how late, and what those who hang cost the others."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
import orjson

from bench.environment import SECRET, Place, cpu_seconds, free_port, process, settle
from bench.table import Result, medians
from models import clock, db
from models.accounts import secrets, workspaces
from models.changelog.cursor import to_cursor
from models.changelog.members import MEMBERS
from models.destinations.webhooks import endpoints, lifecycle, urls
from models.destinations.webhooks.settings import EndpointSettings
from models.membership import manual_changes
from models.membership.origins import Origin
from models.segments import segments
from models.segments.segments import SegmentKind
from permissions.principal import Scope
from schema.server.ids import to_global_id
from workers.broker import connected_broker
from workers.providers.webhooks.signing import signatures

CONTACTS: Final = 10_000
BACKLOG: Final = 100_000
BATCH: Final = 100
CHANGES_PER_SECOND: Final = 50
ENDPOINTS: Final = 20
MANY: Final = 100
HANGING: Final = 10
SLOWLY: Final = 2
"""Changes a second to each of MANY."""


@dataclass(frozen=True)
class Partner:
    """The receiver's process, asked over HTTP."""

    session: aiohttp.ClientSession
    url: str

    async def expect(self, secret_by_name: dict[str, str]) -> None:
        async with self.session.post(f"{self.url}/expect", data=orjson.dumps(secret_by_name)) as response:
            assert response.status == 200

    async def report(self) -> dict[str, Any]:
        async with self.session.get(f"{self.url}/report") as response:
            return dict(orjson.loads(await response.read()))

    async def received(self, changes: int, seconds: float) -> None:
        until = time.monotonic() + seconds
        while True:
            async with self.session.get(f"{self.url}/progress") as response:
                if (await response.json())["changes"] >= changes:
                    return
            assert time.monotonic() < until, "the changes did not come: see worker.log"
            await asyncio.sleep(0.1)


async def measure(place: Place) -> list[Result]:
    url, _ = await place.database("webhooks")
    secrets.use_keys([SECRET])
    urls.allow_local(True)
    port = free_port()
    environment = place.environment(url, MUSTER_WEBHOOK_LOCAL="true")
    try:
        with ExitStack() as started:
            arguments = ["-m", "bench.webhook_receiver", str(port)]
            started.enter_context(process(arguments, environment, f"http://127.0.0.1:{port}/progress", "receiver.log"))
            worker = started.enter_context(
                process(["-m", "muster", "worker", "--queue", "webhook"], environment, None, "worker.log")
            )
            async with connected_broker(place.redis_url), aiohttp.ClientSession() as session:
                partner = Partner(session, f"http://127.0.0.1:{port}")
                return [
                    *await _throughput(place, partner, worker),
                    *await _latency(place, partner, worker),
                    *await _hanging(place, partner),
                ]
    finally:
        await db.disconnect()


# ---------------------------------------------------------------- workspaces


@asynccontextmanager
async def _workspace(contacts: int) -> AsyncIterator[tuple[Scope, int, list[int]]]:
    """A new workspace with a STATIC segment and contacts outside of it: (scope, segment id, contact ids)."""
    scope = await workspaces.create(f"Webhooks {clock.now():%H:%M:%S}")
    async with db.transaction():
        await db.execute("SET LOCAL muster.capture = 'off'")
        rows = await db.fetch(
            "INSERT INTO contacts (workspace_id, name) SELECT $1, 'P' || n FROM generate_series(1, $2::int) AS n RETURNING id",
            scope.workspace_id,
            contacts,
        )
    segment = (await segments.create(scope, SegmentKind.STATIC, name="Members")).segment
    try:
        yield scope, segment.id, [row["id"] for row in rows]
    finally:
        await db.execute("DELETE FROM webhook_endpoints WHERE workspace_id = $1", scope.workspace_id)


async def _endpoints(scope: Scope, partner: Partner, names: list[str], hanging: int = 0) -> None:
    """ACTIVE endpoints, some of which hang."""
    expected = {}
    for number, name in enumerate(names):
        path = "hang" if number < hanging else "hooks"
        settings = EndpointSettings(f"{partner.url}/{path}/{name}", ["membership.changes"], batch_size=BATCH)
        row, expected[name] = await endpoints.create(scope, settings)
        await db.execute(
            "DELETE FROM webhook_deliveries WHERE workspace_id = $1 AND endpoint_id = $2", scope.workspace_id, row["id"]
        )
        await db.execute(
            """
            UPDATE webhook_endpoints SET status = 'ACTIVE', proved_at = now(), next_attempt_at = NULL
            WHERE workspace_id = $1 AND id = $2
            """,
            scope.workspace_id,
            row["id"],
        )
    await partner.expect(expected)


# ---------------------------------------------------------------- how many


async def _throughput(place: Place, partner: Partner, worker: Any) -> list[Result]:
    ours, alone = [], []
    for _ in range(place.rounds):
        async with _workspace(CONTACTS) as (scope, segment_id, contacts):
            await _endpoints(scope, partner, ["one"])
            endpoint_id = await db.fetch_value(
                "SELECT id FROM webhook_endpoints WHERE workspace_id = $1", scope.workspace_id
            )
            await lifecycle.pause(scope, endpoint_id)
            for number in range(BACKLOG // CONTACTS):
                change: dict[str, Any] = {"remove" if number % 2 else "add": contacts}
                await manual_changes.change_members(scope, segment_id, origin=Origin.MANUAL, **change)
            await settle()
            await partner.report()
            cpu = cpu_seconds(worker)
            await lifecycle.resume(scope, endpoint_id)
            await partner.received(BACKLOG, 120)
            cpu = cpu_seconds(worker) - cpu
            report = await partner.report()
            ours.append({"changes/s": BACKLOG / report["seconds"], "CPU ms/1,000": cpu * 1_000_000 / BACKLOG})
        alone.append({"changes/s": await _alone(partner)})
    mine, bare = medians(ours), medians(alone)
    ratio = {"changes/s": mine["changes/s"] / bare["changes/s"]}
    return [
        Result(f"one ordered endpoint, batches of {BATCH}", mine, "the HTTP client", ratio, "goal: 5,000; 0.5 x"),
        Result("the HTTP client alone, with signatures", bare),
    ]


async def _alone(partner: Partner, requests: int = 500) -> float:
    """Sends such bodies one after another, without a database; they are made before."""
    secret = endpoints.new_secret()
    await partner.expect({"alone": secret})
    bodies = [_body(range(number * BATCH, (number + 1) * BATCH)) for number in range(requests)]
    began = time.perf_counter()
    for number, body in enumerate(bodies):
        now = int(time.time())
        headers = {
            "webhook-id": f"m{number}",
            "webhook-timestamp": str(now),
            "content-type": "application/json",
            "webhook-signature": signatures([secret], f"m{number}", now, body),
        }
        async with partner.session.post(f"{partner.url}/hooks/alone", data=body, headers=headers) as response:
            await response.read()
            assert response.status == 200
    seconds = time.perf_counter() - began
    await partner.report()
    return requests * BATCH / seconds


def _body(numbers: range) -> bytes:
    changes = [
        {
            "kind": "ENTERED",
            "origin": "MANUAL",
            "at": clock.now(),
            "segmentId": to_global_id("Segment", 7),
            "contactId": to_global_id("Contact", 12_345 + number),
            "cursor": to_cursor(MEMBERS, 123, 123_456 + number),
        }
        for number in numbers
    ]
    return orjson.dumps({"type": "membership.changes", "timestamp": clock.now(), "data": {"changes": changes}})


# ---------------------------------------------------------------- how late


async def _latency(place: Place, partner: Partner, worker: Any) -> list[Result]:
    count = int(max(10.0, place.seconds * 4) * CHANGES_PER_SECOND)
    async with _workspace(count + 100) as (scope, segment_id, contacts):
        names = [f"n{number}" for number in range(ENDPOINTS)]
        await _endpoints(scope, partner, names)
        await _change(scope, segment_id, contacts[:100], CHANGES_PER_SECOND)  # warms up
        await partner.received(100 * ENDPOINTS, 30)
        await partner.report()
        began, cpu = time.perf_counter(), cpu_seconds(worker)
        committed = await _change(scope, segment_id, contacts[100:], CHANGES_PER_SECOND)
        await partner.received(len(committed) * ENDPOINTS, 30)
        cpu = (cpu_seconds(worker) - cpu) / (time.perf_counter() - began) * 100
        figures = {**_late(await partner.report(), committed, names), "CPU %": cpu}
    name = f"change to verified, {ENDPOINTS} endpoints, {CHANGES_PER_SECOND} changes/s to each"
    return [Result(name, figures, note="milliseconds; goal: p50 60, p99 250")]


async def _change(scope: Scope, segment_id: int, contacts: list[int], per_second: float) -> dict[str, float]:
    """One by one; returns when each was committed, by the contact's outside id."""
    committed, start = {}, time.perf_counter()
    for number, contact_id in enumerate(contacts):
        await asyncio.sleep(max(0.0, start + number / per_second - time.perf_counter()))
        await manual_changes.change_members(scope, segment_id, add=[contact_id], origin=Origin.MANUAL)
        committed[to_global_id("Contact", contact_id)] = time.time()
    return committed


def _late(report: dict[str, Any], committed: dict[str, float], names: list[str]) -> dict[str, float]:
    late = sorted(
        (at - committed[contact]) * 1000
        for name in names
        for contact, at in report["times"].get(name, {}).items()
        if contact in committed
    )
    assert len(late) == len(committed) * len(names), "some changes did not come"
    return {"p50": late[len(late) // 2], "p99": late[len(late) * 99 // 100], "events": len(late)}


# ---------------------------------------------------------------- those who hang


async def _hanging(place: Place, partner: Partner) -> list[Result]:
    rounds: dict[int, list[dict[str, float]]] = {0: [], HANGING: []}
    for _ in range(place.rounds):
        for hanging, found in rounds.items():
            found.append(await _with_hanging(place, partner, hanging))
    without, beside = medians(rounds[0]), medians(rounds[HANGING])
    ratios = {name: beside[name] / without[name] for name in ("p50", "p99")}
    return [
        Result(f"{MANY} endpoints, {HANGING} of them hang: the others", beside, "without", ratios, "goal: 1.5 x"),
        Result(f"{MANY - HANGING} endpoints, none hangs", without),
    ]


async def _with_hanging(place: Place, partner: Partner, hanging: int) -> dict[str, float]:
    count = int(max(10.0, place.seconds * 4) * SLOWLY)
    async with _workspace(count + 5) as (scope, segment_id, contacts):
        names = [f"h{number}" for number in range(MANY - HANGING + hanging)]
        await _endpoints(scope, partner, names, hanging)
        await _change(scope, segment_id, contacts[:5], SLOWLY)
        await partner.received(5 * (MANY - HANGING), 30)
        await partner.report()
        committed = await _change(scope, segment_id, contacts[5:], SLOWLY)
        await partner.received(len(committed) * (MANY - HANGING), 30)
        return _late(await partner.report(), committed, names[hanging:])
