"""`muster jobs`, `muster job watch`, `cancel` and `download`."""

from pathlib import Path
from typing import Final

import click

from muster.client import documents
from muster.client.downloads import download, must_be_new
from muster.client.endings import end_with_job, summary_of_job
from muster.client.session import Session, with_session
from muster.client.watch import watch_job

STATUSES: Final = ("QUEUED", "RUNNING", "PAUSED", "SUCCEEDED", "FAILED", "CANCELLED")
COLUMNS: Final = {"id": "id", "kind": "kind", "status": "status", "done": "done", "total": "of", "createdAt": "created"}


@click.command()
@click.option("--status", type=click.Choice(STATUSES, case_sensitive=False), help="Only jobs in this state.")
@click.option("--kind", help="Only jobs of this kind, such as IMPORT or EXPORT.")
@click.option("--limit", type=click.IntRange(1, 100), default=20, show_default=True, help="At most so many.")
@with_session
def jobs(session: Session, status: str | None, kind: str | None, limit: int) -> None:
    """List the jobs of the workspace, the newest first."""
    kind = None if kind is None else kind.upper()
    found = session.api.ask(documents.JOBS, first=limit, status=status, kind=kind)["jobs"]["nodes"]
    session.output.table(found, COLUMNS)


@click.group()
def job() -> None:
    """Watch or cancel a job, or get its file."""


@job.command()
@click.argument("job_id", metavar="ID")
@with_session
def watch(session: Session, job_id: str) -> None:
    """Follow a job to its end. The exit code says how it ended."""
    end_with_job(session, watch_job(session, job_id))


@job.command()
@click.argument("job_id", metavar="ID")
@with_session
def cancel(session: Session, job_id: str) -> None:
    """Cancel a job: it stops after its step, and what it has done stays done."""
    cancelled = session.api.do(documents.JOB_CANCEL, id=job_id)["job"]
    session.output.line(cancelled, summary_of_job(cancelled))


@job.command("download")
@click.argument("job_id", metavar="ID")
@click.option("--output", "-o", required=True, type=click.Path(dir_okay=False, path_type=Path), help="File to write.")
@click.option("--force", is_flag=True, help="Replace the file if it is there.")
@with_session
def download_file(session: Session, job_id: str, output: Path, force: bool) -> None:
    """Get the file of an export, or the report of an import's rejected and skipped rows."""
    must_be_new(output, force)
    download(session, job_id, output)
