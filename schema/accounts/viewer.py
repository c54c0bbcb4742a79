"""Who is asking, as the API shows it."""

from models.accounts import workspaces
from permissions.principal import Scope
from schema.accounts.types import Member, Viewer, Workspace, find_member_of, in_catalogue_order
from schema.server.execution.rows import shown


async def viewer_of(scope: Scope) -> Viewer:
    workspace = await workspaces.get(scope)
    member = await find_member_of(scope)
    return Viewer(
        workspace=shown(Workspace, workspace),
        member=shown(Member, member),
        permissions=in_catalogue_order(scope.principal.permissions),
    )
