"""The tables of a cluster: a workspace's rows lie together on one node, whatever a migration adds."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from models import db
from models.db import distribution, migrations
from models.db.distribution import parents_first, written_by_triggers
from tests.kit.catalogue import catalogue, differences
from tests.kit.cluster import Database, on_a_cluster, on_node, run, workers
from tests.kit.servers import Servers, bare_database, with_database


def test_a_table_comes_after_those_that_it_refers_to() -> None:
    references = [("lines", "orders"), ("orders", "customers"), ("customers", "workspaces"), ("elsewhere", "lines")]
    tables = {"lines", "orders", "customers", "workspaces", "alone"}
    order = parents_first(tables, references)
    assert set(order) == tables
    assert order[0] == "workspaces"
    assert order.index("customers") < order.index("orders") < order.index("lines")
    assert parents_first({"lines"}, references) == ["lines"], "its parents are distributed already"
    tables, triggers = {"alone", "log", "workspaces"}, {"alone", "workspaces"}
    order = parents_first(tables, written_by_triggers(tables, [("log", "workspaces")], triggers))
    assert order == ["workspaces", "log", "alone"], "a trigger of a table may write into the log"


def test_a_migration_is_divided_into_its_statements() -> None:
    function = "CREATE FUNCTION f() RETURNS text AS $body$ BEGIN; RETURN $$;$$; END $body$;"
    parts = [
        "-- one; not two\nSELECT ';' AS \"a;b\", 'it''s; ';",
        f"\n{function}",
        "\nSET LOCAL muster.capture = 'off';",
        " SELECT 2",
    ]
    assert migrations.statements("".join(parts)) == parts
    assert migrations.statements("SELECT 1;\n-- the end\n") == ["SELECT 1;"]


def test_every_migration_ends_its_statements_outside_of_functions() -> None:
    for path in migrations.migrations():
        for statement in migrations.statements(path.read_text()):
            assert statement.count("$$") % 2 == 0, path.name


async def test_nothing_is_left_to_distribute(database: str) -> None:
    assert await distribution.undistributed() == []
    assert await migrations.pending() == []
    assert await migrations.migrate() == []


# ---------------------------------------------------------------- in a cluster


@pytest.fixture
async def at_another(connected_database: str, another_database: str) -> AsyncIterator[str]:
    """The pool is connected to a distributed database of the test's own. Tables that the test adds are taken away."""
    await db.disconnect()
    await db.connect(another_database, pool_max=4)
    yield another_database
    for statement in (
        "DROP TABLE IF EXISTS notes",
        "DROP TABLE IF EXISTS papers",
        "ALTER TABLE contacts DROP COLUMN IF EXISTS motto",
        "DELETE FROM schema_migrations WHERE name LIKE '99%'",
    ):
        await db.execute(statement)
    await db.disconnect()
    await db.connect(connected_database, pool_max=10)


@pytest.fixture
def later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with today's migrations, in which a test can write more."""
    for path in migrations.migrations():
        (tmp_path / path.name).symlink_to(path)
    monkeypatch.setattr(migrations, "FOLDER", tmp_path)
    return tmp_path


async def distributed() -> set[str]:
    rows = await db.fetch("SELECT logicalrelid::text AS name FROM pg_dist_partition WHERE partmethod = 'h'")
    return {row["name"] for row in rows}


KEYS = """
    SELECT conrelid::regclass || pg_get_constraintdef(oid) FROM pg_constraint
    WHERE contype = 'f' AND connamespace = 'public'::regnamespace
"""


@on_a_cluster
async def test_all_tables_of_tenants_lie_together_with_all_their_keys(database: str, servers: Servers) -> None:
    names = {row["tablename"] for row in await db.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}
    assert names - await distributed() == distribution.LOCAL.keys()
    groups = await db.fetch("SELECT DISTINCT colocationid FROM pg_dist_partition WHERE partmethod = 'h'")
    assert len(groups) == 1
    async with bare_database(servers) as url:
        connection = await asyncpg.connect(url)
        await connection.execute((Path(migrations.__file__).parents[1] / "schema.sql").read_text())
        on_one_server = {row[0] for row in await connection.fetch(KEYS)}
        await connection.close()
    assert {row[0] for row in await db.fetch(KEYS)} == on_one_server
    per_shard = await db.fetch_value("SELECT count(*) FROM pg_dist_shard WHERE logicalrelid = 'workspaces'::regclass")
    placed = 0
    for host, port in workers():
        worker = await asyncpg.connect(on_node(database, host, port))
        await worker.execute("SET citus.override_table_visibility = off")
        placed += await worker.fetchval(
            "SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND conrelid::regclass::text ~ '_[0-9]{6,}$'"
        )
        await worker.close()
    assert placed == per_shard * len(on_one_server)


NOTES = """
ALTER TABLE contacts ADD COLUMN motto text;
SET LOCAL muster.capture = 'off'; -- nobody reads it
UPDATE contacts SET motto = 'none';
SET LOCAL muster.capture TO DEFAULT;
CREATE TABLE papers (
    workspace_id bigint NOT NULL,
    id bigint GENERATED BY DEFAULT AS IDENTITY,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id) REFERENCES workspaces (id) ON DELETE CASCADE
);
CREATE TABLE notes (
    workspace_id bigint NOT NULL,
    id bigint GENERATED BY DEFAULT AS IDENTITY,
    contact_id bigint NOT NULL,
    paper_id bigint,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, contact_id) REFERENCES contacts (workspace_id, id) ON DELETE CASCADE,
    FOREIGN KEY (workspace_id, paper_id) REFERENCES papers (workspace_id, id)
);
CREATE INDEX contacts_motto_idx ON contacts (workspace_id, motto);
"""


@on_a_cluster
async def test_a_later_migration_changes_and_adds_tables_with_rows(at_another: str, later: Path) -> None:
    await db.execute("INSERT INTO workspaces (id, name) VALUES (1, 'A'), (2, 'B')")
    await db.execute("INSERT INTO contacts (workspace_id, id, name) VALUES (1, 1, 'a'), (2, 1, 'b')")
    marked = await db.fetch_value("SELECT count(*) FROM dirty_contacts")
    (later / "9900_notes.sql").write_text(NOTES)
    assert await migrations.migrate() == ["9900_notes", "distribution of papers", "distribution of notes"]
    assert await migrations.migrate() == []
    assert {"notes", "papers"} < await distributed()
    assert await db.fetch_value("SELECT count(*) FROM contacts WHERE motto = 'none'") == 2
    assert await db.fetch_value("SELECT count(*) FROM dirty_contacts") == marked, "the setting reached the other nodes"
    await db.execute("INSERT INTO notes (workspace_id, contact_id) VALUES (2, 1)")
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await db.execute("INSERT INTO notes (workspace_id, contact_id) VALUES (2, 3)")
    await db.execute("DELETE FROM contacts WHERE workspace_id = 2 AND id = 1")
    assert await db.fetch_value("SELECT count(*) FROM notes") == 0


@on_a_cluster
async def test_what_stopped_halfway_is_mended_by_the_next_run(at_another: str, later: Path) -> None:
    path = later / "9900_notes.sql"
    path.write_text(NOTES + "SELECT 1 / 0;")
    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrations.migrate()
    assert await db.fetch_value("SELECT count(*) FROM pg_attribute WHERE attname = 'motto'") == 0
    for host, port in workers():
        worker = await asyncpg.connect(on_node(at_another, host, port))
        assert await worker.fetchval("SELECT count(*) FROM pg_attribute WHERE attname = 'motto'") == 0, "nor elsewhere"
        await worker.close()

    path.write_text(
        NOTES + "CREATE UNIQUE INDEX notes_paper_idx ON notes (paper_id);"
    )  # such an index cannot be distributed
    with pytest.raises(asyncpg.PostgresError, match="cannot create constraint"):
        await migrations.migrate()
    assert await migrations.pending() == ["distribution of notes"], "papers is distributed already"
    await db.execute("INSERT INTO papers (workspace_id) SELECT 1 WHERE false")
    await db.execute("DROP INDEX notes_paper_idx")
    assert await migrations.migrate() == ["distribution of notes"]
    assert await migrations.pending() == []


ROWS = """
    INSERT INTO workspaces (id, name) VALUES (1, 'A'), (2, 'B');
    INSERT INTO contacts (workspace_id, id, name) SELECT w, n, 'x' FROM generate_series(1, 2) w, generate_series(1, 50) n;
    INSERT INTO segments (workspace_id, name, kind) SELECT w, 'S', 'STATIC' FROM generate_series(1, 2) w;
    INSERT INTO memberships (workspace_id, segment_id, contact_id, origin)
        SELECT s.workspace_id, s.id, n, 'MANUAL' FROM segments s, generate_series(1, 5) n;
    INSERT INTO activities (workspace_id, contact_id, kind, occurred_at)
        SELECT w, n, 'visit', now() FROM generate_series(1, 2) w, generate_series(1, 9) n;
"""


async def sums(connection: asyncpg.Connection) -> dict[str, tuple[int, int]]:
    """By table, how many rows it has and a sum of what they say. A moved rule counts as written again, which changes nothing."""
    tables = await connection.fetch("SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'")
    return {
        row["name"]: tuple(
            await connection.fetchrow(
                f"SELECT count(*), coalesce(sum(hashtext(to_jsonb(t)::text)::bigint), 0) FROM {row['name']} t"
            )
        )
        for row in tables
        if row["name"] != "captured_rules"
    }


@on_a_cluster
async def test_one_server_with_rows_becomes_a_cluster(connected_database: str, servers: Servers) -> None:
    async with bare_database(servers) as url:
        database = Database(url, tuple(on_node(url, host, port) for host, port in workers()))
        await db.disconnect()
        await db.connect(url, pool_max=2)
        try:
            await migrations.migrate()
            connection = await asyncpg.connect(url)
            await connection.execute(ROWS)
            before = await sums(connection)
            assert before["dirty_contacts"][0] > 0
            await db.disconnect()
            await database.make(servers.postgres_url, exists=True)
            await db.connect(url, pool_max=2)
            done = await migrations.migrate()
            assert len(done) == len(await distributed()) > 0
            assert await sums(connection) == before
            local = "SELECT sum(pg_relation_size(logicalrelid)) FROM pg_dist_partition"
            assert await connection.fetchval(local) == 0, "the coordinator holds them no more"
            await connection.close()
        finally:
            await db.disconnect()
            await database.drop(servers.postgres_url)
            await db.connect(connected_database, pool_max=10)


@on_a_cluster
async def test_processes_of_the_tests_make_their_databases_at_once(servers: Servers) -> None:
    beside = servers.postgres_url
    urls = [with_database(beside, f"muster_test_{os.getpid()}_at_once_{number}") for number in range(3)]
    made = [Database(url, tuple(on_node(url, host, port) for host, port in workers())) for url in urls]
    try:
        for _ in range(3):
            await asyncio.gather(*(database.make(beside) for database in made))
            await asyncio.gather(*(database.drop(beside) for database in made))
    finally:
        await asyncio.gather(*(database.drop(beside) for database in made))


@pytest.fixture
async def of_an_ordinary_role(servers: Servers) -> AsyncIterator[str]:
    """The URL of an empty database on all nodes, for a role that is no superuser and owns the database."""
    role = f"muster_test_{os.getpid()}_owner"
    beside = servers.postgres_url
    name = f"muster_test_{os.getpid()}_owned"
    url = with_database(beside, name)
    database = Database(url, tuple(on_node(url, host, port) for host, port in workers()))
    await run(beside, f"CREATE ROLE {role} LOGIN")  # Citus makes it on the other nodes
    await database.make(beside)
    for node in (database.url, *database.nodes):
        await run(node, f"SET citus.enable_metadata_sync = off; ALTER DATABASE {name} OWNER TO {role}")
    account = url.split("//")[1].split("@")[0]
    yield url.replace(f"//{account}@", f"//{role}@")
    await database.drop(beside)
    await run(beside, f"DROP ROLE {role}")


@on_a_cluster
async def test_an_ordinary_role_migrates(connected_database: str, of_an_ordinary_role: str) -> None:
    await db.disconnect()
    try:
        await db.connect(of_an_ordinary_role, pool_max=4)
        assert not await db.fetch_value("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        done = await migrations.migrate()
        assert len([name for name in done if name.startswith("distribution of ")]) == len(await distributed())
        assert await migrations.migrate() == []
        owned = await asyncpg.connect(of_an_ordinary_role)
        here = await catalogue(owned)
        await owned.close()
    finally:
        await db.disconnect()
        await db.connect(connected_database, pool_max=10)
    usual = await asyncpg.connect(connected_database)
    assert differences(here, await catalogue(usual)) == []
    await usual.close()
