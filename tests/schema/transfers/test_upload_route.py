"""Files are uploaded by their links."""

from datetime import timedelta

import pytest

from models import clock
from models.transfers.imports import start, uploads
from models.transfers.imports.mapping import Options
from permissions.principal import Scope
from schema.transfers.links import Links, Purpose
from tests.kit.api import SIGNING, application, send
from tests.kit.transfers import mapped
from tests.kit.workspaces import new_workspace

LINKS = Links(SIGNING.secret, "")


@pytest.fixture
async def scope(database: str) -> Scope:
    return await new_workspace()


@pytest.fixture(scope="module")
def app():
    return application(upload_limit_bytes=100)


async def new_link(scope: Scope) -> tuple[int, str]:
    row = await uploads.create(scope, "contacts.csv", None, 100)
    return row["id"], LINKS.upload(scope.workspace_id, row["id"], clock.now() + timedelta(hours=1))


def files_in(folder) -> list[bytes]:
    return [path.read_bytes() for path in folder.rglob("*") if path.is_file()]


async def test_a_file_can_be_sent_again(scope, app, file_folder):
    row_id, path = await new_link(scope)
    for content in (b"first", b"email\na@x.org\n"):
        response = await send(app, "PUT", path, content)
        assert (response.status, response.json()) == (200, {"bytes": len(content)})
    assert files_in(file_folder) == [b"email\na@x.org\n"]
    assert (await uploads.get_stored(scope, row_id))["bytes"] == 14


async def test_a_file_that_is_too_large_is_refused_and_not_stored(scope, app, file_folder):
    _, path = await new_link(scope)
    for headers in ({}, {"content_length": "101"}):
        response = await send(app, "PUT", path, b"x" * 101, **headers)
        assert response.status == 413
        assert "at most 100" in response.json()["error"] or "larger than 100" in response.json()["error"]
    assert files_in(file_folder) == []


async def test_an_incomplete_file_is_not_stored(scope, app, file_folder):
    _, path = await new_link(scope)
    messages = [{"type": "http.request", "body": b"half of it", "more_body": True}, {"type": "http.disconnect"}]
    sent_messages = []

    async def receive():
        return messages.pop(0)

    async def send_message(message):
        sent_messages.append(message)

    request = {"type": "http", "method": "PUT", "path": path, "headers": [], "query_string": b"", "http_version": "1.1"}
    await app(
        {**request, "scheme": "http", "server": ("t", 80), "client": ("c", 1), "root_path": ""}, receive, send_message
    )
    assert sent_messages[0]["status"] == 400
    assert files_in(file_folder) == []


async def test_a_wrong_or_expired_link_is_refused(scope, app, file_folder):
    row_id, path = await new_link(scope)
    old = LINKS.upload(scope.workspace_id, row_id, clock.now() - timedelta(seconds=1))
    other = LINKS.download(Purpose.EXPORT, scope.workspace_id, row_id, clock.now() + timedelta(hours=1), "x").split(
        "/"
    )[2]
    for address in (old, path[:-3] + "AAA", f"/uploads/{other}", "/uploads/x"):
        assert (await send(app, "PUT", address, b"x")).status == 403
    assert (await send(app, "GET", path)).status == 405
    assert (await send(app, "PUT", path, b"x", content_encoding="gzip")).status == 415
    await uploads.remove(scope.workspace_id, row_id)
    assert (await send(app, "PUT", path, b"x")).status == 404
    assert files_in(file_folder) == []


async def test_a_file_that_is_being_imported_is_not_replaced(scope, app):
    row_id, path = await new_link(scope)
    await send(app, "PUT", path, b"email\na@x.org\n")
    await start.from_upload(scope, row_id, Options(mapped("email")))
    assert (await send(app, "PUT", path, b"other")).status == 409
