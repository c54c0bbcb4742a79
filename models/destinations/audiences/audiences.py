"""Audiences as people make, change, pause and delete them. Workers do the rest (`runs.py`)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from secrets import token_hex
from typing import Any, Final

from models import clock, db
from models.accounts import audit_log
from models.changelog import readers
from models.changelog.events import EVENTS
from models.changelog.members import MEMBERS
from models.changelog.readers import StoredReader
from models.db.tables.audiences import Audience
from models.destinations.audiences import connections
from models.destinations.audiences.keys import AudienceKey, in_order
from models.errors import Invalid, NotAllowedInState, NotFound, Path, Required, at
from models.queue import requests, work
from models.queue.enqueue import enqueue
from models.queue.requests import ProviderRequest, ProviderRequestKind
from models.segments import segments, uses
from models.segments.uses import UseKind
from models.values.texts import check_name, check_text
from permissions.principal import PrincipalKind, Scope

__all__ = ["Audience"]

LONGEST_DESCRIPTION: Final = 400
"""Characters; our mark is added to it at Meta."""


class AudienceMode(StrEnum):
    MIRROR = "MIRROR"
    ADD_ONLY = "ADD_ONLY"


class AudienceStatus(StrEnum):
    SYNCING = "SYNCING"
    IN_SYNC = "IN_SYNC"
    PAUSED = "PAUSED"
    BLOCKED = "BLOCKED"


@dataclass(frozen=True, slots=True)
class NewAudience:
    name: str
    segment_id: int
    mode: AudienceMode = AudienceMode.MIRROR
    keys: Collection[AudienceKey] = (AudienceKey.EMAIL, AudienceKey.PHONE, AudienceKey.EXTERN_ID)
    description: str | None = None


def reader_of(audience_id: int) -> StoredReader:
    """How the audience reads the logs."""
    return StoredReader("audience", audience_id)


# ---------------------------------------------------------------- read


def _all(scope: Scope) -> Any:
    return Audience.filter(workspace_id=scope.workspace_id, deleted_at__isnull=True)


async def find(scope: Scope, audience_id: int) -> Audience | None:
    found: Audience | None = await _all(scope).filter(id=audience_id).first()
    return found


async def by_ids(scope: Scope, ids: Sequence[int]) -> list[Audience]:
    found: list[Audience] = await _all(scope).filter(id__in=list(ids))
    return found


async def newest_first(
    scope: Scope, limit: int, before: int | None = None, segment_id: int | None = None
) -> list[Audience]:
    """Up to `limit` audiences with smaller ids than `before`."""
    query = _all(scope)
    if before is not None:
        query = query.filter(id__lt=before)
    if segment_id is not None:
        query = query.filter(segment_id=segment_id)
    found: list[Audience] = await query.order_by("-id").limit(limit)
    return found


def lag_seconds(audience: Audience, now: datetime) -> float:
    """Since when something waits to be told to Meta; 0 when nothing does."""
    since = audience.behind_since
    return 0.0 if since is None else max(0.0, (now - since).total_seconds())


async def refused(scope: Scope, audience_id: int, limit: int, after: int | None = None) -> list[int]:
    """Ids of contacts whose rows Meta called invalid, in order, after this one."""
    rows = await db.fetch(
        """
        SELECT contact_id FROM audience_members
        WHERE workspace_id = $1 AND audience_id = $2 AND state = 'REFUSED' AND contact_id > $3 ORDER BY contact_id LIMIT $4
        """,
        scope.workspace_id,
        audience_id,
        after or 0,
        limit,
    )
    return [row["contact_id"] for row in rows]


# ---------------------------------------------------------------- made and changed


async def create(scope: Scope, given: NewAudience) -> Audience:
    """Raises Required, Invalid or NotFound at the field; NotAllowedInState without a usable ad account."""
    name, keys = _name(given.name), _keys(given.keys)
    with at("description"):
        description = check_text(given.description or "", LONGEST_DESCRIPTION)
    async with db.transaction():
        connection = await connections.get(scope)
        by = scope.principal.id if scope.principal.kind is PrincipalKind.MEMBER else None
        now = clock.now()
        audience = await Audience.create(
            workspace_id=scope.workspace_id,
            name=name,
            description=description,
            segment_id=given.segment_id,
            mode=given.mode,
            keys=keys,
            status=AudienceStatus.SYNCING,
            ad_account_id=connection.ad_account_id,
            mark=f"muster-{token_hex(8)}",
            scanned_up_to=0,
            next_run_at=now,
            behind_since=now,
            created_by=by,
            created_at=now,
        )
        await uses.register(scope, [given.segment_id], UseKind.AUDIENCE, audience.id, name)
        await _start_reading(scope, audience.id)
        await audit_log.record(
            scope, "audience_create", "Audience", audience.id, {"name": name, "segment": given.segment_id}
        )
        await enqueue(work.SYNC_AUDIENCE, scope.workspace_id, audience.id)
    return audience


async def _start_reading(scope: Scope, audience_id: int) -> None:
    """From now on; members of before are found by a scan, which begins later."""
    for log in (MEMBERS, EVENTS):
        await readers.start(scope, log, reader_of(audience_id))


def _name(value: str) -> str:
    with at("name"):
        return check_name(value)


def _keys(keys: Collection[AudienceKey]) -> list[AudienceKey]:
    if not keys:
        raise Required("say how people are recognised: EMAIL and PHONE match most", ("keys",))
    if len(set(keys)) < len(keys):
        raise Invalid("each key is named once", ("keys",))
    return in_order(keys)


async def update(scope: Scope, audience_id: int, name: str | None = None, mode: AudienceMode | None = None) -> Audience:
    """The name here alone. With another mode, who has left is looked at again. Raises NotFound, Required, Invalid."""
    async with db.transaction():
        audience = await _locked(scope, audience_id)
        changes: dict[str, Any] = {}
        if name is not None and _name(name) != audience.name:
            changes["name"] = _name(name)
            await uses.rename(scope, UseKind.AUDIENCE, audience.id, changes["name"])
        if mode is not None and mode != audience.mode:
            changes |= {"mode": mode, "scanned_up_to": 0, "next_run_at": clock.now()}
        if changes:
            await _change(audience, changes)
            await audit_log.record(scope, "audience_update", "Audience", audience.id, {"fields": sorted(changes)})
            await enqueue(work.SYNC_AUDIENCE, scope.workspace_id, audience.id)
    return audience


async def pause(scope: Scope, audience_id: int) -> Audience:
    """People who opted out or were deleted are taken out all the same. Again: changes nothing. Raises NotFound."""
    async with db.transaction():
        audience = await _locked(scope, audience_id)
        if audience.status != AudienceStatus.PAUSED:
            await _change(audience, {"status": AudienceStatus.PAUSED, "reason": None, "blocked_by": None})
            await audit_log.record(scope, "audience_pause", "Audience", audience.id)
    return audience


async def resume(scope: Scope, audience_id: int) -> Audience:
    """A paused or blocked one. Raises NotFound; NotAllowedInState when it runs, or its segment or ad account is gone."""
    async with db.transaction():
        audience = await _locked(scope, audience_id)
        if audience.status not in (AudienceStatus.PAUSED, AudienceStatus.BLOCKED):
            raise NotAllowedInState("the audience is not paused: there is nothing to resume", ("id",))
        await _require_account(scope, audience)
        now = clock.now()
        changes: dict[str, Any] = {
            "status": AudienceStatus.SYNCING,
            "failures": 0,
            **dict.fromkeys(("reason", "blocked_by", "waits_until", "removals_wait_until")),
            "next_run_at": now,
        }
        if audience.segment_gone:
            changes |= {"segment_gone": False, "scanned_up_to": 0, "behind_since": now}
            await _follow_again(scope, audience)
        await _change(audience, changes)
        await audit_log.record(scope, "audience_resume", "Audience", audience.id)
        await enqueue(work.SYNC_AUDIENCE, scope.workspace_id, audience.id)
    return audience


async def _follow_again(scope: Scope, audience: Audience) -> None:
    if await segments.find(scope, audience.segment_id) is None:
        raise NotAllowedInState("its segment is deleted: restore it first with segmentRestore", ("id",))
    await uses.register(scope, [audience.segment_id], UseKind.AUDIENCE, audience.id, audience.name)
    await _start_reading(scope, audience.id)


async def delete(scope: Scope, audience_id: int) -> None:
    """Here alone; its ledger is deleted by workers. Raises NotFound."""
    async with db.transaction():
        audience = await _locked(scope, audience_id)
        await uses.release(scope, UseKind.AUDIENCE, audience.id)
        await readers.stop(scope, reader_of(audience.id))
        now = clock.now()
        await _change(audience, {"deleted_at": now, "next_run_at": now, "lease_token": None, "leased_until": None})
        await audit_log.record(scope, "audience_delete", "Audience", audience.id, {"name": audience.name})
        await enqueue(work.SYNC_AUDIENCE, scope.workspace_id, audience.id)


async def ask_remote_deletion(scope: Scope, audience_id: int) -> ProviderRequest | None:
    """None when Meta does not have it. Raises NotFound; NotAllowedInState without its ad account."""
    async with db.transaction():
        audience = await _locked(scope, audience_id)
        if audience.external_id is None:
            return None
        await _require_account(scope, audience)
        return await requests.ask(scope, ProviderRequestKind.META_DELETE, {"external_id": audience.external_id})


async def _require_account(scope: Scope, audience: Audience) -> None:
    connection = await connections.get(scope)
    if connection.ad_account_id != audience.ad_account_id:
        raise NotAllowedInState(
            f"the audience belongs to the ad account {audience.ad_account_id}, and another is connected", ("id",)
        )


async def get(scope: Scope, audience_id: int, path: Path = ("id",)) -> Audience:
    """Raises NotFound at `path`."""
    audience = await find(scope, audience_id)
    if audience is None:
        raise NotFound("there is no such audience, or it is deleted", path)
    return audience


async def _locked(scope: Scope, audience_id: int) -> Audience:
    audience: Audience | None = await _all(scope).filter(id=audience_id).select_for_update(no_key=True).first()
    if audience is None:
        raise NotFound("there is no such audience, or it is deleted", ("id",))
    return audience


async def _change(audience: Audience, changes: dict[str, Any]) -> None:
    """A worker that holds the audience notices, and begins anew."""
    changes = {**changes, "settings_version": audience.settings_version + 1}
    await Audience.filter(workspace_id=audience.workspace_id, id=audience.id).update(**changes)
    audience.update_from_dict(changes)
