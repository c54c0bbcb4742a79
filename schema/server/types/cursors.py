"""Keyset cursors: the sort key of a row, encrypted, and bound to the list that gave it.

    cursors = Cursors(scope, "jobs", kind, status)
    position = cursors.read(after, an_instant, a_number)
    page_of(rows, first, after, lambda job: cursors.write(job["created_at"], job["id"]))

A cursor shows nobody the names and phone numbers that lists are sorted by, and it is good for the same list of the same
workspace with the same order and filter only. AES-SIV (RFC 5297) needs no nonce, so a row of a list has one cursor.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Any, Final

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from models.errors import Invalid
from permissions.principal import Scope
from schema.server.types.scalars import to_instant

Reader = Callable[[Any], Any]

Key = tuple[Any, ...]

_KEY_BYTES: Final = 32

_ciphers = [AESSIV(AESSIV.generate_key(_KEY_BYTES * 8))]
"""The first one encrypts, all decrypt. Until `use_keys` they hold for this process alone."""


def use_keys(secrets: Sequence[str]) -> None:
    """Sets the secrets that protect cursors, of 32 characters or more each; the first one encrypts."""
    _ciphers[:] = [AESSIV(_derived(secret)) for secret in secrets]


def _derived(secret: str) -> bytes:
    return HKDF(SHA256(), _KEY_BYTES, salt=None, info=b"muster: cursors").derive(secret.encode())


class Cursors:
    """The cursors of one list. `about` is all that decides what is in it and how it is sorted."""

    __slots__ = ("_about", "_list")

    def __init__(self, scope: Scope, *about: Any) -> None:
        self._about = (scope.workspace_id, *about)
        self._list: list[bytes] | None = (
            None  # most pages of nested lists need no cursor, so it is computed when one does
        )

    def _bound_to(self) -> list[bytes]:
        if self._list is None:
            self._list = [blake2b(_written(self._about), digest_size=16).digest()]
        return self._list

    def write(self, *key: Any) -> str:
        """Makes the cursor of a row from its sort key, which holds JSON values and datetimes."""
        return urlsafe_b64encode(_ciphers[0].encrypt(orjson.dumps(key), self._bound_to())).rstrip(b"=").decode()

    def read(self, cursor: str | None, *readers: Reader, path: str = "after") -> Key | None:
        """Returns the sort key of a row; None without a cursor.

        Readers convert one part of the key each, or raise ValueError. Raises Invalid at `path` for a cursor of another list.
        """
        if cursor is None:
            return None
        try:
            key = orjson.loads(self._decrypted(cursor))
            if isinstance(key, list) and len(key) == len(readers):
                return tuple(read(part) for read, part in zip(readers, key, strict=True))
        except ValueError:  # not base64, or a part of another kind
            pass
        raise _invalid(cursor, path)

    def _decrypted(self, cursor: str) -> bytes:
        """Raises ValueError for a cursor of another list."""
        encrypted = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        for cipher in _ciphers:
            try:
                return cipher.decrypt(encrypted, self._bound_to())
            except InvalidTag:
                continue
        raise ValueError("of another list, or changed")


def read_for_each(
    lists: Sequence[Cursors], cursor: str | None, *readers: Reader, path: str = "after"
) -> tuple[Key | None, list[Invalid | None]]:
    """Reads one cursor for the lists of several parents: its key, and an Invalid for each list that did not give it.

    Raises Invalid at `path` when no list did.
    """
    if cursor is None:
        return None, [None] * len(lists)
    key: Key | None = None
    problems: list[Invalid | None] = []
    for cursors in lists:
        try:
            key = cursors.read(cursor, *readers, path=path)
            problems.append(None)
        except Invalid as problem:
            problems.append(problem)
    if key is None:
        raise _invalid(cursor, path)
    return key, problems


def _invalid(cursor: str, path: str) -> Invalid:
    return Invalid(
        f"{cursor[:100]!r} is not a cursor of this list: pass an endCursor that it gave, with the same order and filter",
        (path,),
    )


def _written(about: tuple[Any, ...]) -> bytes:
    """Writes what decides about a list as JSON; filters may be instances of input types, which are dataclasses."""
    try:
        return orjson.dumps(about, default=str, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    except TypeError:  # a filter that is nested more deeply than any list takes
        return orjson.dumps(about[:2])


# ---------------------------------------------------------------- the parts of a key


def a_number(value: Any) -> int:
    if type(value) is int and 0 <= value < 2**63:
        return value
    raise ValueError


def an_instant(value: Any) -> datetime:
    """Reads an instant in UTC."""
    return to_instant(value)


def a_text(value: Any) -> str:
    """Checks that PostgreSQL can store the text."""
    if isinstance(value, str) and "\x00" not in value:
        return value
    raise ValueError


def nothing_or(reader: Reader) -> Reader:
    return lambda value: None if value is None else reader(value)
