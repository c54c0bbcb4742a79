"""Follows jobs and broadcasts until they end. What is followed goes on when the command does not."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from muster.client import documents
from muster.client.exits import CommandEnds, Exit, Unreachable
from muster.client.output import Bar, Step
from muster.client.session import Session

FIRST_PAUSE_SECONDS: Final = 0.2
LONGEST_PAUSE_SECONDS: Final = 2.0
PATIENCE_SECONDS: Final = 60.0
"""How long an API that does not answer is asked again."""

JOB_ENDED: Final = {"SUCCEEDED": Exit.SUCCEEDED, "FAILED": Exit.FAILED, "CANCELLED": Exit.CANCELLED}
BROADCAST_ENDED: Final = {
    "COMPLETED": Exit.SUCCEEDED,
    "FAILED": Exit.FAILED,
    "CANCELLED": Exit.CANCELLED,
    "PAUSED": Exit.PAUSED,
}

Thing = Mapping[str, Any]


def watch_job(session: Session, job_id: str) -> Thing:
    """Shows the job until it ends, and returns it. Ctrl-C leaves the job running and says how to go on."""
    with _leaving_it_running(f"job {job_id}", f"muster job watch {job_id}", f"muster job cancel {job_id}"):
        return _follow(session, lambda: get_job(session, job_id), set(JOB_ENDED), _show_job)


def watch_broadcast(session: Session, broadcast_id: str) -> Thing:
    """Shows the broadcast until it ends or is paused, and returns it. Ctrl-C leaves it running."""
    watch, stop = f"muster broadcast status {broadcast_id} --watch", f"muster broadcast pause {broadcast_id}"
    with _leaving_it_running(f"broadcast {broadcast_id}", watch, stop):
        return _follow(session, lambda: get_broadcast(session, broadcast_id), set(BROADCAST_ENDED), _show_broadcast)


def get_job(session: Session, job_id: str) -> Thing:
    job: Thing | None = session.api.ask(documents.JOB, id=job_id)["job"]
    if job is None:
        raise CommandEnds(Exit.FAILED, f"there is no job {job_id}: `muster jobs` lists them")
    return job


def get_broadcast(session: Session, broadcast_id: str) -> Thing:
    broadcast: Thing | None = session.api.ask(documents.BROADCAST, id=broadcast_id)["broadcast"]
    if broadcast is None:
        raise CommandEnds(Exit.FAILED, f"there is no broadcast {broadcast_id}: `muster broadcast list` lists them")
    return broadcast


def progress_of(broadcast: Thing) -> tuple[int, int]:
    """How many recipients have an outcome, and how many there are. 0 of 0 before the start."""
    counts = broadcast["counts"]
    total = sum(counts.values())
    return total - counts["pending"] - counts["sending"], total


@contextmanager
def _leaving_it_running(what: str, watch: str, stop: str) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        how = f"{what} goes on: watch it with `{watch}`, stop it with `{stop}`"
        raise CommandEnds(Exit.INTERRUPTED, how) from None
    except Unreachable as error:
        raise Unreachable(f"{error.message}; {what} goes on: `{watch}`") from None


def _follow(session: Session, look: Callable[[], Thing], ended: set[str], show: Callable[[Bar, Thing], None]) -> Thing:
    pause = FIRST_PAUSE_SECONDS
    with session.output.bar() as bar:
        while True:
            thing = _patiently(look)
            show(bar, thing)
            if thing["status"] in ended:
                return thing
            time.sleep(pause)
            pause = min(pause * 1.5, LONGEST_PAUSE_SECONDS)


def _patiently(look: Callable[[], Thing]) -> Thing:
    """An API that is restarted meanwhile ends nothing."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return look()
        except Unreachable:
            if time.monotonic() > deadline:
                raise
        time.sleep(LONGEST_PAUSE_SECONDS)


def _show_job(bar: Bar, job: Thing) -> None:
    bar.update(Step(f"{job['kind'].lower()} {job['status'].lower()}", job["done"], job["total"], job))


def _show_broadcast(bar: Bar, broadcast: Thing) -> None:
    done, total = progress_of(broadcast)
    bar.update(Step(broadcast["status"].lower(), done, total or None, broadcast))
