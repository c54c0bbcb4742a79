"""The workspaces that have rows in a table, whatever it costs to skip the rows of one."""

import pytest

from models import db
from models.db import distinct
from models.db.distinct import workspaces_in


@pytest.mark.parametrize("at_once", [1, 2, 3, 500])
async def test_each_workspace_is_found_once(at_once: int, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distinct, "_ROWS_AT_ONCE", at_once)
    assert await workspaces_in("tags") == []
    await db.execute("INSERT INTO workspaces (id, name) SELECT n, n FROM generate_series(1, 9) n")
    for workspace_id, count in ((1, 3), (4, 1), (5, 4), (9, 2)):
        await db.execute(
            "INSERT INTO tags (workspace_id, key, name) SELECT $1, n, n FROM generate_series(1, $2::int) n",
            workspace_id,
            count,
        )
    assert await workspaces_in("tags") == [1, 4, 5, 9]
