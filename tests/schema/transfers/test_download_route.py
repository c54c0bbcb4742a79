"""Files are downloaded by their links."""

from datetime import timedelta

import pytest

from models import clock, db
from models.contacts.create import create_contact
from permissions.principal import Scope
from schema.transfers.links import Links, Purpose
from tests.kit.api import SIGNING, application, send
from tests.kit.transfers import exported, imported, sent
from tests.kit.workspaces import new_workspace

LINKS = Links(SIGNING.secret, "")


@pytest.fixture
async def scope(database: str) -> Scope:
    return await new_workspace()


@pytest.fixture(scope="module")
def app():
    return application(upload_limit_bytes=100)


def downloaded(scope: Scope, purpose: Purpose, row_id: int, name: str, seconds: int = 60) -> str:
    return LINKS.download(purpose, scope.workspace_id, row_id, clock.now() + timedelta(seconds=seconds), name)


async def test_an_export_is_sent_as_an_attachment(scope, app):
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


async def test_the_filename_cannot_break_the_header(scope, app):
    await exported(scope, None, ["email"])
    job_id = await db.fetch_value("SELECT id FROM jobs")
    response = await send(
        app, "GET", downloaded(scope, Purpose.EXPORT, job_id, "x").removesuffix("x") + 'a";\r\nb=.html'
    )
    assert response.headers["content-disposition"] == 'attachment; filename="ab.html"'


async def test_the_report_is_sent_as_csv(scope, app):
    job = await imported(scope, "email\nbad\n")
    response = await send(app, "GET", downloaded(scope, Purpose.REFUSALS, job.id, "rejected-rows.csv"))
    assert response.status == 200
    assert response.body.startswith(b"import_line,import_column,import_reason,email\r\n2,email,")


async def test_other_links_are_refused(scope, app):
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
