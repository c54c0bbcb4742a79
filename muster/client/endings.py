"""Says how a job or a broadcast ended, by a line and by the exit code."""

import sys
from typing import Final

from muster.client.exits import CommandEnds, Exit
from muster.client.session import Session
from muster.client.watch import BROADCAST_ENDED, JOB_ENDED, Thing, progress_of

IMPORT_COUNTS: Final = ("created", "updated", "unchanged", "skipped", "rejected")


def end_with_job(session: Session, job: Thing) -> None:
    """Ends the command with the exit code of a job that has ended. On a terminal, a line says what it did."""
    if not session.output.as_json:
        session.output.line(job, summary_of_job(job))
    code = JOB_ENDED[job["status"]]
    if code is Exit.FAILED:
        raise CommandEnds(code, f"the job failed: {job['error']}")
    if code is Exit.CANCELLED:
        raise CommandEnds(code, "the job was cancelled; what it had done stays done")
    if job.get("rejected"):
        how = f"muster job download {job['id']} --output FILE"
        raise CommandEnds(Exit.REJECTED_ROWS, f"{job['rejected']:,} rows were rejected: `{how}` gets the report")


def end_with_broadcast(session: Session, broadcast: Thing) -> None:
    """Ends the command with the exit code of a broadcast that has ended or is paused."""
    if not session.output.as_json:
        session.output.line(broadcast, summary_of_broadcast(broadcast))
    code = BROADCAST_ENDED[broadcast["status"]]
    if code is Exit.SUCCEEDED:
        sys.exit(code)
    raise CommandEnds(
        code, f"the broadcast is {broadcast['status'].lower()}: {broadcast['reason'] or 'no reason given'}"
    )


def summary_of_job(job: Thing) -> str:
    counts = [f"{name} {job[name]:,}" for name in IMPORT_COUNTS if name in job]
    done = f"{job['done']:,}" if job["total"] is None else f"{job['done']:,} of {job['total']:,}"
    dry = " (dry run: nothing was written)" if job.get("dryRun") else ""
    return f"{job['kind']} {job['id']}: {job['status'].lower()}, {', '.join(counts) or f'{done} done'}{dry}"


def summary_of_broadcast(broadcast: Thing) -> str:
    done, total = progress_of(broadcast)
    counts = ", ".join(f"{name} {count:,}" for name, count in broadcast["counts"].items() if count)
    return f"{broadcast['name']}: {broadcast['status'].lower()}, {done:,} of {total:,} recipients" + (
        f" ({counts})" if counts else ""
    )
