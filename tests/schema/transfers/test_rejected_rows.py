"""The rows that an import refused are those of its report, whatever the size of the page."""

import csv
import io
from typing import Any

import pytest

from models import clock
from models.contacts.create import create_contact
from models.queue.jobs import Job
from models.transfers.imports.mapping import BadCell, Column
from models.transfers.imports.report import KEPT_FOR
from permissions.capabilities import Permission
from permissions.principal import Scope
from schema.server.ids import to_global_id
from tests.kit.api import Api, bearer_of, token_with
from tests.kit.transfers import imported, report_of
from tests.kit.workspaces import new_workspace

ROWS = """query ($id: ID!, $first: Int, $after: String) { job(id: $id) { ... on ImportJob { columns rejectedRowsUrl
    rejectedRows(first: $first, after: $after) { nodes { line outcome column reason cells } edges { cursor node { line } }
        pageInfo { hasNextPage endCursor } } } } }"""

COLUMNS = (Column("email", "email"), Column("score", "score", on_bad_cell=BadCell.LEAVE_OUT), Column("name", "name"))


@pytest.fixture
async def scope(database: str) -> Scope:
    return await new_workspace()


@pytest.fixture(scope="module")
def api() -> Api:
    return Api()


def of(job: Job) -> str:
    return to_global_id("ImportJob", job.id)


async def pages(api: Api, bearer: str, job: Job, first: int) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    after, more = None, True
    while more:
        page = (await api.data(bearer, ROWS, id=of(job), first=first, after=after))["job"]["rejectedRows"]
        assert [edge["node"]["line"] for edge in page["edges"]] == [node["line"] for node in page["nodes"]]
        assert len(page["nodes"]) == first or not page["pageInfo"]["hasNextPage"]
        rows += page["nodes"]
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    return rows


def as_reported(rows: list[dict[str, Any]]) -> list[list[str]]:
    return [[str(row["line"]), row["column"] or "", row["reason"], *row["cells"]] for row in rows]


async def reported(scope: Scope, job: Job) -> list[list[str]]:
    text = (await report_of(scope, job)).decode()
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=";"))


async def test_the_rows_are_those_of_the_report_page_by_page(api: Api, scope: Scope) -> None:
    await create_contact(scope, {"email": "known@x.org"})
    lines = ["known@x.org;1;K", "bad;2;", 'a@x.org;many;"more; than\none"', "b@x.org;3;B", "long;4;C;D;E"]
    content = "\n".join(["email;score;name", *lines, *(f"worse{n};5;" for n in range(7))])
    job = await imported(scope, content, *COLUMNS, overwrite=False)
    bearer = await bearer_of(scope)
    header, *wanted = await reported(scope, job)
    assert len(wanted) == 11
    for first in (1, 3, 11, 250):
        rows = await pages(api, bearer, job, first)
        assert as_reported(rows) == wanted
    assert [row["outcome"] for row in rows[:3]] == ["SKIPPED", "REJECTED", "PARTIAL"]
    assert (await api.data(bearer, ROWS, id=of(job)))["job"]["columns"] == header[3:] == ["email", "score", "name"]

    corrected = (await report_of(scope, job)).decode().replace("worse1", "c@x.org")
    again = await imported(scope, corrected, *COLUMNS, overwrite=False)  # the added columns are in the file's rows now
    wanted_again = (await reported(scope, again))[1:]
    assert as_reported(await pages(api, bearer, again, 4)) == wanted_again
    assert len(wanted_again) == 10
    assert (await api.data(bearer, ROWS, id=of(again)))["job"]["columns"] == ["email", "score", "name"]
    cursor = (await api.data(bearer, ROWS, id=of(job), first=1))["job"]["rejectedRows"]["pageInfo"]["endCursor"]
    assert await api.codes(bearer, ROWS, id=of(again), after=cursor) == ["BAD_REQUEST"]


async def test_without_a_header_there_are_cells_alone(api: Api, scope: Scope) -> None:
    job = await imported(scope, "Ana,bad\nBea\n", ("1", "email"), ("0", "name"), has_header=False)
    shown = (await api.data(await bearer_of(scope), ROWS, id=of(job)))["job"]
    assert shown["columns"] is None
    rows = [(row["line"], row["column"], row["cells"]) for row in shown["rejectedRows"]["nodes"]]
    assert rows == [(1, "1", ["Ana", "bad"]), (2, "1", ["Bea", ""])]


async def test_they_need_the_permission_of_the_report_and_end_with_it(api: Api, scope: Scope) -> None:
    job = await imported(scope, "email\nbad\n")
    watcher = await token_with(scope, Permission.JOB_READ, Permission.CONTACT_READ)
    assert await api.codes(watcher, ROWS, id=of(job)) == ["FORBIDDEN"]
    columns = "query ($id: ID!) { job(id: $id) { ... on ImportJob { columns } } }"
    assert (await api.data(watcher, columns, id=of(job)))["job"] == {"columns": None}
    importer = await token_with(scope, Permission.JOB_READ, Permission.CONTACT_IMPORT)
    assert len((await api.data(importer, ROWS, id=of(job)))["job"]["rejectedRows"]["nodes"]) == 1
    stranger = await bearer_of(await new_workspace("Other"))
    assert (await api.data(stranger, ROWS, id=of(job)))["job"] is None
    ended_at = clock.now()
    clock.set_source(lambda: ended_at + KEPT_FOR)
    later = await api.data(await token_with(scope, Permission.JOB_READ, Permission.CONTACT_IMPORT), ROWS, id=of(job))
    assert (later["job"]["rejectedRowsUrl"], later["job"]["rejectedRows"]["nodes"]) == (None, [])
