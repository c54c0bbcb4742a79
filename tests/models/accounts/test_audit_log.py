"""The audit log."""

from models import db
from models.accounts import audit_log
from tests.kit.workspaces import as_member, new_member, new_workspace


async def test_an_action_is_recorded_with_its_actor_and_request(database: str) -> None:
    workspace = await new_workspace()
    member = await new_member(workspace)
    await audit_log.record(as_member(workspace, member), "contact_update", "Contact", 7, {"fields": ["name"]})
    row = await db.fetch_row("SELECT * FROM audit_log WHERE action = 'contact_update'")
    assert row is not None
    assert (row["workspace_id"], row["actor_kind"], row["actor_id"]) == (workspace.workspace_id, "MEMBER", member.id)
    assert (row["target_kind"], row["target_id"], row["details"]) == ("Contact", 7, '{"fields": ["name"]}')
    assert (row["request_id"], row["address"]) == ("test", "192.0.2.1")


async def test_an_action_that_is_rolled_back_is_not_recorded(database: str) -> None:
    workspace = await new_workspace()
    try:
        async with db.transaction():
            await audit_log.record(workspace, "contact_update")
            raise KeyError
    except KeyError:
        pass
    assert await db.fetch_value("SELECT count(*) FROM audit_log") == 0
