"""The file of a finished export."""

from datetime import timedelta

import pytest

from models import clock
from models.errors import NotFound
from models.queue import running_jobs
from models.transfers.exports import export_file, run
from models.transfers.exports.export_file import Format
from models.transfers.exports.start import start_export
from permissions.principal import Scope
from tests.kit.workspaces import new_workspace


@pytest.fixture
async def scope(database: str) -> Scope:
    return await new_workspace()


async def test_only_its_workspace_can_read_the_file_and_for_a_week(scope):
    job = await start_export(scope, None, None, Format.CSV)
    with pytest.raises(NotFound):
        await export_file.get_file(scope, job.id)
    held = await running_jobs.take(scope.workspace_id, job.id)
    async for _ in run.carry_on(scope, held):
        pass
    await running_jobs.finish(held)
    await export_file.get_file(scope, job.id)
    with pytest.raises(NotFound):
        await export_file.get_file(await new_workspace("Other"), job.id)
    later = clock.now() + timedelta(days=8)
    clock.set_source(lambda: later)
    with pytest.raises(NotFound):
        await export_file.get_file(scope, job.id)
