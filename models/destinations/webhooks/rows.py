"""Endpoints and deliveries as they are stored and read."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from models import clock, db
from models.accounts import secrets
from models.accounts.secrets import SecretUnreadable
from models.changelog.readers import StoredReader
from models.destinations.webhooks.event_types import MEMBERSHIP_CHANGES, OF_LOG
from models.errors import NotFound
from models.queue.leases import Lease, LeasedTable, LeaseLost
from permissions.principal import Scope

READER: Final = "webhook"

LEASES: Final = LeasedTable("webhook_endpoints", seconds=3)
"""After a killed worker another one goes on within seconds."""


class WebhookEndpointStatus(StrEnum):
    CHECKING = "CHECKING"
    ACTIVE = "ACTIVE"
    BACKING_OFF = "BACKING_OFF"
    PAUSED = "PAUSED"
    DISABLED = "DISABLED"


class DeliveryKind(StrEnum):
    """LIVE: of the endpoint's cursor. REPLAY, RESEND: once more. MESSAGE: in no log, from another part of the product."""

    LIVE = "LIVE"
    REPLAY = "REPLAY"
    RESEND = "RESEND"
    PING = "PING"
    TEST = "TEST"
    MESSAGE = "MESSAGE"


class DeliveryStatus(StrEnum):
    WAITING = "WAITING"
    DELIVERED = "DELIVERED"
    FAILED = "FAILED"
    SKIPPED = "SKIPPED"


SENDS: Final = frozenset({WebhookEndpointStatus.ACTIVE, WebhookEndpointStatus.BACKING_OFF})
"""States in which the logs are read."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What sending needs to know of an endpoint. `secrets` sign; `headers` are its own."""

    workspace_id: int
    id: int
    status: WebhookEndpointStatus
    url: str
    event_types: frozenset[str]
    segment_ids: tuple[int, ...]
    mode: str
    on_failure: str
    batch_size: int
    include_contacts: bool
    requests_per_second: float | None
    next_attempt_at: datetime | None
    is_full: bool
    quiet_until: datetime | None
    replays: int
    secrets: tuple[str, ...] = field(repr=False)
    headers: dict[str, str] = field(repr=False)

    @property
    def reader(self) -> StoredReader:
        return StoredReader(READER, self.id)

    @property
    def reads_members(self) -> bool:
        return MEMBERSHIP_CHANGES in self.event_types

    @property
    def types_of_log(self) -> list[str]:
        return sorted(OF_LOG & self.event_types)


def endpoint_of(row: Any) -> Endpoint:
    """Raises SecretUnreadable when its secrets cannot be decrypted."""
    workspace_id, endpoint_id = row["workspace_id"], row["id"]
    return Endpoint(
        workspace_id=workspace_id,
        id=endpoint_id,
        status=WebhookEndpointStatus(row["status"]),
        url=row["url"],
        event_types=frozenset(row["event_types"]),
        segment_ids=tuple(row["segment_ids"]),
        mode=row["mode"],
        on_failure=row["on_failure"],
        batch_size=row["batch_size"],
        include_contacts=row["include_contacts"],
        requests_per_second=row["requests_per_second"],
        next_attempt_at=row["next_attempt_at"],
        is_full=row["is_full"],
        quiet_until=row["quiet_until"],
        replays=row["replays"],
        secrets=_secrets_of(row),
        headers=headers_of(row),
    )


def _secrets_of(row: Any) -> tuple[str, ...]:
    owner = secret_owner(row["workspace_id"], row["id"])
    signing = [secrets.decrypt(row["encrypted_secret"], owner)]
    if row["encrypted_old_secret"] is not None and row["old_secret_until"] > clock.now():
        signing.append(secrets.decrypt(row["encrypted_old_secret"], owner))
    return tuple(signing)


def header_names_of(row: Any) -> list[str]:
    """Empty when they cannot be decrypted."""
    try:
        return list(headers_of(row))
    except SecretUnreadable:
        return []


def headers_of(row: Any) -> dict[str, str]:
    encrypted = row["encrypted_headers"]
    if encrypted is None:
        return {}
    headers: dict[str, str] = db.load_json(secrets.decrypt(encrypted, header_owner(row["workspace_id"], row["id"])))
    return headers


def secret_owner(workspace_id: int, endpoint_id: int) -> str:
    return f"{workspace_id}:webhook:{endpoint_id}"


def header_owner(workspace_id: int, endpoint_id: int) -> str:
    return f"{workspace_id}:webhook headers:{endpoint_id}"


# ---------------------------------------------------------------- reading endpoints


async def all_of(scope: Scope) -> list[db.Record]:
    return await db.fetch("SELECT * FROM webhook_endpoints WHERE workspace_id = $1 ORDER BY id", scope.workspace_id)


async def by_ids(scope: Scope, ids: Sequence[int]) -> list[db.Record]:
    return await db.fetch(
        "SELECT * FROM webhook_endpoints WHERE workspace_id = $1 AND id = ANY ($2::bigint[])",
        scope.workspace_id,
        list(ids),
    )


async def find(scope: Scope, endpoint_id: int) -> db.Record | None:
    return next(iter(await by_ids(scope, [endpoint_id])), None)


async def hold(lease: Lease) -> db.Record:
    """Locks the row while the lease is ours, until the transaction ends. Raises LeaseLost."""
    row = await db.fetch_row(_HOLD, lease.workspace_id, lease.key, lease.token)
    if row is None:
        raise lost(lease)
    return row


_HOLD: Final = "SELECT * FROM webhook_endpoints WHERE workspace_id = $1 AND id = $2 AND lease_token = $3 FOR UPDATE"


def lost(lease: Lease) -> LeaseLost:
    return LeaseLost(f"the endpoint {lease.key} is not ours any more")


async def lock(scope: Scope, endpoint_id: int) -> db.Record:
    """Until the transaction ends, before all else of the endpoint. Raises NotFound."""
    assert db.in_a_transaction(), "a lock lasts as long as its transaction"
    row = await db.fetch_row(
        "SELECT * FROM webhook_endpoints WHERE workspace_id = $1 AND id = $2 FOR UPDATE",
        scope.workspace_id,
        endpoint_id,
    )
    if row is None:
        raise NotFound("there is no such webhook endpoint", ("id",))
    return row


# ---------------------------------------------------------------- reading deliveries


async def deliveries_by_ids(scope: Scope, ids: Sequence[int]) -> list[db.Record]:
    return await db.fetch(
        "SELECT * FROM webhook_deliveries WHERE workspace_id = $1 AND id = ANY ($2::bigint[])",
        scope.workspace_id,
        list(ids),
    )


async def deliveries_newest_first(
    scope: Scope, endpoint_ids: Sequence[int], first: int, before: int | None = None, succeeded: bool | None = None
) -> dict[int, list[db.Record]]:
    """Returns up to `first` + 1 deliveries by endpoint id, with ids below `before`."""
    rows = await db.fetch(
        """
        SELECT found.* FROM unnest($2::bigint[]) AS wanted (endpoint_id), LATERAL (
            SELECT * FROM webhook_deliveries d
            WHERE d.workspace_id = $1 AND d.endpoint_id = wanted.endpoint_id AND ($4::bigint IS NULL OR d.id < $4::bigint)
              AND ($5::text[] IS NULL OR d.status = ANY ($5::text[]))
            ORDER BY d.id DESC LIMIT $3) AS found
        """,
        scope.workspace_id,
        list(endpoint_ids),
        first + 1,
        before,
        _STATUSES[succeeded],
    )
    pages: dict[int, list[db.Record]] = {endpoint_id: [] for endpoint_id in endpoint_ids}
    for row in rows:
        pages[row["endpoint_id"]].append(row)
    return pages


_STATUSES: Final = {None: None, True: ["DELIVERED"], False: ["FAILED", "SKIPPED"]}
