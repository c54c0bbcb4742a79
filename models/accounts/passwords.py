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
"""Characters: hashing must not become expensive."""

_hasher = PasswordHasher()

# Each takes 64 MB and a core.
_AT_ONCE: Final = 4
_semaphores: dict[asyncio.AbstractEventLoop, asyncio.Semaphore] = {}


def set_cost(*, iterations: int, memory_kib: int) -> None:
    """Sets the cost of new hashes (default: the second recommendation of RFC 9106)."""
    global _hasher
    _hasher = PasswordHasher(time_cost=iterations, memory_cost=memory_kib)
    _hash_of_nobody.cache_clear()


def check_password(value: object) -> str:
    """Returns the password. Raises Invalid when it is too short or too long."""
    password = check_text(value, LONGEST)
    if len(password) < SHORTEST:
        raise Invalid(f"a password has at least {SHORTEST} characters; this one has {len(password)}")
    return password


async def hashed(password: str) -> str:
    async with _semaphore():
        return await asyncio.to_thread(_hasher.hash, password)


async def matches(password: str, stored: str | None) -> bool:
    """Takes the same time for None, which never matches."""
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
