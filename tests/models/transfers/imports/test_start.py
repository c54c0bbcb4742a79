"""An import is checked when it is started; a refused one leaves nothing."""

from datetime import timedelta

import pytest

from models import clock, db
from models.errors import DomainError, NotAllowedInState, NotFound, Problems, Unsupported
from models.queue import running_jobs
from models.segments import segments
from models.segments.segments import SegmentKind
from models.transfers.imports import run, start, uploads
from models.transfers.imports.mapping import Column, Options, Policy
from permissions.principal import Scope
from tests.kit.segments import TAGGED_VIP, static_segment
from tests.kit.transfers import (
    counts,
    everyone,
    finished,
    imported,
    mapped,
    sent,
    started,
)
from tests.kit.workspaces import new_workspace

EMAIL = Options(mapped("email"))


@pytest.fixture
async def scope(database: str) -> Scope:
    return await new_workspace()


async def refusal(scope: Scope, content: bytes | str, options: Options = EMAIL) -> list[tuple[tuple[str, ...], str]]:
    """The paths and messages with which this import is refused, and nothing is left."""
    with pytest.raises((DomainError, Problems)) as caught:
        await start.from_upload(scope, await sent(scope, content), options)
    for table in ("jobs", "contacts", "segment_uses", "import_changes"):
        assert await db.fetch_value(f"SELECT count(*) FROM {table}") == 0
    errors = caught.value.errors if isinstance(caught.value, Problems) else [caught.value]
    return [(error.path, error.message) for error in errors]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file is empty"),
        (b"email\n", "a header and no rows"),
        (bytes(range(256)) * 50, "not text in columns"),
        (b"email\n" + b"x" * 2_000_000, "longer than 1,000,000 characters"),
        (b"email\na\x00b\n", "line 2 holds a NUL byte"),
        (b"PK\x03\x04" + b"\x00" * 100, "a zip archive"),
        (b"c," * 9_999 + b"c\n1\n", "10,000 columns"),
    ],
)
async def test_an_unreadable_file_is_refused_and_not_stored(scope, file_folder, content, reason):
    [(path, message)] = await refusal(scope, content)
    assert (path, reason in message) == (("uploadId",), True)
    assert [one for one in file_folder.rglob("*") if one.is_file()] == []
    assert await db.fetch_value("SELECT count(*) FROM uploads") == 0


@pytest.mark.parametrize(
    ("content", "options", "path", "reason"),
    [
        ("mail\na@x.org\n", EMAIL, ("columns", "0", "column"), "no column 'email': its columns are 'mail'"),
        ("email,email\na@x.org,b\n", EMAIL, ("columns", "0", "column"), "2 columns of the file are called 'email'"),
        (
            "a@x.org\n",
            Options(mapped(("email", "email")), has_header=False),
            ("columns", "0", "column"),
            "'email' is not a column: the file has no header, so give its number from 0 to 0",
        ),
        (
            "a@x.org\n",
            Options(mapped(("1", "email")), has_header=False),
            ("columns", "0", "column"),
            "no column 1: its first row has the columns 0 to 0",
        ),
        ("email\n", Options(()), ("columns",), "map a column to external_id, email or phone"),
        ("name\nAna\n", Options(mapped("name")), ("columns",), "by them a row finds its contact"),
        (
            "email,x\n",
            Options(mapped("email", ("x", "attributes.nothing"))),
            ("columns", "1", "field"),
            "there is no field 'attributes.nothing': the fields are id, external_id",
        ),
        ("email,x\n", Options(mapped("email", ("x", "tag_keys"))), ("columns", "1", "field"), "no field 'tag_keys'"),
        ("email,x\n", Options(mapped("email", ("x", "email"))), ("columns", "0", "field"), "several columns"),
        (
            "email,name\n",
            Options(mapped("email", ("name", "name", "MERGE"))),
            ("columns", "1", "policy"),
            "MERGE is for tags",
        ),
        ("email\n", Options(mapped("email"), delimiter=";;"), ("delimiter",), "one character"),
        ("email\n", Options(mapped("email"), list_separator=""), ("listSeparator",), "one character"),
        ("email\n", Options(mapped("email"), add_tags=(" ",)), ("addTags", "0"), "must not be empty"),
        ("email\n", Options(mapped("email"), create=False), ("create",), "no row could do anything"),
        ("email\n", Options(mapped("email"), add_to_segment_id=77), ("addToSegmentId",), "no such segment"),
        ("email\n", Options(tuple(mapped("email")) * 501), ("columns",), "501 columns are too many"),
    ],
)
async def test_a_mistake_in_the_options_is_reported_at_its_path(scope, content, options, path, reason):
    found = await refusal(scope, content, options)
    assert found[0][0] == ("options", *path)
    assert reason in found[0][1]


async def test_every_mistake_is_reported_at_once(scope):
    options = Options(
        (Column("email", "email"), Column("x", "nothing"), Column("y", "score", Policy.MERGE)), delimiter="xx"
    )
    assert [path for path, _ in await refusal(scope, "email\n", options)] == [
        ("options", "columns", "1", "field"),
        ("options", "columns", "2", "policy"),
        ("options", "delimiter"),
    ]


async def test_an_upload_survives_a_mistake_in_the_options(scope):
    upload = await sent(scope, "email\na@x.org\n")
    with pytest.raises(Problems):
        await start.from_upload(scope, upload, Options(mapped("mail", "email")))
    assert await start.from_upload(scope, upload, EMAIL)


async def test_contacts_are_added_only_to_static_segments_of_the_workspace(scope):
    theirs = await static_segment(await new_workspace("Other"), [])
    with pytest.raises(NotFound, match="no such segment"):
        await started(scope, "email\na@x.org\n", add_to_segment_id=theirs.id)
    dynamic = (await segments.create(scope, SegmentKind.DYNAMIC, name="VIP", rule=TAGGED_VIP)).segment
    with pytest.raises(Unsupported, match="choose a STATIC one"):
        await started(scope, "email\na@x.org\n", add_to_segment_id=dynamic.id)


async def test_foreign_expired_and_empty_uploads_are_refused(scope):
    theirs = await sent(await new_workspace("Other"), "email\na@x.org\n")
    with pytest.raises(NotFound, match="no such upload"):
        await start.from_upload(scope, theirs, EMAIL)
    empty = await uploads.create(scope, "contacts.csv", None, 100)
    with pytest.raises(NotAllowedInState, match="has not been sent yet"):
        await start.from_upload(scope, empty["id"], EMAIL)
    mine = await sent(scope, "email\na@x.org\n")
    later = clock.now() + timedelta(hours=25)
    clock.set_source(lambda: later)
    with pytest.raises(NotAllowedInState, match="has expired"):
        await start.from_upload(scope, mine, EMAIL)


async def test_refused_pasted_rows_leave_nothing(scope, file_folder):
    for text, reason in (
        ("x" * 1_000_001, "paste up to 1,000,000"),
        (" \n", "there are no rows"),
        ("mail\na\n", "no col"),
    ):
        with pytest.raises((DomainError, Problems), match=reason):
            await start.from_text(scope, text, EMAIL)
    assert await db.fetch_value("SELECT count(*) FROM uploads") == 0
    assert [one for one in file_folder.rglob("*") if one.is_file()] == []


async def test_pasted_rows_are_imported_as_a_file_is(scope):
    job = await finished(scope, await start.from_text(scope, "email\tname\na@x.org\tAna\n", EMAIL))
    assert job.progress["created"] == 1


async def test_an_error_at_the_end_of_the_file_fails_the_import_before_any_row_is_written(scope, file_folder):
    content = b"email\n" + b"".join(b"a%d@example.com\n" % n for n in range(60_000)) + b"\x00\n"
    job = await started(scope, content, "email")
    held = await running_jobs.take(scope.workspace_id, job.id)
    with pytest.raises(DomainError, match="line 60002 holds a NUL byte"):
        async for _ in run.carry_on(scope, held):
            pass
    assert await db.fetch_value("SELECT count(*) FROM contacts") == 0
    assert [one for one in file_folder.rglob("*") if one.is_file()] == []


async def test_the_segment_lists_the_import_as_a_use_until_its_end(scope):
    segment = await static_segment(scope, [])
    job = await started(scope, "email\na@x.org\n", add_to_segment_id=segment.id)
    use = "SELECT kind, used_by_id, active FROM segment_uses"
    assert tuple(await db.fetch_row(use)) == ("IMPORT", job.id, True)
    await finished(scope, job)
    assert tuple(await db.fetch_row(use)) == ("IMPORT", job.id, False)


async def test_a_file_without_a_header_is_mapped_by_indexes(scope):
    job = await imported(scope, "Ana,a@x.org\nBea,b@x.org\n", ("1", "email"), ("0", "name"), has_header=False)
    assert counts(job) == {"created": 2}
    assert await everyone(scope, "name", "email") == [("Ana", "a@x.org"), ("Bea", "b@x.org")]


async def test_an_upload_can_be_imported_again_and_again(scope):
    upload = await sent(scope, "email\na@x.org\n")
    dry = await start.from_upload(scope, upload, Options(mapped("email"), dry_run=True))
    dry = await finished(scope, dry)
    first = await finished(scope, await start.from_upload(scope, upload, Options(mapped("email"))))
    again = Options(mapped("email"), overwrite=True)
    second = await finished(scope, await start.from_upload(scope, upload, again))
    assert (counts(dry), counts(first), counts(second)) == ({"created": 1}, {"created": 1}, {"unchanged": 1})
    assert await everyone(scope, "email") == [("a@x.org",)]


async def test_a_heading_is_found_whichever_way_its_letters_are_written(scope):
    job = await imported(scope, "email,Pre\u0301nom\na@x.org,Zoe\u0301\n", "email", ("Prénom", "first_name"))
    assert counts(job) == {"created": 1}
    assert await everyone(scope, "first_name", "name") == [("Zoé", "Zoé")]
