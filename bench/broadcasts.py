"""Broadcasts against the sandbox: pace, first message, receipts."""

import asyncio
import time
from contextlib import ExitStack
from typing import Any

import aiohttp
import orjson

from bench.environment import SECRET, Place, cpu_seconds, free_port, process, settle
from bench.table import Result
from models import db
from models.accounts import secrets, workspaces
from models.broadcasts import drafts, lifecycle, starting, stopping
from models.broadcasts.drafts import Draft
from models.db.tables.broadcasts import Broadcast, MessageTemplate
from models.messaging import channels, templates
from models.messaging.channels import Connection
from models.messaging.placeholders import placeholders_of
from models.messaging.rendering import Binding
from permissions.principal import SYSTEM, Scope
from sandbox.whatsapp import provider
from sandbox.whatsapp.templates import TEMPLATES
from workers.providers.whatsapp.client import Client, WhatsAppAccount, open_session
from workers.providers.whatsapp.messages import Template, template_message
from workers.providers.whatsapp.webhook import SIGNATURE_HEADER, signature

TITLE = "Broadcasts (worker, PostgreSQL, Valkey and sandbox on the same cores)"

PEOPLE = 100_000

SLOW_LIMIT, SLOW_SIZE = 80, 2_400
FAST_LIMIT, FAST_SIZE = 1_000, 10_000
WEBHOOKS_A_SECOND, WEBHOOKS = 1_000, 10_000

_SENT = (
    "messages",
    "message_counters",
    "message_sources",
    "broadcasts",
    "whatsapp_reached",
    "whatsapp_quotas",
    "webhook_inbox",
)


async def measure(place: Place) -> list[Result]:
    url = await _database(place)
    secrets.use_keys([SECRET])
    scope = Scope(await db.fetch_value("SELECT min(id) FROM workspaces"), SYSTEM)
    port, control, api = free_port(), free_port(), free_port()
    more = {"MUSTER_WHATSAPP_URL": f"http://127.0.0.1:{port}", "MUSTER_PORT": str(api)}
    environment = place.environment(url, **more)
    with ExitStack() as started:
        sandbox = ["-m", "sandbox.whatsapp", "--port", str(port), "--control-port", str(control)]
        started.enter_context(process(sandbox, environment, f"http://127.0.0.1:{control}/sandbox", "sandbox.log"))
        async with SandboxCommands(f"http://127.0.0.1:{control}/sandbox") as told:
            await told.do("faults", by_number=False)
            ceiling = await _bare_client(told, f"http://127.0.0.1:{port}")
            with process(["-m", "muster", "worker", "--queue", "broadcast"], environment, None, "worker.log") as worker:
                results = [
                    await _paced(scope, told, worker, SLOW_LIMIT, SLOW_SIZE, ceiling),
                    await _paced(scope, told, worker, FAST_LIMIT, FAST_SIZE, ceiling),
                    Result("the HTTP client alone", {"messages/s": ceiling}),
                    await _start(scope, told),
                ]
                with process(["-m", "muster", "api"], environment, f"http://127.0.0.1:{api}/health/ready", "api.log"):
                    results.append(await _webhooks(scope, f"http://127.0.0.1:{api}/webhooks/whatsapp"))
    await db.disconnect()
    return results


class SandboxCommands:
    def __init__(self, url: str) -> None:
        self.url = url

    async def __aenter__(self) -> "SandboxCommands":
        self.session = aiohttp.ClientSession()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.session.close()

    async def do(self, command: str, **asked: Any) -> None:
        async with self.session.post(f"{self.url}/{command}", json=asked) as response:
            assert response.status == 200, await response.text()

    async def report(self) -> dict[str, Any]:
        async with self.session.get(self.url) as response:
            report: dict[str, Any] = await response.json()
            return report


async def _database(place: Place) -> str:
    name = f"broadcasts_{PEOPLE}"
    url, is_new = await place.database(name)
    if not is_new and not await db.fetch_value("SELECT EXISTS (SELECT FROM message_templates)"):
        await db.disconnect()
        await place.drop(name)
        url, is_new = await place.database(name)
    if is_new:
        await _fill()
    return url


async def _fill() -> None:
    print(f"making {PEOPLE:,} contacts ...", flush=True)
    secrets.use_keys([SECRET])
    scope = await workspaces.create("Broadcasts")
    async with db.transaction():
        await db.execute("SET LOCAL muster.capture = 'off'")
        await db.execute("SET LOCAL muster.members = 'logged'")
        await db.execute(
            """
            INSERT INTO contacts (workspace_id, name, phone, whatsapp_consent)
            SELECT $1, 'Person ' || n, '+3460' || lpad(n::text, 7, '0'), 'OPTED_IN' FROM generate_series(1, $2::int) AS n
            """,
            scope.workspace_id,
            PEOPLE,
        )
        for size in (SLOW_SIZE, FAST_SIZE, PEOPLE):
            await _segment(scope, size)
    given = Connection(
        provider.NUMBER_ID, provider.BUSINESS_ACCOUNT_ID, provider.TOKEN, provider.SECRET, provider.VERIFY_TOKEN
    )
    await channels.connect(scope, given)
    await templates.store(scope.workspace_id, provider.BUSINESS_ACCOUNT_ID, TEMPLATES)
    await settle()


async def _segment(scope: Scope, size: int) -> None:
    segment_id = await db.fetch_value(
        "INSERT INTO segments (workspace_id, name, kind, member_count) VALUES ($1, $2, 'STATIC', $3) RETURNING id",
        scope.workspace_id,
        str(size),
        size,
    )
    await db.execute(
        """
        INSERT INTO memberships (workspace_id, segment_id, contact_id, origin)
        SELECT $1, $2, id, 'MANUAL' FROM contacts WHERE workspace_id = $1 ORDER BY id LIMIT $3
        """,
        scope.workspace_id,
        segment_id,
        size,
    )


async def _draft(scope: Scope, size: int) -> Broadcast:
    await db.execute(
        f"SET LOCAL muster.capture = 'off'; TRUNCATE {', '.join(_SENT)}, segment_uses, activities, dirty_contacts CASCADE"
    )
    await settle()
    segment_id = await db.fetch_value("SELECT id FROM segments WHERE name = $1", str(size))
    chosen = await MessageTemplate.get(workspace_id=scope.workspace_id, name="greeting")
    bindings = [Binding("1", field="name", fallback="friend")]
    return await drafts.create(scope, Draft(f"to {size:,}", chosen.id, bindings, [segment_id]))


async def _limit(told: SandboxCommands, per_second: int) -> None:
    await told.do("number", per_second=per_second, limit="TIER_UNLIMITED")
    await db.execute(
        "UPDATE whatsapp_channels SET status = 'READY', messages_per_second = $1, daily_limit = NULL, checked_at = now()",
        per_second,
    )
    await told.do("forget")


async def _bare_client(told: SandboxCommands, url: str) -> float:
    """Messages a second of the client alone, without a limit."""
    await told.do("number", per_second=10**9)
    template = Template("greeting", "en_US", tuple(placeholders_of([{"type": "BODY", "text": "{{1}}"}])))
    account = WhatsAppAccount(provider.NUMBER_ID, provider.BUSINESS_ACCOUNT_ID, provider.TOKEN)
    numbers = iter(range(FAST_SIZE))
    async with open_session(20) as session:
        client = Client(session, url, "v26.0")

        async def call() -> None:
            for number in numbers:
                body = template_message(template, f"+3460{number:07d}", ["Ada"], f"bench:{number}")
                await client.send(account, body)

        began = time.perf_counter()
        await asyncio.gather(*(call() for _ in range(100)))
        return FAST_SIZE / (time.perf_counter() - began)


async def _paced(scope: Scope, told: SandboxCommands, worker: Any, limit: int, size: int, ceiling: float) -> Result:
    broadcast = await _draft(scope, size)
    await _limit(told, limit)
    used = cpu_seconds(worker)
    await lifecycle.schedule(scope, broadcast.id, None)
    await _until_ended(broadcast)
    report = await told.report()
    assert report["accepted"] == report["people"] == size, report
    rate = (size - 1) / report["seconds"]
    figures = {
        "messages/s": rate,
        "of the limit": rate / limit,
        "busiest second": report["busiest_second"],
        "refused": sum(report["refusals"].values()),
        "worker ms each": 1000 * (cpu_seconds(worker) - used) / size,
    }
    return Result(f"at {limit:,}/s, to {size:,}", figures, "client alone", {"messages/s": rate / ceiling})


async def _until_ended(broadcast: Broadcast) -> None:
    async with asyncio.timeout(300):
        while (await Broadcast.get(id=broadcast.id)).finished_at is None:
            await asyncio.sleep(0.1)


async def _start(scope: Scope, told: SandboxCommands) -> Result:
    broadcast = await _draft(scope, PEOPLE)
    await _limit(told, FAST_LIMIT)
    began = time.perf_counter()
    audience = await drafts.audience_of(scope, broadcast)
    counted = time.perf_counter() - began
    began_at = time.time()
    await lifecycle.schedule(scope, broadcast.id, None)
    while not (report := await told.report())["first_at"]:
        await asyncio.sleep(0.01)
    started = await Broadcast.get(id=broadcast.id)
    await lifecycle.cancel(scope, broadcast.id)
    await stopping.end_cancelled(scope.workspace_id, broadcast.id)
    assert started.started_at is not None
    assert started.audience_size == audience.recipients == PEOPLE
    figures = {"seconds to the first": report["first_at"] - began_at, "counted in": counted}
    return Result(f"an audience of {PEOPLE:,}", figures, note="goal: the first message out within 3 s")


async def _webhooks(scope: Scope, url: str) -> Result:
    """Time until each status is in the ledger, at one status per call."""
    broadcast = await _draft(scope, FAST_SIZE)
    await lifecycle.schedule(scope, broadcast.id, None)
    await starting.prepare(scope, broadcast.id)
    await lifecycle.pause(scope, broadcast.id)
    await db.execute("UPDATE messages SET status = 'SENT', message_id = 'wamid.' || id, sent_at = now()")
    await db.execute("UPDATE message_counters SET sent = pending, pending = 0")
    await settle()
    bodies = [_body(row["id"]) for row in await db.fetch("SELECT id FROM messages ORDER BY id")][:WEBHOOKS]
    told_at: list[float] = []
    seen: list[tuple[float, int]] = []
    watching = asyncio.create_task(_watch(broadcast, seen))
    await _tell(url, bodies, told_at)
    async with asyncio.timeout(60):
        await watching
    waits = sorted(_waits(sorted(told_at), seen))
    figures = {
        "webhooks/s": len(told_at) / (max(told_at) - min(told_at)),
        "p50 ms": 1000 * waits[len(waits) // 2],
        "p99 ms": 1000 * waits[int(len(waits) * 0.99)],
    }
    return Result(f"{WEBHOOKS_A_SECOND:,} webhooks/s to the ledger", figures, note="goal: p99 under 2,000 ms")


def _body(recipient_id: int) -> bytes:
    status = {
        "id": f"wamid.{recipient_id}",
        "status": "delivered",
        "timestamp": str(int(time.time())),
        "biz_opaque_callback_data": f"muster:{recipient_id}",
    }
    value = {"metadata": {"phone_number_id": provider.NUMBER_ID}, "statuses": [status]}
    changes = [{"field": "messages", "value": value}]
    return orjson.dumps({"entry": [{"id": provider.BUSINESS_ACCOUNT_ID, "changes": changes}]})


async def _tell(url: str, bodies: list[bytes], told_at: list[float]) -> None:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=200)) as session:

        async def post(body: bytes) -> None:
            told_at.append(time.perf_counter())
            async with session.post(
                url, data=body, headers={SIGNATURE_HEADER: signature(provider.SECRET, body)}
            ) as answer:
                assert answer.status == 200, answer.status

        began, calls = time.perf_counter(), set()
        for number, body in enumerate(bodies):
            ahead = began + number / WEBHOOKS_A_SECOND - time.perf_counter()
            if ahead > 0.002:
                await asyncio.sleep(ahead)
            calls.add(asyncio.create_task(post(body)))
        await asyncio.gather(*calls)


async def _watch(broadcast: Broadcast, seen: list[tuple[float, int]]) -> None:
    delivered = 0
    while delivered < WEBHOOKS:
        delivered = await db.fetch_value("SELECT delivered FROM message_counters WHERE source_id = $1", broadcast.id)
        seen.append((time.perf_counter(), delivered))
        await asyncio.sleep(0.02)


def _waits(told_at: list[float], seen: list[tuple[float, int]]) -> list[float]:
    """The times from the nth webhook until the ledger has n results."""
    waits, place = [], 0
    for number, at in enumerate(told_at, start=1):
        while seen[place][1] < number:
            place += 1
        waits.append(max(0.0, seen[place][0] - at))
    return waits
