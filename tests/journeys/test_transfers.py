"""Contacts in from a file and out into one, as an app does it: over HTTP alone, with workers that really run."""

import csv
import io
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from models.queue.work import Queue
from permissions.principal import Scope
from tests.kit.api import application, bearer_of, serving
from tests.kit.app import App
from tests.kit.transfers import with_files
from tests.kit.workers import running_worker
from tests.kit.workspaces import new_workspace

ERRORS = "userErrors { code field message }"
UPLOAD = f'mutation {{ stagedUploadCreate(filename: "clients.csv") {{ stagedUpload {{ id url }} {ERRORS} }} }}'
SUGGEST = "query ($id: ID!) { importColumnSuggestions(uploadId: $id) { columns { column field } } }"
IMPORT = f"mutation ($input: ImportStartInput!) {{ importStart(input: $input) {{ job {{ id }} {ERRORS} }} }}"
PROGRESS = """subscription ($id: ID!) { jobProgress(id: $id) { status done total error
    ... on ImportJob { created updated unchanged skipped rejected rejectedRowsUrl undoneAt } ... on ExportJob { url } } }"""
SEGMENT = f"mutation ($input: SegmentCreateInput!) {{ segmentCreate(input: $input) {{ segment {{ id }} {ERRORS} }} }}"
MEMBERS = "query ($id: ID!) { segment(id: $id) { status memberCount uses { nodes { kind active } } } }"
EXPORT = f"mutation ($input: ExportStartInput!) {{ exportStart(input: $input) {{ job {{ id }} {ERRORS} }} }}"
UNDO = f"mutation ($id: ID!) {{ importUndo(id: $id) {{ job {{ id status }} {ERRORS} }} }}"
REFUSED = """query ($id: ID!) { job(id: $id) { ... on ImportJob { columns
    rejectedRows { nodes { line outcome column reason cells } pageInfo { hasNextPage } } } } }"""
COUNT = "{ contacts(first: 1) { totalCount } }"

ROWS = 5_000


@pytest.fixture
async def scope(database: str) -> Scope:
    return await new_workspace()


@pytest.fixture
async def app(database: str, redis_url: str, scope: Scope, file_folder) -> AsyncIterator[App]:
    headers = {"Authorization": f"Bearer {await bearer_of(scope)}"}
    async with (
        running_worker(Queue.REALTIME, database, redis_url),
        running_worker(Queue.BULK, database, redis_url, with_files(file_folder, chunk_rows=1_000, part_ids=1_000)),
        serving(application(redis_url=redis_url)) as address,
        aiohttp.ClientSession(headers=headers) as session,
    ):
        yield App(session, address)


async def put(app: App, content: str) -> str:
    staged = (await app.do(UPLOAD))["stagedUpload"]
    path = staged["url"].split("/", 3)[3]
    async with app.session.put(f"http://{app.address}/{path}", data=content.encode()) as response:
        assert response.status == 200, await response.text()
    return staged["id"]


async def get(app: App, url: str) -> str:
    async with app.session.get(f"http://{app.address}/{url.split('/', 3)[3]}") as response:
        assert response.status == 200
        return await response.text()


async def done(app: App, job_id: str) -> Any:
    """The last event of the job's progress; they must go forward."""
    events = [event["jobProgress"] async for event in app.follow(PROGRESS, id=job_id)]
    assert [one["done"] for one in events] == sorted(one["done"] for one in events)
    return events[-1]


async def test_a_file_goes_in_feeds_segments_goes_out_and_is_taken_back(app):
    vip = {"name": "VIPs", "kind": "DYNAMIC", "rule": {"tags": {"operator": "HAS_ANY", "tags": ["vip"]}}}
    dynamic = (await app.do(SEGMENT, input=vip))["segment"]["id"]
    static = (await app.do(SEGMENT, input={"name": "Imported", "kind": "STATIC"}))["segment"]["id"]
    rows = "".join(f"{n},client {n},client{n}@x.org,600{n:06},{'vip' if n % 5 == 0 else ''}\n" for n in range(ROWS))
    upload = await put(app, f"Customer ID,Nombre,Correo,Teléfono,tags\n{rows}x,Bad,nobody,12,\n")
    suggested = (await app.ask(SUGGEST, id=upload))["importColumnSuggestions"]["columns"]
    assert [one["field"] for one in suggested] == ["external_id", "name", "email", "phone", "tags"]

    given = {"uploadId": upload, "options": {"columns": suggested, "addToSegmentId": static}}
    job = (await app.do(IMPORT, input={"upload": given}))["job"]["id"]
    ended = await done(app, job)
    assert (ended["status"], ended["done"], ended["total"]) == ("SUCCEEDED", ROWS + 1, ROWS + 1)
    assert (ended["created"], ended["rejected"]) == (ROWS, 1)
    [refused] = csv.DictReader(io.StringIO(await get(app, ended["rejectedRowsUrl"])))
    assert (refused["import_line"], refused["import_column"]) == (str(ROWS + 2), "Correo; Teléfono")
    shown = (await app.ask(REFUSED, id=job))["job"]
    [row] = shown["rejectedRows"]["nodes"]
    assert (row["line"], row["outcome"], row["column"]) == (ROWS + 2, "REJECTED", refused["import_column"])
    assert row["reason"] == refused["import_reason"]
    assert row["cells"] == [refused[name] for name in shown["columns"]]
    await app.until(MEMBERS, lambda data: data["segment"]["memberCount"] == ROWS // 5, id=dynamic)
    fed = (await app.ask(MEMBERS, id=static))["segment"]
    assert (fed["memberCount"], fed["uses"]["nodes"]) == (ROWS, [{"kind": "IMPORT", "active": False}])

    out = (await app.do(EXPORT, input={"contacts": {"segmentId": dynamic}}))["job"]["id"]
    exported = await done(app, out)
    assert (exported["status"], exported["done"]) == ("SUCCEEDED", ROWS // 5)
    content = await get(app, exported["url"])
    header = next(csv.reader(io.StringIO(content)))
    columns = [{"column": name, "field": name} for name in header if name not in ("created_at", "updated_at")]
    given = {"uploadId": await put(app, content), "options": {"columns": columns, "overwrite": True}}
    again = await done(app, (await app.do(IMPORT, input={"upload": given}))["job"]["id"])
    assert (again["status"], again["unchanged"], again["done"]) == ("SUCCEEDED", ROWS // 5, ROWS // 5)

    assert (await app.do(UNDO, id=job))["job"]["status"] == "QUEUED"
    assert (await done(app, job))["undoneAt"] is not None
    assert (await app.ask(COUNT))["contacts"]["totalCount"] == 0
    for segment in (dynamic, static):
        await app.until(MEMBERS, lambda data: data["segment"]["memberCount"] == 0, id=segment)
