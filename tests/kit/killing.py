"""Killing a worker at a statement of one's choice, without a process."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from itertools import count
from typing import Any

import pytest

from models import db


class Killed(BaseException):
    """Nothing of the process is left to handle this."""


@contextmanager
def killed_after(statements: int) -> Iterator[None]:
    """What runs inside is killed before the statement that follows so many."""
    connection, left = db._connection, count(statements, -1)

    @asynccontextmanager
    async def until_killed() -> AsyncIterator[Any]:
        if next(left) <= 0:
            raise Killed
        async with connection() as one:
            yield one

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(db, "_connection", until_killed)
        yield
