"""Checks and hashes passwords (argon2id)."""

import asyncio
import hmac
from base64 import b64decode
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Final, TypeVar

from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import InvalidHashError
from argon2.low_level import hash_secret

from models.errors import Invalid
from models.values.texts import check_secret

SHORTEST: Final = 10
"""Characters."""

LONGEST: Final = 200
"""Characters: hashing must not become expensive."""

Result = TypeVar("Result")

_hasher = PasswordHasher()

# Threads of their own, so that other work in threads keeps nobody from signing in. Each takes 64 MB and a core.
_threads: Final = ThreadPoolExecutor(4, "passwords")


def set_cost(*, iterations: int, memory_kib: int) -> None:
    """Sets the cost of new hashes (default: the second recommendation of RFC 9106)."""
    global _hasher
    _hasher = PasswordHasher(time_cost=iterations, memory_cost=memory_kib)
    _hash_of_nobody.cache_clear()


def check_password(value: object) -> str:
    """Returns the password. Raises Invalid when it is too short or too long."""
    password = check_secret(value, LONGEST)
    if len(password) < SHORTEST:
        raise Invalid(f"a password has at least {SHORTEST} characters; this one has {len(password)}")
    return password


async def in_thread(function: Callable[..., Result], *arguments: object) -> Result:
    """Runs slow work on passwords in a thread of its own pool."""
    return await asyncio.get_running_loop().run_in_executor(_threads, function, *arguments)


async def hashed(password: str, like: str | None = None) -> str:
    """Returns a hash. It has the salt of the hash `like`: one computation checks a password against both."""
    return await in_thread(_hashed, password, like)


async def matching(password: str, stored: Sequence[str]) -> list[bool]:
    """Returns for each hash whether the password is its own. An empty hash stands for no password and never matches.

    Takes as long for no hash at all as for any number of hashes that share their salt.
    """
    return await in_thread(_matching, password, tuple(stored))


def share_salt(one: str, other: str) -> bool:
    """Returns whether two hashes have the same salt and cost."""
    return _head(one) == _head(other)


def _hashed(password: str, like: str | None) -> str:
    return _hasher.hash(password, salt=None if like is None else _salt(like))


def _matching(password: str, stored: Sequence[str]) -> list[bool]:
    computed: dict[str, str] = {}
    for known in [one for one in stored if one] or [_hash_of_nobody()]:
        if _head(known) not in computed:
            computed[_head(known)] = _computed(password, known)
    return [bool(one) and hmac.compare_digest(computed[_head(one)], one) for one in stored]


def _computed(password: str, like: str) -> str:
    """Returns the hash with the salt and cost of `like`; empty when `like` is no hash."""
    try:
        of = extract_parameters(like)
        salt = _salt(like)
    except (InvalidHashError, ValueError, IndexError):
        return ""
    secret = password.encode("utf-8", "replace")
    costs = (of.time_cost, of.memory_cost, of.parallelism)
    return hash_secret(secret, salt, *costs, of.hash_len, of.type, of.version).decode()


def _head(stored: str) -> str:
    """Returns kind, cost and salt."""
    return stored.rpartition("$")[0]


def _salt(stored: str) -> bytes:
    encoded = stored.split("$")[4]
    return b64decode(encoded + "=" * (-len(encoded) % 4))


@lru_cache(maxsize=1)
def _hash_of_nobody() -> str:
    return _hasher.hash("the password of nobody at all")
