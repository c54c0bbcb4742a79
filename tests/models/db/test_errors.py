"""Errors of PostgreSQL and of the ORM."""

import contextlib

import asyncpg
import pytest
from tortoise.exceptions import OperationalError

from models import db
from models.db.tables import Member
from tests.kit.workspaces import new_member, new_workspace


async def test_a_broken_constraint_is_named_by_sql_and_orm(database: str) -> None:
    member = await new_member(await new_workspace())
    with pytest.raises(db.UniqueViolation) as by_sql:
        await db.execute("INSERT INTO members SELECT * FROM members")
    with pytest.raises(db.UniqueViolation) as by_orm:
        await Member.create(
            workspace_id=member.workspace_id,
            email=member.email,
            name="x",
            role="ADMIN",
            permissions=[],
            password_hash="x",
        )
    assert db.violated_constraint(by_sql.value) == "members_pkey"
    assert "email" in str(db.violated_constraint(by_orm.value))
    assert db.violated_constraint(ValueError()) is None


async def test_rows_of_no_table_that_are_there_break_the_constraint_by_name(database: str) -> None:
    """The coordinator of a cluster copies them to the node, whose error has no SQLSTATE then."""
    scope = await new_workspace()
    insert = "INSERT INTO tags (workspace_id, key, name) SELECT $1, name, name FROM unnest($2::text[]) AS name"
    await db.execute(insert, scope.workspace_id, ["vip"])
    for write in (db.execute, db.fetch):
        with pytest.raises(db.UniqueViolation) as raised:
            await write(insert, scope.workspace_id, ["new", "vip"])
        assert "tags" in str(db.violated_constraint(raised.value))
    with pytest.raises(db.UniqueViolation):
        async with db.transaction():
            await db.execute(insert, scope.workspace_id, ["vip"])


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('duplicate key value violates unique constraint "tags_pkey_102376"', db.UniqueViolation),
        ("deadlock detected", db.Busy),
        ("canceling statement due to lock timeout", db.Busy),
        ("canceling statement due to statement timeout", db.TimedOut),
        ("odd", asyncpg.InternalServerError),
    ],
)
async def test_what_a_coordinator_tells_by_its_text_alone_is_raised_as_what_it_is(
    database: str, text: str, kind: type[Exception] | tuple[type[Exception], ...]
) -> None:
    says = f"DO $$ BEGIN RAISE '%', '{text}' USING ERRCODE = 'XX000'; END $$"
    for block in (contextlib.nullcontext, db.transaction):
        with pytest.raises(kind):
            async with block():
                await db.execute(says)
    assert await db.fetch_value("SELECT 1") == 1


async def test_a_copy_of_what_is_there_breaks_the_constraint_by_name(database: str) -> None:
    workspace_id = (await new_workspace()).workspace_id
    for key in ("a", "b"):
        await db.copy_in("tags", ["workspace_id", "key", "name"], [(workspace_id, key, key)])
    with pytest.raises(db.UniqueViolation) as failed:
        await db.copy_in("tags", ["workspace_id", "key", "name"], [(workspace_id, key, key) for key in ("c", "b")])
    assert db.violated_constraint(failed.value) == "tags_pkey"
    assert await db.fetch_value("SELECT count(*) FROM tags WHERE workspace_id = $1", workspace_id) == 2


@pytest.mark.parametrize(
    ("sql", "expected"), [("SELECT 1 / 0", True), ("SELECT nothing", True), ("SELECT pg_sleep(9)", False)]
)
async def test_an_error_of_the_data_is_distinguished_from_a_time_out(database: str, sql: str, expected: bool) -> None:
    with pytest.raises(db.PostgresError) as failed:
        async with db.transaction():
            await db.execute("SET LOCAL statement_timeout = 20")
            await db.execute(sql)
    assert db.is_data_error(failed.value) is expected
    assert isinstance(failed.value, db.TimedOut) is not expected


@pytest.mark.parametrize(
    ("error", "passing"),
    [
        (ConnectionResetError(), True),
        (TimeoutError(), True),
        (asyncpg.InterfaceError("connection is closed"), True),
        (asyncpg.DeadlockDetectedError(), True),
        (asyncpg.LockNotAvailableError(), True),
        (asyncpg.AdminShutdownError(), True),
        (asyncpg.DiskFullError(), True),
        (OperationalError(asyncpg.CannotConnectNowError()), True),
        (asyncpg.InternalServerError("could not commit transaction for shard 7 on at least one active node"), True),
        (asyncpg.InternalServerError("odd"), False),
        (asyncpg.UniqueViolationError(), False),
        (asyncpg.CharacterNotInRepertoireError(), False),
        (OperationalError("odd"), False),
        (KeyError("odd"), False),
    ],
)
def test_trouble_with_the_server_passes_and_trouble_with_the_work_does_not(error: Exception, passing: bool) -> None:
    assert db.is_passing(error) is passing


@pytest.mark.parametrize(
    ("sql", "value"),
    [
        ("SELECT $1::integer", 2**40),
        ("SELECT $1::text", "\x00"),
        ("SELECT $1::text", "\ud83d"),
        ("SELECT $1::bigint", "x"),
    ],
)
async def test_a_value_that_cannot_be_stored_is_trouble_with_the_work(database: str, sql: str, value: object) -> None:
    with pytest.raises(Exception) as failed:  # noqa: PT011 - of several classes
        await db.fetch_value(sql, value)
    assert not db.is_passing(failed.value)
