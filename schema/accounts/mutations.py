"""Changes of the workspace, its members and API tokens."""

import strawberry

from models.accounts import api_tokens, members, password_links
from models.segments import workspace_settings
from permissions.capabilities import Permission
from schema.accounts.inputs import ApiTokenCreateInput, MemberCreateInput, MemberUpdateInput, WorkspaceUpdateInput
from schema.accounts.payloads import (
    ApiTokenCreatePayload,
    ApiTokenPayload,
    MemberInvitePayload,
    MemberPayload,
    WorkspacePayload,
)
from schema.accounts.types import ApiToken, Member, Workspace
from schema.server.context import Info
from schema.server.execution.rows import shown
from schema.server.guard import mutation, scope_of
from schema.server.ids import get_id, to_global_id
from schema.server.types.delete_payload import DeletePayload


@strawberry.type
class AccountMutation:
    @mutation(
        Permission.MEMBER_MANAGE,
        WorkspacePayload,
        description="Name, zone, country and message cap. A new zone makes every rule with calendar days compute again, as an"
        " edit does.",
    )
    async def workspace_update(self, info: Info, input: WorkspaceUpdateInput) -> WorkspacePayload:
        workspace = await workspace_settings.update(scope_of(info), input.values())
        return WorkspacePayload(workspace=shown(Workspace, workspace))

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
        Permission.MEMBER_MANAGE,
        MemberInvitePayload,
        description="A link that lets the member set a password once, within a day. Shown to who asks for it: there is no mail"
        " server. An earlier link of the member ends.",
    )
    async def member_invite(self, info: Info, id: strawberry.ID) -> MemberInvitePayload:
        link = await password_links.create(scope_of(info), get_id("Member", id, ("id",)))
        assert info.context.links is not None
        return MemberInvitePayload(url=link.url(info.context.links.base_url), expires_at=link.expires_at)

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
