"""Kills a worker at any statement, without a process."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from itertools import count
from typing import Any

import pytest

from models.db import statements as sql


class Killed(BaseException):
    """No code of the process may handle this."""


@contextmanager
def killed_after(statements: int) -> Iterator[None]:
    """Kill what runs inside when it has run so many statements and begins the next."""
    acquire, left = sql.acquire, count(statements, -1)

    @asynccontextmanager
    async def until_killed() -> AsyncIterator[Any]:
        if next(left) <= 0:
            raise Killed
        async with acquire() as connection:
            yield connection

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sql, "acquire", until_killed)
        yield
