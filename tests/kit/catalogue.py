"""What PostgreSQL's catalogue says of a schema, as text that can be compared line by line."""

import re

import asyncpg

from tests.kit import cluster

_COLUMNS = """
SELECT c.relname || '.' || a.attname AS name,
       concat_ws(' ', format_type(a.atttypid, a.atttypmod), CASE WHEN a.attnotnull THEN 'NOT NULL' END,
                 'identity=' || nullif(a.attidentity::text, ''), 'generated=' || nullif(a.attgenerated::text, ''),
                 'default ' || pg_get_expr(d.adbin, d.adrelid)) AS definition
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
"""
_TABLES = """
SELECT relname AS name,
       concat_ws(' ', relkind::text, (SELECT string_agg(o, ',' ORDER BY o) FROM unnest(reloptions) AS o)) AS definition
FROM pg_class c WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'S', 'v', 'm')
  AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
"""
_CONSTRAINTS = """
SELECT conrelid::regclass || '.' || conname AS name,
       concat_ws(' ', pg_get_constraintdef(oid), CASE WHEN condeferrable THEN 'deferrable' END) AS definition
FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype NOT IN ('n', 't')
"""
_INDEXES = "SELECT indexname AS name, indexdef AS definition FROM pg_indexes WHERE schemaname = 'public'"
_TRIGGERS = """
SELECT tgrelid::regclass || '.' || tgname AS name, pg_get_triggerdef(t.oid) AS definition
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid AND c.relnamespace = 'public'::regnamespace WHERE NOT tgisinternal
"""
_FUNCTIONS = """
SELECT p.oid::regprocedure::text AS name, pg_get_functiondef(p.oid) AS definition FROM pg_proc p
WHERE pronamespace = 'public'::regnamespace
  AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
"""
_EXTENSIONS = "SELECT extname AS name, '' AS definition FROM pg_extension WHERE extname NOT LIKE 'citus%'"

_PARTS = {
    "table": _TABLES,
    "column": _COLUMNS,
    "constraint": _CONSTRAINTS,
    "index": _INDEXES,
    "trigger": _TRIGGERS,
    "function": _FUNCTIONS,
    "extension": _EXTENSIONS,
}


async def catalogue(connection: asyncpg.Connection) -> dict[str, str]:
    """What there is, by "kind name", with its definition. The order of columns and comments do not count."""
    return {
        f"{kind} {row['name']}": _without_comments(row["definition"]) if kind == "function" else row["definition"]
        for kind, query in _PARTS.items()
        for row in await connection.fetch(query)
    }


async def known_rows(database: str, table: str) -> int:
    """How many rows PostgreSQL believes a table to have, with its parts on all nodes of a cluster."""
    return sum([await _known_rows(url, table) for url in cluster.every_node(database)])


async def _known_rows(url: str, table: str) -> int:
    connection = await asyncpg.connect(url, server_settings={"citus.override_table_visibility": "off"})
    try:
        return int(await connection.fetchval(_KNOWN, f"^{table}(_[0-9]+)?$"))
    finally:
        await connection.close()


_KNOWN = "SELECT coalesce(sum(greatest(reltuples, 0)), 0) FROM pg_class WHERE relkind = 'r' AND relname ~ $1"


def _without_comments(source: str) -> str:
    return " ".join(re.sub(r"--[^\n]*", "", source).split())


def differences(one: dict[str, str], other: dict[str, str]) -> list[str]:
    """What only one of two catalogues has, or has otherwise, a line each."""
    return [
        f"{name}: {one.get(name, 'is not there')!r} | {other.get(name, 'is not there')!r}"
        for name in sorted(one.keys() | other.keys())
        if one.get(name) != other.get(name)
    ]
