"""Imports in the API."""

import pytest

from models import clock, db
from models.contacts.create import create_contact
from models.queue.jobs import Job
from permissions.capabilities import Permission
from permissions.principal import Scope
from schema.server.ids import split_global_id, to_global_id
from tests.kit.api import Api, bearer_of, token_with
from tests.kit.segments import static_segment
from tests.kit.transfers import everyone, exported, finished, imported, sent, started, workbook
from tests.kit.workspaces import new_workspace

ERRORS = "userErrors { code message field }"


START = (
    f"mutation ($input: ImportStartInput!) {{ importStart(input: $input) {{ job {{ id status total }} {ERRORS} }} }}"
)


JOB = """query ($id: ID!) { job(id: $id) { id kind status done total ... on ImportJob { dryRun created updated unchanged skipped
    rejected partial rejectedRowsUrl undoneAt segment { name } filename encoding delimiter undone kept }
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
        "partial": 0,
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
        columns { column field samples confidence } options { option } mapping { name } } }"""
    suggested = (await api.data(await bearer_of(scope), query, id=to_global_id("StagedUpload", upload_id)))[
        "importColumnSuggestions"
    ]
    assert suggested == {
        "encoding": "utf-8",
        "delimiter": ";",
        "columns": [
            {"column": "Correo", "field": "email", "samples": ["a@x.org"], "confidence": 0.9},
            {"column": "Nombre", "field": "name", "samples": ["Ana"], "confidence": 0.9},
            {"column": "?", "field": None, "samples": ["1"], "confidence": 0},
        ],
        "options": [],
        "mapping": None,
    }


async def test_the_suggestions_say_where_the_header_is_and_take_what_is_known(api, scope):
    bearer = await bearer_of(scope)
    query = """query ($id: ID!, $row: Int, $encoding: String, $sheet: String) {
        importColumnSuggestions(uploadId: $id, headerRow: $row, encoding: $encoding, sheet: $sheet) {
        encoding headerRow sheet sheets columns { column } } }"""

    async def suggested(content: bytes, **known) -> dict:
        upload = to_global_id("StagedUpload", await sent(scope, content))
        return (await api.data(bearer, query, id=upload, **known))["importColumnSuggestions"]

    titled = "Clientes\n\nnombre;email\nJosé Núñez;a@x.org\n".encode("cp1252")
    columns = [{"column": "nombre"}, {"column": "email"}]
    text = {"encoding": "cp1252", "headerRow": 3, "sheet": None, "sheets": [], "columns": columns}
    assert await suggested(titled) == text
    assert await suggested(titled, row=1) == {**text, "headerRow": 1, "columns": [{"column": "Clientes"}]}
    assert (await suggested(titled, encoding="macintosh"))["encoding"] == "mac-roman"
    book = await suggested(workbook([["Clients"], ["name", "email"], ["Ana", "a@x.org"]]), sheet="A")
    assert (book["headerRow"], book["sheet"], book["sheets"]) == (2, "A", ["A"])


@pytest.mark.parametrize(
    ("known", "path"),
    [
        ({"encoding": "rot13"}, "encoding"),
        ({"row": 0}, "headerRow"),
        ({"row": 9}, "headerRow"),
        ({"sheet": "A"}, "sheet"),
    ],
)
async def test_a_mistake_in_what_is_known_is_said_at_its_argument(api, scope, known, path):
    upload = to_global_id("StagedUpload", await sent(scope, "email\na@x.org\n"))
    query = """query ($id: ID!, $row: Int, $encoding: String, $sheet: String) {
        importColumnSuggestions(uploadId: $id, headerRow: $row, encoding: $encoding, sheet: $sheet) { encoding } }"""
    answer = await api.ask(await bearer_of(scope), query, id=upload, **known)
    assert answer["errors"][0]["extensions"]["field"] == [path]


async def test_a_file_that_cannot_be_read_is_refused_and_removed_by_the_query_that_looks_into_it(
    api, scope, file_folder
):
    upload = to_global_id("StagedUpload", await sent(scope, b"PK\x03\x04" + b"\x00" * 100))
    query = "query ($id: ID!) { importColumnSuggestions(uploadId: $id) { encoding } }"
    [error] = (await api.ask(await bearer_of(scope), query, id=upload))["errors"]
    assert (error["extensions"]["code"], "a zip archive" in error["message"]) == ("BAD_REQUEST", True)
    assert await db.fetch_value("SELECT count(*) FROM uploads") == 0
    assert [one for one in file_folder.rglob("*") if one.is_file()] == []


async def test_the_options_of_a_file_reach_the_import(api, scope):
    content = workbook([["Clients of 2026"], [], ["email"], ["a@x.org"]])
    given = upload_of(await sent(scope, content), "email", headerRow=3, sheet="A", encoding="utf-8")
    payload = (await api.data(await bearer_of(scope), START, input=given))["importStart"]
    assert payload["userErrors"] == []
    wrong = upload_of(await sent(scope, content), "email", headerRow=3, sheet="B")
    payload = (await api.data(await bearer_of(scope), START, input=wrong))["importStart"]
    assert [(one["code"], one["field"]) for one in payload["userErrors"]] == [
        ("NOT_FOUND", ["input", "upload", "options", "sheet"])
    ]


async def test_options_are_suggested_with_how_sure_they_are_and_can_be_given_as_they_are(api, scope):
    content = "email,date_of_birth,whatsapp_consent\na@x.org,31/12/1990,yes\nb@x.org,01/02/1991,no\n"
    upload_id, bearer = await sent(scope, content), await bearer_of(scope)
    query = (
        """query ($id: ID!) { importColumnSuggestions(uploadId: $id) { options { option value confidence reason } } }"""
    )
    global_id = to_global_id("StagedUpload", upload_id)
    found = (await api.data(bearer, query, id=global_id))["importColumnSuggestions"]["options"]
    options = {one["option"]: one["value"] for one in found}
    assert options == {"dateFormat": "DD/MM/YYYY", "consentValues": {"yes": "OPTED_IN", "no": "OPTED_OUT"}}
    assert all(0 < one["confidence"] < 1 and one["reason"] for one in found)
    given = upload_of(upload_id, "email", "date_of_birth", "whatsapp_consent", **options)
    payload = (await api.data(bearer, START, input=given))["importStart"]
    assert payload["userErrors"] == []
    job = await finished(scope, await Job.get(id=split_global_id(payload["job"]["id"])[1]))
    assert job.progress["created"] == 2
    assert await everyone(scope, "date_of_birth::text", "whatsapp_consent") == [
        ("1990-12-31", "OPTED_IN"),
        ("1991-02-01", "OPTED_OUT"),
    ]


SAVE = f"""mutation ($input: ImportMappingSaveInput!) {{ importMappingSave(input: $input) {{
    mapping {{ id name columns options }} {ERRORS} }} }}"""


async def test_a_saved_mapping_is_found_by_its_headers_and_given_to_the_next_import(api, scope):
    bearer = await bearer_of(scope)
    columns = [{"column": "Correo", "field": "email", "onBadCell": "LEAVE_OUT"}, {"column": "Nombre", "field": "name"}]
    options = {"columns": columns, "dateFormat": "DD/MM/YYYY", "overwrite": True, "dryRun": True}
    saved = (await api.data(bearer, SAVE, input={"name": "Tienda", "options": options}))["importMappingSave"]
    assert saved["userErrors"] == []
    assert (saved["mapping"]["name"], saved["mapping"]["columns"]) == ("Tienda", ["Correo", "Nombre"])
    upload_id = to_global_id("StagedUpload", await sent(scope, "Nombre,Correo,Nota\nAna,a@x.org,x\n"))
    query = (
        "query ($id: ID!) { importColumnSuggestions(uploadId: $id) { mapping { id options } } importMappings { name } }"
    )
    found = await api.data(bearer, query, id=upload_id)
    mapping = found["importColumnSuggestions"]["mapping"]
    assert mapping == {"id": saved["mapping"]["id"], "options": saved["mapping"]["options"]}
    assert found["importMappings"] == [{"name": "Tienda"}]
    assert (mapping["options"]["dateFormat"], mapping["options"]["overwrite"]) == ("DD/MM/YYYY", True)
    assert "dryRun" not in mapping["options"]
    given = {"upload": {"uploadId": upload_id, "options": mapping["options"]}}
    assert (await api.data(bearer, START, input=given))["importStart"]["userErrors"] == []


async def test_a_mapping_with_mistakes_is_refused_at_its_paths_and_one_is_deleted(api, scope):
    bearer = await bearer_of(scope)
    wrong = {"name": "", "options": {"columns": [{"column": "a", "field": "email"}]}}
    errors = (await api.data(bearer, SAVE, input=wrong))["importMappingSave"]["userErrors"]
    assert [(one["code"], one["field"]) for one in errors] == [("INVALID", ["input", "name"])]
    wrong = {"name": "Shop", "options": {"columns": [{"column": "a", "field": "nothing"}]}}
    errors = (await api.data(bearer, SAVE, input=wrong))["importMappingSave"]["userErrors"]
    assert errors[0]["field"] == ["input", "options", "columns", "0", "field"]
    right = {"name": "Shop", "options": {"columns": [{"column": "a", "field": "email"}]}}
    saved = (await api.data(bearer, SAVE, input=right))["importMappingSave"]["mapping"]
    delete = f"mutation ($id: ID!) {{ importMappingDelete(id: $id) {{ deletedId {ERRORS} }} }}"
    assert (await api.data(bearer, delete, id=saved["id"]))["importMappingDelete"]["deletedId"] == saved["id"]
    again = (await api.data(bearer, delete, id=saved["id"]))["importMappingDelete"]["userErrors"]
    assert [(one["code"], one["field"]) for one in again] == [("NOT_FOUND", ["id"])]


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
