"""What a distributed database refuses of an INSERT .. SELECT that numbers its rows, though the SELECT alone would do.

It takes the numbers from the sequence itself, around a SELECT that it then plans for all workspaces at once: constants do not
tell it that rows of two tables lie together. A common table expression before the INSERT is planned by itself.
"""

from collections.abc import Iterator

from tests.kit.statements.routing import Table, column_equalities, tenant_tables
from tests.kit.statements.tables import numbered_tables
from tests.kit.statements.tree import Node, Query, nodes


def broken_inserts(query: Query, tables: frozenset[str]) -> Iterator[str]:
    """Yields what is wrong with an INSERT. `tables`: all tables of tenants."""
    if query.kind != "InsertStmt" or not _numbers(query.node):
        return
    for select in _selects(query.node.get("selectStmt", {}).get("SelectStmt", {})):
        of = Query("SelectStmt", select, query.ctes)
        if _apart(of, tables):
            yield "tables joined by constants in an INSERT .. SELECT: join their workspaces too, or read in a WITH before it"
        if any(_reads(link, tables) for link in _links(select.get("targetList", []), "EXPR_SUBLINK")):
            yield "a subquery among the values of an INSERT .. SELECT: ask before, and pass the value"
        if _has_function(select) and any(_reads(link, tables) for link in _links(select.get("whereClause", {}))):
            yield "rows of a function asked one by one in an INSERT .. SELECT: read in a WITH before it"


def _numbers(insert: Node) -> bool:
    given = [column["ResTarget"]["name"] for column in insert.get("cols", [])]
    return insert["relation"]["relname"] in numbered_tables() and "id" not in given


def _selects(select: Node) -> Iterator[Node]:
    """Yields this one, those that it unites, and those in its FROM."""
    yield select
    for side in ("larg", "rarg"):
        if side in select:
            yield from _selects(select[side])
    for item in select.get("fromClause", []):
        yield from _from_item(item)


def _from_item(item: Node) -> Iterator[Node]:
    if "RangeSubselect" in item:
        yield from _selects(item["RangeSubselect"]["subquery"]["SelectStmt"])
    elif "JoinExpr" in item:
        yield from _from_item(item["JoinExpr"]["larg"])
        yield from _from_item(item["JoinExpr"]["rarg"])


def _apart(query: Query, tables: frozenset[str]) -> bool:
    """Whether some of its tables are not joined by their workspaces."""
    found = tenant_tables(query, tables)
    reached, joined = found[:1], list(column_equalities(query))
    for table in reached:
        reached += [other for other in found if other not in reached and _together(table, other, joined)]
    return len(reached) < len(found)


def _together(one: Table, other: Table, joined: list[frozenset[tuple[str, ...]]]) -> bool:
    return frozenset({(one.alias, one.key), (other.alias, other.key)}) in joined


def _links(part: object, kind: str = "") -> Iterator[Node]:
    for name, node in nodes(part):
        if name == "SubLink" and kind in ("", node["subLinkType"]):
            yield node


def _reads(link: Node, tables: frozenset[str]) -> bool:
    return any(name == "RangeVar" and node["relname"] in tables for name, node in nodes(link["subselect"], deep=True))


def _has_function(select: Node) -> bool:
    return any("RangeFunction" in item for item in select.get("fromClause", []))
