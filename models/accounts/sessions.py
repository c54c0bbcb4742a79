"""Sessions: JSON Web Tokens that name a member and a row of member_sessions.

Permissions are not in the token but read for each operation, so that a change has effect on the next one.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

import jwt

from models import clock, db
from models.accounts import audit_log
from models.db import Record
from models.errors import Unauthenticated, Unsupported
from permissions.principal import PrincipalKind, Scope


@dataclass(frozen=True, slots=True)
class Signing:
    """How tokens are signed; `secret` has 32 bytes or more.

    A token is valid for `lifetime`. A session that is refreshed lasts for `longest`.
    """

    secret: str
    lifetime: timedelta = timedelta(hours=1)
    longest: timedelta = timedelta(days=30)


# ---------------------------------------------------------------- started, refreshed, ended

_MEMBER = "SELECT workspace_id, id, password_version FROM members WHERE workspace_id = $1 AND id = $2"

_FORGET_EXPIRED = "DELETE FROM member_sessions WHERE workspace_id = $1 AND member_id = $2 AND expires_at <= $3"

_START = """
    INSERT INTO member_sessions (workspace_id, member_id, password_version, started_at, expires_at)
    VALUES ($1, $2, $3, $4, $5) RETURNING id
"""


async def token_of(scope: Scope, member_id: int, signing: Signing) -> str | None:
    """Returns the token of a new session without asking for a password, or None when there is no such member."""
    member = await db.fetch_row(_MEMBER, scope.workspace_id, member_id)
    return None if member is None else await start(member, signing)


async def start(member: Record, signing: Signing) -> str:
    """Starts a session and returns its token. `member` has `workspace_id`, `id` and `password_version`."""
    moment = clock.now()
    workspace_id, member_id, version = member["workspace_id"], member["id"], member["password_version"]
    async with db.transaction():
        await db.execute(_FORGET_EXPIRED, workspace_id, member_id, moment)
        expires_at = moment + signing.lifetime
        session_id = await db.fetch_value(_START, workspace_id, member_id, version, moment, expires_at)
    return _encode(Claims(workspace_id, member_id, version, expires_at, session_id, 1), moment, signing)


_REFRESH = """
    UPDATE member_sessions SET token_number = token_number + 1, expires_at = $4
    WHERE workspace_id = $1 AND id = $2 AND started_at > $3
    RETURNING member_id, password_version, token_number
"""


async def refresh(scope: Scope, signing: Signing) -> str:
    """Returns a new token of the caller's session and ends the old ones.

    Raises Unsupported (no session), or Unauthenticated after `longest`.
    """
    session_id = _session_of(scope)
    moment = clock.now()
    expires_at = moment + signing.lifetime
    async with db.transaction():
        row = await db.fetch_row(_REFRESH, scope.workspace_id, session_id, moment - signing.longest, expires_at)
        if row is None:
            raise Unauthenticated(f"the session is older than {signing.longest.days} days: sign in again")
        await audit_log.record(scope, "token_refresh", "Member", row["member_id"])
    claims = Claims(
        scope.workspace_id, row["member_id"], row["password_version"], expires_at, session_id, row["token_number"]
    )
    return _encode(claims, moment, signing)


async def end(scope: Scope) -> None:
    """Ends the caller's session. Raises Unsupported (no session)."""
    session_id = _session_of(scope)
    async with db.transaction():
        await db.execute(
            "DELETE FROM member_sessions WHERE workspace_id = $1 AND id = $2", scope.workspace_id, session_id
        )
        await audit_log.record(scope, "session_end", "Member", scope.principal.id)


def _session_of(scope: Scope) -> int:
    if scope.session_id is None:
        kind = "an API token" if scope.principal.kind is PrincipalKind.TOKEN else "this token"
        raise Unsupported(f"{kind} has no session: sign in with an e-mail and a password to have one")
    return scope.session_id


# ---------------------------------------------------------------- tokens


class Claims(NamedTuple):
    """What a token says: it is valid while the session has this `token_number` and the member's password is that of the session.

    Tokens of versions before sessions had rows have no `session_id`: valid while the member has this `password_version`.
    """

    workspace_id: int
    member_id: int
    password_version: int
    expires_at: datetime
    session_id: int | None = None
    token_number: int = 0


def _encode(claims: Claims, moment: datetime, signing: Signing) -> str:
    named = {
        "sub": str(claims.member_id),
        "ws": claims.workspace_id,
        "pv": claims.password_version,
        "sid": claims.session_id,
        "n": claims.token_number,
        "iat": moment,
        "exp": claims.expires_at,
    }
    return jwt.encode(named, signing.secret, algorithm="HS256")


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
        session_id = None if claims.get("sid") is None else int(claims["sid"])
        return Claims(
            int(claims["ws"]), int(claims["sub"]), int(claims["pv"]), expires_at, session_id, int(claims.get("n", 0))
        )
    except (jwt.InvalidTokenError, KeyError, ValueError, TypeError):
        return None
