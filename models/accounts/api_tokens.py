"""API tokens of a workspace. A secret is shown once; only its hash is stored.

A secret names its workspace: `muster_<workspace id>_<64 hexadecimal digits>`. Older secrets do not: `muster_<43 characters>`. The
table old_api_tokens says where those are.
"""

import hashlib
import re
import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

from models import clock, db
from models.accounts import audit_log
from models.db import Record
from models.db.tables import ApiToken
from models.errors import Forbidden, Invalid, NotFound, at
from models.values.instants import write_instant
from models.values.texts import check_name
from permissions.capabilities import Permission
from permissions.policy import ungrantable
from permissions.principal import PrincipalKind, Scope

PREFIX: Final = "muster_"
"""Lets scanners find leaked secrets."""

_WITH_WORKSPACE: Final = re.compile(r"muster_([0-9]{1,18})_[0-9a-f]{64}")


async def create(
    scope: Scope, *, name: str, permissions: Iterable[Permission], expires_at: datetime | None = None
) -> tuple[ApiToken, str]:
    """The token and its secret. Raises Invalid at `name`, `permissions` or `expiresAt`."""
    granted = frozenset(permissions)
    lacking = ungrantable(scope.principal, granted)
    if lacking:
        raise Invalid(f"you can't give what you don't hold yourself: {', '.join(sorted(lacking))}", ("permissions",))
    if expires_at is not None and expires_at <= clock.now():
        raise Invalid("this is past: a token expires at a time to come, or never (null)", ("expiresAt",))
    with at("name"):
        checked_name = check_name(name)
    secret = f"{PREFIX}{scope.workspace_id}_{secrets.token_hex(32)}"
    async with db.transaction():
        token = await ApiToken.create(
            workspace_id=scope.workspace_id,
            name=checked_name,
            secret_hash=hash_of(secret),
            permissions=sorted(granted),
            created_by=scope.principal.id if scope.principal.kind is PrincipalKind.MEMBER else None,
            expires_at=expires_at,
        )
        ends = None if expires_at is None else write_instant(expires_at)
        details = {"name": checked_name, "permissions": sorted(granted), "expires_at": ends}
        await audit_log.record(scope, "api_token_create", "ApiToken", token.id, details)
    return token, secret


async def revoke(scope: Scope, token_id: int) -> ApiToken:
    """Revokes the token if it is active.

    Raises NotFound at `id`, or Forbidden (the token has permissions that the caller lacks).
    """
    async with db.transaction():
        await _refuse_stronger(scope, token_id)
        revoked = await ApiToken.filter(workspace_id=scope.workspace_id, id=token_id, revoked_at=None).update(
            revoked_at=clock.now()
        )
        token = await ApiToken.get(workspace_id=scope.workspace_id, id=token_id)
        if revoked:
            await audit_log.record(scope, "api_token_revoke", "ApiToken", token_id)
    return token


async def _refuse_stronger(scope: Scope, token_id: int) -> None:
    token = await ApiToken.get_or_none(workspace_id=scope.workspace_id, id=token_id)
    if token is None:
        raise NotFound("there is no such API token", ("id",))
    if ungrantable(scope.principal, map(Permission, token.permissions)):
        raise Forbidden("this token may do more than you, so only somebody who may do as much can revoke it")


async def every(scope: Scope) -> list[ApiToken]:
    """Returns all tokens, also revoked ones, newest first."""
    return await ApiToken.filter(workspace_id=scope.workspace_id).order_by("-id")


async def by_ids(scope: Scope, ids: Sequence[int]) -> list[ApiToken]:
    return await ApiToken.filter(workspace_id=scope.workspace_id, id__in=list(ids))


# Compares hashes, so that timing reveals nothing.
_FIND = """
    SELECT t.secret_hash, t.workspace_id, t.id, t.permissions, t.last_used_at, w.timezone, w.default_country
    FROM api_tokens t JOIN workspaces w ON w.id = $1
    WHERE t.workspace_id = $1 AND t.secret_hash = ANY ($2) AND t.revoked_at IS NULL
      AND (t.expires_at IS NULL OR t.expires_at > $3)
"""

_OLD = "SELECT secret_hash, workspace_id FROM old_api_tokens WHERE secret_hash = ANY ($1)"

# SKIP LOCKED: a request must not wait for a change of its token.
_USED = """
    UPDATE api_tokens SET last_used_at = $3
    WHERE workspace_id = $1 AND id IN (
        SELECT id FROM api_tokens
        WHERE workspace_id = $1 AND id = ANY ($2) AND (last_used_at IS NULL OR last_used_at < $4)
        ORDER BY id FOR NO KEY UPDATE SKIP LOCKED)
"""

_USE_STORED_EVERY: Final = timedelta(minutes=1)


async def find_by_secrets(token_secrets: Collection[str]) -> dict[str, Record]:
    """Valid tokens by secret, with their workspace's settings. Stores their last use, once a minute."""
    by_hash = {hash_of(secret): secret for secret in token_secrets}
    moment = clock.now()
    by_workspace = await _workspaces(by_hash)
    found = [row for key, hashes in by_workspace.items() for row in await _find(key, hashes, moment)]
    before = moment - _USE_STORED_EVERY
    used = [token for token in found if token["last_used_at"] is None or token["last_used_at"] < before]
    if used:
        await _store_use(used, moment, before)
    return {by_hash[token["secret_hash"]]: token for token in found}


def workspace_named_by(secret: str) -> int | None:
    """The id of the workspace in which a secret is to be looked for, if there is one. Older secrets name none."""
    named = _WITH_WORKSPACE.fullmatch(secret)
    return None if named is None else int(named[1])


async def _find(workspace_id: int, hashes: Collection[str], moment: datetime) -> list[Record]:
    with db.read_at_node(workspace_id):
        return await db.fetch(_FIND, workspace_id, hashes, moment)


async def _workspaces(by_hash: Mapping[str, str]) -> dict[int, list[str]]:
    """Hashes by the workspace in which they are looked for. Secrets of which nobody knows one are left out."""
    found: dict[int, list[str]] = {}
    old: list[str] = []
    for digest, secret in by_hash.items():
        workspace_id = workspace_named_by(secret)
        if workspace_id is None:
            old.append(digest)
        else:
            found.setdefault(workspace_id, []).append(digest)
    for row in await db.fetch(_OLD, old) if old else []:
        found.setdefault(row["workspace_id"], []).append(row["secret_hash"])
    return found


async def _store_use(used: Iterable[Record], moment: datetime, before: datetime) -> None:
    by_workspace: dict[int, list[int]] = {}
    for token in used:
        by_workspace.setdefault(token["workspace_id"], []).append(token["id"])
    for workspace_id, ids in by_workspace.items():
        await db.execute(_USED, workspace_id, ids, moment, before)


@lru_cache(maxsize=4096)
def hash_of(secret: str) -> str:
    """A plain digest is enough for 256 random bits."""
    return hashlib.sha256(secret.encode()).hexdigest()
