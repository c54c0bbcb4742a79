"""Every command that changes something is in the audit log, with what was changed and without secrets."""

from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from models import db
from muster.cli import main
from muster.client.commands import COMMANDS
from permissions.roles import Role
from tests.kit.commands import Muster
from tests.kit.workspaces import new_member, new_workspace

CHANGE_NOTHING = {"up", "api", "worker", "migrate", "doctor", "generate", "workspace list", "member list"}
"""Of a workspace. What the processes of `up`, `api` and `worker` do is recorded by the mutations and tasks."""

OVER_THE_API = {str(command.name) for command in COMMANDS}
"""Recorded by the mutations that they call."""

EMAIL = "ben@example.com"
WHERE = ("--zone", "UTC", "--admin", "new@example.com")

AUDITED: dict[str, tuple[tuple[str, ...], set[str]]] = {
    "workspace create": (("Clinic", *WHERE), {"workspace_create", "member_create", "member_invite"}),
    "workspace delete": (("Acme", "--confirm", "Acme"), {"workspace_delete"}),
    "member add": (("Acme", "new@example.com"), {"member_create", "member_invite"}),
    "member role": (("Acme", EMAIL, "MANAGER"), {"member_update"}),
    "member password": (("Acme", EMAIL), {"member_invite"}),
    "seed": ((), {"seed", "member_create"}),
    "token": ((), {"token"}),
}
"""Arguments, and the actions that must be recorded."""


def names_of(group: click.Command, before: str = "") -> Iterator[str]:
    """The names of all commands, such as "workspace create"."""
    for name, command in getattr(group, "commands", {}).items():
        if isinstance(command, click.Group) and f"{before}{name}" not in OVER_THE_API:
            yield from names_of(command, f"{before}{name} ")
        else:
            yield f"{before}{name}"


def test_of_each_command_it_is_known_whether_it_changes_something() -> None:
    assert set(names_of(main)) == CHANGE_NOTHING | OVER_THE_API | set(AUDITED)


@pytest.mark.parametrize("command", AUDITED)
async def test_a_command_that_changes_something_is_recorded(database: str, tmp_path: Path, command: str) -> None:
    muster = Muster(database, tmp_path)
    scope = await new_workspace()
    await new_member(scope)
    await new_member(scope, Role.USER, name="ben")
    if command == "token":
        await muster("seed")
    await db.execute("DELETE FROM audit_log")
    await db.execute(_KEEP_LOG)
    try:
        arguments, actions = AUDITED[command]
        ran = await muster(*command.split(), *arguments, *(("--settle-seconds", "0") if "delete" in command else ()))
    finally:
        await db.execute("DROP TRIGGER keep ON audit_log; DROP FUNCTION keep()")
    assert ran.code == 0, ran.error
    rows = await db.fetch("SELECT * FROM audit_log")
    assert {row["action"] for row in rows if row["actor_kind"] == "OPERATOR"} >= actions
    assert all(row["actor_id"] is None for row in rows)
    kept = "".join(row["details"] for row in rows)
    for line in ran.lines:
        secret = line.rpartition("/")[2].rpartition(".")[2]
        assert len(secret) < 20 or secret not in kept


_KEEP_LOG = """
    CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
    CREATE TRIGGER keep BEFORE DELETE ON audit_log FOR EACH ROW EXECUTE FUNCTION keep();
"""
