"""The functions and triggers of the schema, by the rules: on a distributed server they run where a row is."""

import re
from collections.abc import Iterator
from typing import Any, Final

import orjson
from pglast.parser import ParseError, parse_plpgsql_json, parse_sql_json

from tests.kit.statements.routing import unrouted
from tests.kit.statements.rules import broken_of_query
from tests.kit.statements.tree import Node, parsed, queries

_ADVISORY: Final = re.compile(r"\bpg_(?:try_)?advisory_\w+", re.IGNORECASE)
_TABLE_NAME: Final = re.compile(r"\bTG_(?:TABLE_NAME|RELNAME)\b", re.IGNORECASE)
_SEQUENCE: Final = re.compile(r"\bnextval\s*\(", re.IGNORECASE)
_SQL: Final = re.compile(r"\s*(WITH|SELECT|INSERT|UPDATE|DELETE)\b", re.IGNORECASE)


def broken_in_schema(schema: str, tables: frozenset[str]) -> dict[str, list[str]]:
    """Returns what is wrong by the name of the function or trigger."""
    found: dict[str, list[str]] = {}
    for kind, node, text in _statements(schema):
        if kind == "CreateTrigStmt" and node.get("deferrable"):
            found[node["trigname"]] = ["a deferred trigger: it fires at the commit of each server by itself"]
        elif kind == "CreateFunctionStmt":
            name = node["funcname"][-1]["String"]["sval"]
            wrong = list(dict.fromkeys(_broken_in_function(text, tables)))
            if wrong:
                found[name] = wrong
    return found


def names_in_schema(schema: str) -> list[str]:
    """Returns the names of all functions and triggers."""
    names = []
    for kind, node, _ in _statements(schema):
        if kind == "CreateTrigStmt":
            names.append(node["trigname"])
        elif kind == "CreateFunctionStmt":
            names.append(node["funcname"][-1]["String"]["sval"])
    return names


def _statements(schema: str) -> Iterator[tuple[str, Node, str]]:
    written = schema.encode()
    for statement in orjson.loads(parse_sql_json(schema))["stmts"]:
        begin = statement.get("stmt_location", 0)
        kind, node = next(iter(statement["stmt"].items()))
        yield kind, node, written[begin : begin + statement.get("stmt_len", len(written))].decode()


def _broken_in_function(text: str, tables: frozenset[str]) -> Iterator[str]:
    code = re.sub(r"--[^\n]*", "", text)
    if _ADVISORY.search(code):
        yield "an advisory lock: it is taken on one server of several. Lock a row"
    if _TABLE_NAME.search(code):
        yield "TG_TABLE_NAME: on a shard it is another name. Pass an argument"
    if _SEQUENCE.search(code):
        yield "nextval(): the sequence is not on that server. Make it the default of a column"
    for sql in _sql_of(text):
        found = queries(sql)
        modifying = any(query.modifies for query in found)
        for query in found:
            yield from unrouted(query, tables, variables=True)
            yield from broken_of_query(query, modifying)
            if query.kind == "InsertStmt" and "valuesLists" not in query.node.get("selectStmt", {}).get(
                "SelectStmt", {}
            ):
                yield "INSERT .. SELECT: it opens connections between servers. Insert single rows of VALUES"


def _sql_of(function: str) -> list[str]:
    """Returns the statements of a function in PL/pgSQL. Those in SQL only compute a value here."""
    try:
        tree = orjson.loads(parse_plpgsql_json(function))
    except ParseError:
        return []
    return [sql for sql in _expressions(tree) if _SQL.match(sql) and parsed(sql)]


def _expressions(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _expressions(item)
    elif isinstance(value, dict):
        for key, part in value.items():
            if key == "PLpgSQL_expr":
                yield part["query"]
            else:
                yield from _expressions(part)
