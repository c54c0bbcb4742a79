"""The WhatsApp number of a workspace. Its secrets are encrypted, and never returned by the API."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from models import clock, db
from models.accounts import audit_log, secrets
from models.db.tables.broadcasts import WhatsAppChannel
from models.errors import Invalid, NotAllowedInState, Taken
from models.messaging import pace
from models.queue import requests
from models.queue.requests import ProviderRequestKind
from models.values.texts import check_text
from permissions.principal import PrincipalKind, Scope

__all__ = ["Credentials", "WhatsAppChannel", "Wired"]


@dataclass(frozen=True, slots=True)
class Credentials:
    channel_id: int
    number_id: str
    business_account_id: str
    messages_per_second: int
    daily_limit: int | None
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Wired:
    workspace_id: int
    channel_id: int
    number_id: str
    business_account_id: str
    app_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Connection:
    number_id: str
    business_account_id: str
    token: str = field(repr=False)
    app_secret: str = field(repr=False)
    verify_token: str = field(repr=False)
    stop_words: Sequence[str] = ("STOP",)


# ---------------------------------------------------------------- connecting


async def connect(scope: Scope, given: Connection) -> WhatsAppChannel:
    """Raises Invalid; Taken when another workspace has the number or account."""
    _check(given)
    async with db.transaction():
        await _lock(given.number_id, given.business_account_id)
        await _refuse_taken(scope.workspace_id, given.number_id, given.business_account_id)
        channel = await _write(scope, given)
        await requests.ask(scope, ProviderRequestKind.CHECK)
        await audit_log.record(
            scope, "whatsapp_channel_connect", "WhatsAppChannel", channel.id, {"number_id": given.number_id}
        )
    return channel


def _check(given: Connection) -> None:
    for name, value in (("phoneNumberId", given.number_id), ("businessAccountId", given.business_account_id)):
        if not value.isascii() or not value.isdigit() or len(value) > 40:
            raise Invalid("this is an id of Meta's: digits only, as WhatsApp Manager shows it", (name,))
    for name, secret, least in (
        ("token", given.token, 8),
        ("appSecret", given.app_secret, 8),
        ("verifyToken", given.verify_token, 8),
    ):
        if not least <= len(secret) <= 2000 or not secret.isascii() or not secret.isprintable():
            raise Invalid(f"this must be printable ASCII text of {least} to 2,000 characters", (name,))
    for index, word in enumerate(given.stop_words):
        if not check_text(word, 100).strip():
            raise Invalid("a word to stop with must not be empty", ("stopWords", index))


async def _lock(number_id: str, business_account_id: str) -> None:
    for key in sorted((f"whatsapp-number:{number_id}", f"whatsapp-account:{business_account_id}")):
        await db.advisory_lock(key)


async def _refuse_taken(workspace_id: int, number_id: str, business_account_id: str) -> None:
    """A number's messages and an account's limit belong to one workspace: the one that WhatsApp said READY for."""
    other = await db.fetch_value(
        """
        /* all workspaces */
        SELECT CASE WHEN number_id = $2 THEN 'phoneNumberId' ELSE 'businessAccountId' END FROM whatsapp_channels
        WHERE (number_id = $2 OR business_account_id = $3) AND workspace_id <> $1 AND disconnected_at IS NULL
          AND status = 'READY' LIMIT 1
        """,
        workspace_id,
        number_id,
        business_account_id,
    )
    if other is not None:
        raise Taken("another workspace is connected to this: disconnect it there first", (other,))


async def _write(scope: Scope, given: Connection) -> WhatsAppChannel:
    known = await find(scope, for_update=True)
    values: dict[str, Any] = {
        "encrypted_token": secrets.encrypt(given.token, f"{scope.workspace_id}:token"),
        "encrypted_app_secret": secrets.encrypt(given.app_secret, f"{scope.workspace_id}:secret"),
        "verify_token_hash": _hash(given.verify_token),
        "stop_words": [word.strip() for word in given.stop_words],
        "status": "CHECKING",
        "reason": None,
    }
    if known is not None and (known.number_id, known.business_account_id) == (
        given.number_id,
        given.business_account_id,
    ):
        await known.update_from_dict(values).save()
        return known
    if known is not None:
        await _close(scope)
    by = scope.principal.id if scope.principal.kind is PrincipalKind.MEMBER else None
    return await WhatsAppChannel.create(
        workspace_id=scope.workspace_id,
        number_id=given.number_id,
        business_account_id=given.business_account_id,
        created_by=by,
        created_at=clock.now(),
        **values,
    )


async def disconnect(scope: Scope) -> WhatsAppChannel:
    """Removes the number and its secrets. Raises NotAllowedInState when none is connected."""
    async with db.transaction():
        channel = await find(scope, for_update=True)
        if channel is None:
            raise NotAllowedInState("no channel is connected: there is nothing to disconnect")
        await _close(scope)
        await audit_log.record(scope, "whatsapp_channel_disconnect", "WhatsAppChannel", channel.id)
    return channel


async def _close(scope: Scope) -> None:
    await db.execute(
        """
        UPDATE whatsapp_channels SET disconnected_at = $2, encrypted_token = '', encrypted_app_secret = ''
        WHERE workspace_id = $1 AND disconnected_at IS NULL
        """,
        scope.workspace_id,
        clock.now(),
    )


# ---------------------------------------------------------------- reading


async def find(scope: Scope, *, for_update: bool = False) -> WhatsAppChannel | None:
    query = WhatsAppChannel.filter(workspace_id=scope.workspace_id, disconnected_at__isnull=True)
    return await (query.select_for_update() if for_update else query).first()


async def that_received(scope: Scope, ids: Collection[int]) -> dict[int, WhatsAppChannel]:
    """Returns channels by id, disconnected ones too: what was said to them counts."""
    rows = await WhatsAppChannel.filter(workspace_id=scope.workspace_id, id__in=list(ids))
    return {row.id: row for row in rows}


async def get(scope: Scope) -> WhatsAppChannel:
    """Raises NotAllowedInState when there is none, or the API refused it."""
    channel = await find(scope)
    if channel is None:
        raise NotAllowedInState("no WhatsApp number is connected: connect one with whatsappChannelConnect first")
    if channel.status == "REFUSED":
        raise NotAllowedInState(f"WhatsApp refused the channel: {channel.reason} Connect it again with what is right.")
    return channel


async def by_ids(scope: Scope, ids: Sequence[int]) -> list[WhatsAppChannel]:
    return await WhatsAppChannel.filter(workspace_id=scope.workspace_id, id__in=list(ids), disconnected_at__isnull=True)


async def find_credentials(workspace_id: int) -> Credentials | None:
    """Returns None without a connected channel. Raises SecretUnreadable when its token cannot be decrypted."""
    row = await db.fetch_row(
        """
        SELECT id, number_id, business_account_id, messages_per_second, daily_limit, encrypted_token
        FROM whatsapp_channels WHERE workspace_id = $1 AND disconnected_at IS NULL
        """,
        workspace_id,
    )
    if row is None:
        return None
    return Credentials(
        row["id"],
        row["number_id"],
        row["business_account_id"],
        row["messages_per_second"],
        row["daily_limit"],
        secrets.decrypt(row["encrypted_token"], f"{workspace_id}:token"),
    )


async def find_pace(workspace_id: int) -> int:
    """Returns how many messages a second the connected number may send."""
    found = await db.fetch_value(
        "SELECT messages_per_second FROM whatsapp_channels WHERE workspace_id = $1 AND disconnected_at IS NULL",
        workspace_id,
    )
    return found or pace.DEFAULT_PER_SECOND


async def find_by_senders(number_ids: Collection[str], account_ids: Collection[str]) -> list[Wired]:
    """Returns the channels of all workspaces with one of these numbers or accounts."""
    rows = await db.fetch(
        """
        /* all workspaces */ SELECT workspace_id, id, number_id, business_account_id, encrypted_app_secret FROM whatsapp_channels
        WHERE (number_id = ANY($1::text[]) OR business_account_id = ANY($2::text[])) AND disconnected_at IS NULL
        """,
        list(number_ids),
        list(account_ids),
    )
    return [
        Wired(
            row["workspace_id"],
            row["id"],
            row["number_id"],
            row["business_account_id"],
            secrets.decrypt(row["encrypted_app_secret"], f"{row['workspace_id']}:secret"),
        )
        for row in rows
    ]


async def is_verify_token(token: str) -> bool:
    """Meta sends it when the webhook address is entered."""
    found = await db.fetch_value(
        "/* all workspaces */ "
        "SELECT true FROM whatsapp_channels WHERE verify_token_hash = $1 AND disconnected_at IS NULL LIMIT 1",
        _hash(token),
    )
    return bool(found)


def _hash(token: str) -> str:
    """The time of a lookup says nothing about the token."""
    return hashlib.sha256(token.encode()).hexdigest()


# ---------------------------------------------------------------- checks by the provider


async def checked(workspace_id: int, channel_id: int, number: Mapping[str, Any]) -> bool:
    """Makes the channel READY, or REFUSED when another workspace's is READY for its number or account. Returns whether it is."""
    async with db.transaction():
        named = await db.fetch_row(_NAMED, workspace_id, channel_id)
        if named is None:
            return False
        await _lock(*named)
        try:
            await _refuse_taken(workspace_id, *named)
        except Taken as error:
            await refused(workspace_id, channel_id, f"{error.message[0].upper()}{error.message[1:]}.")
            return False
        await _ready(workspace_id, channel_id, number)
    return True


_NAMED: Final = """
    SELECT number_id, business_account_id FROM whatsapp_channels
    WHERE workspace_id = $1 AND id = $2 AND disconnected_at IS NULL
"""


async def _ready(workspace_id: int, channel_id: int, number: Mapping[str, Any]) -> None:
    await db.execute(
        """
        UPDATE whatsapp_channels
        SET status = 'READY', reason = NULL, display_number = $3, verified_name = $4, quality_rating = $5,
            messages_per_second = $6, daily_limit = $7, checked_at = $8
        WHERE workspace_id = $1 AND id = $2 AND disconnected_at IS NULL
        """,
        workspace_id,
        channel_id,
        _text_of(number, "display_phone_number"),
        _text_of(number, "verified_name"),
        _text_of(number, "quality_rating"),
        pace.messages_per_second(number),
        pace.daily_limit(number),
        clock.now(),
    )


_REFUSE = """
    UPDATE whatsapp_channels SET status = 'REFUSED', reason = $3, checked_at = $4
    WHERE workspace_id = $1 AND id = $2 AND disconnected_at IS NULL
"""


_STATUS = "SELECT status FROM whatsapp_channels WHERE workspace_id = $1 AND id = $2 FOR NO KEY UPDATE"


async def refused(workspace_id: int, channel_id: int, reason: str) -> None:
    """Nothing is sent until it is connected again."""
    async with db.transaction():
        before = await db.fetch_value(_STATUS, workspace_id, channel_id)
        changed = await db.execute(_REFUSE, workspace_id, channel_id, reason, clock.now())
        if changed and before != "REFUSED":
            kind, details = "WhatsAppChannel", {"reason": reason}
            await audit_log.record_system(workspace_id, "whatsapp_channel_refuse", kind, channel_id, details)


async def unchecked(before_seconds: float, limit: int) -> list[int]:
    """Returns ids of up to `limit` workspaces whose channel was not checked for `before_seconds`."""
    rows = await db.fetch(
        """
        /* all workspaces */ SELECT workspace_id FROM whatsapp_channels c
        WHERE disconnected_at IS NULL AND status <> 'REFUSED'
          AND (checked_at IS NULL OR checked_at < $1::timestamptz - $2 * interval '1 second')
          AND NOT EXISTS (SELECT 1 FROM provider_requests e WHERE e.workspace_id = c.workspace_id AND e.kind = 'CHECK'
                          AND (e.status IN ('WAITING', 'RUNNING') OR e.finished_at > $1::timestamptz - interval '1 minute'))
        ORDER BY checked_at NULLS FIRST LIMIT $3
        """,
        clock.now(),
        before_seconds,
        limit,
    )
    return [row["workspace_id"] for row in rows]


def _text_of(number: Mapping[str, Any], name: str) -> str | None:
    value = number.get(name)
    return str(value)[:200] if value else None
