"""The tags of a workspace: the same in any case, spelled as first written."""

from collections.abc import Iterable, Mapping

from models import db
from models.errors import at
from models.values.texts import check_text, escape_like
from permissions.principal import Scope

LONGEST_SEARCH = 200
"""Characters."""

# Only PostgreSQL folds case: Python's rules differ.
_KNOWN = """
    SELECT given.name, lower(given.name) AS key, tags.name AS spelling
    FROM unnest($2::text[]) WITH ORDINALITY AS given (name, position)
    LEFT JOIN tags ON tags.workspace_id = $1 AND tags.key = lower(given.name)
    ORDER BY given.position
"""

# Ordered against deadlocks; the second writer gets the spelling of the first.
_ADD = """
    INSERT INTO tags (workspace_id, key, name)
    SELECT $1, lower(name), name FROM unnest($2::text[]) AS name ORDER BY lower(name)
    ON CONFLICT (workspace_id, key) DO UPDATE SET name = tags.name
    RETURNING key, name
"""


async def hold_all(scope: Scope) -> None:
    """Keep away those who write tags, until the transaction ends: none of them is between the name of a tag and its use."""
    await db.advisory_lock(_lock(scope))


def _lock(scope: Scope) -> str:
    return f"tags:{scope.workspace_id}"


async def spell(scope: Scope, names: Iterable[str]) -> Mapping[str, str]:
    """The spelling of each of `names` (checked by check_tags). Stores new tags.

    Call it before locking contacts, in the transaction that uses the tags.
    """
    given = list(dict.fromkeys(names))
    if not given:
        return {}
    await db.advisory_lock(_lock(scope), shared=True)
    rows = await db.fetch(_KNOWN, scope.workspace_id, given)
    first = {row["key"]: row["name"] for row in reversed(rows) if row["spelling"] is None}
    added = await db.fetch(_ADD, scope.workspace_id, list(first.values())) if first else []
    new = {row["key"]: row["name"] for row in added}
    return {row["name"]: row["spelling"] or new[row["key"]] for row in rows}


async def are_known(scope: Scope, names: Iterable[str]) -> bool:
    """Whether `spell` needs to wait for nobody. False also while tags are renamed or taken away."""
    if not await db.try_advisory_lock(_lock(scope), shared=True):
        return False
    rows = await db.fetch(_KNOWN, scope.workspace_id, list(names))
    return all(row["spelling"] is not None for row in rows)


async def spelled(scope: Scope, names: Iterable[str]) -> list[str]:
    """Returns the names in the workspace's spelling, each once, in the given order."""
    given = list(names)
    spelling = await spell(scope, given)
    return list(dict.fromkeys(spelling[name] for name in given))


_FIND = """
    SELECT name FROM tags WHERE workspace_id = $1 AND key LIKE '%' || lower($2) || '%' ORDER BY key LIMIT $3
"""


async def find(scope: Scope, search: str | None, limit: int) -> list[str]:
    """Tags that contain `search`, in any case, alphabetical. Raises Invalid at `search`."""
    with at("search"):
        wanted = check_text(search or "", LONGEST_SEARCH)
    rows = await db.fetch(_FIND, scope.workspace_id, escape_like(wanted), limit)
    return [row["name"] for row in rows]


# ---------------------------------------------------------------- changed everywhere (see models/tag_changes/tag_changes.py)


async def find_spelling(scope: Scope, name: str) -> str | None:
    """As the workspace spells the tag; None when there is no such tag."""
    spelling: str | None = await db.fetch_value(
        "SELECT name FROM tags WHERE workspace_id = $1 AND key = lower($2)", scope.workspace_id, name
    )
    return spelling


async def is_another(scope: Scope, name: str, than: str) -> bool:
    """Whether there is a tag of this name that is not merely another spelling of `than`."""
    found: bool = await db.fetch_value(_IS_ANOTHER, scope.workspace_id, name, than)
    return found


_IS_ANOTHER = """
    SELECT EXISTS (SELECT 1 FROM tags WHERE workspace_id = $1 AND key = lower($2::text) AND key <> lower($3::text))
"""


async def rename(scope: Scope, old: str, new: str) -> str:
    """In the list of tags alone. Returns the new spelling: that of a tag that is there already, or `new`."""
    await db.execute("DELETE FROM tags WHERE workspace_id = $1 AND key = lower($2)", scope.workspace_id, old)
    return (await spell(scope, [new]))[new]


async def forget(scope: Scope, name: str) -> None:
    await db.execute("DELETE FROM tags WHERE workspace_id = $1 AND key = lower($2)", scope.workspace_id, name)
