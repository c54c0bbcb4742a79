"""The ad account at Meta of a workspace. Its token is encrypted, and never returned by the API."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from models import clock, db
from models.accounts import audit_log, secrets
from models.changelog import events
from models.changelog.events import AudienceBlocked
from models.db.tables.audiences import MetaConnection
from models.errors import Invalid, NotAllowedInState
from models.queue import requests
from models.queue.requests import ProviderRequestKind
from permissions.principal import PrincipalKind, Scope

__all__ = ["MetaConnection"]


@dataclass(frozen=True, slots=True)
class MetaCredentials:
    """`waits_until`: nothing is called before."""

    connection_id: int
    ad_account_id: str
    waits_until: datetime | None
    token: str = field(repr=False)


NOT_CONNECTED: Final = "No ad account is connected: connect it with metaConnect."


async def connect(scope: Scope, ad_account_id: str, token: str) -> MetaConnection:
    """A worker asks Meta at once. Audiences of another account that was connected before stop. Raises Invalid."""
    account = ad_account_id.strip().removeprefix("act_")
    _check(account, token)
    async with db.transaction():
        known = await find(scope, for_update=True)
        if known is not None and known.ad_account_id != account:
            await _close(scope, known)
            known = None
        encrypted = secrets.encrypt(token, _owner(scope.workspace_id))
        if known is None:
            by = scope.principal.id if scope.principal.kind is PrincipalKind.MEMBER else None
            known = await MetaConnection.create(
                workspace_id=scope.workspace_id,
                ad_account_id=account,
                encrypted_token=encrypted,
                created_by=by,
                created_at=clock.now(),
            )
        else:
            await db.execute(_RENEW, scope.workspace_id, known.id, encrypted)
            known.update_from_dict({"status": "CHECKING", "reason": None, "waits_until": None})
        await requests.ask(scope, ProviderRequestKind.META_CHECK)
        await audit_log.record(scope, "meta_connect", "MetaConnection", known.id, {"ad_account_id": account})
    return known


_RENEW: Final = """
    UPDATE meta_connections SET encrypted_token = $3, status = 'CHECKING', reason = NULL, waits_until = NULL
    WHERE workspace_id = $1 AND id = $2
"""


def _owner(workspace_id: int) -> str:
    return f"{workspace_id}:meta"


def _check(account: str, token: str) -> None:
    if not account.isascii() or not account.isdigit() or len(account) > 40:
        raise Invalid("this is an id of Meta's: digits, as the Ads Manager shows it after act=", ("adAccountId",))
    if not 8 <= len(token) <= 2000 or not token.isascii() or not token.isprintable() or " " in token:
        raise Invalid("this must be printable ASCII text of 8 to 2,000 characters, without spaces", ("accessToken",))


async def disconnect(scope: Scope) -> MetaConnection:
    """Forgets the token. Audiences stop until the account is connected again. Raises NotAllowedInState when none is."""
    async with db.transaction():
        known = await find(scope, for_update=True)
        if known is None:
            raise NotAllowedInState("no ad account is connected: there is nothing to disconnect")
        await _close(scope, known)
        await audit_log.record(scope, "meta_disconnect", "MetaConnection", known.id)
    return known


async def _close(scope: Scope, connection: MetaConnection) -> None:
    connection.disconnected_at = clock.now()
    await db.execute(
        "UPDATE meta_connections SET disconnected_at = $3, encrypted_token = '' WHERE workspace_id = $1 AND id = $2",
        scope.workspace_id,
        connection.id,
        connection.disconnected_at,
    )
    await _stop_audiences(scope.workspace_id, connection.ad_account_id, NOT_CONNECTED)


async def _stop_audiences(workspace_id: int, ad_account_id: str, reason: str) -> None:
    rows = await db.fetch(
        """
        UPDATE audiences
        SET status = 'BLOCKED', reason = $3, blocked_by = 'CONNECTION', settings_version = settings_version + 1
        WHERE workspace_id = $1 AND ad_account_id = $2 AND status IN ('SYNCING', 'IN_SYNC') AND deleted_at IS NULL
        RETURNING id, name
        """,
        workspace_id,
        ad_account_id,
        reason,
    )
    blocked = [AudienceBlocked(row["id"], row["name"], reason) for row in rows]
    await events.record_all(workspace_id, blocked)


# ---------------------------------------------------------------- reading


async def find(scope: Scope, *, for_update: bool = False) -> MetaConnection | None:
    query = MetaConnection.filter(workspace_id=scope.workspace_id, disconnected_at__isnull=True)
    return await (query.select_for_update() if for_update else query).first()


async def get(scope: Scope) -> MetaConnection:
    """Raises NotAllowedInState when there is none, or Meta refused it."""
    connection = await find(scope)
    if connection is None:
        raise NotAllowedInState("no ad account is connected: connect one with metaConnect first")
    if connection.status == "REFUSED":
        raise NotAllowedInState(f"Meta refused the ad account: {connection.reason}")
    return connection


async def by_ids(scope: Scope, ids: Sequence[int]) -> list[MetaConnection]:
    return await MetaConnection.filter(workspace_id=scope.workspace_id, id__in=list(ids), disconnected_at__isnull=True)


async def find_credentials(workspace_id: int) -> MetaCredentials | None:
    """Returns None without a connected account. Raises SecretUnreadable when its token cannot be decrypted."""
    row = await db.fetch_row(
        """
        SELECT id, ad_account_id, waits_until, encrypted_token FROM meta_connections
        WHERE workspace_id = $1 AND disconnected_at IS NULL
        """,
        workspace_id,
    )
    if row is None:
        return None
    token = secrets.decrypt(row["encrypted_token"], _owner(workspace_id))
    return MetaCredentials(row["id"], row["ad_account_id"], row["waits_until"], token)


# ---------------------------------------------------------------- what Meta says of it


async def checked(workspace_id: int, connection_id: int, name: str | None) -> bool:
    """Meta took the token: audiences that waited for that go on. False: the account was disconnected meanwhile."""
    async with db.transaction():
        row = await db.fetch_row(
            """
            UPDATE meta_connections SET status = 'CONNECTED', reason = NULL, name = $3, checked_at = $4
            WHERE workspace_id = $1 AND id = $2 AND disconnected_at IS NULL RETURNING ad_account_id
            """,
            workspace_id,
            connection_id,
            name,
            clock.now(),
        )
        if row is None:
            return False
        await db.execute(_GO_ON, workspace_id, row["ad_account_id"], clock.now())
    return True


_GO_ON: Final = """
    UPDATE audiences
    SET status = 'SYNCING', reason = NULL, blocked_by = NULL, failures = 0, waits_until = NULL, next_run_at = $3,
        settings_version = settings_version + 1
    WHERE workspace_id = $1 AND ad_account_id = $2 AND status = 'BLOCKED' AND blocked_by = 'CONNECTION' AND deleted_at IS NULL
"""


async def refused(workspace_id: int, connection_id: int, reason: str) -> None:
    """Nothing is called until the account is connected again."""
    async with db.transaction():
        row = await db.fetch_row(
            """
            UPDATE meta_connections SET status = 'REFUSED', reason = $3, checked_at = $4
            WHERE workspace_id = $1 AND id = $2 AND disconnected_at IS NULL AND status <> 'REFUSED' RETURNING ad_account_id
            """,
            workspace_id,
            connection_id,
            reason,
            clock.now(),
        )
        if row is None:
            return
        await _stop_audiences(workspace_id, row["ad_account_id"], reason)
        details = {"reason": reason}
        await audit_log.record_system(workspace_id, "meta_refuse", "MetaConnection", connection_id, details)


async def slow_down(workspace_id: int, connection_id: int, until: datetime) -> None:
    """All audiences of the account wait."""
    await db.execute(
        """
        UPDATE meta_connections SET waits_until = greatest(waits_until, $3)
        WHERE workspace_id = $1 AND id = $2 AND disconnected_at IS NULL
        """,
        workspace_id,
        connection_id,
        until,
    )


async def unchecked(before_seconds: float, limit: int) -> list[int]:
    """Ids of up to `limit` workspaces whose ad account Meta was not asked about for `before_seconds`. Reads all workspaces."""
    now = clock.now()
    rows = await db.fetch(
        """
        /* all workspaces */ SELECT c.workspace_id FROM meta_connections AS c
        WHERE c.disconnected_at IS NULL AND c.status <> 'REFUSED' AND (c.checked_at IS NULL OR c.checked_at < $1)
          AND NOT EXISTS (
            SELECT 1 FROM provider_requests AS r WHERE r.workspace_id = c.workspace_id AND r.kind = 'META_CHECK'
                AND (r.status IN ('WAITING', 'RUNNING') OR r.finished_at > $2))
        ORDER BY c.checked_at NULLS FIRST LIMIT $3
        """,
        now - timedelta(seconds=before_seconds),
        now - timedelta(minutes=1),
        limit,
    )
    return [row["workspace_id"] for row in rows]
