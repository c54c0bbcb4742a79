"""Imports in the API."""

import pytest

from models import clock
from models.contacts.create import create_contact
from permissions.capabilities import Permission
from permissions.principal import Scope
from schema.server.ids import to_global_id
from tests.kit.api import Api, bearer_of, token_with
from tests.kit.segments import static_segment
from tests.kit.transfers import exported, finished, imported, sent, started
from tests.kit.workspaces import new_workspace

ERRORS = "userErrors { code message field }"


START = (
    f"mutation ($input: ImportStartInput!) {{ importStart(input: $input) {{ job {{ id status total }} {ERRORS} }} }}"
)


JOB = """query ($id: ID!) { job(id: $id) { id kind status done total ... on ImportJob { dryRun created updated unchanged skipped
    rejected rejectedRowsUrl undoneAt segment { name } filename encoding delimiter undone kept }
    ... on ExportJob { url format segment { name } } } }"""


@pytest.fixture
async def scope(database: str) -> Scope:
    return await new_workspace()


@pytest.fixture
def api() -> Api:
    return Api()


def upload_of(upload_id: int, *columns: str, **options) -> dict:
    chosen = {"columns": [{"column": name, "field": name} for name in columns], **options}
    return {"upload": {"uploadId": to_global_id("StagedUpload", upload_id), "options": chosen}}


async def test_an_announced_upload_has_a_url(api, scope):
    bearer = await bearer_of(scope)
    query = f"""mutation ($bytes: BigInt) {{ stagedUploadCreate(filename: "contacts.csv", bytes: $bytes) {{
        stagedUpload {{ id url expiresAt maxBytes }} {ERRORS} }} }}"""
    payload = (await api.data(bearer, query, bytes=10))["stagedUploadCreate"]
    assert payload["stagedUpload"]["url"].startswith("http://muster.test/uploads/")
    assert payload["stagedUpload"]["maxBytes"] == 512 << 20
    assert payload["stagedUpload"]["expiresAt"] > clock.now().isoformat()
    refused = (await api.data(bearer, query, bytes=1 << 40))["stagedUploadCreate"]
    assert [(one["code"], one["field"]) for one in refused["userErrors"]] == [("LIMIT_EXCEEDED", ["bytes"])]


async def test_an_import_shows_its_outcomes(api, scope):
    segment = await static_segment(scope, name="Fed")
    job = await imported(scope, "email;name\na@x.org;Ana\nbad;Bea\n", "email", "name", add_to_segment_id=segment.id)
    shown = (await api.data(await bearer_of(scope), JOB, id=to_global_id("ImportJob", job.id)))["job"]
    assert shown.pop("rejectedRowsUrl").endswith(f"/rejected-rows-{job.id}.csv")
    assert shown == {
        "id": to_global_id("ImportJob", job.id),
        "kind": "IMPORT",
        "status": "SUCCEEDED",
        "done": 2,
        "total": 2,
        "dryRun": False,
        "created": 1,
        "updated": 0,
        "unchanged": 0,
        "skipped": 0,
        "rejected": 1,
        "undoneAt": None,
        "segment": {"name": "Fed"},
        "filename": "contacts.csv",
        "encoding": "utf-8",
        "delimiter": ";",
        "undone": None,
        "kept": None,
    }


async def test_an_import_without_refused_rows_has_no_report(api, scope):
    waiting = await started(scope, "email\na@x.org\n")
    bearer = await bearer_of(scope)
    shown = (await api.data(bearer, JOB, id=to_global_id("ImportJob", waiting.id)))["job"]
    assert (shown["status"], shown["created"], shown["encoding"]) == ("QUEUED", 0, None)
    await finished(scope, waiting)
    shown = (await api.data(bearer, JOB, id=to_global_id("ImportJob", waiting.id)))["job"]
    assert (shown["created"], shown["rejectedRowsUrl"]) == (1, None)


async def test_links_are_shown_only_with_their_permission(api, scope):
    await create_contact(scope, {"email": "a@x.org"})
    job = await imported(scope, "email\nbad\n")
    await exported(scope)
    export_id = to_global_id("ExportJob", job.id + 1)
    watcher = await token_with(scope, Permission.JOB_READ)
    assert (await api.data(watcher, JOB, id=to_global_id("ImportJob", job.id)))["job"]["rejectedRowsUrl"] is None
    assert (await api.data(watcher, JOB, id=export_id))["job"]["url"] is None
    importer = await token_with(scope, Permission.JOB_READ, Permission.CONTACT_IMPORT)
    assert (await api.data(importer, JOB, id=to_global_id("ImportJob", job.id)))["job"]["rejectedRowsUrl"] is not None
    assert (await api.data(importer, JOB, id=export_id))["job"]["url"] is None
    exporter = await token_with(scope, Permission.JOB_READ, Permission.CONTACT_EXPORT)
    assert (await api.data(exporter, JOB, id=export_id))["job"]["url"].endswith(f"/contacts-{job.id + 1}.csv")


@pytest.mark.parametrize(
    ("options", "code", "field"),
    [
        ({"columns": []}, "REQUIRED", ["options", "columns"]),
        ({"columns": [{"column": "email", "field": "mail"}]}, "INVALID", ["options", "columns", "0", "field"]),
        ({"columns": [{"column": "mail", "field": "email"}]}, "NOT_FOUND", ["options", "columns", "0", "column"]),
        (
            {"columns": [{"column": "email", "field": "email", "policy": "MERGE"}]},
            "UNSUPPORTED",
            ["options", "columns", "0", "policy"],
        ),
        (
            {"columns": [{"column": "email", "field": "email"}], "addToSegmentId": "nonsense"},
            "NOT_FOUND",
            ["options", "addToSegmentId"],
        ),
    ],
)
async def test_a_mistake_is_reported_at_its_path(api, scope, options, code, field):
    bearer = await bearer_of(scope)
    for kind, source in (
        ("upload", {"uploadId": to_global_id("StagedUpload", await sent(scope, "email\na@x.org\n"))}),
        ("pasted", {"text": "email\na@x.org\n"}),
    ):
        payload = (await api.data(bearer, START, input={kind: {**source, "options": options}}))["importStart"]
        assert payload["job"] is None
        assert [(one["code"], one["field"]) for one in payload["userErrors"]] == [(code, ["input", kind, *field])]


async def test_an_upload_of_another_workspace_is_not_found(api, scope):
    bearer = await bearer_of(scope)
    theirs = upload_of(await sent(await new_workspace("Other"), "email\na@x.org\n"), "email")
    nonsense = {"upload": {**theirs["upload"], "uploadId": "nonsense"}}
    for given in (theirs, nonsense):
        payload = (await api.data(bearer, START, input=given))["importStart"]
        assert [(one["code"], one["field"]) for one in payload["userErrors"]] == [
            ("NOT_FOUND", ["input", "upload", "uploadId"])
        ]


async def test_pasted_rows_of_a_megabyte_fit_into_a_request(api, scope):
    text = "email\n" + "".join(f"{n:07}@example.com\n" for n in range(49_000))
    given = {"pasted": {"text": text, "options": {"columns": [{"column": "email", "field": "email"}]}}}
    payload = (await api.data(await bearer_of(scope), START, input=given))["importStart"]
    assert (payload["userErrors"], payload["job"]["status"]) == ([], "QUEUED")


async def test_columns_are_suggested(api, scope):
    upload_id = await sent(scope, "Correo;Nombre;?\na@x.org;Ana;1\n".encode("cp1252"))
    query = """query ($id: ID!) { importColumnSuggestions(uploadId: $id) { encoding delimiter
        columns { column field samples } } }"""
    suggested = (await api.data(await bearer_of(scope), query, id=to_global_id("StagedUpload", upload_id)))[
        "importColumnSuggestions"
    ]
    assert suggested == {
        "encoding": "utf-8",
        "delimiter": ";",
        "columns": [
            {"column": "Correo", "field": "email", "samples": ["a@x.org"]},
            {"column": "Nombre", "field": "name", "samples": ["Ana"]},
            {"column": "?", "field": None, "samples": ["1"]},
        ],
    }


async def test_an_import_is_undone(api, scope):
    job = await imported(scope, "email\na@x.org\n")
    query = f"mutation ($id: ID!) {{ importUndo(id: $id) {{ job {{ status undoneAt undone kept }} {ERRORS} }} }}"
    bearer = await bearer_of(scope)
    payload = (await api.data(bearer, query, id=to_global_id("ImportJob", job.id)))["importUndo"]
    assert payload["userErrors"] == []
    assert payload["job"].pop("undoneAt") is not None
    assert payload["job"] == {"status": "SUCCEEDED", "undone": 1, "kept": 0}
    again = (await api.data(bearer, query, id=to_global_id("ImportJob", job.id)))["importUndo"]
    assert [(one["code"], one["field"]) for one in again["userErrors"]] == [("NOT_ALLOWED_IN_STATE", ["id"])]
