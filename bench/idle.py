"""What workspaces cost in which nothing happens: each periodic task among 100 and among 10,000 of them."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import psutil

from bench.environment import DATA, SECRET, Place, postgres_process, settle
from bench.table import Result, medians
from models import db
from models.accounts import secrets, workspaces
from models.contacts.create import create_contact
from models.db import distribution
from models.destinations.webhooks import endpoints
from models.destinations.webhooks.settings import EndpointSettings
from models.membership import rebuild
from models.segments import segments
from models.segments.segments import SegmentKind
from models.transfers import files
from models.workflows import batches as workflow_batches
from models.workflows import drafts
from models.workflows.lifecycle import activation
from models.workflows.lifecycle.activation import Activation
from models.workflows.publishing.preview import preview
from models.workflows.publishing.publish import Answers, publish
from models.workflows.states import EnrolledContactsPolicy
from permissions.principal import Scope
from workers.broker import connected_broker
from workers.context import PeriodicTask, WorkerConfig, WorkerContext
from workers.runner import MODULES
from workers.storage import open_storage

FEW, MANY = 100, 10_000

RUNS: Final = 9

ENDLESS: Final = {"hear_logs"}
"""Runs for as long as its connection to Redis lasts."""


async def idle_workspaces(place: Place) -> list[Result]:
    name = "idle_workspaces"
    await place.drop(name)
    url, _ = await place.database(name)
    secrets.use_keys([SECRET])
    files.use(open_storage(DATA / "run" / "files", DATA / "run" / "scratch"))
    await _one_workspace()
    found: dict[int, Found] = {}
    tasks = [task for module in MODULES for task in getattr(module, "PERIODIC_TASKS", ()) if task.name not in ENDLESS]
    for number in (FEW, MANY):
        await _copied_to(number)
        found[number] = await _took(place, url, tasks)
    await db.disconnect()
    await place.drop(name)
    return _results(tasks, found)


Found = dict[str, dict[str, float]]
"""Milliseconds of one run of each task, by the clock and of processor time."""


def _results(tasks: Sequence[PeriodicTask], found: dict[int, Found]) -> list[Result]:
    results = [
        Result(
            f"{task.name}, every {task.every_seconds:g} s, {MANY:,} idle workspaces",
            found[MANY][task.name],
            f"{FEW} workspaces",
            _ratios(found[MANY][task.name], found[FEW][task.name]),
        )
        for task in tasks
    ]
    share = {number: _of_each_second(tasks, found[number]) for number in found}
    note = "milliseconds of a second, with one process for each queue. An idle workspace should cost nothing"
    ratios = _ratios(share[MANY], share[FEW])
    return [Result("all periodic tasks", share[MANY], f"{FEW} workspaces", ratios, note), *results]


def _ratios(many: dict[str, float], few: dict[str, float]) -> dict[str, float]:
    return {name: many[name] / few[name] for name in many}


def _of_each_second(tasks: Sequence[PeriodicTask], found: Found) -> dict[str, float]:
    names = found[tasks[0].name]
    return {name: sum(found[task.name][name] / task.every_seconds for task in tasks) for name in names}


async def _took(place: Place, url: str, tasks: Sequence[PeriodicTask]) -> Found:
    """Medians of each task."""
    runs: dict[str, list[dict[str, float]]] = {task.name: [] for task in tasks}
    postgres = postgres_process()
    async with connected_broker(place.redis_url) as broker:
        config = WorkerConfig(url, place.redis_url)
        for _ in range(RUNS):
            for task in tasks:
                context = WorkerContext(task.queue, config, broker, asyncio.Event())
                async with context.closing:
                    before = _processor_ms(postgres)
                    started, own = time.perf_counter(), time.process_time()
                    await task.run(context)
                    took, own = time.perf_counter() - started, time.process_time() - own
                    used = own * 1000 + _processor_ms(postgres) - before
                    runs[task.name].append({"ms": took * 1000, "CPU ms": used})
    return {name: medians(of_task) for name, of_task in runs.items()}


def _processor_ms(postgres: psutil.Process) -> float:
    """What the connections of PostgreSQL have used, by the scheduler's count: other clocks are too coarse for most tasks."""
    used = 0
    for one in postgres.children():
        with suppress(FileNotFoundError):  # it ended
            used += int(Path(f"/proc/{one.pid}/schedstat").read_text().split()[0])
    return used / 1_000_000


# ---------------------------------------------------------------- the workspaces


async def _one_workspace() -> None:
    """With contacts, segments of both kinds, a running workflow and an endpoint; everything that happened is dealt with."""
    scope = await workspaces.create("Idle", timezone="Europe/Madrid")
    contacts = [(await create_contact(scope, {"name": f"Contact {n}", "score": n}))["id"] for n in range(20)]
    rule = {"field": {"field": "score", "operator": "GTE", "value": 10}}
    warm = (await segments.create(scope, SegmentKind.DYNAMIC_PLUS, name="Warm", rule=rule)).segment
    await segments.create(scope, SegmentKind.STATIC, name="Chosen")
    await rebuild.rebuild(scope.workspace_id, warm.id)
    await _run_a_workflow(scope, warm.id)
    await endpoints.create(scope, EndpointSettings("https://example.com/hooks", ["membership.changes"]))
    now = "now() + interval '100 years'"
    await db.execute("DELETE FROM webhook_deliveries; DELETE FROM dirty_contacts; DELETE FROM provider_requests")
    await db.execute(f"UPDATE webhook_endpoints SET status = 'PAUSED', next_attempt_at = {now}")
    assert contacts


async def _run_a_workflow(scope: Scope, segment_id: int) -> None:
    graph: dict[str, Any] = {
        "triggers": [{"key": "entered", "on": {"segmentEntered": segment_id}}],
        "start": "end",
        "nodes": [{"key": "end", "do": {"end": {"outcome": "done"}}}],
    }
    workflow = await drafts.create(scope, "Idle", graph_json=graph)
    shown = await preview(scope, workflow.id, EnrolledContactsPolicy.MOVE, {})
    await publish(scope, workflow.id, Answers(shown.token))
    await activation.activate(scope, workflow.id, Activation())
    while (done := await workflow_batches.process_batch(scope.workspace_id)) is not None and done.more:
        pass


async def _copied_to(number: int) -> None:
    """Copies the first workspace until there are `number`: keys begin with the workspace, so nothing else has to change."""
    first, last = await db.fetch_row("SELECT min(id) AS first, max(id) AS last FROM workspaces") or (0, 0)
    made = last - first
    columns = {row["name"]: row["columns"] for row in await db.fetch(_TABLES)}
    async with db.transaction():
        for table in distribution.parents_first(columns, await distribution.references()):
            key = "id" if table == "workspaces" else "workspace_id"
            await db.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            await db.execute(
                f"INSERT INTO {table} ({key}, {columns[table]}) OVERRIDING SYSTEM VALUE"
                f" SELECT n, {columns[table]} FROM {table} CROSS JOIN generate_series($2::bigint, $3::bigint) AS n"
                f" WHERE {key} = $1",
                first,
                first + made + 1,
                first + number - 1,
            )
            await db.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    await settle()


_TABLES: Final = """
SELECT c.relname::text AS name, string_agg(quote_ident(a.attname), ', ') AS columns
FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' AND a.attgenerated = ''
  AND a.attname <> CASE WHEN c.relname = 'workspaces' THEN 'id' ELSE 'workspace_id' END
  AND (c.relname = 'workspaces'
       OR EXISTS (SELECT 1 FROM pg_attribute AS w WHERE w.attrelid = c.oid AND w.attname = 'workspace_id' AND NOT w.attisdropped))
GROUP BY c.relname
"""
