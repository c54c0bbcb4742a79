"""What PostgreSQL's own catalogue says of our tables: every key begins with the tenant, and the ORM knows the truth."""

import pytest
from tortoise import Tortoise, fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.models import Model

from models import db
from models.db import distribution

NOT_A_TENANTS = {**distribution.LOCAL, distribution.TENANTS: "the tenants themselves"}
"""Tables that belong to no workspace, and why."""


@pytest.fixture
async def tables(database: str) -> list[str]:
    rows = await db.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
    return [row["tablename"] for row in rows]


async def test_each_exception_still_exists(tables: list[str]) -> None:
    assert set(NOT_A_TENANTS) <= set(tables)


async def test_each_tenant_table_begins_with_workspace_id(tables: list[str]) -> None:
    rows = await db.fetch(
        """
        SELECT c.relname AS name, a.attname AS first, format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull AS required
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = 1
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
        """
    )
    wrong = [
        row["name"]
        for row in rows
        if row["name"] not in NOT_A_TENANTS
        and (row["first"], row["type"], row["required"]) != ("workspace_id", "bigint", True)
    ]
    assert not wrong, f"the first column has to be `workspace_id bigint NOT NULL`: {wrong}"


async def test_every_key_begins_with_the_workspace(tables: list[str]) -> None:
    rows = await db.fetch(
        """
        SELECT c.conrelid::regclass::text AS table, c.conname AS name, c.contype::text AS kind, a.attname AS first,
               c.confrelid::regclass::text AS target, target.attname AS target_first
        FROM pg_constraint c
        JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
        LEFT JOIN pg_attribute target ON target.attrelid = c.confrelid AND target.attnum = c.confkey[1]
        WHERE c.connamespace = 'public'::regnamespace AND c.contype IN ('p', 'u', 'f', 'x')
        """
    )
    wrong = []
    for row in rows:
        if row["table"] in NOT_A_TENANTS:
            continue
        to_the_tenant = row["kind"] == "f" and row["target"] == "workspaces"
        good = row["first"] == "workspace_id" and (
            row["kind"] != "f" or to_the_tenant or row["target_first"] == "workspace_id"
        )
        if not good:
            wrong.append(f"{row['table']}.{row['name']}")
    assert not wrong, f"these keys do not begin with workspace_id on both sides: {wrong}"


async def test_every_unique_index_begins_with_the_workspace(tables: list[str]) -> None:
    rows = await db.fetch(
        """
        SELECT i.indrelid::regclass::text AS table, i.indexrelid::regclass::text AS name, a.attname AS first
        FROM pg_index i
        JOIN pg_class c ON c.oid = i.indrelid AND c.relnamespace = 'public'::regnamespace
        LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
        WHERE i.indisunique
        """
    )
    wrong = [row["name"] for row in rows if row["table"] not in NOT_A_TENANTS and row["first"] != "workspace_id"]
    assert not wrong, f"these unique indexes do not begin with workspace_id: {wrong}"


async def test_each_tenant_table_has_a_primary_key(tables: list[str]) -> None:
    rows = await db.fetch(
        """
        SELECT conrelid::regclass::text AS table FROM pg_constraint
        WHERE contype = 'p' AND connamespace = 'public'::regnamespace
        """
    )
    without = set(tables) - {row["table"] for row in rows}
    assert not without, f"these tables have no primary key, and could not be distributed: {sorted(without)}"


# ---------------------------------------------------------------- the ORM


KINDS = {
    fields.BigIntField: {"bigint"},
    fields.IntField: {"integer"},
    fields.SmallIntField: {"smallint"},
    fields.TextField: {"text"},
    fields.BooleanField: {"boolean"},
    fields.DatetimeField: {"timestamp with time zone"},
    fields.DateField: {"date"},
    fields.FloatField: {"double precision"},
    fields.JSONField: {"jsonb", "json"},
    fields.UUIDField: {"uuid"},
    fields.BinaryField: {"bytea"},
    ArrayField: {"text[]", "bigint[]"},
}


def kinds_of(field: fields.Field) -> set[str] | None:  # type: ignore[type-arg]
    for kind in type(field).__mro__:
        if kind in KINDS:
            return KINDS[kind]
    return None


async def columns_of(table: str) -> dict[str, tuple[str, bool]]:
    rows = await db.fetch(
        """
        SELECT attname, format_type(atttypid, atttypmod) AS type, attnotnull FROM pg_attribute
        WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped
        """,
        table,
    )
    return {row["attname"]: (row["type"], row["attnotnull"]) for row in rows}


async def differences(model: type[Model]) -> list[str]:
    table = model._meta.db_table
    columns = await columns_of(table)
    found = []
    for name, field in model._meta.fields_map.items():
        column = model._meta.fields_db_projection.get(name)
        if column is None:
            continue
        if column not in columns:
            found.append(f"{table}.{column}: the model has it, the table does not")
            continue
        kind, required = columns[column]
        expected = kinds_of(field)
        if expected is not None and kind not in expected:
            found.append(f"{table}.{column}: the table says {kind}, the model {type(field).__name__}")
        if field.null == required:
            found.append(
                f"{table}.{column}: the table says {'NOT NULL' if required else 'nullable'}, the model the opposite"
            )
    return found


async def test_the_models_describe_the_tables_as_they_are(database: str) -> None:
    problems = [line for model in Tortoise.apps["models"].values() for line in await differences(model)]
    assert not problems, "\n" + "\n".join(problems)
