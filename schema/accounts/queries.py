import strawberry

from models.accounts import api_tokens, members
from permissions.capabilities import Permission
from schema.accounts.types import ApiToken, Member, Viewer
from schema.accounts.viewer import viewer_of
from schema.server.context import Info
from schema.server.execution.rows import all_shown
from schema.server.guard import SIGNED_IN, query, scope_of


@strawberry.type
class AccountQuery:
    @query(SIGNED_IN)
    async def viewer(self, info: Info) -> Viewer:
        return await viewer_of(scope_of(info))

    @query(Permission.MEMBER_MANAGE)
    async def members(self, info: Info) -> list[Member]:
        return all_shown(Member, await members.everyone(scope_of(info)))

    @query(Permission.TOKEN_MANAGE)
    async def api_tokens(self, info: Info) -> list[ApiToken]:
        return all_shown(ApiToken, await api_tokens.every(scope_of(info)))
