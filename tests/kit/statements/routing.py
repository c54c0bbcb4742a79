"""Whether a query names one workspace on each table of tenants that it reads or writes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tests.kit.statements.tree import Node, Query, column


@dataclass(frozen=True, slots=True)
class Table:
    """A table of tenants in one query, by the name that the query gives it."""

    table: str
    alias: str

    @property
    def key(self) -> str:
        return "id" if self.table == "workspaces" else "workspace_id"


def tenant_tables(query: Query, known: frozenset[str]) -> list[Table]:
    """Returns the tables of tenants of this query itself. `known`: all tables of tenants."""
    named = [*_ranges(query.node.get("fromClause", [])), *_ranges(query.node.get("usingClause", []))]
    if query.kind in ("UpdateStmt", "DeleteStmt", "MergeStmt"):
        named.append(query.node["relation"])
    found = [Table(name["relname"], name.get("alias", {}).get("aliasname", name["relname"])) for name in named]
    return [one for one in found if one.table in known and one.table not in query.ctes]


def _ranges(items: Sequence[Node]) -> Iterator[Node]:
    for item in items:
        if "RangeVar" in item:
            yield item["RangeVar"]
        elif "JoinExpr" in item:
            yield from _ranges([item["JoinExpr"]["larg"], item["JoinExpr"]["rarg"]])


def touches(query: Query, known: frozenset[str]) -> bool:
    """Whether this query itself reads or writes a table of tenants."""
    target = query.node.get("relation", {}).get("relname")
    return target in known or bool(tenant_tables(query, known))


def unrouted(query: Query, known: frozenset[str], *, variables: bool = False) -> list[str]:
    """Returns the tables on which this query names no workspace, and says so when it names several workspaces.

    `variables`: names of columns may be variables of a function, as in a trigger.
    """
    if query.kind == "InsertStmt":
        return _uninserted(query, known)
    tables = tenant_tables(query, known)
    if not tables:
        return []
    aliases = {one.alias for one in _all_ranges(query)}
    equal = [pair for pair in _equalities(query) if _is_value(pair[1], aliases, variables=variables)]
    found, values = [], set()
    for table in tables:
        given = [_written(value) for name, value in equal if name in ((table.alias, table.key), (table.key,))]
        if given:
            values.add(given[0])
        else:
            found.append(table.table)
    return [f"{table} without a workspace" for table in found] or ([] if len(values) < 2 else ["several workspaces"])


def _all_ranges(query: Query) -> list[Table]:
    named = [*_ranges(query.node.get("fromClause", [])), *_ranges(query.node.get("usingClause", []))]
    return [Table(name["relname"], name.get("alias", {}).get("aliasname", name["relname"])) for name in named]


def _uninserted(query: Query, known: frozenset[str]) -> list[str]:
    table = query.node["relation"]["relname"]
    columns = [item["ResTarget"]["name"] for item in query.node.get("cols", [])]
    if table not in known or table == "workspaces" or "workspace_id" in columns:
        return []
    return [f"{table} without the column workspace_id"]


def _equalities(query: Query) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yields what the query's conditions put a column equal to, both ways round."""
    for condition in _conditions(query.node):
        expression = condition.get("A_Expr", {})
        if expression.get("kind") != "AEXPR_OP" or expression["name"][-1]["String"]["sval"] != "=":
            continue
        for left, right in _pairs(expression["lexpr"], expression["rexpr"]):
            for one, other in ((left, right), (right, left)):
                name = column(one)
                if name is not None:
                    yield name, other


def column_equalities(query: Query) -> Iterator[frozenset[tuple[str, ...]]]:
    """Yields the pairs of columns that the query's conditions put equal, by their names as written."""
    for name, other in _equalities(query):
        another = column(other)
        if another is not None:
            yield frozenset({name, another})


def _pairs(left: Node, right: Node) -> list[tuple[Node, Node]]:
    if "RowExpr" in left and "RowExpr" in right:
        return list(zip(left["RowExpr"]["args"], right["RowExpr"]["args"], strict=True))
    return [(left, right)]


def _conditions(node: Node) -> Iterator[Node]:
    yield from _conjuncts(node.get("whereClause"))
    for item in (*node.get("fromClause", []), *node.get("usingClause", [])):
        yield from _join_conditions(item)
    yield from _conjuncts(node.get("joinCondition"))


def _join_conditions(item: Node) -> Iterator[Node]:
    if "JoinExpr" in item:
        yield from _conjuncts(item["JoinExpr"].get("quals"))
        yield from _join_conditions(item["JoinExpr"]["larg"])
        yield from _join_conditions(item["JoinExpr"]["rarg"])


def _conjuncts(condition: Node | None) -> Iterator[Node]:
    if condition is None:
        return
    both = condition.get("BoolExpr")
    if both is not None and both["boolop"] == "AND_EXPR":
        for part in both["args"]:
            yield from _conjuncts(part)
    else:
        yield condition


def _is_value(node: Node, aliases: set[str], *, variables: bool) -> bool:
    """A parameter or a constant; in a function also a variable, which is a name that no table of the query has."""
    node = _without_casts(node)
    name = column(node)
    if name is not None:
        return variables and (len(name) == 1 or name[0] not in aliases)
    return "ParamRef" in node or "A_Const" in node


def _without_casts(node: Node) -> Node:
    while "TypeCast" in node:
        node = node["TypeCast"]["arg"]
    return node


def _written(node: Node) -> str:
    node = _without_casts(node)
    if "ParamRef" in node:
        return f"${node['ParamRef']['number']}"
    return str(column(node) or {key: value for key, value in node["A_Const"].items() if key != "location"})
