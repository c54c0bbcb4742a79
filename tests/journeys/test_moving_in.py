"""A new business moves in by the README alone: its section "Moving in", line by line."""

import re
import shlex
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from models import db
from tests.kit.api import application, send
from tests.kit.commands import Muster

README = Path(__file__).resolve().parents[2] / "README.md"
NEW = "seven purple umbrellas"


def section() -> list[str]:
    """The commands and GraphQL documents of the section, in order."""
    text = README.read_text().partition("\n## Moving in\n")[2].partition("\n## ")[0]
    return [line.strip() for line in text.splitlines() if line.startswith("    ")]


def commands() -> list[list[str]]:
    """Without the name of the program."""
    lines = [line for line in section() if line.startswith(".venv/bin/muster ")]
    inline = re.findall(
        r"`\.venv/bin/muster ([^`]+)`", README.read_text().partition("\n## Moving in\n")[2].partition("\n## ")[0]
    )
    return [shlex.split(line, comments=True)[1:] for line in lines] + [shlex.split(line) for line in inline]


def documents() -> list[str]:
    return [line for line in section() if line.startswith(("mutation", "{", "query"))]


@pytest.fixture
def muster(database: str, tmp_path: Path) -> Muster:
    return Muster(database, tmp_path, MUSTER_PUBLIC_URL="http://muster.test")


async def set_password(app: Any, url: str) -> None:
    """As a browser does on the page of the link."""
    path = url.removeprefix("http://muster.test")
    assert b"<form" in (await send(app, "GET", path)).body
    typed = urlencode({"email": "kept for the browser", "new": NEW, "again": NEW}).encode()
    done = await send(app, "POST", path, typed, content_type="application/x-www-form-urlencoded")
    assert (done.status, b"You can sign in" in done.body) == (200, True)


async def ask(app: Any, document: str, token: str | None = None) -> Any:
    headers = {} if token is None else {"authorization": f"Bearer {token}"}
    answer = (await send(app, "POST", "/graphql", {"query": document}, **headers)).json()
    assert "errors" not in answer, answer["errors"]
    return answer["data"]


async def test_a_business_moves_in_and_out_by_the_readme(muster: Muster) -> None:
    app = application(public_url="http://muster.test")
    create, *people, list_all, delete = commands()
    made = await muster(*create)
    assert made.code == 0, made.error
    await set_password(app, made.lines[-1])
    listed: list[str] = []
    for command in people:
        ran = await muster(*command)
        assert ran.code == 0, ran.error
        if ran.lines[-1].startswith("http"):
            listed.append(ran.lines[-1])
    assert [line.split("\t")[2] for line in ran.lines] == ["ADMIN", "MANAGER", "USER"]
    await set_password(app, listed[-1])
    gone = await send(app, "GET", listed[0].removeprefix("http://muster.test"))
    assert gone.status == 404, "a new link ends the one before"

    sign_in, member_create, member_invite, audit_log = documents()
    token = (await ask(app, sign_in.replace('"..."', f'"{NEW}"')))["signIn"]["token"]
    dora = (await ask(app, member_create, token))["memberCreate"]["member"]["id"]
    link = (await ask(app, member_invite.replace('"..."', f'"{dora}"'), token))["memberInvite"]["url"]
    await set_password(app, link)
    update = 'mutation { workspaceUpdate(input: {timezone: "Europe/Lisbon"}) { workspace { timezone } } }'
    assert (await ask(app, update, token))["workspaceUpdate"]["workspace"] == {"timezone": "Europe/Lisbon"}

    seen = [(entry["action"], entry["actorKind"]) for entry in (await ask(app, audit_log, token))["auditLog"]["nodes"]]
    assert seen[:5] == [
        ("WorkspaceUpdate", "MEMBER"),
        ("PasswordSet", "MEMBER"),
        ("MemberInvite", "MEMBER"),
        ("MemberCreate", "MEMBER"),
        ("SignIn", "MEMBER"),
    ]
    assert seen[-3:] == [("MemberInvite", "OPERATOR"), ("MemberCreate", "OPERATOR"), ("WorkspaceCreate", "OPERATOR")]

    assert "Casa Verde\tEurope/Lisbon\tES\t4 members" in (await muster(*list_all)).lines[0]
    assert (await muster(*delete, "--settle-seconds", "0", typed="Casa Verde\n")).code == 0
    assert await db.fetch_value("SELECT count(*) FROM audit_log") == 0
