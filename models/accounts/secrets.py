"""Secrets at rest: sealed with a key that is not in the database, and bound to the place that they belong to.

AES-256-GCM; the first byte is a version, the next four name the key, so that keys can be changed: the first one given seals,
all of them unseal.
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
    """What was sealed cannot be read: the key is gone, or the value was moved or changed."""


def use_keys(secrets: Sequence[str]) -> None:
    """Seal and unseal with keys made from these secrets (32 characters or more) in this process; the first one seals."""
    global _first
    _keys.clear()
    names = []
    for secret in secrets:
        key = HKDF(SHA256(), 32, salt=None, info=b"muster: secrets of channels").derive(secret.encode())
        name = hashlib.sha256(key).digest()[:4]
        _keys[name] = AESGCM(key)
        names.append(name)
    _first = names[0] if names else None


def encrypt(secret: str, place: str) -> bytes:
    """`secret`, readable only with a key and as what belongs to `place` (such as "7:token")."""
    if _first is None:
        raise RuntimeError("no key to seal with: call models.accounts.secrets.use_keys first")
    nonce = os.urandom(_NONCE_BYTES)
    return _VERSION + _first + nonce + _keys[_first].encrypt(nonce, secret.encode(), place.encode())


def decrypt(sealed: bytes, place: str) -> str:
    """The secret again. Raises SealBroken."""
    name, nonce, rest = sealed[1:5], sealed[5 : 5 + _NONCE_BYTES], sealed[5 + _NONCE_BYTES :]
    key = _keys.get(name)
    if sealed[:1] != _VERSION or key is None:
        raise SecretUnreadable("sealed with a key that this installation does not have")
    try:
        return key.decrypt(nonce, rest, place.encode()).decode()
    except InvalidTag:
        raise SecretUnreadable("the value does not belong here, or was changed") from None
