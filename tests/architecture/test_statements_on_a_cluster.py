"""A cluster of PostgreSQL servers takes each statement of the source. Values are made up, so most statements find nothing."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import asyncpg

from models import db
from tests.kit.cluster import on_a_cluster
from tests.kit.statements import exceptions
from tests.kit.statements.source import Statement, read
from tests.kit.statements.tree import queries

VALUES: dict[str, Any] = {
    **dict.fromkeys(("int2", "int4", "int8", "float4", "float8", "numeric"), 1),
    **dict.fromkeys(("text", "varchar", "name"), "x"),
    **dict.fromkeys(("json", "jsonb"), "{}"),
    "jsonpath": "$",
    "bool": True,
    "bytea": b"x",
    "date": date(2026, 1, 1),
    "timestamptz": datetime(2026, 1, 1, tzinfo=UTC),
    "interval": timedelta(days=1),
}

OF_ITS_OWN = frozenset({"42P01", "42P18"})
"""It reads a temporary table, or is a part of another statement."""


@on_a_cluster
async def test_a_cluster_takes_each_statement_of_the_source(database: str) -> None:
    await db.execute("INSERT INTO workspaces (id, name) VALUES (1, 'Anybody')")
    statements = {one.sql: one for one in read().statements if one.file.startswith("models/") and queries(one.sql)}
    connection = await asyncpg.connect(database)
    try:
        found = [(one, await refusal(connection, one)) for one in statements.values()]
    finally:
        await connection.close()
    refused = [f"{one.where}: {why}" for one, why in found if why and one.file not in exceptions.NOT_YET]
    assert not refused, "\n" + "\n".join(refused)
    assert len(found) > 700


async def refusal(connection: asyncpg.Connection, one: Statement) -> str | None:
    """What a cluster has against the statement. That rows are missing, or values are impossible, is nothing."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        prepared = await connection.prepare(one.sql)
        await prepared.fetch(*[value_of(kind) for kind in prepared.get_parameters()])
    except asyncpg.PostgresError as error:
        passes = error.sqlstate[:2] in ("22", "23") or error.sqlstate in OF_ITS_OWN or "violates" in str(error)
        return None if passes else str(error)
    finally:
        await transaction.rollback()
    return None


def value_of(kind: asyncpg.Type) -> Any:
    return [VALUES[kind.name.removesuffix("[]")]] if kind.name.endswith("[]") else VALUES[kind.name]
