"""Takes all rows out of the database of the tests, at the price of what the last test wrote."""

from dataclasses import dataclass, field
from typing import Final

import asyncpg
from asyncpg.prepared_stmt import PreparedStatement

from tests.kit.cluster import OF_THE_TESTS

_RELATIONS: Final = """
    SELECT quote_ident(relname) AS name, relkind = 'S' AS is_sequence FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'S') AND relname <> 'schema_migrations'
"""

_MAY_SET: Final = "SELECT has_parameter_privilege('session_replication_role', 'SET')"

_WITHOUT_TRIGGERS: Final = "SET session_replication_role = replica"
"""And without foreign keys."""

_ENDED: Final = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)

_UNSEEN: Final = "SET muster.capture = 'off'; SET muster.members = 'logged'"


@dataclass
class Emptying:
    """Empties the database of `url`, over a connection that is kept."""

    url: str
    connection: "asyncpg.Connection[asyncpg.Record] | None" = None
    without_triggers: bool = True
    relations: "list[asyncpg.Record]" = field(default_factory=list)
    used: "PreparedStatement[asyncpg.Record] | None" = None

    async def empty(self) -> None:
        """Take all rows out. Sequences begin again, so that a test's ids are the same in every run.

        Each table and sequence is looked at, and only what was used is written to. Deleting takes a twentieth of what TRUNCATE
        takes; where triggers cannot be set aside, on a server of one's own, it is TRUNCATE.
        """
        if self.connection is not None:
            try:
                await self._empty(self.connection)
            except _ENDED:  # a test may end all connections, and how that is met depends on how much of it has arrived
                self.connection.terminate()
            else:
                return
        await self._empty(await self._connect())

    async def _empty(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        relations = await connection.fetch(_RELATIONS)
        if self.used is None or relations != self.relations:  # a test may leave a table of its own
            self.relations, self.used = relations, await connection.prepare(_used(relations))
        used = await self.used.fetch()
        tables = [row["name"] for row in used if not row["is_sequence"]]
        statements = [f"SELECT setval('{row['name']}', 1, false)" for row in used if row["is_sequence"]]
        if self.without_triggers:
            statements += [f"DELETE FROM {name}" for name in tables]
        elif tables:
            statements.append(f"TRUNCATE {', '.join(tables)} CASCADE")
        if statements:
            await connection.execute("; ".join(statements))

    async def _connect(self) -> "asyncpg.Connection[asyncpg.Record]":
        self.connection = await asyncpg.connect(self.url, server_settings={"application_name": OF_THE_TESTS})
        self.used = None
        self.without_triggers = await self.connection.fetchval(_MAY_SET)
        await self.connection.execute(_WITHOUT_TRIGGERS if self.without_triggers else _UNSEEN)
        return self.connection

    async def close(self) -> None:
        if self.connection is not None:
            await self.connection.close()


def _used(relations: "list[asyncpg.Record]") -> str:
    """A statement that gives the tables that hold rows, and the sequences that gave a number out."""
    return " UNION ALL ".join(
        f"SELECT '{row['name']}' AS name, true AS is_sequence FROM {row['name']} WHERE is_called OR last_value <> 1"
        if row["is_sequence"]
        else f"SELECT '{row['name']}' AS name, false AS is_sequence WHERE EXISTS (SELECT 1 FROM {row['name']})"
        for row in relations
    )
