"""Creates, changes and deletes drafts of broadcasts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from models import clock, db
from models.accounts import audit_log
from models.broadcasts import audience
from models.broadcasts.states import BroadcastStatus
from models.db.tables.broadcasts import Broadcast, MessageTemplate
from models.errors import DomainError, LimitExceeded, NotAllowedInState, NotFound, Required, Unsupported, at
from models.messaging import channels, placeholders, rendering, templates
from models.messaging.rendering import Binding
from models.rules.operands import read_duration
from models.segments import uses
from models.segments.uses import UseKind
from models.values.texts import check_name, check_text
from permissions.principal import PrincipalKind, Scope

MOST_SEGMENTS: Final = 100


@dataclass(frozen=True, slots=True)
class Draft:
    """What a person writes of a broadcast; `max_lateness` is an ISO 8601 duration."""

    name: str
    template_id: int
    parameters: Sequence[Binding]
    include_segment_ids: Sequence[int]
    exclude_segment_ids: Sequence[int] = ()
    max_lateness: str | None = None
    require_opt_in: bool = True


# ---------------------------------------------------------------- reading


async def find(scope: Scope, broadcast_id: int) -> Broadcast | None:
    return await Broadcast.get_or_none(workspace_id=scope.workspace_id, id=broadcast_id)


async def get(scope: Scope, broadcast_id: int, *, for_update: bool = False) -> Broadcast:
    """`for_update` locks the row until the transaction ends. Raises NotFound when there is none."""
    query = Broadcast.filter(workspace_id=scope.workspace_id, id=broadcast_id)
    broadcast = await (query.select_for_update() if for_update else query).first()
    if broadcast is None:
        raise NotFound("there is no such broadcast", ("id",))
    return broadcast


async def by_ids(scope: Scope, ids: Sequence[int]) -> list[Broadcast]:
    return await Broadcast.filter(workspace_id=scope.workspace_id, id__in=list(ids))


async def newest_first(
    scope: Scope, limit: int, after: int | None = None, status: BroadcastStatus | None = None
) -> list[Broadcast]:
    """Returns up to `limit` broadcasts, newest first, that come after the id `after`."""
    query = Broadcast.filter(workspace_id=scope.workspace_id)
    if after is not None:
        query = query.filter(id__lt=after)
    if status is not None:
        query = query.filter(status=status)
    return await query.order_by("-id").limit(limit)


async def count(scope: Scope, status: BroadcastStatus | None = None) -> int:
    query = Broadcast.filter(workspace_id=scope.workspace_id)
    return await (query.filter(status=status) if status is not None else query).count()


async def message_of(scope: Scope, broadcast: Broadcast) -> dict[str, Any]:
    """The template in its sent form, {name, language, slots}; frozen once started."""
    if broadcast.message is not None:
        return broadcast.message
    template = await MessageTemplate.get(workspace_id=scope.workspace_id, id=broadcast.template_id)
    return as_message(template)


def as_message(template: MessageTemplate) -> dict[str, Any]:
    return {"name": template.name, "language": template.language, "slots": template.slots}


async def audience_of(scope: Scope, broadcast: Broadcast) -> audience.Audience:
    if broadcast.audience_size is not None:
        return audience.frozen(broadcast)
    return await audience.count(scope, broadcast, await message_of(scope, broadcast))


# ---------------------------------------------------------------- writing


async def create(scope: Scope, draft: Draft) -> Broadcast:
    """Raises a DomainError or Problems under `input`."""
    async with db.transaction():
        values = await _checked(scope, draft)
        by = scope.principal.id if scope.principal.kind is PrincipalKind.MEMBER else None
        broadcast = await Broadcast.create(
            workspace_id=scope.workspace_id, created_by=by, created_at=clock.now(), **values
        )
        await _use(scope, broadcast)
        await audit_log.record(scope, "broadcast_create", "Broadcast", broadcast.id, {"name": broadcast.name})
    return broadcast


async def update(scope: Scope, broadcast_id: int, draft: Draft) -> Broadcast:
    """Raises NotFound, NotAllowedInState, or what `create` raises."""
    async with db.transaction():
        broadcast = await get(scope, broadcast_id, for_update=True)
        if broadcast.status != BroadcastStatus.DRAFT:
            raise NotAllowedInState(
                f"this broadcast is {broadcast.status}: only a draft can be changed. Make a new one, or cancel this one",
                ("id",),
            )
        values = await _checked(scope, draft)
        if broadcast.retry_of is not None:
            _must_be_the_same(broadcast, values)
        changed = [name for name, value in values.items() if getattr(broadcast, name) != value]
        await broadcast.update_from_dict(values).save()
        await _use(scope, broadcast)
        await audit_log.record(scope, "broadcast_update", "Broadcast", broadcast.id, {"fields": changed})
    return broadcast


def _must_be_the_same(broadcast: Broadcast, values: Mapping[str, Any]) -> None:
    fixed = ("template_id", "parameters", "include_segment_ids", "exclude_segment_ids")
    if any(getattr(broadcast, name) != values[name] for name in fixed):
        raise Unsupported(
            "a retry keeps template, parameters and segments as they were: only the rest can be changed", ("name",)
        )


async def _checked(scope: Scope, draft: Draft) -> dict[str, Any]:
    channel = await channels.find(scope)
    template = await templates.get(scope, draft.template_id, ("templateId",))
    if channel is not None:
        templates.must_be_of(template, channel.business_account_id)
    bindings = await rendering.check(scope, placeholders.from_json(template.slots), draft.parameters, ("parameters",))
    include = await _segments(scope, draft.include_segment_ids, "includeSegmentIds")
    if not include:
        raise Required("name at least one segment that is to get it", ("includeSegmentIds",))
    return {
        "name": _name(draft.name),
        "template_id": template.id,
        "parameters": rendering.to_json(bindings),
        "include_segment_ids": include,
        "exclude_segment_ids": await _segments(scope, draft.exclude_segment_ids, "excludeSegmentIds"),
        "max_lateness": _lateness(draft.max_lateness),
        "require_opt_in": draft.require_opt_in,
    }


def _name(name: str) -> str:
    try:
        return check_name(name)
    except DomainError as error:
        raise error.under("name") from None


def _lateness(duration: str | None) -> str | None:
    if duration is not None:
        with at("maxLateness"):
            read_duration(check_text(duration, 40))
    return duration


async def _segments(scope: Scope, ids: Sequence[int], name: str) -> list[int]:
    wanted = list(dict.fromkeys(ids))
    if len(wanted) > MOST_SEGMENTS:
        raise LimitExceeded(f"{len(wanted)} segments: at most {MOST_SEGMENTS} fit into one broadcast", (name,))
    rows = await db.fetch(
        "SELECT id FROM segments WHERE workspace_id = $1 AND id = ANY ($2::bigint[]) AND deleted_at IS NULL",
        scope.workspace_id,
        wanted,
    )
    known = {row["id"] for row in rows}
    for index, segment_id in enumerate(ids):
        if segment_id not in known:
            raise NotFound("there is no such segment, or it is deleted: choose one that exists", (name, index))
    return wanted


async def _use(scope: Scope, broadcast: Broadcast) -> None:
    if broadcast.retry_of is None:
        used = [*broadcast.include_segment_ids, *broadcast.exclude_segment_ids]
        await uses.replace(scope, used, UseKind.BROADCAST, broadcast.id, broadcast.name, path=("includeSegmentIds",))


async def delete(scope: Scope, broadcast_id: int) -> None:
    """Deletes a draft for good. Raises NotFound or NotAllowedInState."""
    async with db.transaction():
        broadcast = await get(scope, broadcast_id, for_update=True)
        if broadcast.status != BroadcastStatus.DRAFT:
            raise NotAllowedInState(
                f"this broadcast is {broadcast.status}: only a draft can be deleted, as the rest is the record of what was sent",
                ("id",),
            )
        await uses.forget(scope, UseKind.BROADCAST, broadcast.id)
        await Broadcast.filter(workspace_id=scope.workspace_id, id=broadcast.id).delete()
        await audit_log.record(scope, "broadcast_delete", "Broadcast", broadcast.id)
