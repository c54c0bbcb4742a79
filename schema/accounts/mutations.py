"""Signing in, and changes of members and API tokens."""

import strawberry

from models.accounts import api_tokens, members
from models.accounts.sign_in import sign_in
from permissions.capabilities import Permission
from schema.accounts.inputs import ApiTokenCreateInput, MemberCreateInput, MemberUpdateInput
from schema.accounts.types import ApiToken, Member, find_member_of
from schema.server.context import Info
from schema.server.execution.rows import shown
from schema.server.guard import ANYONE, mutation, scope_of
from schema.server.ids import get_id, to_global_id
from schema.server.types.delete_payload import DeletePayload
from schema.server.user_errors import UserError


@strawberry.type
class SignInPayload:
    token: str | None = None
    member: Member | None = None
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class MemberPayload:
    member: Member | None = None
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class ApiTokenCreatePayload:
    api_token: ApiToken | None = None
    secret: str | None = None
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class ApiTokenPayload:
    api_token: ApiToken | None = None
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class AccountMutation:
    @mutation(ANYONE, SignInPayload, cost=10, description="Trades a member's email and password for a bearer token.")
    async def sign_in(
        self, info: Info, email: str, password: str, workspace_id: strawberry.ID | None = None
    ) -> SignInPayload:
        context = info.context
        assert context.signing is not None
        signed_in = await sign_in(
            email,
            password,
            context.signing,
            workspace_id=None if workspace_id is None else get_id("Workspace", workspace_id, ("workspaceId",)),
            request_id=context.request_id,
            address=context.address,
        )
        return SignInPayload(token=signed_in.token, member=shown(Member, await find_member_of(signed_in.scope)))

    @mutation(Permission.MEMBER_MANAGE, MemberPayload)
    async def member_create(self, info: Info, input: MemberCreateInput) -> MemberPayload:
        member = await members.create(
            scope_of(info),
            email=input.email,
            name=input.name,
            password=input.password,
            role=input.role,
            permissions=input.permissions or (),
        )
        return MemberPayload(member=shown(Member, member))

    @mutation(Permission.MEMBER_MANAGE, MemberPayload)
    async def member_update(self, info: Info, id: strawberry.ID, input: MemberUpdateInput) -> MemberPayload:
        member_id = get_id("Member", id, ("id",))
        changes = {name: value for name, value in vars(input).items() if value is not None}
        return MemberPayload(member=shown(Member, await members.update(scope_of(info), member_id, changes)))

    @mutation(Permission.MEMBER_MANAGE, DeletePayload)
    async def member_delete(self, info: Info, id: strawberry.ID) -> DeletePayload:
        member_id = get_id("Member", id, ("id",))
        await members.delete(scope_of(info), member_id)
        return DeletePayload(deleted_id=strawberry.ID(to_global_id("Member", member_id)))

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
        token = await api_tokens.revoke(scope_of(info), get_id("ApiToken", id, ("id",)))
        return ApiTokenPayload(api_token=shown(ApiToken, token))
