"""Finds the scope of a bearer token: a session or an API token."""

from collections.abc import Collection
from dataclasses import replace
from functools import lru_cache

from models import clock, db
from models.accounts import api_tokens, sessions
from models.accounts.sessions import Signing
from models.db import Record
from permissions.capabilities import Permission
from permissions.principal import Principal, PrincipalKind, Scope
from permissions.roles import Role, permissions_of

_MEMBERS = """
    SELECT p.workspace_id, p.id, p.password_version, p.role, p.permissions, w.timezone, w.default_country,
           claimed.session_id, s.token_number, s.password_version AS session_version
    FROM unnest($2::bigint[], $3::bigint[]) AS claimed (id, session_id)
    JOIN members p ON p.workspace_id = $1 AND p.id = claimed.id
    JOIN workspaces w ON w.id = $1
    LEFT JOIN member_sessions s ON s.workspace_id = $1 AND s.id = claimed.session_id AND s.member_id = claimed.id
"""


async def find_scope(
    bearer: str, signing: Signing, *, request_id: str | None = None, address: str | None = None
) -> Scope | None:
    """Returns the scope of a bearer token, or None when the token is not valid."""
    scope = (await find_scopes((bearer,), signing)).get(bearer)
    return None if scope is None else replace(scope, request_id=request_id, address=address)


def workspace_named_by(bearer: str, signing: Signing) -> int | None:
    """The id of the workspace in which a bearer token is looked for: nothing is known of the token yet. None: it names none."""
    if bearer.startswith(api_tokens.PREFIX):
        return api_tokens.workspace_named_by(bearer)
    claims = sessions.read(bearer, signing)
    return None if claims is None else claims.workspace_id


async def find_scopes(bearers: Collection[str], signing: Signing) -> dict[str, Scope]:
    """Returns the scopes of valid tokens, by token. One statement for each workspace and kind of token, at its node."""
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
    claimed = {bearer: claims for bearer in bearers if (claims := sessions.read(bearer, signing)) is not None}
    claimed = {bearer: claims for bearer, claims in claimed.items() if claims.expires_at > moment}
    if not claimed:
        return {}
    ids: dict[int, set[tuple[int, int | None]]] = {}
    for claims in claimed.values():
        ids.setdefault(claims.workspace_id, set()).add((claims.member_id, claims.session_id))
    rows = [row for workspace_id, sessions_of in ids.items() for row in await _members(workspace_id, sessions_of)]
    members = {(row["workspace_id"], row["id"], row["session_id"]): row for row in rows}
    found = {
        bearer: (claims, members.get((claims.workspace_id, claims.member_id, claims.session_id)))
        for bearer, claims in claimed.items()
    }
    return {
        bearer: scope_of_member(member, session_id=claims.session_id)
        for bearer, (claims, member) in found.items()
        if member is not None and _is_valid(claims, member)
    }


async def _members(workspace_id: int, sessions_of: Collection[tuple[int, int | None]]) -> list[Record]:
    with db.read_at_node(workspace_id):
        return await db.fetch(_MEMBERS, workspace_id, *map(list, zip(*sessions_of, strict=True)))


def _is_valid(claims: sessions.Claims, member: Record) -> bool:
    version: int = member["password_version"]
    if claims.session_id is None:
        return claims.password_version == version
    return (claims.token_number, version) == (member["token_number"], member["session_version"])


def scope_of_member(
    member: Record, request_id: str | None = None, address: str | None = None, session_id: int | None = None
) -> Scope:
    """Takes a row of members with its workspace's `timezone` and `default_country`."""
    permissions = permissions_of(Role(member["role"]), _permissions(tuple(member["permissions"])))
    principal = Principal(PrincipalKind.MEMBER, member["id"], permissions)
    return Scope(
        member["workspace_id"],
        principal,
        member["timezone"],
        member["default_country"],
        request_id=request_id,
        address=address,
        session_id=session_id,
    )


def _scope_of_token(token: Record) -> Scope:
    principal = Principal(PrincipalKind.TOKEN, token["id"], _permissions(tuple(token["permissions"])))
    return Scope(token["workspace_id"], principal, token["timezone"], token["default_country"])


@lru_cache(maxsize=1024)
def _permissions(stored: tuple[str, ...]) -> frozenset[Permission]:
    return frozenset(map(Permission, stored))
