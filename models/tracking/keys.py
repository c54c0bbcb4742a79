"""Tracking keys: what a web page or an app needs to record what its visitors do, and to do nothing else.

A key names its workspace: `mtk_<workspace id>_<32 hexadecimal digits>`. It is no secret.
"""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from models import clock, db
from models.accounts import audit_log
from models.errors import DomainError, Invalid, LimitExceeded, NotFound, Problems, at
from models.values.texts import check_name
from permissions.capabilities import Permission
from permissions.principal import Principal, PrincipalKind, Scope

MOST_KEYS: Final = 100
"""Active ones, of a workspace."""

MOST_ORIGINS: Final = 50

_KEY: Final = re.compile(r"mtk_([0-9]{1,18})_[0-9a-f]{32}")

_COLUMNS: Final = "id, name, key, origins, created_at, last_used_at, revoked_at"

MAY: Final = frozenset({Permission.CONTACT_WRITE, Permission.ACTIVITY_WRITE})


@dataclass(frozen=True, slots=True)
class TrackingKey:
    """An active key: the scope in which its events are written, and the origins of pages that may use it (none: all)."""

    id: int
    scope: Scope
    origins: frozenset[str]
    last_used_at: datetime | None

    def admits(self, origin: str | None) -> bool:
        """Whether a request from this origin may use it. Servers send none."""
        return not self.origins or origin is None or origin.lower() in self.origins


# ---------------------------------------------------------------- managed


async def create(scope: Scope, name: str, origins: Sequence[str] = ()) -> db.Record:
    """Raises Invalid at `name` or Problems at `origins`, or LimitExceeded."""
    with at("name"):
        checked = check_name(name)
    allowed = check_origins(origins)
    async with db.transaction():
        if await _active(scope.workspace_id) >= MOST_KEYS:
            raise LimitExceeded(
                f"a workspace has at most {MOST_KEYS} active tracking keys: revoke one that is not used"
            )
        by = scope.principal.id if scope.principal.kind is PrincipalKind.MEMBER else None
        key = f"mtk_{scope.workspace_id}_{secrets.token_hex(16)}"
        row = await db.fetch_row(_CREATE, scope.workspace_id, checked, key, allowed, by, clock.now())
        assert row is not None
        await audit_log.record(scope, "tracking_key_create", "TrackingKey", row["id"], {"name": checked})
    return row


_CREATE: Final = f"""
    INSERT INTO tracking_keys (workspace_id, name, key, origins, created_by, created_at) VALUES ($1, $2, $3, $4, $5, $6)
    RETURNING {_COLUMNS}
"""  # noqa: S608 - columns of a list


async def _active(workspace_id: int) -> int:
    return int(
        await db.fetch_value(
            "SELECT count(*) FROM tracking_keys WHERE workspace_id = $1 AND revoked_at IS NULL", workspace_id
        )
    )


def check_origins(origins: Sequence[str]) -> list[str]:
    """Origins as browsers send them, such as https://shop.example. Raises Problems with each mistake."""
    if len(origins) > MOST_ORIGINS:
        raise LimitExceeded(f"{len(origins)} origins are too many: at most {MOST_ORIGINS}", ("origins",))
    problems: list[DomainError] = []
    checked: dict[str, None] = {}
    for index, origin in enumerate(origins):
        try:
            checked[_origin(origin)] = None
        except Invalid as error:
            problems.append(error.under("origins", index))
    if problems:
        raise Problems(problems)
    return list(checked)


def _origin(given: str) -> str:
    """As browsers write it in their header: scheme, host, and a port that is not the scheme's own."""
    wrong = Invalid("this is no origin: write scheme and host, such as https://shop.example, without a path")
    try:
        parts = urlsplit(given.strip().rstrip("/"))
        port, host = parts.port, parts.hostname
    except ValueError:
        raise wrong from None
    if parts.scheme not in ("http", "https") or not host or parts.path or parts.query or parts.username:
        raise wrong
    try:
        ascii_host = host.encode("idna").decode()
    except UnicodeError:
        raise wrong from None
    own = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{ascii_host.lower()}" + ("" if port in (None, own) else f":{port}")


async def revoke(scope: Scope, key_id: int) -> db.Record:
    """Again: changes nothing. Raises NotFound at `id`."""
    async with db.transaction():
        revoked = await db.fetch(
            "UPDATE tracking_keys SET revoked_at = $3 WHERE workspace_id = $1 AND id = $2 AND revoked_at IS NULL RETURNING id",
            scope.workspace_id,
            key_id,
            clock.now(),
        )
        rows = await by_ids(scope, [key_id])
        if not rows:
            raise NotFound("there is no such tracking key", ("id",))
        if revoked:
            await audit_log.record(scope, "tracking_key_revoke", "TrackingKey", key_id)
    return rows[0]


async def every(scope: Scope) -> list[db.Record]:
    """Returns all keys, also revoked ones, the newest first."""
    return await db.fetch(
        f"SELECT {_COLUMNS} FROM tracking_keys WHERE workspace_id = $1 ORDER BY id DESC",  # noqa: S608 - columns
        scope.workspace_id,
    )


async def by_ids(scope: Scope, ids: Sequence[int]) -> list[db.Record]:
    return await db.fetch(
        f"SELECT {_COLUMNS} FROM tracking_keys WHERE workspace_id = $1 AND id = ANY ($2::bigint[])",  # noqa: S608
        scope.workspace_id,
        list(ids),
    )


# ---------------------------------------------------------------- used


async def find(key: str) -> TrackingKey | None:
    """Returns None for a key that nobody has, or that was revoked."""
    named = _KEY.fullmatch(key)
    if named is None:
        return None
    row = await db.fetch_row(_FIND, int(named[1]), key)
    if row is None:
        return None
    principal = Principal(PrincipalKind.TRACKING_KEY, row["id"], MAY)
    scope = Scope(int(named[1]), principal, timezone=row["timezone"], default_country=row["default_country"])
    return TrackingKey(row["id"], scope, frozenset(row["origins"]), row["last_used_at"])


_FIND: Final = """
    SELECT k.id, k.origins, k.last_used_at, w.timezone, w.default_country FROM tracking_keys k
    JOIN workspaces w ON w.id = $1 AND w.deleted_at IS NULL
    WHERE k.workspace_id = $1 AND k.key = $2 AND k.revoked_at IS NULL
"""

_USED_WITHIN: Final = timedelta(minutes=1)


async def note_use(key: TrackingKey) -> None:
    """Remembers to the minute that the key was used."""
    now = clock.now()
    if key.last_used_at is None or now - key.last_used_at >= _USED_WITHIN:
        await db.execute(
            """
            UPDATE tracking_keys SET last_used_at = $3
            WHERE workspace_id = $1 AND id = $2 AND coalesce(last_used_at < $3, true)
            """,
            key.scope.workspace_id,
            key.id,
            now,
        )
