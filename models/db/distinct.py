"""The distinct values of an indexed column, by steps from value to value: the cost grows with the values, not with the rows."""

from typing import Final

from models.db.statements import fetch


def distinct(table: str, column: str, condition: str = "TRUE") -> str:
    """Returns a statement whose rows have the values as `column`, in order, without null. A LIMIT may follow.

    An index must begin with what `condition` fixes by equality, and then have `column`. All three are constants of the code.
    """
    return f"""
    WITH RECURSIVE found (value) AS (
        (SELECT {column} FROM {table} WHERE {condition} AND {column} IS NOT NULL ORDER BY {column} LIMIT 1)
        UNION ALL
        SELECT (SELECT t.{column} FROM {table} AS t WHERE {condition} AND t.{column} > found.value ORDER BY t.{column} LIMIT 1)
        FROM found WHERE found.value IS NOT NULL
    )
    SELECT value AS {column} FROM found WHERE value IS NOT NULL
    """  # noqa: S608 - names and conditions of the code


async def workspaces_in(table: str) -> list[int]:
    """Returns the workspaces that have rows in a table, in order; an index of the table must begin with workspace_id.

    The cost grows with them, not with their rows: one statement for some hundred, and one for each that has as many rows.
    """
    found: list[int] = []
    while True:
        rows = await fetch(_NEXT_ROWS.format(table=table), found[-1] if found else 0, _ROWS_AT_ONCE)
        found += dict.fromkeys(row["workspace_id"] for row in rows)
        if len(rows) < _ROWS_AT_ONCE:
            return found


_ROWS_AT_ONCE: Final = 500

_NEXT_ROWS: Final = """
    SELECT workspace_id FROM {table} /* all workspaces */ WHERE workspace_id > $1 ORDER BY workspace_id LIMIT $2
"""
