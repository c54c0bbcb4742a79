"""Cleanup removes only what is no longer needed."""

import os
from datetime import timedelta

import pytest

from models import clock, db
from models.contacts.selections import ContactSelection
from models.queue import jobs
from models.transfers import cleanup
from models.transfers.exports.export_file import Format
from models.transfers.exports.start import start_export
from models.transfers.files import storage
from models.transfers.imports import start
from models.transfers.imports.mapping import Options
from permissions.principal import Scope
from tests.kit.segments import static_segment
from tests.kit.transfers import exported, imported, mapped, sent, started
from tests.kit.workspaces import new_workspace


@pytest.fixture
async def scope(database: str) -> Scope:
    return await new_workspace()


def files_in(folder) -> int:
    return sum(path.is_file() for path in folder.rglob("*"))


def in_days(days: float) -> None:
    later = clock.now() + timedelta(days=days)
    clock.set_source(lambda: later)


async def test_an_expired_upload_is_removed_unless_an_import_waits_for_it(scope, file_folder):
    await sent(scope, "email\na@x.org\n")
    await started(scope, "email\na@x.org\n")
    await cleanup.clean_up()
    assert files_in(file_folder) == 2
    in_days(1.01)
    assert await cleanup.remove_expired_uploads() == 1
    assert files_in(file_folder) == 1


async def test_a_file_that_no_row_names_is_removed_after_a_day(scope, file_folder):
    known = await sent(scope, "email\na@x.org\n")
    async with storage().writer("uploads/1/99/forgotten") as writer:
        await writer.write(b"x")
    half = file_folder / "uploads" / "half#1"
    half.write_bytes(b"x")
    assert await cleanup.remove_stray_files(clock.now() - timedelta(days=1)) == 0
    for path in file_folder.rglob("*"):
        os.utime(path, (1, 1))
    assert await cleanup.remove_stray_files(clock.now() - timedelta(days=1)) == 2
    assert files_in(file_folder) == 1
    assert await start.from_upload(scope, known, Options(mapped("email")))


async def test_an_export_is_removed_after_a_week(scope, file_folder):
    await exported(scope)
    await cleanup.clean_up()
    assert files_in(file_folder) == 1
    in_days(7.1)
    await cleanup.clean_up()
    assert files_in(file_folder) == 0


async def test_a_job_that_was_cancelled_before_it_began_releases_its_segment(scope):
    segment = await static_segment(scope)
    job = await started(scope, "email\na@x.org\n", add_to_segment_id=segment.id)
    export = await start_export(scope, ContactSelection(segment_id=segment.id), None, Format.CSV)
    await cleanup.release_segments()
    assert await db.fetch_value("SELECT count(*) FROM segment_uses WHERE active") == 2
    for one in (job, export):
        await jobs.ask_cancel(scope, one.id)
    await cleanup.release_segments()
    assert await db.fetch_value("SELECT count(*) FROM segment_uses WHERE active") == 0


async def test_the_data_of_an_import_is_removed_after_a_month(scope):
    await imported(scope, "email\na@x.org\nbad\n")
    in_days(30)
    await cleanup.clean_up()
    assert await db.fetch_value("SELECT count(*) FROM import_changes") == 1
    in_days(1.1)
    await cleanup.clean_up()
    for table in ("import_changes", "import_refusals"):
        assert await db.fetch_value(f"SELECT count(*) FROM {table}") == 0
    assert await cleanup.forget_old_imports(clock.now()) == 0
