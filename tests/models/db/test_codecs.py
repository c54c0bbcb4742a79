from datetime import UTC, date, datetime, timedelta, timezone

import asyncpg
import pytest

from models import db
from models.db.migrations import FOLDER
from tests.kit.workspaces import new_workspace

FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
DAYS = [date.min, date(1, 1, 2), date(1999, 12, 31), date(2000, 1, 1), date(9999, 12, 30), date.max]
INSTANTS = [
    FIRST,
    FIRST + timedelta(microseconds=1),
    datetime(2000, 1, 1, tzinfo=UTC),
    LAST - timedelta(microseconds=1),
    LAST,
]


@pytest.mark.parametrize(("kind", "values"), [("date", DAYS), ("timestamptz", INSTANTS)])
async def test_the_ends_of_time_are_values_like_any_other(database, kind, values):
    sql = f"SELECT $1::{kind}, $2::{kind}[], isfinite($1::{kind}), $1::{kind} = $3::text::{kind}"
    for value in values:
        read = await db.fetch_row(sql, value, [value, None], str(value))
        assert tuple(read) == (value, [value, None], True, True)


async def test_copy_writes_the_ends_of_time_too(database):
    async with db.transaction():
        await db.execute("CREATE TEMPORARY TABLE ends (day date, at timestamptz) ON COMMIT DROP")
        rows = [(None, None), (date.min, FIRST), (date.max, LAST)]
        await db.copy_in("ends", ["day", "at"], rows)
        assert [tuple(row) for row in await db.fetch("SELECT * FROM ends")] == rows
        assert await db.fetch_value("SELECT bool_and(isfinite(day) AND isfinite(at)) FROM ends")


async def test_an_instant_of_another_zone_is_the_same_instant(database):
    moment = datetime(2026, 3, 29, 2, 30, tzinfo=timezone(timedelta(hours=-3, minutes=-30)))
    read = await db.fetch_value("SELECT $1::timestamptz", moment)
    assert (read, read.tzinfo) == (moment, UTC)


async def test_a_time_without_a_zone_is_refused(database):
    with pytest.raises(asyncpg.DataError):
        await db.fetch_value("SELECT $1::timestamptz", datetime(2026, 1, 1))  # noqa: DTZ001


@pytest.mark.parametrize("early", ["-infinity", "0044-03-15 BC"])
@pytest.mark.parametrize("late", ["infinity", "10000-01-01"])
async def test_values_that_python_does_not_have_are_read_as_the_nearest(database, early, late):
    sql = "SELECT $1::text::date, $2::text::date, $1::text::timestamptz, $2::text::timestamptz"
    assert tuple(await db.fetch_row(sql, early, late)) == (date.min, date.max, FIRST, LAST)


async def test_a_migration_corrects_infinities_that_imports_stored(database):
    scope = await new_workspace()
    await db.execute(
        "INSERT INTO contacts (workspace_id, date_of_birth, subscribed_at, last_interaction_at) VALUES"
        " ($1, '-infinity', 'infinity', NULL), ($1, 'infinity', '-infinity', '-infinity'), ($1, '1990-01-01', NULL, 'infinity')",
        scope.workspace_id,
    )
    await db.execute((FOLDER / "0013_blanks_and_ends_of_time.sql").read_text())
    rows = await db.fetch(
        "SELECT date_of_birth::text, subscribed_at::text, last_interaction_at::text FROM contacts ORDER BY id"
    )
    first, last = "0001-01-01 00:00:00+00", "9999-12-31 23:59:59.999999+00"
    assert [tuple(row) for row in rows] == [
        ("0001-01-01", last, None),
        ("9999-12-31", first, first),
        ("1990-01-01", None, last),
    ]
