"""An export is checked when it is started."""

import pytest

from models import db
from models.contacts.selections import ContactSelection
from models.errors import DomainError, Problems
from models.transfers.exports.export_file import Format
from models.transfers.exports.start import start_export
from permissions.principal import Scope
from tests.kit.segments import static_segment
from tests.kit.transfers import exported
from tests.kit.workspaces import new_workspace


@pytest.fixture
async def scope(database: str) -> Scope:
    return await new_workspace()


@pytest.mark.parametrize(
    ("selection", "fields", "path"),
    [
        (None, ["email", "nothing"], ("fields", "1")),
        (None, ["email", "email"], ("fields", "1")),
        (None, ["attributes.nothing"], ("fields", "0")),
        (None, [], ("fields",)),
        (ContactSelection(segment_id=77), None, ("contacts", "segmentId")),
        (ContactSelection(ids=(77,)), None, ("contacts", "ids", "0")),
        (ContactSelection(search=" "), None, ("contacts", "search")),
    ],
)
async def test_a_mistake_is_reported_at_its_path(scope, selection, fields, path):
    with pytest.raises((DomainError, Problems)) as caught:
        await start_export(scope, selection, fields, Format.CSV)
    error = caught.value.errors[0] if isinstance(caught.value, Problems) else caught.value
    assert error.path == path
    assert await db.fetch_value("SELECT count(*) FROM jobs") == 0


async def test_the_segment_lists_the_export_as_a_use_until_its_end(scope):
    segment = await static_segment(scope, [])
    await exported(scope, ContactSelection(segment_id=segment.id))
    assert tuple(await db.fetch_row("SELECT kind, segment_id, active FROM segment_uses")) == (
        "EXPORT",
        segment.id,
        False,
    )
