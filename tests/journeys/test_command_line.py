"""An operator's day: commands as processes, an API that listens, workers that really run."""

import asyncio
import csv
import io
import os
import pty
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from models import db
from models.contacts.create import create_contact
from models.queue import jobs
from models.queue.jobs import JobKind
from models.queue.work import Queue
from permissions.capabilities import Permission
from permissions.principal import Scope
from tests.kit.api import application, bearer_of, serving, token_with
from tests.kit.broadcasts import a_draft_to, connected, running_sender
from tests.kit.command_line import CommandLine
from tests.kit.segments import static_segment
from tests.kit.transfers import with_files
from tests.kit.whatsapp import a_sandbox
from tests.kit.workers import running_worker
from tests.kit.workflow_graphs import end_of, graph_of, node_of, trigger_of, wait_of
from tests.kit.workflows import running
from tests.kit.workspaces import new_workspace

HEADER = "Customer ID,Nombre,Correo,etiquetas\n"


@pytest.fixture
async def scope(database: str) -> Scope:
    return await new_workspace()


@pytest.fixture
async def muster(database: str, redis_url: str, scope: Scope, tmp_path: Path) -> AsyncIterator[CommandLine]:
    async with serving(application(redis_url=redis_url)) as address:
        yield CommandLine(f"http://{address}", await bearer_of(scope), tmp_path)


@pytest.fixture
async def workers(database: str, redis_url: str, file_folder: Path) -> AsyncIterator[None]:
    async with (
        running_worker(Queue.REALTIME, database, redis_url),
        running_worker(Queue.BULK, database, redis_url, with_files(file_folder, chunk_rows=1_000, part_ids=1_000)),
    ):
        yield


def rows(count: int, *more: str) -> str:
    return HEADER + "".join(f"{n},client {n},client{n}@x.org,new\n" for n in range(count)) + "".join(more)


@pytest.mark.usefixtures("workers")
@pytest.mark.timeout(300)  # a dozen commands, each a process
async def test_a_file_goes_in_is_watched_and_comes_out_again(muster: CommandLine, scope: Scope) -> None:
    segment = await static_segment(scope, name="Imported")
    (muster.folder / "clients.csv").write_text(rows(3_000, "x,Bad,nobody,\n"))
    asked = (
        "import",
        "clients.csv",
        "--suggested",
        "--segment",
        "Imported",
        "--tag",
        "spring",
        "--policy",
        "tags=MERGE",
    )

    dry = await muster.run(*asked, "--dry-run")
    assert (dry.code, dry.rows[-1]["status"], dry.rows[-1]["created"]) == (3, "SUCCEEDED", 3_000), dry
    assert await db.fetch_value("SELECT count(*) FROM contacts") == 0

    ended = await muster.run(*asked)
    last = ended.rows[-1]
    assert (ended.code, last["created"], last["rejected"]) == (3, 3_000, 1), ended
    assert [row["done"] for row in ended.rows] == sorted(row["done"] for row in ended.rows)
    assert ended.errors.count("\n") == 1
    assert f"muster job download {last['id']}" in ended.errors
    report = await muster.run("job", "download", last["id"], "-o", "report.csv")
    assert report.code == 0, report
    [refused] = csv.DictReader(io.StringIO((muster.folder / "report.csv").read_text()))
    assert (refused["import_line"], refused["Nombre"]) == ("3002", "Bad")

    exported = await muster.run(
        "export", "-o", "out.csv", "--segment", "Imported", "--field", "email", "--field", "tags"
    )
    assert exported.code == 0, exported
    lines = (muster.folder / "out.csv").read_text().splitlines()
    assert (lines[0], len(lines)) == ("email,tags", 3_001)
    assert lines[1] == "client0@x.org,new;spring"
    found = await muster.run("export", "-o", "one.ndjson", "--search", "client 2999")
    assert (found.code, (muster.folder / "one.ndjson").read_text().count("\n")) == (0, 1)
    assert (await muster.run("export", "-o", "out.csv")).code == 2, "it is there already"
    assert segment.id

    listed = await muster.run("jobs", "--kind", "export", "--limit", "1")
    assert [(row["kind"], row["status"], row["done"]) for row in listed.rows] == [("EXPORT", "SUCCEEDED", 1)]


@pytest.mark.usefixtures("workers")
async def test_a_file_as_people_write_it_goes_in_by_options_that_are_saved_for_the_next(muster: CommandLine) -> None:
    header = "Clients of the shop;;;\nNombre;Correo;Nacimiento;Consentimiento\n"
    text = f"{header}Iván;ivan@x.org;31/12/1990;sí\nEva;eva@x.org;never;no\n"
    (muster.folder / "clients.csv").write_bytes(text.encode("cp1252"))
    columns = [
        ("Nombre", "name"),
        ("Correo", "email"),
        ("Nacimiento", "date_of_birth"),
        ("Consentimiento", "whatsapp_consent"),
    ]
    mapped = [part for column, field in columns for part in ("--map", f"{column}={field}")]
    written = ("--encoding", "windows-1252", "--header-row", "2", "--date-format", "DD/MM/YYYY", "--delimiter", ";")
    meant = ("--consent", "sí=OPTED_IN", "--consent", "no=UNKNOWN", "--lenient", "date_of_birth")
    first = await muster.run("import", "clients.csv", *mapped, *written, *meant, "--save-mapping", "Shop", "--dry-run")
    assert (first.code, first.rows[-1]["created"], first.rows[-1]["rejected"]) == (0, 2, 0), first
    again = await muster.run("import", "clients.csv", "--mapping", "Shop")
    assert (again.code, again.rows[-1]["created"]) == (0, 2), again
    born = await db.fetch("SELECT name, date_of_birth::text FROM contacts ORDER BY id")
    assert [tuple(row) for row in born] == [("Iván", "1990-12-31"), ("Eva", None)]
    unknown = await muster.run("import", "clients.csv", "--mapping", "Stall")
    assert (unknown.code, "there is 'Shop'" in unknown.errors) == (1, True), unknown

    exported = await muster.run("export", "-o", "out.xlsx")
    assert (exported.code, (muster.folder / "out.xlsx").read_bytes()[:2]) == (0, b"PK"), exported


async def test_ctrl_c_leaves_the_job_and_says_how_to_watch_and_cancel_it(muster: CommandLine, scope: Scope) -> None:
    (muster.folder / "clients.csv").write_text(rows(10))
    watching = await muster.start("import", "clients.csv", "--map", "Correo=email")
    assert watching.stdout is not None
    assert b"QUEUED" in await asyncio.wait_for(watching.stdout.readline(), 30)
    ended = await muster.end(watching, signal.SIGINT)
    [job] = await jobs.list_newest_first(scope, 10)
    assert (ended.code, job.status) == (130, "QUEUED"), ended
    assert ended.errors.count("\n") == 1
    named = (await muster.run("jobs")).rows[0]["id"]
    assert f"`muster job watch {named}`" in ended.errors
    assert f"`muster job cancel {named}`" in ended.errors

    assert (await muster.run("job", "cancel", named)).rows[0]["status"] == "CANCELLED"
    watched = await muster.run("job", "watch", named)
    assert (watched.code, watched.errors.count("\n")) == (4, 1), watched


async def test_a_job_that_failed_says_why_and_is_exit_code_1(muster: CommandLine, scope: Scope) -> None:
    job = await jobs.create(scope, JobKind.EXPORT, {"format": "CSV"})
    await db.execute("UPDATE jobs SET status = 'FAILED', error = 'the disk is full', finished_at = now()")
    named = (await muster.run("jobs", "--status", "failed")).rows[0]["id"]
    watched = await muster.run("job", "watch", named)
    assert (watched.code, watched.errors) == (1, "Error: the job failed: the disk is full\n")
    assert job.id
    assert (await muster.run("job", "download", named, "-o", "x.csv")).code == 1
    assert list(muster.folder.glob("x.csv*")) == []


async def test_what_the_api_refuses_is_one_line(muster: CommandLine, scope: Scope) -> None:
    wrong = await CommandLine(muster.url, "nonsense", muster.folder).run("jobs")
    assert (wrong.code, wrong.errors.count("\n"), wrong.output) == (5, 1, ""), wrong
    poor = CommandLine(muster.url, await token_with(scope, Permission.JOB_READ), muster.folder)
    (muster.folder / "clients.csv").write_text(rows(1))
    refused = await poor.run("import", "clients.csv", "--suggested")
    assert (refused.code, "CONTACT_IMPORT" in refused.errors) == (5, True), refused
    unknown = await muster.run("recompute", "No such segment")
    assert (unknown.code, unknown.errors.count("\n")) == (1, 1), unknown
    assert "no segment with the id or the name 'No such segment'" in unknown.errors
    bad = await muster.run("import", "clients.csv", "--map", "Correo=e-mail")
    assert (bad.code, bad.errors.count("\n")) == (1, 1), bad
    assert await db.fetch_value("SELECT count(*) FROM jobs") == 0


async def test_without_a_terminal_an_import_needs_to_be_told_the_columns(muster: CommandLine) -> None:
    (muster.folder / "clients.csv").write_text(rows(1))
    refused = await muster.run("import", "clients.csv")
    assert refused.code == 2
    assert [row["field"] for row in refused.rows] == ["external_id", "name", "email", "tags"]
    assert "--map" in refused.errors


@pytest.mark.usefixtures("workers")
async def test_on_a_terminal_a_person_is_shown_the_columns_and_asked(muster: CommandLine) -> None:
    (muster.folder / "clients.csv").write_text(rows(10))
    shown = await asyncio.to_thread(on_a_terminal, muster, "yes\n", "import", "clients.csv")
    assert shown[0] == 0, shown
    for text in ("Correo", "client0@x.org", "Import it like this?", "created 10"):
        assert text in shown[1], shown


def on_a_terminal(muster: CommandLine, typed: str, *arguments: str) -> tuple[int, str]:
    """The exit code and what the terminal showed."""
    outer, inner = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "muster", *arguments],
        env=muster.environment(),
        cwd=muster.folder,
        stdin=inner,
        stdout=inner,
        stderr=inner,
    )
    os.close(inner)
    shown = b""
    try:
        while block := os.read(outer, 4096):
            shown += block
            if typed and b"like this?" in shown:
                os.write(outer, typed.encode())
                typed = ""
    except OSError:  # Linux: the other end is closed
        pass
    finally:
        os.close(outer)
    return process.wait(60), shown.decode()


async def test_a_broadcast_is_started_paused_resumed_and_followed_to_its_end(
    muster: CommandLine, scope: Scope, database: str, redis_url: str
) -> None:
    assert (await muster.run("broadcast", "list")).rows == []
    await connected(scope, per_second=1)  # too slow to end before the command that pauses it has started
    await a_draft_to(scope, 100, name="Hello")
    async with a_sandbox() as server:
        server.sandbox.add_number(per_second=80)
        async with running_sender(database, redis_url, server.url):
            started = await muster.run("broadcast", "start", "Hello")
            assert (started.code, started.rows[0]["name"]) == (0, "Hello"), started
            paused = await muster.run("broadcast", "pause", "Hello")
            assert (paused.code, paused.rows[0]["status"]) == (0, "PAUSED"), paused
            waiting = await muster.run("broadcast", "status", "Hello", "--watch")
            assert (waiting.code, waiting.errors.count("\n")) == (7, 1), waiting
            faster = "UPDATE whatsapp_channels SET messages_per_second = 40 WHERE workspace_id = $1"
            await db.execute(faster, scope.workspace_id)
            ended = await muster.run("broadcast", "resume", "Hello", "--watch")
    assert (ended.code, ended.rows[-1]["status"], ended.rows[-1]["counts"]["sent"]) == (0, "COMPLETED", 100), ended
    again = await muster.run("broadcast", "start", "Hello")
    assert (again.code, again.errors.count("\n")) == (1, 1), again
    unknown = await muster.run("broadcast", "pause", "Nothing")
    assert "no broadcast with the id or the name 'Nothing'" in unknown.errors


async def test_workflows_are_listed_shown_paused_resumed_and_tried(muster: CommandLine, scope: Scope) -> None:
    nothing = [
        wait_of("wait", "P1D", "ask"),
        node_of("ask", "waitFor", any=[BOUGHT], timeout="P1D", next="end", timedOut="end"),
    ]
    await running(scope, graph_of(*nothing, end_of(), triggers=[trigger_of("bought", **BOUGHT)]))
    await create_contact(scope, {"name": "Ana", "external_id": "ana"})
    [listed] = (await muster.run("workflow", "list")).rows
    assert (listed["name"], listed["status"], listed["counts"]["inside"]) == ("Welcome", "ACTIVE", 0)
    shown = await muster.run("workflow", "show", "Welcome")
    assert [one["nodeKey"] for one in shown.rows[0]["nodeStats"]] == ["wait", "ask", "end"]
    paused = await muster.run("workflow", "pause", "Welcome")
    assert (paused.code, paused.rows[0]["status"]) == (0, "PAUSED"), paused
    resumed = await muster.run("workflow", "resume", listed["id"], "--late", "SKIP")
    assert (resumed.code, resumed.rows[0]["status"]) == (0, "ACTIVE"), resumed
    tried = await muster.run("workflow", "simulate", "Welcome", "--contact", "ana", "--answer", "ask=next")
    assert [(row["nodeKey"], row["outcome"]) for row in tried.rows] == [
        ("wait", "next"),
        ("ask", "next"),
        ("end", "done"),
    ]
    nobody = await muster.run("workflow", "simulate", "Welcome", "--contact", "nobody")
    assert (nobody.code, nobody.errors.strip()) == (
        1, "Error: there is no contact with the id, external id, e-mail or phone 'nobody'",
    )  # fmt: skip


BOUGHT = {"activity": {"kind": "purchase"}}
