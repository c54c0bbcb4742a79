"""Passwords: what is good enough, and how they are kept (argon2id)."""

import asyncio
from functools import lru_cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from models.errors import Invalid
from models.values.texts import check_text

SHORTEST: Final = 10
"""Characters that a password has at least."""

LONGEST: Final = 200
"""Characters that a password has at most: what hashing costs must not be the caller's to choose."""

_hasher = PasswordHasher()

# Each hashing takes 64 MB and a core for a moment: a batch of sign-ins waits its turn.
_AT_ONCE: Final = 4
_turns: dict[asyncio.AbstractEventLoop, asyncio.Semaphore] = {}


def set_cost(*, iterations: int, memory_kib: int) -> None:
    """Make new hashes cheaper or dearer (the default is the second recommendation of RFC 9106). Old ones stay good."""
    global _hasher
    _hasher = PasswordHasher(time_cost=iterations, memory_cost=memory_kib)
    _nobodys_hash.cache_clear()


def check_password(value: object) -> str:
    """The password, when it is good enough. Raises Invalid that says what a good one is."""
    password = check_text(value, LONGEST)
    if len(password) < SHORTEST:
        raise Invalid(f"a password has at least {SHORTEST} characters; this one has {len(password)}")
    return password


async def hashed(password: str) -> str:
    """What is stored in a password's place."""
    async with _turn():
        return await asyncio.to_thread(_hasher.hash, password)


async def matches(password: str, stored: str | None) -> bool:
    """Whether `password` is the one behind the `stored` hash. With None it takes as long, and is never so."""
    async with _turn():
        return await asyncio.to_thread(_matches, password, stored)


def _matches(password: str, stored: str | None) -> bool:
    try:
        _hasher.verify(stored or _nobodys_hash(), password)
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


@lru_cache(maxsize=1)
def _nobodys_hash() -> str:
    return _hasher.hash("the password of nobody at all")


def _turn() -> asyncio.Semaphore:
    loop = asyncio.get_running_loop()
    if loop not in _turns:
        _turns.clear()
        _turns[loop] = asyncio.Semaphore(_AT_ONCE)
    return _turns[loop]
