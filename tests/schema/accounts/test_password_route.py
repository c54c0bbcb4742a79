"""The page behind a link that sets a password: plain HTML, without scripts."""

from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from models.accounts import members, password_links
from models.accounts.sign_in import sign_in
from permissions.principal import Scope
from permissions.roles import Role
from tests.kit.api import SIGNING, Response, application, send

NEW = "seven purple umbrellas"


@pytest.fixture(scope="module")
def app() -> Any:
    return application()


@pytest.fixture
async def path(workspace: Scope) -> str:
    """Of the page of a new member."""
    name = "<b>New</b>"
    member = await members.create(workspace, email="new@example.com", name=name, password=None, role=Role.USER)
    return f"/password/{(await password_links.create(workspace, member.id)).token}"


async def post(app: Any, path: str, **fields: str) -> Response:
    body = urlencode(fields).encode()
    return await send(app, "POST", path, body, content_type="application/x-www-form-urlencoded")


async def test_the_page_names_the_member_and_can_be_opened_again(app: Any, path: str) -> None:
    for _ in range(2):
        page = await send(app, "GET", path)
        assert page.status == 200
        assert b"new@example.com" in page.body
        assert "“Acme”" in page.body.decode()
        assert b"<script" not in page.body
    assert "script-src" not in page.headers["content-security-policy"]
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"


async def test_a_typed_password_is_set_and_the_link_ends(app: Any, path: str) -> None:
    done = await post(app, path, new=NEW, again=NEW)
    assert (done.status, b"Your password is set" in done.body) == (200, True)
    await sign_in("new@example.com", NEW, SIGNING)
    assert (await send(app, "GET", path)).status == 404
    assert (await post(app, path, new=NEW, again=NEW)).status == 404


@pytest.mark.parametrize(
    ("fields", "status", "told"),
    [
        ({"new": NEW, "again": NEW + "x"}, 422, "The two are not the same"),
        ({"new": "short", "again": "short"}, 422, "at least 10 characters"),
        ({"new": "aaaaaaaaaa", "again": "aaaaaaaaaa"}, 422, "too easy to guess"),
        ({}, 422, "at least 10 characters"),
        ({"new": "x" * 5_000}, 413, "too long"),
        ({"new": "ö" * 250, "again": "ö" * 250}, 422, "at most 200"),
        ({"new": "\x00" * 12, "again": "\x00" * 12}, 422, "can&#x27;t be stored"),
    ],
)
async def test_what_is_wrong_is_told_on_the_page(
    app: Any, path: str, fields: dict[str, str], status: int, told: str
) -> None:
    page = await post(app, path, **fields)
    assert (page.status, told in page.body.decode()) == (status, True), page.body
    assert (await post(app, path, new=NEW, again=NEW)).status == 200


async def test_an_unknown_link_says_what_to_do(app: Any) -> None:
    for token in ("nonsense", "1.1.x", "%00", "1.99999999999999999999.x"):
        page = await send(app, "GET", f"/password/{token}")
        assert (page.status, b"Ask an administrator" in page.body) == (404, True)


async def test_where_a_console_is_built_it_shows_the_page(tmp_path: Path, path: str) -> None:
    (tmp_path / "index.html").write_text('<base href="/" /><meta name="csp-nonce" content="" />')
    with_console = application(console=tmp_path)
    page = await send(with_console, "GET", path)
    assert (page.status, b"csp-nonce" in page.body, b"<form" in page.body) == (200, True, False)
    assert (page.headers["cache-control"], page.headers["referrer-policy"]) == ("no-store", "no-referrer")
    assert (await send(with_console, "GET", f"{path}x")).status == 404
