"""Audiences against the sandbox: a first sync, and a thousand changes in small and large audiences.

Engine, bulk worker, PostgreSQL, Valkey and sandbox share the cores."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from datetime import datetime

import psutil

from bench.environment import SECRET, Place, cpu_seconds, free_port, process, settle
from bench.table import Result
from models import db
from models.accounts import secrets, workspaces
from models.db.tables.audiences import Audience
from models.destinations.audiences import audiences, connections
from models.destinations.audiences.audiences import NewAudience
from permissions.principal import SYSTEM, Scope
from sandbox.meta.provider import ACCOUNT_ID, TOKEN
from workers.broker import connected_broker

CHANGES = 1_000


async def measure(place: Place) -> list[Result]:
    url = await _database(place)
    secrets.use_keys([SECRET])
    port, control = free_port(), free_port()
    environment = place.environment(url, MUSTER_META_URL=f"http://127.0.0.1:{port}")
    with ExitStack() as started:
        sandbox = ["-m", "sandbox.meta", "--port", str(port), "--control-port", str(control)]
        double = started.enter_context(process(sandbox, environment, f"http://127.0.0.1:{control}/sandbox", "meta.log"))
        worker = _worker(started, environment, "bulk")
        _worker(started, environment, "realtime")
        await asyncio.sleep(5)
        async with connected_broker(place.redis_url):
            results = [await _first_sync(scope, worker, double) for scope in await _scopes()]
            await settle()
            results += await _changes()
    await db.disconnect()
    return results


def _worker(started: ExitStack, environment: dict[str, str], queue: str) -> psutil.Process:
    return started.enter_context(
        process(["-m", "muster", "worker", "--queue", queue], environment, None, f"{queue}.log")
    )


# ---------------------------------------------------------------- the people


async def _database(place: Place) -> str:
    """A workspace of `place.contacts` contacts and one of a tenth, each with a segment of all of them."""
    name = f"audiences_{place.contacts}"
    await place.drop(name)
    url, _ = await place.database(name)
    secrets.use_keys([SECRET])
    for contacts in (place.contacts // 10, place.contacts):
        scope = await workspaces.create(f"{contacts:,}", timezone="Europe/Madrid")
        async with db.transaction():
            await db.execute("SET LOCAL muster.capture = 'off'; SET LOCAL muster.members = 'logged'")
            await db.execute(_CONTACTS, scope.workspace_id, contacts)
            segment = await db.fetch_value(_SEGMENT, scope.workspace_id, contacts)
            await db.execute(_MEMBERS, scope.workspace_id, segment)
        connection = await connections.connect(scope, ACCOUNT_ID, TOKEN)
        await connections.checked(scope.workspace_id, connection.id, None)
        await db.execute("DELETE FROM provider_requests")
    await settle()
    return url


_CONTACTS = """
    INSERT INTO contacts (workspace_id, email, phone)
    SELECT $1, 'person' || n || '@example.com', '+346' || lpad(n::text, 8, '0') FROM generate_series(1, $2::int) AS n
"""

_SEGMENT = "INSERT INTO segments (workspace_id, name, kind, member_count) VALUES ($1, 'All', 'STATIC', $2) RETURNING id"

_MEMBERS = """
    INSERT INTO memberships (workspace_id, segment_id, contact_id, origin)
    SELECT workspace_id, $2, id, 'MANUAL' FROM contacts WHERE workspace_id = $1
"""


async def _scopes() -> list[Scope]:
    """The smaller one first."""
    return [Scope(row["id"], SYSTEM) for row in await db.fetch("SELECT id FROM workspaces ORDER BY id")]


# ---------------------------------------------------------------- measured


async def _first_sync(scope: Scope, worker: psutil.Process, double: psutil.Process) -> Result:
    rows = await db.fetch("SELECT id, member_count FROM segments WHERE workspace_id = $1", scope.workspace_id)
    ((segment, size),) = rows
    everything = psutil.Process()
    idle, cpu, all_cpu = worker.memory_info().rss, cpu_seconds(worker), cpu_seconds(everything)
    began = time.perf_counter()
    audience = await audiences.create(scope, NewAudience("All", segment))
    peak = idle
    while (audience := await Audience.get(id=audience.id)).status != "IN_SYNC":
        peak = max(peak, worker.memory_info().rss)
        if audience.status == "BLOCKED":
            raise RuntimeError(audience.reason)
        await asyncio.sleep(0.1)
    seconds = time.perf_counter() - began
    assert audience.present == size, (audience.present, size)
    figures = {
        "rows/s": size / seconds,
        "worker MB above idle": (peak - idle) / 2**20,
        "worker CPU us/row": (cpu_seconds(worker) - cpu) / size * 1e6,
        "all CPU us/row": (cpu_seconds(everything) - all_cpu) / size * 1e6,
        "sandbox MB": double.memory_info().rss / 2**20,
    }
    return Result(f"first sync of {size:,} members", figures, note="goal: 20,000 rows/s, memory flat")


async def _changes() -> list[Result]:
    """A thousand members leave, a thousand have another e-mail address. The large audience beside the small one."""
    kinds: dict[str, Callable[[Scope], Awaitable[object]]] = {"leave": _leave, "other e-mail": _other_email}
    results: list[Result] = []
    for name, change in kinds.items():
        before: dict[str, float] | None = None
        for scope in await _scopes():
            figures = await _cost(scope, change)
            size = await db.fetch_value("SELECT member_count FROM segments WHERE workspace_id = $1", scope.workspace_id)
            title = f"{CHANGES:,} {name}, of {round(size, -4):,}"
            ratios = {} if before is None else {"CPU ms": figures["CPU ms"] / before["CPU ms"]}
            beside = None if before is None else "the tenth"
            results.append(Result(title, figures, beside, ratios, "goal: 1.5 x" if beside else ""))
            before = figures
    return results


async def _cost(scope: Scope, change: Callable[[Scope], Awaitable[object]]) -> dict[str, float]:
    """From the commit of the changes until they are at the sandbox; the CPU of all processes, the waits' included."""
    await change(scope)
    everything, began = psutil.Process(), time.perf_counter()
    cpu, since = cpu_seconds(everything), await db.fetch_value("SELECT now()")
    while not await _is_done(scope, since):
        await asyncio.sleep(0.05)
    return {
        "ms": (time.perf_counter() - began) * 1000,
        "CPU ms": (cpu_seconds(everything) - cpu) * 1000,
    }


async def _is_done(scope: Scope, since: datetime) -> bool:
    audience = await Audience.get(workspace_id=scope.workspace_id)
    if audience.status != "IN_SYNC" or audience.last_synced_at is None or audience.last_synced_at <= since:
        return False
    return not await db.fetch_value(_WAITS, scope.workspace_id)


_WAITS = """
    SELECT EXISTS (SELECT FROM dirty_contacts AS d WHERE d.workspace_id = $1)
        OR EXISTS (SELECT FROM audience_marks AS m WHERE m.workspace_id = $1)
        OR EXISTS (SELECT FROM changelog_readers AS r JOIN membership_heads AS h ON h.workspace_id = $1
                   WHERE r.workspace_id = $1 AND r.log = 'members' AND r.position < h.position)
"""


async def _leave(scope: Scope) -> None:
    await db.execute(
        """
        DELETE FROM memberships WHERE workspace_id = $1 AND contact_id IN (
            SELECT contact_id FROM memberships WHERE workspace_id = $1 ORDER BY contact_id DESC LIMIT $2)
        """,
        scope.workspace_id,
        CHANGES,
    )


async def _other_email(scope: Scope) -> None:
    await db.execute(
        """
        UPDATE contacts SET email = 'other.' || email WHERE workspace_id = $1 AND id IN (
            SELECT contact_id FROM memberships WHERE workspace_id = $1 ORDER BY contact_id LIMIT $2)
        """,
        scope.workspace_id,
        CHANGES,
    )
