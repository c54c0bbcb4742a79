"""Rows are written with their outcomes, tags and segment."""

import pytest

from models import db
from models.contacts.create import create_contact
from models.membership import rebuild
from models.segments import segments
from models.segments.segments import SegmentKind
from models.transfers.cells import join_list
from models.transfers.imports import run
from permissions.principal import Scope
from tests.kit.engine import assert_all_is_right, settled
from tests.kit.segments import TAGGED_VIP, static_segment
from tests.kit.transfers import (
    counts,
    everyone,
    imported,
)
from tests.kit.workspaces import new_workspace


@pytest.fixture
async def scope(database: str) -> Scope:
    return await new_workspace()


async def contact(scope: Scope, **values):
    return await create_contact(scope, values)


async def test_added_tags_get_the_spelling_of_the_workspace(scope):
    await contact(scope, email="a@x.org", tags=["Newsletter"])
    await contact(scope, email="b@x.org")
    job = await imported(scope, "email\na@x.org\nb@x.org\nc@x.org\n", overwrite=True, add_tags=("NEWSLETTER", "2026"))
    assert counts(job) == {"updated": 2, "created": 1}
    assert await everyone(scope, "tags") == [(["Newsletter", "2026"],)] * 3
    assert counts(await imported(scope, "email\na@x.org\n", overwrite=True, add_tags=("2026",))) == {"unchanged": 1}


HARD_TAGS = [
    'a"b',
    "back\\slash",
    "{x}",
    "NULL",
    "e,f",
    "two words",
    "ñandú",
    "'quoted'",
    "\\",
    '"',
    "%s",
    "$1",
    "line\nbreak",
]


async def test_tags_with_any_signs_are_written_to_known_contacts_and_found_unchanged(scope):
    await contact(scope, email="a@x.org", tags=["old"])
    await contact(scope, email="b@x.org", tags=["old"])
    cell = join_list(HARD_TAGS).replace('"', '""')
    rows = f'email,tags\na@x.org,"{cell}"\nb@x.org,\n'
    assert counts(await imported(scope, rows, overwrite=True)) == {"updated": 1, "unchanged": 1}
    assert sorted(await everyone(scope, "tags")) == sorted([(HARD_TAGS,), (["old"],)])
    assert counts(await imported(scope, rows, overwrite=True)) == {"unchanged": 2}


async def test_existing_contacts_join_the_segment_only_with_overwrite(scope):
    first = await contact(scope, email="a@x.org")
    segment = await static_segment(scope, [])
    rows = "email\na@x.org\nb@x.org\nnonsense\n"
    await imported(scope, rows, add_to_segment_id=segment.id)
    members = await db.fetch("SELECT contact_id, origin FROM memberships")
    assert [tuple(row) for row in members] == [(first["id"] + 1, "IMPORT")]
    job = await imported(scope, rows, add_to_segment_id=segment.id, overwrite=True)
    assert counts(job) == {"unchanged": 2, "rejected": 1}
    assert await db.fetch_value("SELECT count(*) FROM memberships") == 2
    await settled(scope)
    await assert_all_is_right(scope)


async def test_dynamic_segments_follow_an_import(scope):
    segment = (await segments.create(scope, SegmentKind.DYNAMIC, name="VIP", rule=TAGGED_VIP)).segment
    await rebuild.rebuild(scope.workspace_id, segment.id)
    await imported(scope, "email,tags\na@x.org,vip\nb@x.org,\n")
    await settled(scope)
    await assert_all_is_right(scope)
    await imported(scope, "email,tags\na@x.org,other\nb@x.org,vip\n", overwrite=True)
    await settled(scope)
    await assert_all_is_right(scope)
    assert await db.fetch_value("SELECT count(*) FROM memberships") == 1


async def test_the_five_outcomes_add_up_to_the_rows(scope, monkeypatch):
    monkeypatch.setattr(run, "CHUNK_ROWS", 3)
    await contact(scope, email="same@x.org", name="Same")
    await contact(scope, email="other@x.org")
    job = await imported(
        scope, "email,name\nnew@x.org,N\n\nsame@x.org,Same\nother@x.org,O\nnew@x.org,M\nbad,B\n", overwrite=True
    )
    assert counts(job) == {"created": 1, "updated": 1, "unchanged": 1, "skipped": 1, "rejected": 1}
    assert (job.done, job.total, job.status) == (5, 5, "SUCCEEDED")


async def test_other_workspaces_are_neither_read_nor_written(scope):
    stranger = await new_workspace("Other")
    await create_contact(stranger, {"email": "a@x.org", "name": "Theirs"})
    job = await imported(scope, "email,name\na@x.org,Ours\n", overwrite=True)
    assert counts(job) == {"created": 1}
    assert await everyone(stranger, "email", "name") == [("a@x.org", "Theirs")]
