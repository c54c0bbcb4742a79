"""Tags: one tag whatever its case, spelled as it was first written."""

from collections.abc import Iterable, Mapping

from models import db
from models.errors import at
from models.values.texts import check_text, escape_like
from permissions.principal import Scope

LONGEST_SEARCH = 200
"""Characters of a search at most."""

# Which of the given names are known, and how they are spelled. PostgreSQL alone folds: nobody else's rules are quite the same.
_KNOWN = """
    SELECT given.name, lower(given.name) AS key, tags.name AS spelling
    FROM unnest($2::text[]) WITH ORDINALITY AS given (name, place)
    LEFT JOIN tags ON tags.workspace_id = $1 AND tags.key = lower(given.name)
    ORDER BY given.place
"""

# In the order of the keys, so that two writers never wait for each other in a ring; who comes second gets the spelling
# of the first.
_ADD = """
    INSERT INTO tags (workspace_id, key, name)
    SELECT $1, lower(name), name FROM unnest($2::text[]) AS name ORDER BY lower(name)
    ON CONFLICT (workspace_id, key) DO UPDATE SET name = tags.name
    RETURNING key, name
"""


async def spell(scope: Scope, names: Iterable[str]) -> Mapping[str, str]:
    """The one spelling of each of `names` (clean ones, see contact_values.check_tags). New tags are written down.

    Join it to the transaction of the write that uses them, before any contact is locked.
    """
    wanted = list(dict.fromkeys(names))
    if not wanted:
        return {}
    rows = await db.fetch(_KNOWN, scope.workspace_id, wanted)
    first = {row["key"]: row["name"] for row in reversed(rows) if row["spelling"] is None}
    added = await db.fetch(_ADD, scope.workspace_id, list(first.values())) if first else []
    new = {row["key"]: row["name"] for row in added}
    return {row["name"]: row["spelling"] or new[row["key"]] for row in rows}


async def spelled(scope: Scope, names: Iterable[str]) -> list[str]:
    """The names in their one spelling, each once, in the order in which they came."""
    wanted = list(names)
    spelling = await spell(scope, wanted)
    return list(dict.fromkeys(spelling[name] for name in wanted))


_FIND = """
    SELECT name FROM tags WHERE workspace_id = $1 AND key LIKE '%' || lower($2) || '%' ORDER BY key LIMIT $3
"""


async def find(scope: Scope, search: str | None, limit: int) -> list[str]:
    """Up to `limit` of the workspace's tags, in alphabetical order; with `search`, those that have it, whatever its case.

    Raises Invalid at `search` for what no tag can hold.
    """
    with at("search"):
        check_text(search or "", LONGEST_SEARCH)
    rows = await db.fetch(_FIND, scope.workspace_id, escape_like(search or ""), limit)
    return [row["name"] for row in rows]
