"""SQL text: failed and streamed."""

import pytest

from models import db


async def count():
    return await db.fetch_value("SELECT count(*) FROM workspaces")


async def test_a_failed_statement_leaves_a_pool_that_works(database):
    with pytest.raises(db.PostgresError):
        async with db.transaction():
            await db.execute("SELECT 1 / 0")
    assert await count() == 0


async def test_rows_are_streamed_and_stopped_half_way(database):
    rows = []
    async for row in db.each_row("SELECT generate_series(1, 10000) AS n", prefetch=10):
        rows.append(row["n"])
        if len(rows) == 25:
            break
    assert rows == list(range(1, 26))
