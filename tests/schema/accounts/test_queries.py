"""The caller, nodes, and how far the segments are behind."""

from models import db
from permissions.principal import Scope
from permissions.roles import Role
from schema.server.ids import to_global_id
from tests.kit.api import Api, bearer_of
from tests.kit.workspaces import new_workspace
from tests.schema.accounts.operations import VIEWER


async def test_a_bad_bearer_token_is_reported(api: Api, workspace: Scope) -> None:
    for bearer in ("nonsense", "muster_nonsense"):
        assert await api.codes(bearer, VIEWER) == ["UNAUTHENTICATED"]
    assert await api.codes(None, VIEWER) == ["UNAUTHENTICATED"]


async def test_each_kind_of_node_needs_its_own_permission(api: Api, workspace: Scope, admin: str) -> None:
    user = await bearer_of(workspace, Role.USER)
    ask = "query ($id: ID!) { node(id: $id) { id ... on Workspace { name } ... on Member { email } } }"
    workspace_id, member_id = to_global_id("Workspace", workspace.workspace_id), to_global_id("Member", 1)
    assert (await api.data(user, ask, id=workspace_id))["node"] == {"id": workspace_id, "name": "Acme"}
    assert await api.codes(user, ask, id=member_id) == ["FORBIDDEN"]
    assert (await api.data(admin, ask, id=member_id))["node"] == {"id": member_id, "email": "admin0@example.com"}
    stranger = await bearer_of(await new_workspace("Other"))
    for wanted in (workspace_id, member_id, to_global_id("Nothing", 1), "nonsense"):
        assert (await api.data(stranger, ask, id=wanted))["node"] is None


async def test_freshness_counts_the_contacts_that_wait(api: Api, workspace: Scope, admin: str) -> None:
    await db.execute(
        "INSERT INTO dirty_contacts (workspace_id, contact_id, fields, marked_at)"
        " SELECT $1, n / 2, '{*}', clock_timestamp() - interval '3 seconds' FROM generate_series(2, 7) n",
        workspace.workspace_id,
    )
    freshness = (await api.data(admin, VIEWER))["viewer"]["workspace"]["freshness"]
    assert freshness["pendingContacts"] == 3
    assert 3 <= freshness["lagSeconds"] < 10
