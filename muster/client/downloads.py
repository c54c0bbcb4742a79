"""Gets the file of a finished job: an export, or the report of an import."""

from pathlib import Path
from typing import Any

import click

from muster.client import documents
from muster.client.exits import CommandEnds, Exit
from muster.client.output import Step
from muster.client.session import Session


def must_be_new(path: Path, force: bool) -> None:
    """Raises a usage error when the file is there already, or its folder is not."""
    if path.exists() and not force:
        raise click.UsageError(f"{path} is there already: --force replaces it")
    if not path.absolute().parent.is_dir():
        raise click.UsageError(f"there is no folder {path.parent}")


def download(session: Session, job_id: str, path: Path) -> None:
    """Writes the file of a job. Raises CommandEnds when it has none."""
    link = _link(session.api.ask(documents.JOB_FILE, id=job_id)["job"])
    if link is None:
        raise CommandEnds(
            Exit.FAILED, f"job {job_id} has no file: it has not ended well, or the file is kept no longer"
        )
    written = 0
    with session.output.bar() as bar:

        def progress(more: int) -> None:
            nonlocal written
            written += more
            bar.update(Step("download (bytes)", written))

        session.api.download(link, path, progress)
    session.output.line({"jobId": job_id, "file": str(path), "bytes": written}, f"{path}: {written:,} bytes")


def _link(job: dict[str, Any] | None) -> str | None:
    if job is None:
        return None
    return job.get("url") or job.get("rejectedRowsUrl")
