"""Workspaces and members from the command line: a business moves in, and moves out."""

import asyncio
from pathlib import Path

import pytest

from models import db
from models.accounts import password_links
from models.accounts.sign_in import sign_in
from models.contacts.create import create_contact
from models.segments import segments
from models.segments.segments import SegmentKind
from permissions.principal import Scope
from tests.kit.api import SIGNING, application, send
from tests.kit.commands import Muster
from tests.kit.segments import TAGGED_VIP, new_contacts
from tests.kit.servers import Servers, bare_database
from tests.kit.workspaces import new_member, new_workspace

NEW = "seven purple umbrellas"
DELETE = ("workspace", "delete", "--settle-seconds", "0")


@pytest.fixture
def muster(database: str, tmp_path: Path) -> Muster:
    return Muster(database, tmp_path, MUSTER_PUBLIC_URL="https://muster.example.com")


async def moved_in(muster: Muster) -> str:
    """The token of the admin's link."""
    made = await muster(
        "workspace", "create", "Clinic", "--zone", "Europe/Madrid", "--country", "es", "--admin", "Ana@Example.com"
    )
    assert made.code == 0, made.error
    return made.lines[-1].removeprefix("https://muster.example.com/password/")


async def test_a_workspace_is_made_and_its_admin_signs_in(muster: Muster) -> None:
    token = await moved_in(muster)
    page = await send(application(), "GET", f"/password/{token}")
    assert (page.status, b"ana@example.com" in page.body) == (200, True)
    await password_links.set_password(token, NEW, SIGNING)
    scope = (await sign_in("ana@example.com", NEW, SIGNING)).scope
    assert (scope.timezone, scope.default_country) == ("Europe/Madrid", "ES")
    listed = await muster("workspace", "list")
    assert listed.lines == [f"{scope.workspace_id}\tClinic\tEurope/Madrid\tES\t1 members\t0 contacts"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("X", "--zone", "Mars/Base", "--admin", "a@example.com"), "not a time zone"),
        (("X", "--zone", "UTC", "--country", "ZZ", "--admin", "a@example.com"), "not a country"),
        (("X", "--zone", "UTC", "--admin", "nobody"), "not an e-mail address"),
        ((" ", "--zone", "UTC", "--admin", "a@example.com"), "must not be empty"),
    ],
)
async def test_what_is_wrong_is_told_in_one_line_and_makes_nothing(
    muster: Muster, arguments: tuple[str, ...], told: str
) -> None:
    refused = await muster("workspace", "create", *arguments)
    assert (refused.code, refused.error.count("\n"), told in refused.error) == (1, 1, True), refused.error
    assert await db.fetch_value("SELECT count(*) FROM workspaces") == 0


async def test_members_are_added_changed_and_listed(muster: Muster) -> None:
    await password_links.set_password(await moved_in(muster), NEW, SIGNING)
    added = await muster("member", "add", "clinic", "ben@example.com", "--role", "manager", "--name", "Ben")
    assert added.lines[-1].startswith("https://muster.example.com/password/")
    granted = ("--grant", "contact_read", "--grant", "JOB_READ")
    assert (await muster("member", "role", "Clinic", "ben@example.com", "USER", *granted)).code == 0
    assert (await db.fetch_value("SELECT permissions FROM members WHERE name = 'Ben'")) == ["CONTACT_READ", "JOB_READ"]
    again = await muster("member", "password", "Clinic", "ben@example.com")
    assert again.lines[-1] != added.lines[-1]
    assert await password_links.find(added.lines[-1].rpartition("/")[2]) is None
    listed = await muster("member", "list", "Clinic")
    assert listed.lines == ["ana@example.com\tAna\tADMIN", "ben@example.com\tBen\tUSER\tno password yet"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("role", "Clinic", "ana@example.com", "USER"), "last ADMIN"),
        (("role", "Clinic", "nobody@example.com", "USER"), "not a member"),
        (("role", "Clinic", "ana@example.com", "USER", "--grant", "FLY"), "no permission FLY"),
        (("password", "Elsewhere", "ana@example.com"), "no workspace 'Elsewhere'"),
        (("add", "Clinic", "ana@example.com"), "a member already"),
    ],
)
async def test_what_is_not_allowed_is_told(muster: Muster, arguments: tuple[str, ...], told: str) -> None:
    await moved_in(muster)
    refused = await muster("member", *arguments)
    assert (refused.code, told in refused.error) == (1, True), refused.error


async def test_a_name_that_two_workspaces_have_needs_the_id(muster: Muster, database: str) -> None:
    one, other = await new_workspace("Twins"), await new_workspace("twins")
    refused = await muster("member", "list", "Twins")
    assert f"one of {one.workspace_id}, {other.workspace_id}" in refused.error
    assert (await muster("member", "list", str(other.workspace_id))).code == 0


# ---------------------------------------------------------------- moving out


async def rows_of(scope: Scope) -> dict[str, int]:
    """How many rows each table holds of the workspace."""
    tables = await db.fetch(
        "SELECT table_name AS name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'workspace_id'"
    )
    counted = {
        row["name"]: await db.fetch_value(
            f"SELECT count(*) FROM {row['name']} WHERE workspace_id = $1", scope.workspace_id
        )
        for row in tables
    }
    return {name: count for name, count in counted.items() if count}


async def filled(name: str) -> Scope:
    scope = await new_workspace(name)
    await new_member(scope, name=f"admin of {name}")
    await new_contacts(scope, 30, tags=["VIP"])
    await create_contact(scope, {"name": "Ana", "email": "ana@example.com"})
    await segments.create(scope, SegmentKind.DYNAMIC, name="VIPs", rule=TAGGED_VIP)
    return scope


async def test_a_deleted_workspace_leaves_nothing_and_touches_no_other(muster: Muster) -> None:
    scope, other = await filled("Leaving"), await filled("Staying")
    kept = await rows_of(other)
    done = await muster(*DELETE, "Leaving", "--confirm", "Leaving")
    assert done.code == 0, done.error
    assert await rows_of(scope) == {}
    assert await db.fetch_value("SELECT count(*) FROM workspaces WHERE id = $1", scope.workspace_id) == 0
    assert await rows_of(other) == kept


async def test_a_workspace_is_deleted_only_by_its_name(muster: Muster) -> None:
    scope = await filled("Leaving")
    before = await rows_of(scope)
    for typed in ("leaving\n", "\n", ""):
        refused = await muster(*DELETE, str(scope.workspace_id), typed=typed)
        assert refused.code == 1
    assert await rows_of(scope) == before


async def test_an_interrupted_deletion_goes_on(muster: Muster) -> None:
    scope = await filled("Leaving")
    running = await muster.start("workspace", "delete", "Leaving", "--confirm", "Leaving")
    while not await db.fetch_value("SELECT deleted_at IS NOT NULL FROM workspaces WHERE id = $1", scope.workspace_id):
        await asyncio.sleep(0.05)
    running.kill()
    await running.wait()
    assert "being deleted" in (await muster("workspace", "list")).lines[0]
    assert (await muster("member", "add", "Leaving", "new@example.com")).code == 1
    assert (await muster(*DELETE, "Leaving", typed="Leaving\n")).code == 0
    assert await rows_of(scope) == {}


async def test_a_database_that_is_not_migrated_is_named(servers: Servers, tmp_path: Path) -> None:
    async with bare_database(servers) as url:
        refused = await Muster(url, tmp_path)("workspace", "list")
    assert (refused.code, "`muster migrate`" in refused.error) == (1, True)
