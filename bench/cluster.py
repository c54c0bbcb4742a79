"""A Citus cluster beside one server: the same statements through the same server process and the same kind of connection."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from itertools import count
from statistics import median
from typing import Final
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from bench.environment import SECRET, Place, settle
from bench.table import Result
from models import db
from models.accounts import api_tokens, secrets, workspaces
from models.accounts.scopes import find_scopes
from models.accounts.sessions import Signing
from models.contacts import pages
from models.contacts.columns import COLUMNS
from models.contacts.create import create_contact
from models.contacts.find import find_contact
from models.contacts.pages import ContactCriteria, ContactOrder
from models.contacts.update import update_contact
from models.db import migrations
from models.membership import batches, dirty_contacts, rebuild
from models.segments import segments
from models.segments.segments import SegmentKind
from permissions.capabilities import Permission
from permissions.principal import Scope

CONTACTS: Final = 20_000
TIMES: Final = 200
"""How often each case runs in a turn."""

PLAIN: Final = "muster_bench_plain"

Case = Callable[[], Awaitable[object]]


async def beside_one_server(place: Place, url: str) -> list[Result]:
    """`url` names a database without workspaces on the coordinator; a plain one is made beside it."""
    plain_url = urlunsplit(urlsplit(url)._replace(path=f"/{PLAIN}"))
    await _on(url, f"DROP DATABASE IF EXISTS {PLAIN}")
    await _on(url, f"CREATE DATABASE {PLAIN}")
    secrets.use_keys([SECRET])
    scopes = {url: await _fill(url), plain_url: await _fill(plain_url)}
    found: dict[str, dict[str, list[float]]] = {url: {}, plain_url: {}}
    for _ in range(max(2, place.rounds)):
        for one, (scope, token) in scopes.items():
            for name, times in (await _turn(one, scope, token)).items():
                found[one].setdefault(name, []).append(times)
    await _on(url, f"DELETE FROM workspaces WHERE id = {scopes[url][0].workspace_id}")
    await _on(url, f"DROP DATABASE {PLAIN}")
    return [
        Result(
            f"{name}, Citus",
            {"ms": median(times)},
            "one server",
            {"ms": median(a / b for a, b in zip(times, found[plain_url][name], strict=True))},
            f"goal: {_GOALS[name]} x" if name in _GOALS else "",
        )
        for name, times in found[url].items()
    ]


LEAST: Final = "the least that a statement costs, over the coordinator"
LEAST_AT_NODE: Final = "the least that a statement costs, at the node"
"""What each statement pays for a cluster: the limits of what the others can reach. Reads of the API are at the node."""

_CHANGE: Final = "a change to its event in the log"
_GOALS: Final = {"a page of 50": 2, "one contact by id": 2, "an update": 2, "a contact created": 2, _CHANGE: 3}


async def _on(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def _fill(url: str) -> tuple[Scope, str]:
    await db.connect(url, pool_max=4)
    await migrations.migrate()
    assert not await db.fetch_value("SELECT count(*) FROM workspaces"), f"{url} has workspaces: name an empty database"
    scope = await workspaces.create("Bench", timezone="Europe/Madrid")
    async with db.transaction():
        await db.execute("SET LOCAL muster.capture = 'off'")
        await db.execute(_CONTACTS, scope.workspace_id, CONTACTS)
    rule = {"field": {"field": "score", "operator": "GTE", "value": 50}}
    made = await segments.create(scope, SegmentKind.DYNAMIC_PLUS, name="Warm", rule=rule)
    await rebuild.rebuild(scope.workspace_id, made.segment.id)
    _, token = await api_tokens.create(scope, name="bench", permissions={Permission.CONTACT_READ})
    await settle()
    await db.disconnect()
    return scope, token


_CONTACTS: Final = """
INSERT INTO contacts (workspace_id, name, email, score, created_at)
SELECT $1::bigint, 'Contact ' || n, 'contact' || n || '@example.com', n % 100, timestamptz '2026-01-01' + n * interval '7 seconds'
FROM generate_series(1, $2::int) AS n
"""


async def _turn(url: str, scope: Scope, token: str) -> dict[str, float]:
    """Median milliseconds of each case."""
    await db.connect(url, pool_max=4, keep_large_statements=True)
    scores = {row["id"]: row["score"] for row in await db.fetch(_SOME, scope.workspace_id, TIMES)}
    await _until_read_at_node(scope)
    found = {name: await _median(case) for name, case in _cases(scope, token, scores).items()}
    await db.disconnect()
    return found


async def _until_read_at_node(scope: Scope) -> None:
    """Returns at once where there are no nodes. A cluster whose nodes are not reached from here ends in a TimeoutError."""
    with db.read_at_node(scope.workspace_id):
        async with asyncio.timeout(30):
            while db.reads_at_node() and await db.fetch_value("SHOW default_transaction_read_only") == "off":
                await asyncio.sleep(0.01)


_SOME: Final = "SELECT id, score FROM contacts WHERE workspace_id = $1 ORDER BY id LIMIT $2"


async def _median(case: Case) -> float:
    for _ in range(10):
        await case()
    took = []
    for _ in range(TIMES):
        started = time.perf_counter()
        await case()
        took.append((time.perf_counter() - started) * 1000)
    return median(took)


def _cases(scope: Scope, token: str, scores: dict[int, int]) -> dict[str, Case]:
    """`scores` are of some contacts, by id."""
    ids, numbers = list(scores), count()
    signing = Signing(SECRET, timedelta(hours=1))

    def next_id() -> int:
        return ids[next(numbers) % len(ids)]

    def updated() -> Awaitable[object]:
        """With another score than the contact has: nothing is written where nothing differs."""
        contact_id = next_id()
        scores[contact_id] = (scores[contact_id] + 1) % 100
        return update_contact(scope, contact_id, {"score": scores[contact_id]})

    def updated_in_part() -> Awaitable[object]:
        """One of two values differs."""
        contact_id = next_id()
        scores[contact_id] = (scores[contact_id] + 1) % 100
        return update_contact(scope, contact_id, {"score": scores[contact_id], "timezone": None})

    def other_side() -> dict[str, int]:
        """In turn a score that is in the segment and one that is not, for the same contact: each gives an event."""
        return {"score": 99 if next(numbers) % 2 else 1}

    async def changed() -> None:
        await update_contact(scope, ids[0], other_side())
        while (await batches.process_batch(scope.workspace_id, 5_000)).more:
            pass

    async def page() -> object:
        order = ContactOrder.CREATED_AT_DESC
        return await pages.page(scope, ContactCriteria(), order, 50, after=None, names=COLUMNS)

    def as_the_api(case: Case) -> Case:
        async def read() -> object:
            with db.read_at_node(scope.workspace_id):
                return await case()

        return read

    def least() -> Awaitable[object]:
        return db.fetch_value("SELECT 1 FROM workspaces WHERE id = $1", scope.workspace_id)

    return {
        LEAST: least,
        LEAST_AT_NODE: as_the_api(least),
        "one contact by id": as_the_api(lambda: find_contact(scope, "id", next_id())),
        "a page of 50": as_the_api(page),
        f"a count of {CONTACTS:,}": as_the_api(lambda: pages.count(scope, ContactCriteria())),
        "an update": updated,
        "an update of two values": updated_in_part,
        "a contact created": lambda: create_contact(scope, {"name": "Ana"}),
        _CHANGE: changed,
        "an API token looked up": lambda: find_scopes([token], signing),
        "workspaces with changes found": dirty_contacts.waiting,
    }
