"""An export writes the chosen contacts, part by part."""

import csv
import io

import pytest

from models import db
from models.contacts.create import create_contact
from models.contacts.selections import ContactSelection
from models.queue import jobs, running_jobs
from models.transfers.exports import export_file, run
from models.transfers.exports.export_file import Format
from models.transfers.exports.start import start_export
from permissions.principal import Scope
from tests.kit.segments import TAGGED_VIP, many_contacts, static_segment
from tests.kit.transfers import exported
from tests.kit.workspaces import new_workspace


@pytest.fixture
async def scope(database: str) -> Scope:
    return await new_workspace()


async def rows(scope: Scope, *args, **options) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((await exported(scope, *args, **options)).decode(), newline="")))


async def test_contacts_are_chosen_by_ids_rule_search_or_segment(scope):
    ids = [
        (await create_contact(scope, {"email": f"{n}@x.org", "tags": tags}))["id"]
        for n, tags in enumerate(([], ["vip"], []))
    ]
    segment = await static_segment(scope, ids[2:])
    for selection, expected in (
        (ContactSelection(ids=(ids[0],)), ["0@x.org"]),
        (ContactSelection(filter=TAGGED_VIP), ["1@x.org"]),
        (ContactSelection(search="2@X"), ["2@x.org"]),
        (ContactSelection(segment_id=segment.id), ["2@x.org"]),
        (None, ["0@x.org", "1@x.org", "2@x.org"]),
    ):
        assert [row["email"] for row in await rows(scope, selection, ["email"])] == expected


async def test_an_export_has_no_contacts_of_another_workspace(scope):
    await create_contact(await new_workspace("Other"), {"email": "theirs@x.org"})
    assert await rows(scope) == []


async def test_an_export_goes_on_after_the_last_part_that_was_written(scope, monkeypatch):
    monkeypatch.setattr(run, "PART_IDS", 10)
    await many_contacts(scope, 35)
    whole = await exported(scope, None, ["name"])
    job = await start_export(scope, None, ["name"], Format.CSV)
    for _ in range(100):
        held = await running_jobs.take(scope.workspace_id, job.id)
        async for _ in run.carry_on(scope, held):
            break  # the worker dies after each step
        else:
            await running_jobs.finish(held)
            break
        await running_jobs.release(held)
    file = await export_file.get_file(scope, job.id)
    assert (len(file.keys), file.size) == (4, len(whole))
    assert b"".join([block async for block in export_file.blocks(file)]) == whole
    assert (held.done, held.total) == (35, 35)


async def test_a_cancelled_export_leaves_nothing(scope, monkeypatch, file_folder):
    monkeypatch.setattr(run, "PART_IDS", 10)
    await many_contacts(scope, 35)
    segment = await static_segment(scope, [1, 2])
    job = await start_export(scope, ContactSelection(segment_id=segment.id), None, Format.CSV)
    held = await running_jobs.take(scope.workspace_id, job.id)
    steps = run.carry_on(scope, held)
    await anext(steps)
    await anext(steps)
    await jobs.ask_cancel(scope, job.id)
    await running_jobs.renew(held)
    await steps.aclose()
    assert [one for one in file_folder.rglob("*") if one.is_file()] == []
    assert await db.fetch_value("SELECT active FROM segment_uses") is False
