"""What a statement may be that goes straight to a node of a cluster: a plain read of what nodes have (models/db/direct)."""

from collections.abc import Iterator
from typing import Final

from models.db.distribution import LOCAL
from tests.kit.statements.tree import function_name, nodes, parsed, queries

# No function of the schema that a statement calls writes anything.
_OF_ONE_SERVER: Final = frozenset({"nextval", "setval", "currval", "lastval", "set_config", "pg_notify"})
_BEGINNINGS: Final = ("pg_advisory_", "pg_try_advisory_", "pg_stat_")


def unfit_for_nodes(sql: str) -> list[str]:
    """Returns what is wrong with it there, in words."""
    return list(dict.fromkeys(_unfit(sql)))


def _unfit(sql: str) -> Iterator[str]:
    for kind, _ in parsed(sql) or ():
        if kind not in ("SelectStmt", "TransactionStmt"):  # what follows a BEGIN does not go there
            yield f"{kind} goes to a node: only a read may"
    for query in queries(sql):
        if query.modifies:
            yield f"{query.kind} goes to a node: only a read may"
        if "lockingClause" in query.node:
            yield "a read that locks goes to a node"
        for kind, node in nodes(query.node):
            if kind == "FuncCall" and _is_of_one_server(function_name(node)):
                yield f"{function_name(node)}() goes to a node: it is for the coordinator"
            elif kind == "RangeVar" and node["relname"] in LOCAL:
                yield f"{node['relname']} is on the coordinator alone, and this goes to a node"
            elif kind == "RangeVar" and node["relname"].startswith("pg_") and node["relname"] not in query.ctes:
                yield f"{node['relname']} of the coordinator is meant, and this goes to a node"


def _is_of_one_server(name: str) -> bool:
    return name in _OF_ONE_SERVER or name.startswith(_BEGINNINGS)
