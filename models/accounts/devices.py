"""Known devices: a signed token says that a member has signed in with this e-mail on a device before.

It lets nobody in. It only says that the attempts of this device are counted by themselves.
"""

import hashlib
import secrets
from typing import Final

import jwt

from models.accounts.sessions import Signing

DAYS: Final = 365
"""How long a browser keeps the token."""


def remember(email: str, signing: Signing) -> str:
    """Returns a new token for the device."""
    return jwt.encode({"device": secrets.token_hex(12), "of": _digest(email)}, signing.secret, algorithm="HS256")


def find(token: str | None, email: str, signing: Signing) -> str | None:
    """Returns the id of the device, or None when nobody has signed in on it with this e-mail."""
    if token is None:
        return None
    try:
        claims = jwt.decode(token, signing.secret, algorithms=["HS256"], options={"require": ["device", "of"]})
    except jwt.InvalidTokenError:
        return None
    return str(claims["device"]) if claims["of"] == _digest(email) else None


def _digest(email: str) -> str:
    return hashlib.sha256(email.encode()).hexdigest()
