"""Files over HTTP: sent to an address, fetched from one."""

from datetime import timedelta

import pytest

from models import clock, db
from models.contacts.create import create_contact
from models.transfers.imports import start, uploads
from models.transfers.imports.mapping import Options
from permissions.principal import Scope
from schema.transfers.links import Links, Purpose
from tests.kit.api import SIGNING, application, send
from tests.kit.transfers import exported, imported, mapped, sent
from tests.kit.workspaces import new_workspace

LINKS = Links(SIGNING.secret, "")


@pytest.fixture
async def scope(database: str) -> Scope:
    return await new_workspace()


@pytest.fixture(scope="module")
def app():
    return application(upload_limit_bytes=100)


async def an_address(scope: Scope) -> tuple[int, str]:
    row = await uploads.create(scope, "contacts.csv", None, 100)
    return row["id"], LINKS.upload(scope.workspace_id, row["id"], clock.now() + timedelta(hours=1))


def files_in(folder) -> list[bytes]:
    return [path.read_bytes() for path in folder.rglob("*") if path.is_file()]


# ---------------------------------------------------------------- in


async def test_a_file_is_put_to_its_address_as_often_as_one_likes(scope, app, file_folder):
    number, path = await an_address(scope)
    for content in (b"first", b"email\na@x.org\n"):
        response = await send(app, "PUT", path, content)
        assert (response.status, response.json()) == (200, {"bytes": len(content)})
    assert files_in(file_folder) == [b"email\na@x.org\n"]
    assert (await uploads.get_stored(scope, number))["bytes"] == 14


async def test_a_file_that_is_too_large_is_refused_and_not_kept(scope, app, file_folder):
    _, path = await an_address(scope)
    for headers in ({}, {"content_length": "101"}):
        response = await send(app, "PUT", path, b"x" * 101, **headers)
        assert response.status == 413
        assert "at most 100" in response.json()["error"] or "larger than 100" in response.json()["error"]
    assert files_in(file_folder) == []


async def test_a_file_that_breaks_off_is_not_kept(scope, app, file_folder):
    _, path = await an_address(scope)
    messages = [{"type": "http.request", "body": b"half of it", "more_body": True}, {"type": "http.disconnect"}]
    said = []

    async def receive():
        return messages.pop(0)

    async def take(message):
        said.append(message)

    asked = {"type": "http", "method": "PUT", "path": path, "headers": [], "query_string": b"", "http_version": "1.1"}
    await app({**asked, "scheme": "http", "server": ("t", 80), "client": ("c", 1), "root_path": ""}, receive, take)
    assert said[0]["status"] == 400
    assert files_in(file_folder) == []


async def test_a_bad_or_old_address_takes_nothing(scope, app, file_folder):
    number, path = await an_address(scope)
    old = LINKS.upload(scope.workspace_id, number, clock.now() - timedelta(seconds=1))
    other = LINKS.download(Purpose.EXPORT, scope.workspace_id, number, clock.now() + timedelta(hours=1), "x").split(
        "/"
    )[2]
    for address in (old, path[:-3] + "AAA", f"/uploads/{other}", "/uploads/x"):
        assert (await send(app, "PUT", address, b"x")).status == 403
    assert (await send(app, "GET", path)).status == 405
    assert (await send(app, "PUT", path, b"x", content_encoding="gzip")).status == 415
    await uploads.remove(scope.workspace_id, number)
    assert (await send(app, "PUT", path, b"x")).status == 404
    assert files_in(file_folder) == []


async def test_a_file_that_is_being_imported_is_not_replaced(scope, app):
    number, path = await an_address(scope)
    await send(app, "PUT", path, b"email\na@x.org\n")
    await start.from_upload(scope, number, Options(mapped("email")))
    assert (await send(app, "PUT", path, b"other")).status == 409


# ---------------------------------------------------------------- out


def downloaded(scope: Scope, purpose: Purpose, number: int, name: str, seconds: int = 60) -> str:
    return LINKS.download(purpose, scope.workspace_id, number, clock.now() + timedelta(seconds=seconds), name)


async def test_an_export_is_fetched_as_an_attachment(scope, app):
    await create_contact(scope, {"email": "a@x.org"})
    content = await exported(scope, None, ["email"])
    job_id = await db.fetch_value("SELECT id FROM jobs")
    response = await send(app, "GET", downloaded(scope, Purpose.EXPORT, job_id, "contacts-1.csv"))
    assert (response.status, response.body) == (200, content)
    assert response.headers["content-disposition"] == 'attachment; filename="contacts-1.csv"'
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert response.headers["content-length"] == str(len(content))
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["cache-control"] == "private, no-store"
    head = await send(app, "HEAD", downloaded(scope, Purpose.EXPORT, job_id, "contacts-1.csv"))
    assert (head.status, head.body, head.headers["content-length"]) == (200, b"", str(len(content)))


async def test_the_name_in_an_address_can_do_no_harm(scope, app):
    await exported(scope, None, ["email"])
    job_id = await db.fetch_value("SELECT id FROM jobs")
    response = await send(
        app, "GET", downloaded(scope, Purpose.EXPORT, job_id, "x").removesuffix("x") + 'a";\r\nb=.html'
    )
    assert response.headers["content-disposition"] == 'attachment; filename="ab.html"'


async def test_the_refused_rows_are_fetched_as_a_csv(scope, app):
    job = await imported(scope, "email\nbad\n")
    response = await send(app, "GET", downloaded(scope, Purpose.REFUSALS, job.id, "rejected-rows.csv"))
    assert response.status == 200
    assert response.body.startswith(b"import_line,import_column,import_reason,email\r\n2,email,")


async def test_what_is_not_there_not_ready_another_s_or_too_old_is_not_fetched(scope, app):
    good = await imported(scope, "email\na@x.org\n")
    bad = await imported(scope, "email\nbad\n")
    other = await new_workspace("Other")
    for address, status in (
        (downloaded(scope, Purpose.REFUSALS, good.id, "x"), 404),
        (downloaded(scope, Purpose.EXPORT, bad.id, "x"), 404),
        (downloaded(other, Purpose.REFUSALS, bad.id, "x"), 404),
        (downloaded(scope, Purpose.REFUSALS, 999, "x"), 404),
        (downloaded(scope, Purpose.REFUSALS, bad.id, "x", seconds=-1), 403),
        ("/downloads/x/x", 403),
        (
            LINKS.upload(scope.workspace_id, await sent(scope, "email\n"), clock.now() + timedelta(1)).replace(
                "uploads", "downloads"
            )
            + "/x",
            403,
        ),
    ):
        assert (await send(app, "GET", address)).status == status
