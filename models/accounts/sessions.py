"""Signing in, and who stands behind a bearer token: a member's session or an API token.

A session is a JSON Web Token that says who and where, signed, for a short time. It says nothing of what the member may
do: that is read anew for every operation, so that a change of role, a new password or a removal takes effect on the
next one.
"""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final, NamedTuple

import jwt

from models import clock, db
from models.accounts import api_tokens, audit_log
from models.accounts.passwords import LONGEST, matches
from models.db import Record
from models.errors import Conflict, Invalid, Throttled
from permissions.capabilities import Permission
from permissions.principal import Principal, PrincipalKind, Scope
from permissions.roles import Role, permissions_of


@dataclass(frozen=True, slots=True)
class Signing:
    """How sessions are signed: with this `secret` (32 bytes or more), for this long."""

    secret: str
    lifetime: timedelta = timedelta(hours=1)


class SignedIn(NamedTuple):
    """A member who has just signed in: the bearer token, and the scope that it stands for."""

    token: str
    scope: Scope


# ---------------------------------------------------------------- signing in

_CANDIDATES = """
    SELECT p.workspace_id, p.id, p.password_hash, p.password_version, p.role, p.permissions, w.timezone, w.default_country
    FROM members p JOIN workspaces w ON w.id = p.workspace_id
    WHERE p.email = $1 AND ($2::bigint IS NULL OR p.workspace_id = $2)
    ORDER BY p.workspace_id LIMIT 20
"""


async def sign_in(
    email: str,
    password: str,
    signing: Signing,
    *,
    workspace_id: int | None = None,
    request_id: str | None = None,
    address: str | None = None,
) -> SignedIn:
    """A bearer token for the member with this e-mail and password.

    `workspace_id` is needed only by who is a member of several workspaces with the same e-mail and password. Raises
    Invalid (in the same words and time whether the e-mail, the password or the workspace is wrong), Throttled, or
    Conflict at `workspaceId`.
    """
    attempts = [_of_email(email), *([_of_address(address)] if address else [])]
    await _count(attempts)
    candidates = await db.fetch(_CANDIDATES, _plain(email), workspace_id)
    found = await _with_password(candidates, password)
    if not found:
        raise Invalid("no member has this e-mail and password")
    await _forget(attempts)
    if len(found) > 1:
        raise Conflict(
            f"you are a member of {len(found)} workspaces with this e-mail and password: say which one by `workspaceId`",
            ("workspaceId",),
        )
    scope = _scope_of_member(found[0], request_id, address)
    await audit_log.record(scope, "sign_in", "Member", found[0]["id"])
    return SignedIn(issue(found[0], signing), scope)


async def _with_password(candidates: Sequence[Record], password: str) -> list[Record]:
    if len(password) > LONGEST or "\x00" in password or not candidates:
        await matches(password[:LONGEST], None)
        return []
    return [row for row in candidates if await matches(password, row["password_hash"])]


_ISSUED_FOR = "SELECT workspace_id, id, password_version FROM members WHERE workspace_id = $1 AND id = $2"


async def token_of(scope: Scope, number: int, signing: Signing) -> str | None:
    """A bearer token for a member of the scope's workspace, no password asked (`muster token`). None without the member."""
    member = await db.fetch_row(_ISSUED_FOR, scope.workspace_id, number)
    return None if member is None else issue(member, signing)


def issue(member: Record, signing: Signing) -> str:
    """A bearer token for a member (`workspace_id`, `id`, `password_version`), good for `signing.lifetime` from now."""
    moment = clock.now()
    claims = {
        "sub": str(member["id"]),
        "ws": member["workspace_id"],
        "pv": member["password_version"],
        "iat": moment,
        "exp": moment + signing.lifetime,
    }
    return jwt.encode(claims, signing.secret, algorithm="HS256")


def _plain(email: str) -> str:
    return email.strip().lower().replace("\x00", "")


# ---------------------------------------------------------------- throttling

WINDOW: Final = timedelta(minutes=15)
"""How long failed sign-ins are remembered."""

MOST_BY_EMAIL: Final = 10
"""Sign-ins tried with one e-mail in a window, before it has to wait for the window's end."""

MOST_BY_ADDRESS: Final = 100
"""The same from one address, behind which there may be an office."""

# Counted before the password is looked at, so that many at once don't slip through. Old rows go along.
_COUNT = """
    WITH over AS (
        DELETE FROM sign_in_attempts WHERE key IN (
            SELECT key FROM sign_in_attempts WHERE ends_at < $2 AND key <> $1 LIMIT 100 FOR UPDATE SKIP LOCKED)
    )
    INSERT INTO sign_in_attempts AS a (key, attempts, ends_at) VALUES ($1, 1, $3)
    ON CONFLICT (key) DO UPDATE SET
        attempts = CASE WHEN a.ends_at < $2 THEN 1 ELSE a.attempts + 1 END,
        ends_at = CASE WHEN a.ends_at < $2 THEN $3 ELSE a.ends_at END
    RETURNING attempts, ends_at
"""

_FORGET = """
    UPDATE sign_in_attempts SET attempts = CASE WHEN key = $1 THEN 0 ELSE attempts - 1 END
    WHERE key = ANY ($2) AND attempts > 0
"""


async def _count(attempts: Sequence[tuple[str, int]]) -> None:
    moment = clock.now()
    for key, most in attempts:
        row = await db.fetch_row(_COUNT, key, moment, moment + WINDOW)
        assert row is not None
        if row["attempts"] > most:
            seconds = (row["ends_at"] - moment).total_seconds()
            raise Throttled("too many sign-ins failed: wait a while and try again", max(seconds, 1.0))


async def _forget(attempts: Sequence[tuple[str, int]]) -> None:
    """A sign-in that went well clears its e-mail, and is not held against its address."""
    keys = [key for key, _ in attempts]
    await db.execute(_FORGET, keys[0], keys)


def _of_email(email: str) -> tuple[str, int]:
    return "email:" + hashlib.sha256(_plain(email).encode()).hexdigest(), MOST_BY_EMAIL


def _of_address(address: str) -> tuple[str, int]:
    return "address:" + address, MOST_BY_ADDRESS


# ---------------------------------------------------------------- who is asking

_MEMBERS = """
    SELECT p.workspace_id, p.id, p.password_version, p.role, p.permissions, w.timezone, w.default_country
    FROM unnest($1::bigint[], $2::bigint[]) AS asked (workspace_id, id)
    JOIN members p ON p.workspace_id = asked.workspace_id AND p.id = asked.id
    JOIN workspaces w ON w.id = p.workspace_id
"""


async def find_scope(
    bearer: str, signing: Signing, *, request_id: str | None = None, address: str | None = None
) -> Scope | None:
    """The scope that a bearer token stands for now; None when it is not, or no longer, good. One statement."""
    scope = (await find_scopes((bearer,), signing)).get(bearer)
    return None if scope is None else replace(scope, request_id=request_id, address=address)


async def find_scopes(bearers: Collection[str], signing: Signing) -> dict[str, Scope]:
    """The scopes that these bearer tokens stand for now, without those that are not, or no longer, good.

    One statement for all API tokens and one for all sessions, however many there are.
    """
    secrets = [bearer for bearer in bearers if bearer.startswith(api_tokens.PREFIX)]
    found = await _of_tokens(secrets) if secrets else {}
    if len(secrets) < len(bearers):
        found |= await _of_sessions(bearers, signing)
    return found


async def _of_tokens(secrets: Collection[str]) -> dict[str, Scope]:
    tokens = await api_tokens.find_by_secrets(secrets)
    return {secret: _scope_of_token(token) for secret, token in tokens.items()}


async def _of_sessions(bearers: Collection[str], signing: Signing) -> dict[str, Scope]:
    moment = clock.now()
    claimed = {bearer: claims for bearer in bearers if (claims := _claims(bearer, signing)) is not None}
    claimed = {bearer: claims for bearer, claims in claimed.items() if claims.expires_at > moment}
    if not claimed:
        return {}
    asked = {(claims.workspace_id, claims.person_id) for claims in claimed.values()}
    rows = await db.fetch(_MEMBERS, *map(list, zip(*asked, strict=True)))
    members = {(row["workspace_id"], row["id"], row["password_version"]): row for row in rows}
    return {
        bearer: _scope_of_member(members[claims[:3]]) for bearer, claims in claimed.items() if claims[:3] in members
    }


class _Claims(NamedTuple):
    workspace_id: int
    person_id: int
    password_version: int
    expires_at: datetime


_known: dict[tuple[str, str], _Claims] = {}
_MOST_KNOWN: Final = 10_000


def _claims(bearer: str, signing: Signing) -> _Claims | None:
    """What a session says, its signature checked (once for each token that this process sees); None when it is none."""
    claims = _known.get((bearer, signing.secret))
    if claims is None:
        claims = _read(bearer, signing)
        if claims is not None:
            if len(_known) >= _MOST_KNOWN:
                _known.clear()
            _known[bearer, signing.secret] = claims
    return claims


def _read(bearer: str, signing: Signing) -> _Claims | None:
    try:
        said = jwt.decode(
            bearer,
            signing.secret,
            algorithms=["HS256"],
            options={"require": ["exp", "sub"], "verify_exp": False, "verify_iat": False},
        )
        return _Claims(int(said["ws"]), int(said["sub"]), int(said["pv"]), datetime.fromtimestamp(said["exp"], UTC))
    except (jwt.InvalidTokenError, KeyError, ValueError, TypeError):
        return None


def _scope_of_member(member: Record, request_id: str | None = None, address: str | None = None) -> Scope:
    powers = permissions_of(Role(member["role"]), _permissions(tuple(member["permissions"])))
    principal = Principal(PrincipalKind.MEMBER, member["id"], powers)
    return _scope(member, principal, request_id, address)


def _scope_of_token(token: Record) -> Scope:
    return _scope(token, Principal(PrincipalKind.TOKEN, token["id"], _permissions(tuple(token["permissions"]))))


@lru_cache(maxsize=1024)  # there are far fewer sets of permissions than callers
def _permissions(stored: tuple[str, ...]) -> frozenset[Permission]:
    return frozenset(map(Permission, stored))


def _scope(row: Record, principal: Principal, request_id: str | None = None, address: str | None = None) -> Scope:
    return Scope(
        row["workspace_id"], principal, row["timezone"], row["default_country"], request_id=request_id, address=address
    )
