"""What contacts take on the disk, and what one change costs each process: the figures that docs/capacity.md reckons with."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import aiohttp
import psutil

from bench.environment import Place, cpu_seconds, postgres_process, process
from bench.serving import api
from bench.table import Result
from bench.world import empty_of_segments, field, new_segments, world
from models import db
from models.accounts import api_tokens
from permissions.capabilities import Permission
from permissions.principal import Scope
from schema.server.ids import to_global_id

SEGMENTS = 100
CONNECTIONS = 16
CHANGES = 3_000

_UPDATE = """
    mutation ($id: ID!, $score: Int!) {
        contactUpdate(id: $id, input: {score: $score}) { contact { id } userErrors { message } }
    }
"""


async def capacity(place: Place) -> list[Result]:
    url, scope, _ = await world(place)
    try:
        await empty_of_segments(scope)
        await db.execute(_WITHOUT_GAPS)
        empty = await _stored()
        await new_segments(scope, [field("score", "EQUALS", number) for number in range(SEGMENTS)])
        full = await _stored()
        bare = await _bare_changes(scope)
        with (
            api(place, url) as (port, server),
            process(["-m", "muster", "worker", "--queue", "realtime"], place.environment(url), None, "w.log") as worker,
        ):
            changed = await _changes(scope, port, _Used(server, worker, postgres_process()))
        await empty_of_segments(scope)
        return [*_sizes(empty, full), *_costs(changed, bare)]
    finally:
        await db.disconnect()


# ---------------------------------------------------------------- what is stored


_WITHOUT_GAPS = "VACUUM FULL memberships, membership_changes, membership_appends"
"""An earlier run left room in them, which the members of this one would fill."""


@dataclass(frozen=True)
class _Sizes:
    """Bytes with indexes, and rows."""

    contacts: int
    activities: int
    members: int
    number: int
    memberships: int


async def _stored() -> _Sizes:
    row = await db.fetch_row(_SIZES)
    assert row is not None
    return _Sizes(**row)


_SIZES = """
SELECT pg_total_relation_size('contacts') AS contacts, pg_total_relation_size('activities') AS activities,
       pg_total_relation_size('memberships') + pg_total_relation_size('membership_changes')
           + pg_total_relation_size('membership_appends') AS members,
       (SELECT count(*) FROM contacts) AS number, (SELECT count(*) FROM memberships) AS memberships
"""


def _sizes(empty: _Sizes, full: _Sizes) -> list[Result]:
    members = (full.members - empty.members) / max(1, full.memberships - empty.memberships)
    return [
        Result("a contact on the disk, with its indexes", {"bytes": full.contacts / full.number}),
        Result("its three activities", {"bytes": full.activities / full.number}),
        Result("a member, with its entry in the log", {"bytes": members}),
    ]


# ---------------------------------------------------------------- what a change costs


@dataclass(frozen=True)
class _Used:
    api: psutil.Process
    worker: psutil.Process
    postgres: psutil.Process

    def seconds(self) -> dict[str, float]:
        return {
            "API": cpu_seconds(self.api),
            "worker": cpu_seconds(self.worker),
            "PostgreSQL": _with_ended(self.postgres),
        }


def _with_ended(of: psutil.Process) -> float:
    """CPU seconds of a process and its children, those that have ended too."""
    times = of.cpu_times()
    return cpu_seconds(of) + times.children_user + times.children_system


async def _bare_changes(scope: Scope) -> dict[str, float]:
    """The same UPDATE by PostgreSQL alone, with nothing captured."""
    ids, postgres = await _some(scope), postgres_process()
    before = _with_ended(postgres)
    for number, contact_id in enumerate(ids):
        async with db.transaction():
            await db.execute("SET LOCAL muster.capture = 'off'")
            await db.execute(
                "UPDATE contacts SET score = $3 WHERE workspace_id = $1 AND id = $2",
                scope.workspace_id,
                contact_id,
                number % SEGMENTS,
            )
    return {"PostgreSQL": (_with_ended(postgres) - before) / len(ids) * 1000}


async def _some(scope: Scope) -> list[int]:
    rows = await db.fetch(
        "SELECT id FROM contacts WHERE workspace_id = $1 ORDER BY random() LIMIT $2", scope.workspace_id, CHANGES
    )
    return [row["id"] for row in rows]


async def _changes(scope: Scope, port: int, used: _Used) -> dict[str, float]:
    """Milliseconds of CPU per mutation, until its members are notified; connections to PostgreSQL under load."""
    token = (await api_tokens.create(scope, name="bench", permissions={Permission.CONTACT_WRITE}))[1]
    headers = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}", headers=headers) as session:

        async def change(contact_id: int, score: int) -> None:
            variables = {"id": to_global_id("Contact", contact_id), "score": score}
            async with session.post("/graphql", json={"query": _UPDATE, "variables": variables}) as answer:
                assert not (await answer.json()).get("errors"), await answer.text()

        await _at_once(await _some(scope), change)  # warms up
        await _all_told(scope)
        ids, before, started = await _some(scope), used.seconds(), time.perf_counter()
        await _at_once(ids, change)
        connections = await db.fetch_value(_CONNECTIONS)
        await _all_told(scope)
        took = time.perf_counter() - started
    costs = {name: (after - before[name]) / len(ids) * 1000 for name, after in used.seconds().items()}
    return {**costs, "changes/s": len(ids) / took, "connections": connections}


_CONNECTIONS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


async def _at_once(ids: list[int], change: Callable[[int, int], Awaitable[None]]) -> None:
    """Each contact once, `CONNECTIONS` of them at a time."""
    waiting = list(enumerate(ids))

    async def one_after_another() -> None:
        while waiting:
            number, contact_id = waiting.pop()
            await change(contact_id, number % SEGMENTS)

    await asyncio.gather(*(one_after_another() for _ in range(CONNECTIONS)))


async def _all_told(scope: Scope) -> None:
    while await db.fetch_value(
        "SELECT EXISTS (SELECT 1 FROM dirty_contacts WHERE workspace_id = $1)", scope.workspace_id
    ):
        await asyncio.sleep(0.05)


def _costs(changed: dict[str, float], bare: dict[str, float]) -> list[Result]:
    ratios = {name: changed[name] / bare[name] for name in bare}
    note = f"milliseconds of CPU until members are notified, {SEGMENTS} segments read the field, {CONNECTIONS} callers"
    return [
        Result("one contact changed by the API", changed, "a bare UPDATE", ratios, note),
        Result("a bare UPDATE", bare),
    ]
