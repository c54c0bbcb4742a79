"""SQL as PostgreSQL's own parser reads it: dictionaries, as libpg_query writes them.

A query is a node of what reads or writes tables, such as `SelectStmt`. Its parts are walked without those of queries in it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

import orjson
from pglast.parser import ParseError, parse_sql_json

Node = dict[str, Any]

QUERIES: Final = frozenset({"SelectStmt", "InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"})
MODIFIES: Final = QUERIES - {"SelectStmt"}


@dataclass(frozen=True, slots=True)
class Query:
    """`ctes`: the names of common table expressions that it can use. `in_cte`: it stands in one."""

    kind: str
    node: Node
    ctes: frozenset[str]
    in_cte: bool = False
    inside: "tuple[Query, ...]" = field(default=(), repr=False)

    @property
    def modifies(self) -> bool:
        return self.kind in MODIFIES


@lru_cache(maxsize=8)
def parsed(sql: str) -> tuple[tuple[str, Node], ...] | None:
    """Returns the kind and the node of each statement, or None when this is not SQL."""
    try:
        found = orjson.loads(parse_sql_json(sql))
    except ParseError:
        return None
    return tuple(next(iter(statement["stmt"].items())) for statement in found.get("stmts", []))


def queries(sql: str) -> list[Query]:
    """Returns every query of a text, those within others too. Raises AssertionError when it is not SQL."""
    statements = parsed(sql)
    assert statements is not None, f"this is not SQL: {sql}"
    return [query for kind, node in statements for query in _queries_in({kind: node}, frozenset(), in_cte=False)]


def _queries_in(value: Any, ctes: frozenset[str], *, in_cte: bool) -> Iterator[Query]:
    """Yields the queries in a part of a tree, the outer one first."""
    if isinstance(value, list):
        for item in value:
            yield from _queries_in(item, ctes, in_cte=in_cte)
    elif isinstance(value, dict):
        for key, part in value.items():
            if key == "CommonTableExpr":
                yield from _queries_in(part, ctes, in_cte=True)
            elif key in QUERIES or (key in ("larg", "rarg") and _is_bare_select(part)):
                yield from _query(key if key in QUERIES else "SelectStmt", part, ctes, in_cte=in_cte)
            elif isinstance(part, dict | list):
                yield from _queries_in(part, ctes, in_cte=in_cte)


def _query(kind: str, node: Node, ctes: frozenset[str], *, in_cte: bool) -> Iterator[Query]:
    within = node.get("withClause", {}).get("ctes", [])
    known = ctes | {cte["CommonTableExpr"]["ctename"] for cte in within}
    yield Query(kind, node, known, in_cte)
    yield from _queries_in(node, known, in_cte=in_cte)


def _is_bare_select(part: Any) -> bool:
    """Whether this side of a UNION is a query: nodes of that kind are written without their name there."""
    return isinstance(part, dict) and "op" in part and "limitOption" in part


def nodes(value: Any, *, deep: bool = False) -> Iterator[tuple[str, Node]]:
    """Yields the kinds and nodes of a part of a tree; those of queries within it only when `deep`."""
    if isinstance(value, list):
        for item in value:
            yield from nodes(item, deep=deep)
    elif isinstance(value, dict):
        for key, part in value.items():
            if not deep and (
                key in QUERIES or key == "withClause" or (key in ("larg", "rarg") and _is_bare_select(part))
            ):
                continue
            if isinstance(part, dict) and key[:1].isupper():
                yield key, part
            if isinstance(part, dict | list):
                yield from nodes(part, deep=deep)


def column(node: Any) -> tuple[str, ...] | None:
    """Returns the parts of a column's name, or None when this is something else."""
    reference = node.get("ColumnRef") if isinstance(node, dict) else None
    if reference is None:
        return None
    return tuple(part["String"]["sval"] if "String" in part else "*" for part in reference["fields"])


def function_name(node: Node) -> str:
    """Of a FuncCall, without its schema."""
    return str(node["funcname"][-1]["String"]["sval"])
