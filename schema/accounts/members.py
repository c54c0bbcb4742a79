"""Workspaces, members, API tokens, and who is asking."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import strawberry

from models.accounts import api_tokens, members, sessions, workspaces
from models.db.tables import ApiToken as Token
from models.db.tables import Member as MemberRow
from permissions.capabilities import Permission
from permissions.principal import PrincipalKind, Scope
from permissions.roles import Role
from schema.server.context import Info
from schema.server.execution.batched import batched
from schema.server.execution.rows import all_shown, derived, outside_id, shown
from schema.server.guard import ANYONE, SIGNED_IN, mutation, query, scope_of
from schema.server.ids import get_id, to_global_id
from schema.server.types.nodes import Node, node
from schema.server.user_errors import UserError

strawberry.enum(Role)
strawberry.enum(
    Permission,
    description="What a USER, or an API token, can be granted one by one. ADMIN has all; MANAGER all but the last three.",
)

# ---------------------------------------------------------------- types


@strawberry.type(description="How far the dynamic segments are behind the data.")
class Freshness:
    """A row of workspaces.freshness."""

    pending_contacts: int = strawberry.field(description="Contacts with a change not yet taken in.")
    lag_seconds: float


async def _contact_counts(rows: Sequence[Any], info: Info) -> list[int]:
    return [await workspaces.count_contacts(scope_of(info))] * len(rows)


async def _freshness(rows: Sequence[Any], info: Info) -> list[Freshness]:
    return [shown(Freshness, await workspaces.freshness(scope_of(info)))] * len(rows)


@strawberry.type
class Workspace(Node):
    """A row of workspaces: the caller's own, always."""

    id: strawberry.ID = outside_id("Workspace")
    name: str
    timezone: str = strawberry.field(
        description="IANA name, such as Europe/Madrid: the zone in which a rule's calendar days begin."
    )
    default_country: str | None = strawberry.field(
        description="Country assumed for phone numbers written without one, ISO 3166-1 alpha-2."
    )
    contact_count: int = batched(_contact_counts)
    freshness: Freshness = batched(_freshness)


@strawberry.type
class Member(Node):
    """A row of people."""

    id: strawberry.ID = outside_id("Member")
    email: str
    name: str
    role: Role
    permissions: list[Permission] = derived(
        lambda person: _listed(members.powers_of(person)), description="All that the member may do."
    )
    created_at: datetime


@strawberry.type(description="Who is asking: a member signed in, or an API token.")
class Viewer:
    """The caller."""

    workspace: Workspace
    member: Member | None
    permissions: list[Permission]


@strawberry.type
class ApiToken(Node):
    """A row of api_tokens."""

    id: strawberry.ID = outside_id("ApiToken")
    name: str
    permissions: list[Permission] = derived(lambda token: _listed(map(Permission, token.permissions)))
    created_at: datetime
    last_used_at: datetime | None = strawberry.field(description="To the minute.")
    expires_at: datetime | None
    revoked_at: datetime | None


def _listed(permissions: Any) -> list[Permission]:
    """In the order of the catalogue."""
    held = frozenset(permissions)
    return [permission for permission in Permission if permission in held]


# ---------------------------------------------------------------- inputs and payloads


@strawberry.input
class MemberCreateInput:
    """A new member."""

    email: str
    name: str
    password: str
    role: Role
    permissions: list[Permission] | None = strawberry.field(default_factory=list)


@strawberry.input
class MemberUpdateInput:
    """What is to change; null changes nothing."""

    name: str | None = None
    role: Role | None = None
    permissions: list[Permission] | None = None
    password: str | None = None


@strawberry.input
class ApiTokenCreateInput:
    """A new token."""

    name: str
    permissions: list[Permission]
    expires_at: datetime | None = None


@strawberry.type
class SignInPayload:
    """Of signIn."""

    token: str | None = None
    member: Member | None = None
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class MemberPayload:
    """Of memberCreate and memberUpdate."""

    member: Member | None = None
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class ApiTokenCreatePayload:
    """Of apiTokenCreate."""

    api_token: ApiToken | None = None
    secret: str | None = None
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class ApiTokenPayload:
    """Of apiTokenRevoke."""

    api_token: ApiToken | None = None
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class DeletePayload:
    """Of what deletes one thing."""

    deleted_id: strawberry.ID | None = None
    user_errors: list[UserError] = strawberry.field(default_factory=list)


# ---------------------------------------------------------------- nodes


@node("Workspace", SIGNED_IN)
async def _workspaces(scope: Scope, numbers: Sequence[int]) -> Sequence[Any]:
    return await workspaces.by_ids(scope, numbers)


@node("Member", Permission.MEMBER_MANAGE)
async def _members(scope: Scope, numbers: Sequence[int]) -> Sequence[MemberRow]:
    return await members.by_ids(scope, numbers)


@node("ApiToken", Permission.TOKEN_MANAGE)
async def _api_tokens(scope: Scope, numbers: Sequence[int]) -> Sequence[Token]:
    return await api_tokens.by_ids(scope, numbers)


# ---------------------------------------------------------------- queries


@strawberry.type
class PeopleQuery:
    """Who is here."""

    @query(SIGNED_IN)
    async def viewer(self, info: Info) -> Viewer:
        scope = scope_of(info)
        workspace = await workspaces.get(scope)
        member = await _member_of(scope)
        return Viewer(
            workspace=shown(Workspace, workspace),
            member=shown(Member, member),
            permissions=_listed(scope.principal.permissions),
        )

    @query(Permission.MEMBER_MANAGE)
    async def members(self, info: Info) -> list[Member]:
        return all_shown(Member, await members.everyone(scope_of(info)))

    @query(Permission.TOKEN_MANAGE)
    async def api_tokens(self, info: Info) -> list[ApiToken]:
        return all_shown(ApiToken, await api_tokens.every(scope_of(info)))


async def _member_of(scope: Scope) -> MemberRow | None:
    principal = scope.principal
    if principal.kind is not PrincipalKind.MEMBER or principal.id is None:
        return None
    found = await members.by_ids(scope, [principal.id])
    return found[0] if found else None


# ---------------------------------------------------------------- mutations


@strawberry.type
class PeopleMutation:
    """Who comes, goes, and may do what."""

    @mutation(ANYONE, SignInPayload, cost=10, description="Trades a member's email and password for a bearer token.")
    async def sign_in(
        self, info: Info, email: str, password: str, workspace_id: strawberry.ID | None = None
    ) -> SignInPayload:
        number = None if workspace_id is None else get_id("Workspace", workspace_id, ("workspaceId",))
        context = info.context
        assert context.signing is not None
        signed_in = await sessions.sign_in(
            email,
            password,
            context.signing,
            workspace_id=number,
            request_id=context.request_id,
            address=context.address,
        )
        return SignInPayload(token=signed_in.token, member=shown(Member, await _member_of(signed_in.scope)))

    @mutation(Permission.MEMBER_MANAGE, MemberPayload)
    async def member_create(self, info: Info, input: MemberCreateInput) -> MemberPayload:
        person = await members.create(
            scope_of(info),
            email=input.email,
            name=input.name,
            password=input.password,
            role=input.role,
            permissions=input.permissions or (),
        )
        return MemberPayload(member=shown(Member, person))

    @mutation(Permission.MEMBER_MANAGE, MemberPayload)
    async def member_update(self, info: Info, id: strawberry.ID, input: MemberUpdateInput) -> MemberPayload:
        number = get_id("Member", id, ("id",))
        changes = {name: value for name, value in vars(input).items() if value is not None}
        return MemberPayload(member=shown(Member, await members.update(scope_of(info), number, changes)))

    @mutation(Permission.MEMBER_MANAGE, DeletePayload)
    async def member_delete(self, info: Info, id: strawberry.ID) -> DeletePayload:
        number = get_id("Member", id, ("id",))
        await members.delete(scope_of(info), number)
        return DeletePayload(deleted_id=strawberry.ID(to_global_id("Member", number)))

    @mutation(
        Permission.TOKEN_MANAGE,
        ApiTokenCreatePayload,
        description="The secret is shown once and stored only as a hash.",
    )
    async def api_token_create(self, info: Info, input: ApiTokenCreateInput) -> ApiTokenCreatePayload:
        token, secret = await api_tokens.create(
            scope_of(info), name=input.name, permissions=input.permissions, expires_at=input.expires_at
        )
        return ApiTokenCreatePayload(api_token=shown(ApiToken, token), secret=secret)

    @mutation(Permission.TOKEN_MANAGE, ApiTokenPayload)
    async def api_token_revoke(self, info: Info, id: strawberry.ID) -> ApiTokenPayload:
        number = get_id("ApiToken", id, ("id",))
        return ApiTokenPayload(api_token=shown(ApiToken, await api_tokens.revoke(scope_of(info), number)))
