"""The distinct values of an indexed column, by steps from value to value: the cost grows with the values, not with the rows."""


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
