"""The audit log as the API shows it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import strawberry

from models.accounts import audit_entries
from models.accounts.audit_entries import AuditFilter, outside_action, stored_action
from models.errors import Invalid, MusterError, NotFound
from permissions.capabilities import Permission
from permissions.principal import PrincipalKind, Scope
from schema.server.context import Info
from schema.server.execution.batched import batched
from schema.server.execution.rows import derived, global_id, mapped, read, shown
from schema.server.guard import query, scope_of
from schema.server.ids import split_global_id, to_global_id
from schema.server.types.connection import PageInfo, page_of, page_size
from schema.server.types.cursors import Cursors, a_number, an_instant
from schema.server.types.nodes import Node, find_nodes, node
from schema.server.types.scalars import JSON

_ACTOR_OF_TYPE = {
    "Member": PrincipalKind.MEMBER,
    "ApiToken": PrincipalKind.TOKEN,
    "TrackingKey": PrincipalKind.TRACKING_KEY,
}
_TYPE_OF_ACTOR = {kind.value: name for name, kind in _ACTOR_OF_TYPE.items()}


async def actors_of(rows: Sequence[Any], info: Info) -> Sequence[Any]:
    kinds = [_TYPE_OF_ACTOR.get(read(row, "actor_kind")) for row in rows]
    return await _nodes(scope_of(info), [(kind, read(row, "actor_id")) for kind, row in zip(kinds, rows, strict=True)])


async def _subjects(rows: Sequence[Any], info: Info) -> Sequence[Any]:
    return await _nodes(scope_of(info), [(read(row, "target_kind"), read(row, "target_id")) for row in rows])


async def _nodes(scope: Scope, keys: Sequence[tuple[str | None, int | None]]) -> list[Any]:
    """Returns the node of each (type, id): None when it is gone, the refusal when the caller may not see it."""
    found: dict[str, Any] = {}
    by_kind: dict[str, list[str]] = {}
    ids = [_id_of(kind, number) for kind, number in keys]
    for (kind, _), node_id in zip(keys, ids, strict=True):
        if kind is not None and node_id is not None:
            by_kind.setdefault(kind, []).append(node_id)
    for node_ids in by_kind.values():
        try:
            found |= dict(zip(node_ids, await find_nodes(scope, node_ids), strict=True))
        except MusterError as refusal:
            found |= dict.fromkeys(node_ids, refusal)
    return [None if node_id is None else found[node_id] for node_id in ids]


def _id_of(kind: str | None, number: int | None) -> str | None:
    return None if kind is None or number is None else to_global_id(kind, number)


@strawberry.type(description="One thing that was done. Kept for good.")
class AuditEntry(Node):
    id: strawberry.ID = global_id("AuditEntry")
    at: datetime = strawberry.field(description="When it was done.")
    action: str = mapped(
        "action", outside_action, description="SegmentUpdate, BroadcastSchedule: the mutation or command."
    )
    actor_kind: str = strawberry.field(
        description="MEMBER, TOKEN, TRACKING_KEY, OPERATOR (the command line) or SYSTEM."
    )
    actor_id: strawberry.ID | None = derived(
        lambda row: _id_of(_TYPE_OF_ACTOR.get(read(row, "actor_kind")), read(row, "actor_id")),
        description="Of the member or API token, also when it was removed since.",
    )
    actor: Node | None = batched(
        actors_of, description="The member or API token; null when it is neither, or removed since."
    )
    subject_id: strawberry.ID | None = derived(
        lambda row: _id_of(read(row, "target_kind"), read(row, "target_id")),
        description="Of what was changed, also when it was removed since.",
    )
    subject: Node | None = batched(
        _subjects, description="What was changed; null when it is several things, or removed since."
    )
    details: JSON = strawberry.field(description="What changed; no secrets.")
    request_id: str | None = strawberry.field(
        description="Of the request that did it, as in the answer and in the logs."
    )
    address: str | None = strawberry.field(description="IP address of the caller.")


@strawberry.type
class AuditEdge:
    cursor: str
    node: AuditEntry


@strawberry.type
class AuditConnection:
    edges: list[AuditEdge]
    nodes: list[AuditEntry]
    page_info: PageInfo


@node("AuditEntry", Permission.AUDIT_READ)
async def _entries(scope: Scope, ids: Sequence[int]) -> Sequence[Any]:
    return await audit_entries.by_ids(scope, list(ids))


def _about(text: str) -> Any:
    return strawberry.argument(description=text)


@strawberry.type
class AuditQuery:
    @query(
        Permission.AUDIT_READ,
        description="What was done, by which member or token, from where, the newest first. Kept for good.",
    )
    async def audit_log(
        self,
        info: Info,
        first: Annotated[int | None, _about("How many entries, at most 250.")] = 50,
        after: Annotated[str | None, _about("The endCursor of the page before.")] = None,
        actor_id: Annotated[strawberry.ID | None, _about("Only what this member or API token did.")] = None,
        subject_id: Annotated[strawberry.ID | None, _about("Only what was done to this.")] = None,
        action: Annotated[str | None, _about("Only this mutation or command, such as SegmentUpdate.")] = None,
        from_: Annotated[datetime | None, strawberry.argument(name="from", description="The first moment.")] = None,
        to: Annotated[datetime | None, _about("The first moment that no longer counts.")] = None,
    ) -> AuditConnection:
        wanted = AuditFilter(_actor(actor_id), _subject(subject_id), _action(action), from_, to)
        scope = scope_of(info)
        cursors = Cursors(scope, "auditLog", wanted)
        key = cursors.read(after, an_instant, a_number)
        rows = await audit_entries.page(scope, wanted, page_size(first) + 1, None if key is None else (key[0], key[1]))
        page = page_of(rows, first, after, lambda row: cursors.write(read(row, "at"), read(row, "id")))
        return shown(AuditConnection, page)


def _actor(node_id: str | None) -> tuple[PrincipalKind, int] | None:
    if node_id is None:
        return None
    kind, number = _split(node_id, "actorId")
    if kind not in _ACTOR_OF_TYPE:
        raise NotFound(f"{node_id[:100]!r} is neither a member, an API token nor a tracking key", ("actorId",))
    return _ACTOR_OF_TYPE[kind], number


def _subject(node_id: str | None) -> tuple[str, int] | None:
    return None if node_id is None else _split(node_id, "subjectId")


def _split(node_id: str, path: str) -> tuple[str, int]:
    found = split_global_id(node_id)
    if found is None or "\x00" in found[0]:
        raise NotFound(f"{node_id[:100]!r} is not an id", (path,))
    return found


def _action(name: str | None) -> str | None:
    if name is not None and "\x00" in name:
        raise Invalid("this is no action: give one such as SegmentUpdate", ("action",))
    return None if name is None else stored_action(name)
