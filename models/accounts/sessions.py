"""Sessions: JSON Web Tokens that name a member.

Permissions are not in the token but read for each operation, so that a change has effect on the next one.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

import jwt

from models import clock, db
from models.db import Record
from permissions.principal import Scope


@dataclass(frozen=True, slots=True)
class Signing:
    """How sessions are signed; `secret` has 32 bytes or more."""

    secret: str
    lifetime: timedelta = timedelta(hours=1)


_MEMBER = "SELECT workspace_id, id, password_version FROM members WHERE workspace_id = $1 AND id = $2"


async def token_of(scope: Scope, member_id: int, signing: Signing) -> str | None:
    """A token, without asking for a password (`muster token`). None: no such member."""
    member = await db.fetch_row(_MEMBER, scope.workspace_id, member_id)
    return None if member is None else issue(member, signing)


def issue(member: Record, signing: Signing) -> str:
    """Returns a bearer token. `member` has `workspace_id`, `id` and `password_version`."""
    moment = clock.now()
    claims = {
        "sub": str(member["id"]),
        "ws": member["workspace_id"],
        "pv": member["password_version"],
        "iat": moment,
        "exp": moment + signing.lifetime,
    }
    return jwt.encode(claims, signing.secret, algorithm="HS256")


class Claims(NamedTuple):
    """Valid while the member has this `password_version`."""

    workspace_id: int
    member_id: int
    password_version: int
    expires_at: datetime


_MOST_CACHED: Final = 10_000
_cache: dict[tuple[str, str], Claims] = {}


def read(bearer: str, signing: Signing) -> Claims | None:
    """The claims, expired or not. None: a bad signature."""
    claims = _cache.get((bearer, signing.secret))
    if claims is None:
        claims = _decode(bearer, signing)
        if claims is not None:
            if len(_cache) >= _MOST_CACHED:
                _cache.clear()
            _cache[bearer, signing.secret] = claims
    return claims


def _decode(bearer: str, signing: Signing) -> Claims | None:
    try:
        claims = jwt.decode(
            bearer,
            signing.secret,
            algorithms=["HS256"],
            options={"require": ["exp", "sub"], "verify_exp": False, "verify_iat": False},
        )
        expires_at = datetime.fromtimestamp(claims["exp"], UTC)
        return Claims(int(claims["ws"]), int(claims["sub"]), int(claims["pv"]), expires_at)
    except (jwt.InvalidTokenError, KeyError, ValueError, TypeError):
        return None
