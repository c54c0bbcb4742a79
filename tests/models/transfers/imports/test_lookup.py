"""A dry run counts what an import would do."""

import pytest

from models import db
from models.contacts.create import create_contact
from models.transfers.imports import run
from permissions.principal import Scope
from tests.kit.segments import static_segment
from tests.kit.transfers import (
    counts,
    imported,
    refused,
)
from tests.kit.workspaces import new_workspace


@pytest.fixture
async def scope(database: str) -> Scope:
    return await new_workspace()


async def contact(scope: Scope, **values):
    return await create_contact(scope, values)


async def test_a_dry_run_counts_and_reports_and_changes_nothing(scope, monkeypatch):
    monkeypatch.setattr(run, "CHUNK_ROWS", 2)
    await contact(scope, external_id="1", email="a@x.org", name="Ana")
    await contact(scope, external_id="2", email="b@x.org", name="Bea")
    segment = await static_segment(scope, [])
    content = (
        "external_id,email,name,tags\n1,c@x.org,Ana,\n9,a@x.org,New,brandnew\n2,b@x.org,Bea,\n9,z@x.org,Again,\n"
        ",c@x.org,Again,\nbad,bad,Bad,\n2,a@x.org,Joins,\n"
    )
    options = {"overwrite": True, "add_to_segment_id": segment.id}
    tables = ("contacts", "tags", "memberships", "dirty_contacts", "membership_changes", "segment_uses")
    before = [await db.fetch(f"SELECT * FROM {table} ORDER BY 1, 2") for table in tables]
    dry = await imported(scope, content, dry_run=True, **options)
    assert before == [await db.fetch(f"SELECT * FROM {table} ORDER BY 1, 2") for table in tables]
    told = await refused(scope, dry)
    assert await db.fetch_value("SELECT count(*) FROM import_dry_keys") == 0
    assert await db.fetch_value("SELECT count(*) FROM import_changes") == 0
    wet = await imported(scope, content, **options)
    assert counts(dry) == counts(wet) == {"created": 1, "updated": 1, "unchanged": 1, "skipped": 2, "rejected": 2}
    assert told == await refused(scope, wet)
