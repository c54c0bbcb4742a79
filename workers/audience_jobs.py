"""Runs AUDIENCE jobs: each replaces a whole audience in one session."""

from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import Any, Final

from models import clock, db
from models.destinations.audiences import audiences, connections, following, replacing, runs, troubles
from models.destinations.audiences.answers import Answer, Trouble
from models.destinations.audiences.connections import MetaCredentials
from models.destinations.audiences.replacing import Part
from models.destinations.audiences.runs import Run
from models.errors import NotAllowedInState
from models.queue import running_jobs
from models.queue.jobs import Job
from permissions.principal import Scope
from workers import audiences as syncing
from workers.context import WorkerContext
from workers.leases import renewed
from workers.providers.meta.client import Batch, Client
from workers.providers.meta.errors import MetaError

MOST_TRIES: Final = 60
"""Calls in a row without a batch that was taken."""

NOBODY: Final = (
    "nobody of the segment can be sent, and Meta replaces no audience by nobody: delete the audience, also at Meta"
)

TOO_OFTEN: Final = "Meta did not finish the replacing session after many tries: reconcile the audience again later"


async def reconcile(context: WorkerContext, scope: Scope, job: Job) -> AsyncGenerator[None, None]:
    audience_id = job.input["audience"]
    if await audiences.find(scope, audience_id) is None:
        raise NotAllowedInState("the audience was deleted")
    run = await runs.take(scope.workspace_id, audience_id)
    if run is None:
        raise running_jobs.NotYet(1)
    try:
        async with renewed(lambda: runs.renew(run), runs.LEASES.seconds / 3):
            async for _ in _steps(context, run, job):
                yield
    finally:
        await runs.release(run)


async def _steps(context: WorkerContext, run: Run, job: Job) -> AsyncGenerator[None, None]:
    credentials = await syncing.find_credentials(run)
    if credentials is None or not run.is_running:
        raise NotAllowedInState(run.audience.reason or "the audience is paused: resume it first")
    async with syncing.opened_client(context, credentials) as client:
        replacement = _Replacement(run, job, credentials, client)
        while await replacement.step():
            yield


class _Replacement:
    """The session, from what the job knows of it."""

    def __init__(self, run: Run, job: Job, credentials: MetaCredentials, client: Client) -> None:
        self._run, self._job, self._credentials, self._client = run, job, credentials, client
        self._progress: dict[str, Any] = {"phase": "LOOK", "scanning": False, "tries": 0, **job.progress}

    async def step(self) -> bool:
        """False: the session is over, and the ledger says so."""
        match self._progress["phase"]:
            case "RECORD":
                return await replacing.record_step(self._run, self._job, self._progress)
            case "SEND":
                await self._send(await replacing.part(self._run, self._progress["after"]))
            case _:
                await self._prepare()
        return True

    # ------------------------------------------------------------ before the session

    async def _prepare(self) -> None:
        """The ledger is compared with all members, so that the session has who should be there now."""
        if not self._progress["scanning"]:
            async with db.transaction():
                await self._note(scanning=True)
                await runs.write(self._run, {"scanned_up_to": 0})
            return
        if await following.follow(self._run) or await following.scan(self._run, to_send=False):
            return
        if self._run.audience.external_id is None:
            await self._called(syncing.make(self._run, self._client))
        total = await replacing.count(self._run)
        if total == 0:
            raise NotAllowedInState(NOBODY)
        self._progress |= replacing.new_progress()
        await replacing.begin(self._run, self._job, self._progress, total)

    # ------------------------------------------------------------ its batches

    async def _send(self, part: Part) -> None:
        was_called = self._progress["called"] == self._progress["batch"]
        await self._note(called=self._progress["batch"], ends=part.is_last)
        cells = {
            contact: self._run.rows.cells(contact, row)
            for contact, row in zip(part.contact_ids, part.rows, strict=True)
        }
        batch = Batch(
            self._progress["session"],
            self._progress["batch"],
            part.is_last,
            self._job.total or len(cells),
            self._run.rows.schema,
            list(cells.values()),
        )
        try:
            received = await self._client.replace(str(self._run.audience.external_id), batch)
        except MetaError as error:
            if not self._had_arrived(error.trouble, part, was_called):
                await self._not_taken(error.trouble)
        else:
            invalid = [contact for contact, row in cells.items() if not received.samples.isdisjoint(row)]
            if invalid:
                await replacing.refused(self._run, invalid)
        await self._taken(part)

    def _had_arrived(self, trouble: Trouble, part: Part, was_called: bool) -> bool:
        """A batch whose answer was lost is sent again, and these say that it had been taken: the first, and the last."""
        if not was_called:
            return False
        if trouble.answer is Answer.BUSY:
            return self._progress["batch"] == 1 and not part.is_last
        return trouble.answer is Answer.SESSION_OVER and part.is_last

    async def _taken(self, part: Part) -> None:
        done = self._job.done + len(part.contact_ids)
        if part.is_last:
            await self._note(done, phase="RECORD", after=0, tries=0)
        else:
            await self._note(done, batch=self._progress["batch"] + 1, after=part.contact_ids[-1], tries=0)

    async def _note(self, done: int | None = None, **changes: Any) -> None:
        self._progress |= changes
        await running_jobs.progress(self._job, done=done, progress=self._progress)

    # ------------------------------------------------------------ what goes wrong

    async def _called(self, call: Any) -> None:
        try:
            await call
        except MetaError as error:
            await self._not_taken(error.trouble)

    async def _not_taken(self, trouble: Trouble) -> None:
        """Waits, begins a new session, or ends the job with a reason."""
        match trouble.answer:
            case Answer.RECONNECT:
                await connections.refused(self._run.workspace_id, self._credentials.connection_id, trouble.reason)
                raise NotAllowedInState(trouble.reason)
            case Answer.STOPPED:
                await troubles.block(self._run, trouble.reason)
                raise NotAllowedInState(trouble.reason)
            case Answer.TOO_SMALL:
                raise NotAllowedInState(trouble.reason)
            case Answer.SESSION_OVER | Answer.NOT_BEGUN:
                self._progress |= replacing.new_progress()
                await running_jobs.progress(self._job, done=0)
            case Answer.LIMITED:
                until = clock.now() + timedelta(seconds=trouble.wait_seconds or troubles.LIMITED_SECONDS)
                await connections.slow_down(self._run.workspace_id, self._credentials.connection_id, until)
        tries = self._progress["tries"] + 1
        await self._note(tries=tries)
        if tries > MOST_TRIES:
            raise NotAllowedInState(TOO_OFTEN)
        raise running_jobs.NotYet(trouble.wait_seconds or troubles.pause_seconds(tries))
