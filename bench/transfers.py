"""Imports and exports by a worker, beside what PostgreSQL needs for the same rows.

The peers: a COPY of stored values into the same table with its indexes; a COPY into a staging table and an INSERT .. ON
CONFLICT DO UPDATE; a COPY of the columns to a file. Nothing is captured."""

import asyncio
import csv
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import psutil

from bench.environment import DATA, Place, cpu_seconds, process, settle
from bench.table import Result, medians
from models import db
from models.accounts import workspaces
from models.contacts import fields as contact_fields
from models.queue import jobs
from models.queue.jobs import Job
from models.rules.tree import FieldType
from models.transfers import files
from models.transfers.exports import export_file
from models.transfers.exports.export_file import Format
from models.transfers.exports.start import start_export
from models.transfers.imports import start, uploads
from models.transfers.imports.mapping import Column, Options
from models.transfers.imports.run import counts_of
from permissions.principal import SYSTEM, Scope
from workers.broker import connected_broker
from workers.storage import open_storage

TITLE = "Imports and exports (thousands of rows a second)"

CUSTOM = ("city", "age", "plan")
HEADER = ("external_id", "name", "email", "phone", "date_of_birth", "subscribed_at", "tags", *CUSTOM)
COLUMNS = tuple(Column(name, f"attributes.{name}" if name in CUSTOM else name) for name in HEADER)
STORED = [
    "workspace_id",
    "external_id",
    "name",
    "email",
    "phone",
    "date_of_birth",
    "subscribed_at",
    "tags",
    "attributes",
]


async def measure(place: Place) -> list[Result]:
    name = f"transfers_{place.contacts}"
    await place.drop(name)
    url, _ = await place.database(name)
    files.use(open_storage(DATA / "run" / "files", DATA / "run" / "scratch"))
    scope = await _workspace()
    written = [_write(place.contacts, town) for town in ("Madrid", "Sevilla", "Vigo")]
    with process(["-m", "muster", "worker", "--queue", "bulk"], place.environment(url), None, "bulk.log") as worker:
        await asyncio.sleep(5)
        bench = Bench(url, scope, worker, place.contacts, written)
        async with connected_broker(place.redis_url):
            rounds = [await bench.round() for _ in range(place.rounds)]
    await db.disconnect()
    return _results(rounds)


def _results(rounds: list[dict[str, dict[str, float]]]) -> list[Result]:
    of = {name: medians([one[name] for one in rounds]) for name in rounds[0]}
    beside = {
        "import, all new": ("COPY alone", "goal: 0.3 x"),
        "import, all changed": ("upsert alone", "goal: 0.3 x"),
        "import, nothing changed": ("upsert alone", "goal: 2 x"),
        "export": ("COPY TO alone", "goal: 0.5 x"),
    }
    results = []
    for name, figures in of.items():
        peer, goal = beside.get(name, (None, ""))
        ratios = {"rows": figures["rows"] / of[peer]["rows"]} if peer else {}
        results.append(Result(name, figures, peer, ratios, goal))
    return results


async def _workspace() -> Scope:
    scope = await workspaces.create("Transfers", timezone="Europe/Madrid", default_country="ES")
    await contact_fields.create(scope, key="city", label="City", kind=FieldType.TEXT)
    await contact_fields.create(scope, key="age", label="Age", kind=FieldType.NUMBER)
    await contact_fields.create(scope, key="plan", label="Plan", kind=FieldType.CHOICE, choices=["gold", "silver"])
    return Scope(scope.workspace_id, SYSTEM, timezone="Europe/Madrid", default_country="ES")


def _each_person(count: int, town: str) -> Iterator[list[str]]:
    """Every second phone number is without its country."""
    for n in range(count):
        phone = f"+34 6{n % 100_000_000:08d}" if n % 2 else f"6{n % 100_000_000:08d}"[:9]
        day = f"{1960 + n % 40}-{1 + n % 12:02}-{1 + n % 28:02}"
        since = f"2024-{1 + n % 12:02}-{1 + n % 28:02}T10:00:00Z"
        tags = "vip;newsletter" if n % 3 else "new"
        custom = (f"{town} {n % 500}", str(20 + n % 60), "gold" if n % 4 else "silver")
        yield [f"ext-{n}", f"Ana Surname{n}", f"user{n}@example{n % 50}.com", phone, day, since, tags, *custom]


def _write(count: int, town: str) -> tuple[Path, Path]:
    """The file for an import, and the same rows as stored."""
    ours, theirs = DATA / f"people-{count}-{town}.csv", DATA / f"people-{count}-{town}-stored.csv"
    if ours.exists() and theirs.exists():
        return ours, theirs
    with ours.open("w", newline="") as one, theirs.open("w", newline="") as other:
        as_sent, as_stored = csv.writer(one), csv.writer(other)
        as_sent.writerow(HEADER)
        for row in _each_person(count, town):
            as_sent.writerow(row)
            phone = row[3].replace(" ", "") if row[3].startswith("+") else f"+34{row[3]}"
            tags = "{" + row[6].replace(";", ",") + "}"
            attributes = f'{{"city": "{row[7]}", "age": {row[8]}, "plan": "{row[9]}"}}'
            as_stored.writerow([1, *row[:3], phone, *row[4:6], tags, attributes])
    return ours, theirs


class Bench:
    """One worker, and one workspace with the same people in three towns."""

    def __init__(
        self,
        url: str,
        scope: Scope,
        worker: psutil.Process,
        count: int,
        written: list[tuple[Path, Path]],
    ) -> None:
        self.url, self.scope, self.worker, self.count = url, scope, worker, count
        self.first, self.second, self.third = written
        self.figures: dict[str, dict[str, float]] = {}

    async def round(self) -> dict[str, dict[str, float]]:
        """Both of a pair begin with the same state."""
        await self._empty()
        await self._note("COPY alone", self._timed(lambda: self._copy_in("contacts", self.first[1])))
        await self._empty()
        await self._note("import, all new", self._import(self.first[0], "created"))
        await self._rest()
        await self._note("import, nothing changed", self._import(self.first[0], "unchanged"))
        await self._note("COPY TO alone", self._timed(self._copy_out))
        await self._note("export", self._export())
        await self._note("import, all changed", self._import(self.second[0], "updated"))
        await self._rest()
        await self._note("upsert alone", self._timed(lambda: self._upsert(self.third[1])))
        return dict(self.figures)

    async def _note(self, name: str, measured: Awaitable[dict[str, float]]) -> None:
        """Shown at once: a round takes minutes."""
        self.figures[name] = await measured
        print(f"{name}: {self.figures[name]['rows']:.1f} thousand rows/s", flush=True)

    async def _empty(self) -> None:
        await db.execute(
            "SET LOCAL muster.capture = 'off'; SET LOCAL muster.members = 'logged';"
            " TRUNCATE contacts, activities, memberships, dirty_contacts, import_changes, import_refusals, jobs CASCADE"
        )
        await settle()

    async def _rest(self) -> None:
        await db.execute("TRUNCATE dirty_contacts, import_changes")
        await settle()

    async def _timed(self, work: Callable[[], Awaitable[Any]]) -> dict[str, float]:
        started = time.perf_counter()
        await work()
        return {"rows": self.count / (time.perf_counter() - started) / 1000}

    async def _copy_in(self, table: str, path: Path) -> None:
        async with self._without_muster() as connection:
            await connection.copy_to_table(table, source=path, columns=STORED, format="csv")

    async def _upsert(self, path: Path) -> None:
        names = ", ".join(STORED)
        sets = ", ".join(f"{name} = excluded.{name}" for name in STORED[2:])
        async with self._without_muster() as connection:
            await connection.execute(f"CREATE UNLOGGED TABLE staging AS SELECT {names} FROM contacts LIMIT 0")
            await connection.copy_to_table("staging", source=path, columns=STORED, format="csv")
            await connection.execute(
                f"INSERT INTO contacts ({names}) SELECT * FROM staging"
                f" ON CONFLICT (workspace_id, external_id) DO UPDATE SET {sets}; DROP TABLE staging"
            )

    async def _copy_out(self) -> None:
        sql = f"SELECT {', '.join(STORED[1:])} FROM contacts WHERE workspace_id = {self.scope.workspace_id}"
        async with self._without_muster() as connection:
            await connection.copy_from_query(sql, output=DATA / "raw.csv", format="csv")
        (DATA / "raw.csv").unlink()

    @asynccontextmanager
    async def _without_muster(self) -> AsyncIterator[asyncpg.Connection]:
        """A connection in a transaction that captures no changes."""
        connection = await asyncpg.connect(self.url)
        try:
            async with connection.transaction():
                await connection.execute("SET LOCAL muster.capture = 'off'")
                yield connection
        finally:
            await connection.close()

    async def _import(self, path: Path, outcome: str) -> dict[str, float]:
        row = await uploads.create(self.scope, path.name, None, 1 << 40)
        await uploads.receive(self.scope.workspace_id, row["id"], _blocks(path), 1 << 40)
        job, figures = await self._work(
            lambda: start.from_upload(self.scope, row["id"], Options(COLUMNS, overwrite=True))
        )
        assert counts_of(job.progress)[outcome] == self.count, (job.error, job.progress)
        return figures

    async def _export(self) -> dict[str, float]:
        fields = [column.field for column in COLUMNS]
        job, figures = await self._work(lambda: start_export(self.scope, None, fields, Format.CSV))
        assert job.done == self.count
        await export_file.remove_parts(self.scope.workspace_id, job.id)
        return figures

    async def _work(self, start: Callable[[], Awaitable[Job]]) -> tuple[Job, dict[str, float]]:
        idle, busy = self.worker.memory_info().rss, cpu_seconds(self.worker)
        peak, started = idle, time.perf_counter()
        job = await start()
        while job.finished_at is None:
            await asyncio.sleep(0.05)
            peak = max(peak, self.worker.memory_info().rss)
            job = await jobs.get(self.scope, job.id)
        seconds = time.perf_counter() - started
        return job, {
            "rows": self.count / seconds / 1000,
            "worker MB above idle": (peak - idle) / 2**20,
            "worker CPU us/row": (cpu_seconds(self.worker) - busy) / self.count * 1e6,
        }


async def _blocks(path: Path) -> Any:
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            yield block
