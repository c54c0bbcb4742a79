"""Files that are made to take memory, time or the process itself: only their own inspection ends."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator

import psutil
import pytest

from models.errors import Invalid, LimitExceeded, Throttled
from models.transfers.imports import start, uploads
from models.transfers.imports.mapping import Options
from models.transfers.reading import bounded
from models.transfers.reading.bounded import Bounds
from models.transfers.reading.inspection import InspectionRequest
from permissions.principal import Scope
from schema.server.ids import to_global_id
from tests.kit.api import Api, bearer_of
from tests.kit.transfers import imported, mapped, sent, workbook
from tests.kit.workspaces import PASSWORD, new_workspace

SUGGEST = "query ($id: ID!) { importColumnSuggestions(uploadId: $id) { columns { column } } }"
SIGN_IN = """mutation ($email: String!, $password: String!) {
    signIn(email: $email, password: $password) { token userErrors { message } } }"""


@pytest.fixture
async def scope(database: str) -> Scope:
    return await new_workspace()


@pytest.fixture(autouse=True)
async def _new_children() -> AsyncIterator[None]:
    """No test meets the children of another one."""
    await bounded.close()
    yield
    await bounded.close()


def that_takes_long() -> bytes:
    """A workbook within all limits, of rows of empty cells: it takes some twenty seconds of the processor."""
    row = f"<row>{'<c/>' * 20}</row>"
    return workbook(sheet=f"<worksheet><sheetData>{row * 900_000}</sheetData></worksheet>")


def children() -> list[psutil.Process]:
    """The child processes that inspect files."""
    mine = psutil.Process().children()
    return [child for child in mine if any("models.transfers.reading.child" in part for part in child.cmdline())]


async def test_a_file_that_takes_too_long_is_refused_and_the_next_one_is_read(scope, monkeypatch):
    monkeypatch.setattr(bounded, "HEAD", Bounds(384, 1, 30))
    with pytest.raises(Invalid, match="takes too long to read"):
        await imported(scope, that_takes_long(), "email")
    assert (await imported(scope, "email\na@x.org\n")).progress["created"] == 1


async def test_a_file_that_takes_too_much_memory_is_refused_and_the_next_one_is_read(scope, monkeypatch):
    monkeypatch.setattr(bounded, "HEAD", Bounds(64, 20, 30))
    styles = "<styleSheet><numFmts>{}</numFmts></styleSheet>".format(
        "".join(f'<numFmt numFmtId="{n}" formatCode="{n:0100}"/>' for n in range(600_000))
    )
    with pytest.raises(LimitExceeded, match="more memory than any list needs"):
        await imported(scope, workbook([["email"], ["a@x.org"]], styles=styles), "email")
    assert (await imported(scope, "email\na@x.org\n")).progress["created"] == 1


async def test_a_small_bomb_takes_no_memory_of_the_process_that_is_asked(scope):
    bomb = workbook(sheet='<worksheet><sheetData><row r="400000000"><c><v>1</v></c></row></sheetData></worksheet>')
    before = psutil.Process().memory_info().rss
    for _ in range(3):
        with pytest.raises(Invalid, match="a row 400,000,000"):
            await imported(scope, bomb, "email")
    assert psutil.Process().memory_info().rss - before < 50 << 20


async def test_a_machine_that_is_too_slow_keeps_the_file_and_says_so(scope, monkeypatch):
    monkeypatch.setattr(bounded, "HEAD", Bounds(384, 60, 0.3))
    upload = await sent(scope, that_takes_long())
    with pytest.raises(Throttled, match="try again"):
        await start.from_upload(scope, upload, Options(mapped("email")))
    assert (await uploads.get_stored(scope, upload))["key"] is not None
    assert children() == []


async def test_a_child_that_is_killed_as_it_waits_is_replaced(scope):
    request = InspectionRequest()
    await bounded.inspect_head(b"email\na@x.org\n", request, whole=True)
    [child] = children()
    os.kill(child.pid, signal.SIGTERM)
    child.wait(5)
    await asyncio.sleep(0.1)
    found, _ = await bounded.inspect_head(b"email\na@x.org\n", request, whole=True)
    assert found.header == ["email"]


async def test_a_caller_who_gives_up_ends_the_inspection(scope, monkeypatch, tmp_path):
    path = tmp_path / "long.xlsx"
    path.write_bytes(that_takes_long())
    waiting = asyncio.create_task(bounded.inspect_workbook_head(path, InspectionRequest()))
    while not children():
        await asyncio.sleep(0.02)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert children() == []


async def test_people_sign_in_while_twelve_such_files_are_looked_into(scope, monkeypatch):
    monkeypatch.setattr(bounded, "HEAD", Bounds(384, 3, 30))
    api = Api(timeout_seconds=60)
    bearer = await bearer_of(scope)
    content = that_takes_long()
    ids = [to_global_id("StagedUpload", await sent(scope, content)) for _ in range(12)]
    signing_in = {"email": "admin0@example.com", "password": PASSWORD}
    await api.data(None, SIGN_IN, **signing_in)  # the first one of a process reads what the others have then
    asked = [asyncio.create_task(api.ask(bearer, SUGGEST, id=one)) for one in ids]
    await asyncio.sleep(0.5)
    took = []
    for _ in range(5):
        began = time.monotonic()
        signed_in = (await api.data(None, SIGN_IN, **signing_in))["signIn"]
        took.append(time.monotonic() - began)
        assert signed_in["token"]
    assert len(children()) <= bounded.AT_ONCE
    assert max(took) < 1.5
    assert not any(one.done() for one in asked[6:])
    for one in asked:
        one.cancel()
    await asyncio.gather(*asked, return_exceptions=True)
