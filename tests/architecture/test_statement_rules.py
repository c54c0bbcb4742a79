"""The rules themselves: each names what breaks it, and lets pass what keeps it."""

import asyncpg
import pytest

from models import db
from models.db.tables import Job
from tests.kit.statements import sent
from tests.kit.statements.at_nodes import unfit_for_nodes
from tests.kit.statements.functions import broken_in_schema
from tests.kit.statements.rules import broken_rules
from tests.kit.statements.tables import tenant_tables

TABLES = frozenset({"contacts", "segments", "memberships", "workspaces"})

_JOINED = (
    "FROM contacts c LEFT JOIN memberships m ON m.workspace_id = $1 AND m.contact_id = c.id WHERE c.workspace_id = $1"
)
_MEMBERS = "SELECT 1 FROM memberships m WHERE m.workspace_id = $1 AND m.contact_id = c.id"

BROKEN = {
    "SELECT 1 FROM contacts WHERE id = $1": "contacts without a workspace",
    "SELECT 1 FROM contacts WHERE workspace_id = $1 OR id = $2": "contacts without a workspace",
    "SELECT 1 FROM contacts WHERE workspace_id = ANY ($1)": "contacts without a workspace",
    "SELECT 1 FROM contacts WHERE workspace_id > $1": "contacts without a workspace",
    "SELECT 1 FROM contacts c JOIN memberships m ON m.workspace_id = c.workspace_id WHERE c.workspace_id = $1": "memberships",
    "SELECT 1 FROM contacts c JOIN memberships m USING (workspace_id) WHERE c.workspace_id = $1": "memberships without",
    "SELECT 1 FROM contacts c LEFT JOIN memberships m ON m.contact_id = c.id WHERE c.workspace_id = $1": "memberships without",
    "SELECT 1 FROM contacts WHERE workspace_id = $1 AND EXISTS (SELECT 1 FROM memberships m)": "memberships without",
    "SELECT 1 FROM contacts c WHERE c.workspace_id = $1 UNION SELECT 1 FROM segments": "segments without a workspace",
    "SELECT (SELECT max(id) FROM segments) FROM contacts WHERE workspace_id = $1": "segments without a workspace",
    "SELECT 1 FROM contacts c, LATERAL (SELECT 1 FROM segments) AS s WHERE c.workspace_id = $1": "segments without a workspace",
    "SELECT 1 FROM contacts c JOIN memberships m ON m.workspace_id = $2 WHERE c.workspace_id = $1": "several workspaces",
    "SELECT 1 FROM workspaces WHERE name = $1": "workspaces without a workspace",
    "WITH w AS (SELECT $1::bigint AS id) SELECT 1 FROM w JOIN contacts c ON c.workspace_id = w.id": "contacts without",
    "UPDATE contacts SET name = $2 WHERE id = $1": "contacts without a workspace",
    "UPDATE contacts c SET name = m.x FROM memberships m WHERE c.workspace_id = $1": "memberships without a workspace",
    "DELETE FROM contacts": "contacts without a workspace",
    "DELETE FROM contacts c USING memberships m WHERE c.workspace_id = $1 AND m.contact_id = c.id": "memberships without",
    "INSERT INTO contacts (id) VALUES ($1)": "contacts without the column workspace_id",
    "INSERT INTO contacts SELECT $1, $2": "contacts without the column workspace_id",
    "WITH gone AS (DELETE FROM memberships RETURNING 1) SELECT count(*) FROM gone": "memberships without a workspace",
    "UPDATE contacts SET name = CASE id WHEN 1 THEN 'a' END WHERE workspace_id = $1": "simple CASE",
    "WITH n AS (SELECT CASE $2 WHEN 1 THEN 2 END AS x) DELETE FROM contacts USING n WHERE workspace_id = $1": "simple CASE",
    "UPDATE contacts SET at = clock_timestamp() WHERE workspace_id = $1": "clock_timestamp()",
    "UPDATE contacts SET at = coalesce(at, now()) WHERE workspace_id = $1": "now()",
    "UPDATE contacts SET at = CURRENT_TIMESTAMP WHERE workspace_id = $1": "the present time",
    "DELETE FROM contacts WHERE workspace_id = $1 AND at < now()": "now()",
    "INSERT INTO contacts (workspace_id, id) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET at = now()": "now()",
    "UPDATE contacts SET id = nextval('ids') WHERE workspace_id = $1": "nextval()",
    "UPDATE contacts SET a = a || jsonb_build_object('x', id) WHERE workspace_id = $1": "jsonb_build_object()",
    "UPDATE contacts SET at = at - $2::interval WHERE workspace_id = $1": "an interval",
    "UPDATE contacts SET at = at - interval '1 day' WHERE workspace_id = $1": "an interval",
    "UPDATE contacts SET at = CASE WHEN a THEN b::timestamptz END WHERE workspace_id = $1": "timestamptz in CASE",
    "WITH s AS (SELECT 1 FROM segments FOR UPDATE) DELETE FROM contacts WHERE workspace_id = $1": "FOR UPDATE in a CTE",
    "INSERT INTO contacts (workspace_id) VALUES ($1) RETURNING EXISTS (SELECT 1)": "a subquery in an INSERT",
    f"INSERT INTO segments (workspace_id) SELECT $1 {_JOINED}": "joined by constants",
    f"INSERT INTO segments (workspace_id) SELECT $1 FROM (SELECT 1 {_JOINED}) AS x": "joined by constants",
    f"INSERT INTO segments (workspace_id, a) SELECT $1, ({_MEMBERS}) FROM contacts WHERE workspace_id = $1": "among the values",
    f"INSERT INTO segments (workspace_id) SELECT $1 FROM unnest($2::bigint[]) AS c (id) WHERE EXISTS ({_MEMBERS})": "a function",
    "UPDATE contacts SET path = n.path::bigint[] FROM unnest($2::text[]) AS n (path) WHERE workspace_id = $1": "to an array",
    "SELECT set_config('muster.members', 'logged', true)": "set_config()",
    "SET LOCAL lock_timeout = '5s'; SET muster.capture = 'off'": "SET muster.capture without LOCAL",
    "/* all workspaces */ DELETE FROM contacts": "a plain read",
    "/* all workspaces */ SELECT id FROM contacts FOR UPDATE SKIP LOCKED": "a plain read",
    "/* all workspaces */ SELECT id FROM contacts WHERE workspace_id = $1": "is for one",
    "/* all workspaces */ WITH RECURSIVE r AS (SELECT 1 FROM contacts UNION SELECT 1 FROM r) SELECT 1 FROM r": "recursive",
}  # fmt: skip

KEPT = (
    "SET LOCAL lock_timeout = '5s'; SET LOCAL muster.members = 'logged'",
    "SELECT 1 FROM contacts c JOIN memberships m ON m.workspace_id = $1 AND m.contact_id = c.id WHERE c.workspace_id = $1",
    "SELECT 1 FROM contacts WHERE (workspace_id, id) = ($1, $2)",
    "SELECT 1 FROM contacts WHERE 7 = workspace_id",
    "SELECT 1 FROM workspaces w LEFT JOIN segments s ON s.workspace_id = $1 WHERE w.id = $1",
    'SELECT "id" FROM "segments" WHERE "workspace_id"=$1 AND "id"=$2 FOR NO KEY UPDATE',
    "WITH contacts AS (SELECT 1 AS id) SELECT id FROM contacts",
    "WITH n AS (SELECT 1 FROM contacts WHERE workspace_id = $1::bigint) UPDATE contacts SET a = 1 FROM n WHERE workspace_id = $1",
    "UPDATE contacts SET at = $2, name = CASE WHEN id = 1 THEN 'a' ELSE name END WHERE workspace_id = $1",
    "UPDATE contacts SET at = coalesce($2::timestamptz, at) WHERE workspace_id = $1",
    "UPDATE contacts SET a = 1 WHERE workspace_id = $1 AND id IN (SELECT id FROM contacts WHERE workspace_id = $1 FOR UPDATE)",
    "INSERT INTO contacts (workspace_id, id, at) SELECT $1, id, now() FROM unnest($2::bigint[]) AS id ON CONFLICT DO NOTHING",
    f"INSERT INTO segments (workspace_id) SELECT $1 {_JOINED} AND m.workspace_id = c.workspace_id",
    f"INSERT INTO segments (workspace_id) SELECT $1 FROM contacts c WHERE workspace_id = $1 AND EXISTS ({_MEMBERS})",
    f"INSERT INTO segments (workspace_id, id) SELECT $1, 7 {_JOINED}",
    f"WITH x AS (SELECT 1 {_JOINED}) INSERT INTO segments (workspace_id) SELECT $1 FROM x",
    "INSERT INTO workspaces (name) VALUES ($1) RETURNING id",
    "SELECT CASE id WHEN 1 THEN 2 END, now() - interval '1 day' FROM contacts WHERE workspace_id = $1",
    "WITH old AS (DELETE FROM sign_in_attempts WHERE key IN (SELECT key FROM sign_in_attempts FOR UPDATE)) SELECT now()",
    "/* all workspaces */ SELECT DISTINCT workspace_id FROM contacts WHERE at < $1",
    "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))",
)


FIT = [
    "SELECT 1 FROM contacts c WHERE c.workspace_id = $1",
    "WITH pg_x AS (SELECT 1) SELECT 1 FROM pg_x",
    "BEGIN",
]
UNFIT = {
    "UPDATE contacts SET name = $2 WHERE workspace_id = $1": "UpdateStmt goes to a node",
    "WITH gone AS (DELETE FROM contacts RETURNING 1) SELECT 1 FROM gone": "DeleteStmt goes to a node",
    "SELECT 1 FROM contacts WHERE workspace_id = $1 FOR UPDATE": "locks",
    "SELECT nextval('contacts_id_seq')": "nextval()",
    "SELECT pg_try_advisory_xact_lock(1)": "pg_try_advisory_xact_lock()",
    "SELECT 1 FROM old_api_tokens WHERE secret_hash = $1": "old_api_tokens is on the coordinator alone",
    "SELECT reltuples FROM pg_class": "pg_class of the coordinator",
    "SET LOCAL jit = off": "VariableSetStmt goes to a node",
}


def test_what_cannot_go_to_a_node_is_named() -> None:
    assert [unfit_for_nodes(sql) for sql in FIT] == [[]] * len(FIT)
    for sql, named in UNFIT.items():
        assert any(named in text for text in unfit_for_nodes(sql)), (sql, unfit_for_nodes(sql))


@pytest.mark.parametrize(("sql", "named"), BROKEN.items(), ids=[f"broken-{n}" for n in range(len(BROKEN))])
def test_what_breaks_a_rule_is_named(sql: str, named: str) -> None:
    assert any(named in text for text in broken_rules(sql, TABLES)), broken_rules(sql, TABLES)


def test_what_keeps_the_rules_passes() -> None:
    assert {sql: broken_rules(sql, TABLES) for sql in KEPT} == {sql: [] for sql in KEPT}


FUNCTION = "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {} RETURN NULL; END $$;"

IN_FUNCTIONS = {
    "PERFORM pg_advisory_xact_lock(1);": "advisory lock",
    "IF TG_TABLE_NAME = 'contacts' THEN NULL; END IF;": "TG_TABLE_NAME",
    "PERFORM set_config('a', 'b', true);": "set_config()",
    "UPDATE segments SET a = 1 WHERE id = NEW.id;": "segments without a workspace",
    "UPDATE segments SET a = jsonb_build_array(a) WHERE workspace_id = NEW.workspace_id;": "jsonb_build_array()",
    "INSERT INTO segments (workspace_id) SELECT NEW.workspace_id;": "INSERT .. SELECT",
    "NEW.id := nextval('ids');": "nextval()",
}


@pytest.mark.parametrize(("body", "named"), IN_FUNCTIONS.items(), ids=[f"in-{n}" for n in range(len(IN_FUNCTIONS))])
def test_what_breaks_a_rule_in_a_function_is_named(body: str, named: str) -> None:
    found = broken_in_schema(FUNCTION.format(body), TABLES)
    assert any(named in text for text in found["f"]), found


def test_triggers_that_wait_for_the_commit_are_named_and_good_ones_pass() -> None:
    trigger = "CREATE CONSTRAINT TRIGGER t AFTER INSERT ON contacts {} FOR EACH ROW EXECUTE FUNCTION f();"
    good = FUNCTION.format("INSERT INTO segments (workspace_id, at) VALUES (NEW.workspace_id, clock_timestamp());")
    assert "deferred" in broken_in_schema(trigger.format("DEFERRABLE INITIALLY DEFERRED"), TABLES)["t"][0]
    assert broken_in_schema(trigger.format("") + good, TABLES) == {}


async def test_what_the_product_sends_is_looked_at(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = sent.shapes_seen()
    await db.fetch("SELECT 1 FROM contacts WHERE name = 'of a test'")
    assert sent.broken() == []
    assert sent.shapes_seen() == seen
    monkeypatch.setattr(sent, "_ROOMS", (str(sent._ROOT),))  # as if this file were one of the product
    await db.fetch("SELECT 1 AS one_of_a_kind FROM contacts WHERE name = 'of the product'")
    await db.execute("UPDATE contacts SET name = 'of the product', score = 7")
    await Job.filter(id=9).exists()
    broken = sent.broken()
    assert [text.split(":")[0] for text in broken] == ["tests/architecture/test_statement_rules.py"] * 3
    assert "contacts without a workspace" in broken[0]
    assert "contacts without a workspace" in broken[1]
    assert "jobs without a workspace" in broken[2]
    assert sent.shapes_seen() == seen + 3


async def test_a_setting_that_stays_on_a_connection_of_the_pool_is_named_also_in_a_test(database: str) -> None:
    async with db.transaction():
        await db.execute("SET LOCAL muster.capture = 'off'")
        assert sent.broken() == []
        await db.execute("SET muster.capture = ''")
    assert ["SET muster.capture without LOCAL" in text for text in sent.broken()] == [True]
    connection = await asyncpg.connect(database)  # nobody else's
    await connection.execute("SET muster.capture = 'off'")
    await connection.close()
    assert sent.broken() == []


async def test_a_row_of_the_orm_is_written_within_its_workspace(database: str) -> None:
    """Ids are unique in the installation, but a distributed database finds a row by its workspace first."""
    sent.broken()
    job = await Job.create(workspace_id=7, kind="IMPORT", status="QUEUED")
    before = job.updated_at
    job.status, job.done = "RUNNING", 5
    await job.save(update_fields=["status", "updated_at"])
    row = await db.fetch_row("SELECT * FROM jobs WHERE workspace_id = 7 AND id = $1", job.id)
    assert (row["status"], row["done"]) == ("RUNNING", 0)
    assert row["updated_at"] == job.updated_at > before
    await job.save()
    assert await db.fetch_value("SELECT done FROM jobs WHERE id = $1", job.id) == 5
    other = await Job.get(workspace_id=7, id=job.id)
    other.workspace_id = 8
    with pytest.raises(Exception, match="gone"):
        await other.save()
    await job.delete()
    assert await db.fetch_value("SELECT count(*) FROM jobs") == 0


def test_every_table_of_the_orm_writes_rows_within_their_workspaces() -> None:
    from models.db import tables
    from models.db.tables.base import TenantRow

    listed = [getattr(tables, name) for name in tables.__all__]
    assert {model.__name__ for model in listed if not issubclass(model, TenantRow)} == {"Workspace"}
    assert {model._meta.db_table for model in listed} <= tenant_tables()
