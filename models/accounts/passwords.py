"""Checks and hashes passwords (argon2id)."""

import asyncio
from functools import lru_cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from models.errors import Invalid
from models.values.texts import check_text

SHORTEST: Final = 10
"""Characters."""

LONGEST: Final = 200
"""Characters, so that callers cannot make hashing expensive."""

_hasher = PasswordHasher()

# Each hashing takes 64 MB and a core for a moment.
_AT_ONCE: Final = 4
_semaphores: dict[asyncio.AbstractEventLoop, asyncio.Semaphore] = {}


def set_cost(*, iterations: int, memory_kib: int) -> None:
    """For new hashes (the default is the second recommendation of RFC 9106). Old ones stay valid."""
    global _hasher
    _hasher = PasswordHasher(time_cost=iterations, memory_cost=memory_kib)
    _hash_of_nobody.cache_clear()


def check_password(value: object) -> str:
    """The password, when it is good enough. Raises Invalid."""
    password = check_text(value, LONGEST)
    if len(password) < SHORTEST:
        raise Invalid(f"a password has at least {SHORTEST} characters; this one has {len(password)}")
    return password


async def hashed(password: str) -> str:
    """The hash to store."""
    async with _semaphore():
        return await asyncio.to_thread(_hasher.hash, password)


async def matches(password: str, stored: str | None) -> bool:
    """Whether `password` has the `stored` hash. None never matches, after the same time."""
    async with _semaphore():
        return await asyncio.to_thread(_matches, password, stored)


def _matches(password: str, stored: str | None) -> bool:
    try:
        _hasher.verify(stored or _hash_of_nobody(), password)
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


@lru_cache(maxsize=1)
def _hash_of_nobody() -> str:
    return _hasher.hash("the password of nobody at all")


def _semaphore() -> asyncio.Semaphore:
    loop = asyncio.get_running_loop()
    if loop not in _semaphores:
        _semaphores.clear()
        _semaphores[loop] = asyncio.Semaphore(_AT_ONCE)
    return _semaphores[loop]
