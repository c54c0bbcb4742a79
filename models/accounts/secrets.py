"""Encrypts secrets at rest (AES-256-GCM), each for one owner.

Byte 0 is a version, bytes 1 to 4 name the key: the first key encrypts, all keys decrypt.
"""

import hashlib
import os
from collections.abc import Sequence
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from models.errors import MusterError

_VERSION: Final = b"\x01"
_NONCE_BYTES: Final = 12

_keys: dict[bytes, AESGCM] = {}
_first: bytes | None = None


class SecretUnreadable(MusterError):
    """A missing key, a changed value or another owner."""


def use_keys(secrets: Sequence[str]) -> None:
    """Sets this process's keys; each has 32 characters or more, and the first one encrypts."""
    global _first
    _keys.clear()
    names = []
    for secret in secrets:
        key = HKDF(SHA256(), 32, salt=None, info=b"muster: secrets of channels").derive(secret.encode())
        name = hashlib.sha256(key).digest()[:4]
        _keys[name] = AESGCM(key)
        names.append(name)
    _first = names[0] if names else None


def encrypt(secret: str, owner: str) -> bytes:
    """Encrypts for one `owner` (such as "7:token"): only the same `owner` can decrypt it."""
    if _first is None:
        raise RuntimeError("no key to encrypt with: call models.accounts.secrets.use_keys first")
    nonce = os.urandom(_NONCE_BYTES)
    return _VERSION + _first + nonce + _keys[_first].encrypt(nonce, secret.encode(), owner.encode())


def decrypt(encrypted: bytes, owner: str) -> str:
    """Raises SecretUnreadable when the key is missing, or `owner` or the value is not the same."""
    name, nonce, rest = encrypted[1:5], encrypted[5 : 5 + _NONCE_BYTES], encrypted[5 + _NONCE_BYTES :]
    key = _keys.get(name)
    if encrypted[:1] != _VERSION or key is None:
        raise SecretUnreadable("encrypted with a key that this installation does not have")
    try:
        return key.decrypt(nonce, rest, owner.encode()).decode()
    except InvalidTag:
        raise SecretUnreadable("the value does not belong here, or was changed") from None
