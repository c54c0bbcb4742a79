"""The rules that let one SQL run on one PostgreSQL server and on a distributed one (docs/scale-out.md says why).

A statement that is meant for all workspaces says so by ALL_WORKSPACES in its text; it may be a plain read and nothing else.
"""

from collections.abc import Callable, Iterator
from typing import Final

from tests.kit.statements.inserts import broken_inserts
from tests.kit.statements.routing import touches, unrouted
from tests.kit.statements.tree import Node, Query, column, function_name, nodes, parsed, queries

ALL_WORKSPACES: Final = "/* all workspaces */"

MOMENTS: Final = frozenset(
    {"clock_timestamp", "statement_timestamp", "transaction_timestamp", "now", "timeofday", "random", "gen_random_uuid",
     "nextval", "uuidv7"}
)  # fmt: skip
"""Functions whose value differs from server to server or call to call."""

STABLE: Final = frozenset(
    {"to_jsonb", "to_json", "jsonb_build_object", "jsonb_build_array", "json_build_object", "json_build_array", "row_to_json",
     "concat", "concat_ws", "format", "array_to_string", "to_char", "to_timestamp", "age"}
)  # fmt: skip
"""Functions of PostgreSQL that are STABLE and stand in statements like ours."""


def broken_rules(sql: str, tables: frozenset[str]) -> list[str]:
    """Returns what is wrong with a text of one or more statements, in words. `tables`: all tables of tenants."""
    found = queries(sql)
    modifying = any(query.modifies and touches(query, tables) for query in found)
    wrong = [*_routing(sql, found, tables, modifying=modifying), *settings_that_stay(sql)]
    for query in found:
        wrong += broken_of_query(query, modifying)
        wrong += broken_inserts(query, tables)
    return list(dict.fromkeys(wrong))


def broken_of_query(query: Query, modifying: bool) -> list[str]:
    """The rules but that of the workspace. `modifying`: whether the statement around it changes anything."""
    return [text for rule in _RULES for text in rule(query, modifying)]


def settings_that_stay(sql: str) -> list[str]:
    """Settings that the next one who takes the connection from its pool would have too."""
    found = [node for kind, node in parsed(sql) or () if kind == "VariableSetStmt" and not node.get("is_local")]
    return [f"SET {node.get('name', '')} without LOCAL: it stays on the connection" for node in found]


def _routing(sql: str, found: list[Query], tables: frozenset[str], *, modifying: bool) -> Iterator[str]:
    if ALL_WORKSPACES not in sql:
        for query in found:
            yield from unrouted(query, tables)
        return
    if modifying or any("lockingClause" in query.node for query in found):
        yield "what is for all workspaces is a plain read"
    if any(query.node.get("withClause", {}).get("recursive") for query in found):
        yield "a recursive query is for one workspace"
    if not any(unrouted(query, tables) for query in found):
        yield "it says that it is for all workspaces, and is for one"


def _simple_case(query: Query, modifying: bool) -> Iterator[str]:
    if modifying and any(kind == "CaseExpr" and "arg" in node for kind, node in nodes(query.node)):
        yield "a simple CASE in what modifies: CASE WHEN a = b THEN .."


def _moment(query: Query, modifying: bool) -> Iterator[str]:
    for part in _modified_by(query) if modifying else []:
        for kind, node in nodes(part, deep=True):
            if kind == "FuncCall" and function_name(node) in MOMENTS:
                yield f"{function_name(node)}() in what modifies: compute it before and pass it"
            elif kind == "SQLValueFunction":
                yield "the present time in what modifies: pass it as a parameter"


def _modified_by(query: Query) -> list[Node]:
    """Returns the parts of an UPDATE, DELETE or DO UPDATE that may name no moment."""
    if query.kind in ("UpdateStmt", "DeleteStmt", "MergeStmt"):
        return [{key: part for key, part in query.node.items() if key != "withClause"}]
    conflict = query.node.get("onConflictClause", {}) if query.kind == "InsertStmt" else {}
    return [{"targetList": conflict.get("targetList", []), "whereClause": conflict.get("whereClause", {})}]


def _stable(query: Query, modifying: bool) -> Iterator[str]:
    for part in _modified_by(query) if modifying else []:
        for kind, node in nodes(_set_and_where(part)):
            if kind == "FuncCall" and function_name(node) in STABLE and _has_column(node.get("args", [])):
                yield f"{function_name(node)}() of a column in what modifies: it is not immutable"
            elif kind == "A_Expr" and _adds_interval(node):
                yield "a moment plus or minus an interval in what modifies: pass the result"


def _set_and_where(part: Node) -> Node:
    """What is returned may be of any kind."""
    return {key: value for key, value in part.items() if key in ("targetList", "whereClause")}


def _has_column(part: object) -> bool:
    return any(kind == "ColumnRef" for kind, _ in nodes(part))


def _adds_interval(node: Node) -> bool:
    if node.get("kind") != "AEXPR_OP" or node["name"][-1]["String"]["sval"] not in "+-" or "lexpr" not in node:
        return False
    sides = (node["lexpr"], node["rexpr"])
    return any(map(_is_interval, sides)) and any(column(side) is not None for side in sides)


def _is_interval(node: Node) -> bool:
    names = node.get("TypeCast", {}).get("typeName", {}).get("names", [])
    return bool(names) and _type_of(node["TypeCast"]) == "interval"


def _lock_in_cte(query: Query, modifying: bool) -> Iterator[str]:
    if modifying and query.in_cte and "lockingClause" in query.node:
        yield "FOR UPDATE in a CTE beside modifications: lock first, in a statement of its own"


def _cast_in_case(query: Query, modifying: bool) -> Iterator[str]:
    """Of texts to moments and the like. What a parameter is cast to is only its type."""
    for part in _modified_by(query) if modifying else []:
        for kind, node in nodes(_set_and_where(part)):
            if kind not in ("CaseExpr", "CoalesceExpr"):
                continue
            for inner, cast in nodes(node):
                if inner == "TypeCast" and _type_of(cast) in _BY_SETTINGS and "ParamRef" not in cast["arg"]:
                    within = kind.removesuffix("Expr").upper()
                    yield f"a cast to {_type_of(cast)} in {within} in what modifies: cast before, in a CTE"


_BY_SETTINGS: Final = frozenset({"timestamptz", "timestamp", "date", "timetz", "time", "regclass"})
"""Types whose casts depend on settings, and so are not immutable."""


def _cast_of_column(query: Query, modifying: bool) -> Iterator[str]:
    for part in _modified_by(query) if modifying else []:
        for kind, node in nodes(_set_and_where(part)):
            if kind == "TypeCast" and "arrayBounds" in node["typeName"] and "ColumnRef" in node["arg"]:
                yield "a cast of a column to an array in what modifies: cast in the FROM, in a SELECT of its own"


def _type_of(cast: Node) -> str:
    return str(cast["typeName"]["names"][-1]["String"]["sval"])


def _subquery_in_insert(query: Query, modifying: bool) -> Iterator[str]:
    """Those of INSERT .. SELECT are parts of the SELECT."""
    if query.kind != "InsertStmt" or not modifying:
        return
    values = query.node.get("selectStmt", {}).get("SelectStmt", {}).get("valuesLists", [])
    parts = [values, query.node.get("returningClause", {}), query.node.get("onConflictClause", {})]
    if any(kind == "SubLink" for kind, _ in nodes(parts)):
        yield "a subquery in an INSERT: ask in a SELECT around it, or before"


def _set_config(query: Query, modifying: bool) -> Iterator[str]:
    if any(kind == "FuncCall" and function_name(node) == "set_config" for kind, node in nodes(query.node)):
        yield "set_config(): SET LOCAL reaches all servers, and set_config() does not"


_RULES: Final[tuple[Callable[[Query, bool], Iterator[str]], ...]] = (
    _simple_case,
    _moment,
    _stable,
    _cast_in_case,
    _cast_of_column,
    _subquery_in_insert,
    _lock_in_cte,
    _set_config,
)
