"""Workspaces, members and API tokens as the API shows them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import strawberry

from models.accounts import api_tokens, members, workspaces
from models.db.tables import ApiToken as Token
from models.db.tables import Member as MemberRow
from permissions.principal import PrincipalKind, Scope
from schema.accounts.enums import Permission, Role
from schema.server.context import Info
from schema.server.execution.batched import batched
from schema.server.execution.rows import derived, global_id, shown
from schema.server.guard import SIGNED_IN, scope_of
from schema.server.types.nodes import Node, node
from schema.server.types.scalars import Duration


@strawberry.type(description="How far the dynamic segments are behind the data.")
class Freshness:
    """The result of models.accounts.workspaces.freshness."""

    pending_contacts: int = strawberry.field(description="Contacts with a change that is not processed yet.")
    lag_seconds: float


def _message_cap(row: Any) -> "MessageCap | None":
    if row.message_cap_count is None:
        return None
    return MessageCap(count=row.message_cap_count, window=Duration(row.message_cap_window))


async def _contact_counts(rows: Sequence[Any], info: Info) -> list[int]:
    return [await workspaces.count_contacts(scope_of(info))] * len(rows)


async def _freshness(rows: Sequence[Any], info: Info) -> list[Freshness]:
    return [shown(Freshness, await workspaces.freshness(scope_of(info)))] * len(rows)


@strawberry.type(description="At most `count` messages to a contact within `window`.")
class MessageCap:
    count: int
    window: Duration


@strawberry.type
class Workspace(Node):
    """Only the caller's own can be read."""

    id: strawberry.ID = global_id("Workspace")
    name: str
    timezone: str = strawberry.field(
        description="IANA name, such as Europe/Madrid: the zone in which a rule's calendar days begin."
    )
    default_country: str | None = strawberry.field(
        description="Country assumed for phone numbers written without one, ISO 3166-1 alpha-2."
    )
    message_cap: MessageCap | None = derived(
        _message_cap,
        description="At most so many messages to a contact within a window, over broadcasts and workflows; null: no cap.",
    )
    contact_count: int = batched(_contact_counts)
    freshness: Freshness = batched(_freshness)


@strawberry.type
class Member(Node):
    id: strawberry.ID = global_id("Member")
    email: str
    name: str
    role: Role
    permissions: list[Permission] = derived(
        lambda member: in_catalogue_order(members.permissions_of_member(member)),
        description="All that the member may do.",
    )
    created_at: datetime


@strawberry.type(description="Who is asking: a member signed in, or an API token.")
class Viewer:
    workspace: Workspace
    member: Member | None
    permissions: list[Permission]


@strawberry.type
class ApiToken(Node):
    id: strawberry.ID = global_id("ApiToken")
    name: str
    permissions: list[Permission] = derived(lambda token: in_catalogue_order(map(Permission, token.permissions)))
    created_at: datetime
    last_used_at: datetime | None = strawberry.field(description="To the minute.")
    expires_at: datetime | None
    revoked_at: datetime | None


def in_catalogue_order(permissions: Iterable[Permission]) -> list[Permission]:
    held = frozenset(permissions)
    return [permission for permission in Permission if permission in held]


@node("Workspace", SIGNED_IN)
async def _workspaces(scope: Scope, ids: Sequence[int]) -> Sequence[Any]:
    return await workspaces.by_ids(scope, ids)


@node("Member", Permission.MEMBER_MANAGE)
async def _members(scope: Scope, ids: Sequence[int]) -> Sequence[MemberRow]:
    return await members.by_ids(scope, ids)


@node("ApiToken", Permission.TOKEN_MANAGE)
async def _api_tokens(scope: Scope, ids: Sequence[int]) -> Sequence[Token]:
    return await api_tokens.by_ids(scope, ids)


async def find_member_of(scope: Scope) -> MemberRow | None:
    """Returns the member of the scope, or None for an API token."""
    principal = scope.principal
    if principal.kind is not PrincipalKind.MEMBER or principal.id is None:
        return None
    rows = await members.by_ids(scope, [principal.id])
    return rows[0] if rows else None
