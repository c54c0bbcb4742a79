"""An export as a workbook."""

import io

import pytest
from python_calamine import CalamineWorkbook

from models import db
from models.contacts.create import create_contact
from models.errors import LimitExceeded
from models.queue import jobs, running_jobs
from models.transfers.exports import export_file, run, workbook_file
from models.transfers.exports.export_file import Format
from models.transfers.exports.start import start_export
from permissions.principal import Scope
from tests.kit.segments import many_contacts
from tests.kit.transfers import exported, fields_of_every_type
from tests.kit.workspaces import new_workspace


@pytest.fixture
async def scope(database: str) -> Scope:
    return await new_workspace()


def cells_of(content: bytes) -> list[list[object]]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    assert book.sheet_names == ["Contacts"]
    return book.get_sheet_by_index(0).to_python()


async def test_texts_are_texts_and_numbers_are_numbers(scope):
    await fields_of_every_type(scope)
    await create_contact(
        scope,
        {
            "external_id": "00123",
            "name": "=1+1",
            "phone": "+34600111222",
            "score": -5,
            "date_of_birth": "1990-02-28",
            "subscribed_at": "2026-01-02T03:04:05Z",
            "tags": ["VIP", "-x"],
            "attributes": {"number": 0.1, "boolean": True, "text": "Zoé\n_x000D_"},
        },
    )
    names = ["external_id", "name", "phone", "score", "date_of_birth", "subscribed_at", "tags"]
    names += ["attributes.number", "attributes.boolean", "attributes.text"]
    header, row = cells_of(await exported(scope, None, names, Format.XLSX))
    assert header == names
    assert row == [
        *("00123", "=1+1", "+34600111222", -5.0, "1990-02-28", "2026-01-02T03:04:05.000000Z", "VIP;-x"),
        *(0.1, True, "Zoé\n_x000D_"),
    ]


async def test_numbers_that_a_spreadsheet_would_round_are_texts(scope):
    await fields_of_every_type(scope)
    for number in (0.1 + 0.2, 2**63 - 1, 10**15, 10**15 - 1):
        await create_contact(scope, {"attributes": {"number": number}})
    _, *rows = cells_of(await exported(scope, None, ["attributes.number"], Format.XLSX))
    assert rows == [["0.30000000000000004"], ["9223372036854775807"], ["1000000000000000"], [999999999999999.0]]


async def test_a_workbook_is_made_of_all_parts_which_are_removed(scope, monkeypatch, file_folder):
    monkeypatch.setattr(run, "PART_IDS", 10)
    await many_contacts(scope, 35)
    rows = cells_of(await exported(scope, None, ["name"], Format.XLSX))
    assert (rows[0], len(rows)) == (["name"], 36)
    assert [one.name for one in file_folder.rglob("*") if one.is_file()] == ["workbook"]


async def test_an_export_without_contacts_has_its_header(scope):
    assert cells_of(await exported(scope, None, ["email", "name"], Format.XLSX)) == [["email", "name"]]


async def test_an_export_that_does_not_fit_fails_before_it_is_written(scope, monkeypatch):
    await many_contacts(scope, 3)
    monkeypatch.setattr(workbook_file, "MOST_ROWS", 2)
    with pytest.raises(LimitExceeded, match="a workbook holds 2 rows, and there are 3 contacts: export them as CSV"):
        await exported(scope, None, ["name"], Format.XLSX)


async def test_an_export_of_too_many_cells_fails_before_it_is_written(scope, monkeypatch):
    await many_contacts(scope, 3)
    monkeypatch.setattr(workbook_file, "MOST_CELLS", 5)
    with pytest.raises(LimitExceeded, match="3 contacts with 2 fields are more than the 5 cells"):
        await exported(scope, None, ["name", "email"], Format.XLSX)


async def test_an_export_whose_worker_dies_after_each_step_is_the_same(scope, monkeypatch):
    monkeypatch.setattr(run, "PART_IDS", 10)
    await many_contacts(scope, 35)
    whole = cells_of(await exported(scope, None, ["name"], Format.XLSX))
    job = await start_export(scope, None, ["name"], Format.XLSX)
    for _ in range(100):
        held = await running_jobs.take(scope.workspace_id, job.id)
        async for _ in run.carry_on(scope, held):
            break
        else:
            await running_jobs.finish(held)
            break
        await running_jobs.release(held)
    file = await export_file.get_file(scope, job.id)
    content = b"".join([block async for block in export_file.blocks(file)])
    assert (cells_of(content), len(content)) == (whole, file.size)


async def test_a_cell_that_does_not_fit_fails_the_export(scope, monkeypatch):
    await create_contact(scope, {"name": "x" * 101})
    monkeypatch.setattr(workbook_file, "LONGEST_CELL", 100)
    with pytest.raises(LimitExceeded, match="holds 100 characters, and one has 101"):
        await exported(scope, None, ["name"], Format.XLSX)


async def test_a_cancelled_export_leaves_nothing(scope, monkeypatch, file_folder):
    monkeypatch.setattr(run, "PART_IDS", 10)
    await many_contacts(scope, 15)
    job = await start_export(scope, None, ["name"], Format.XLSX)
    held = await running_jobs.take(scope.workspace_id, job.id)
    steps = run.carry_on(scope, held)
    while not held.progress.get("written"):
        await anext(steps)
    await jobs.ask_cancel(scope, job.id)
    await running_jobs.renew(held)
    await anext(steps)
    await steps.aclose()
    assert [one for one in file_folder.rglob("*") if one.is_file()] == []
    assert await db.fetch_value("SELECT progress ? 'workbook' FROM jobs") is False
