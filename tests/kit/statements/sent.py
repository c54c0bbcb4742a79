"""What the product sends to PostgreSQL while the tests run, checked by the rules at its first sight.

Statements are told apart by their shape (pglast's fingerprint), so that each costs its check once in a process. Statements that
a test sends itself are not looked at, but for settings that stay on a connection of the pool, where other tests meet them.
"""

import re
import sys
from pathlib import Path
from types import FrameType
from typing import Any, Final

import pglast
from asyncpg.connection import Connection
from pglast.parser import ParseError

from models.db import Pipeline
from models.db.direct.reads import may_be_at_a_node
from tests.kit.statements.at_nodes import unfit_for_nodes
from tests.kit.statements.rules import broken_rules, settings_that_stay
from tests.kit.statements.tables import tenant_tables

_ROOT: Final = str(Path(__file__).parents[3]) + "/"
_ROOMS: Final = tuple(f"{_ROOT}{room}/" for room in ("models", "workers", "schema", "muster"))
_DOOR: Final = f"{_ROOT}models/db/"

_OF_THE_DRIVER: Final = ("_introspect_types", "copy_records_to_table")
"""Of asyncpg: they look up types. The statement of a COPY in is prepared, and not run."""

_MAY_STAY: Final = re.compile(r"(?:^|;)\s*SET\s+(?!LOCAL\b)", re.IGNORECASE)

_texts: set[int] = set()
_texts_at_nodes: set[int] = set()
_shapes: set[str] = set()
_broken: list[str] = []


def watch() -> None:
    """Looks at each statement of this process from now on."""
    prepare, execute, pipe = Connection._get_statement, Connection.execute, Pipeline.execute

    async def _get_statement(self: Connection, query: str, *args: Any, **options: Any) -> Any:
        _see(self, query)
        return await prepare(self, query, *args, **options)

    async def _execute(self: Connection, query: str, *args: Any, **options: Any) -> str:
        _see(self, query)
        return await execute(self, query, *args, **options)

    async def _pipe(self: Pipeline, query: str, *args: Any) -> None:
        """A task of its own sends it, in which nothing says who wanted it."""
        if hash(query) not in _texts:
            _look(query)
        await pipe(self, query, *args)

    Connection._get_statement, Connection.execute = _get_statement, _execute
    Pipeline.execute = _pipe


def broken() -> list[str]:
    """Returns what was wrong since it was last asked: file, line and function of the sender, the rules, and the statement."""
    found = list(_broken)
    _broken.clear()
    return found


def shapes_seen() -> int:
    return len(_shapes)


def _see(connection: Connection, sql: str) -> None:
    if hash(sql) not in _texts:
        _look(sql)
    if may_be_at_a_node() and not connection.is_in_transaction():
        _look_at_a_nodes(sql)
    is_of_a_pool = connection._proxy is not None
    if is_of_a_pool and _MAY_STAY.search(sql) and _sender() is None and (caller := _caller()) is not None:
        _note(caller, settings_that_stay(sql), sql)


def _look(sql: str) -> None:
    sender = _sender()
    if sender is None:
        return
    _texts.add(hash(sql))
    try:
        shape = pglast.fingerprint(sql)
    except ParseError:
        return  # PostgreSQL says so itself
    if shape in _shapes:
        return
    _shapes.add(shape)
    _note(sender, broken_rules(sql, tenant_tables()), sql)


def _look_at_a_nodes(sql: str) -> None:
    sender = None if hash(sql) in _texts_at_nodes else _sender()
    if sender is not None:
        _texts_at_nodes.add(hash(sql))
        _note(sender, unfit_for_nodes(sql), sql)


def _note(sender: FrameType, wrong: list[str], sql: str) -> None:
    if wrong:
        where = f"{sender.f_code.co_filename.removeprefix(_ROOT)}:{sender.f_lineno} {sender.f_code.co_name}"
        _broken.append(f"{where}: {'; '.join(wrong)}\n{sql}")


def _sender() -> FrameType | None:
    """Returns where the product sends it from, or None when a test or the driver itself does."""
    caller = _caller()
    return caller if caller is not None and caller.f_code.co_filename.startswith(_ROOMS) else None


def _caller() -> FrameType | None:
    """Returns where a statement is sent from, past the door of the database; None when the driver itself sends it."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        file = frame.f_code.co_filename
        if frame.f_code.co_name in _OF_THE_DRIVER:
            return None
        if file.startswith(_ROOT) and not file.startswith(_DOOR) and file != __file__ and "/.venv/" not in file:
            return frame
        frame = frame.f_back
    return None
