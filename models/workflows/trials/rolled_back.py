"""A transaction in which everything can be tried, and of which nothing stays."""

from collections.abc import Awaitable
from typing import TypeVar

from models import db

Found = TypeVar("Found")


class _Undone(Exception):
    pass


async def rolled_back(tried: Awaitable[Found]) -> Found:
    """What it returns. Not within a transaction. What would follow a commit does not follow."""
    assert not db.in_a_transaction(), "what is tried would be undone with the rest"
    found = []
    try:
        async with db.transaction():
            found.append(await tried)
            raise _Undone
    except _Undone:
        return found[0]
