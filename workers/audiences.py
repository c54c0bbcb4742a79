"""Keeps audiences at Meta as their segments are."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Final

import structlog
from prometheus_client import Counter

from models import clock, db
from models.accounts.secrets import SecretUnreadable
from models.changelog import readers
from models.changelog.events import EVENTS
from models.changelog.members import MEMBERS
from models.destinations.audiences import connections, deletion, following, making, replacing, runs, sending, troubles
from models.destinations.audiences.answers import Answer, Received
from models.destinations.audiences.audiences import reader_of
from models.destinations.audiences.connections import MetaCredentials
from models.destinations.audiences.ledger import Due
from models.destinations.audiences.runs import Run
from models.destinations.audiences.sending import Chosen
from models.queue import leases, work
from models.queue.enqueue import enqueue
from models.queue.leases import LeaseLost
from workers.context import PeriodicTask, Queue, Task, WorkerContext
from workers.leases import run_while_held
from workers.providers.meta.client import AdAccount, Batch, Client, open_session
from workers.providers.meta.errors import MetaError

log = structlog.get_logger(__name__)

STINT_SECONDS: Final = 5.0
"""The longest time at one audience while others wait."""

AT_ONCE: Final = 2
"""Audiences at a time in a process: the other places are for jobs."""

_rows = Counter("muster_audience_rows_total", "Rows that Meta took, by what they were sent for.", ["call"])

_places = asyncio.Semaphore(AT_ONCE)


async def sync_audience(context: WorkerContext, workspace_id: int, audience_id: int) -> None:
    await context.broker.acknowledge(work.SYNC_AUDIENCE, workspace_id, audience_id)
    if _places.locked():
        return  # a periodic task finds it again
    async with _places:
        run = await runs.take(workspace_id, audience_id)
        if run is not None:
            await run_while_held(_work(context, run), lambda: runs.renew(run), runs.LEASES.seconds / 3)
    if run is not None and run.has_more:
        await find_audiences(context)  # the others first, which have waited longer


async def _work(context: WorkerContext, run: Run) -> None:
    try:
        await _carry_on(context, run)
        await runs.release(run)
    except LeaseLost:
        await runs.release(run)  # no effect when another worker has it
    except Exception as error:  # tried again after a while
        if not db.logged_as_outage(error):
            log.warning("audience not synced", audience=run.audience_id, error=type(error).__name__, exc_info=True)
        await leases.fail(run.lease, min(2**run.lease.attempts, 60))


async def _carry_on(context: WorkerContext, run: Run) -> None:
    if run.audience.deleted_at is not None:
        while not context.stopping.is_set() and await deletion.delete_step(run):
            pass
        return
    if await replacing.is_under_way(run):
        return
    await sending.doubt(run)
    ends_at = time.monotonic() + STINT_SECONDS
    credentials = await find_credentials(run)
    if credentials is None:
        while not context.stopping.is_set() and time.monotonic() < ends_at and await following.follow(run):
            pass
        return
    async with opened_client(context, credentials) as client:
        await _Sync(context, run, credentials, client, ends_at).work()


async def find_credentials(run: Run) -> MetaCredentials | None:
    """None when nothing can be called; the audience says why."""
    try:
        found = await connections.find_credentials(run.workspace_id)
    except SecretUnreadable as error:
        reason = f"The access token cannot be read ({error}): connect the ad account again."
        await troubles.block(run, reason, "CONNECTION")
        return None
    if found is None or found.ad_account_id != run.audience.ad_account_id:
        await troubles.block_without_account(run, found)
        return None
    return found


@contextlib.asynccontextmanager
async def opened_client(context: WorkerContext, credentials: MetaCredentials) -> AsyncIterator[Client]:
    options = context.config.meta
    async with open_session(options.timeout_seconds) as session:
        account = AdAccount(credentials.ad_account_id, credentials.token)
        yield Client(session, options.url, options.version, account)


class _Sync:
    """One stint at one audience."""

    def __init__(
        self, context: WorkerContext, run: Run, credentials: MetaCredentials, client: Client, ends_at: float
    ) -> None:
        self._context, self._run, self._credentials, self._client = context, run, credentials, client
        self._ends_at = ends_at
        self._sent_up_to: dict[Due, int] = {}

    async def work(self) -> None:
        try:
            while await self._step():
                if self._context.stopping.is_set() or time.monotonic() >= self._ends_at:
                    await runs.write(self._run, {"next_run_at": runs.later(0)})
                    self._run.has_more = True
                    return
        except MetaError as error:
            await troubles.happened(self._run, self._credentials, error.trouble)

    async def _step(self) -> bool:
        """Opt-outs go before all else. False: there is nothing more to do now."""
        if await following.follow(self._run):
            return True
        if await runs.must_wait(self._run, self._credentials.waits_until):
            return False
        for step in (self._remove_now, self._make, self._remove, self._scan, self._add, self._look):
            if await step():
                return await troubles.heed_usage(self._run, self._credentials, self._client.usage)
        await sending.settled(self._run)
        return False

    # ------------------------------------------------------------ the audience itself

    async def _make(self) -> bool:
        if not self._run.is_running or self._run.audience.external_id is not None:
            return False
        await make(self._run, self._client)
        return True

    async def _look(self) -> bool:
        if not self._run.is_running or not making.is_to_be_looked_at(self._run):
            return False
        assert self._run.audience.external_id is not None
        await making.looked_at(self._run, await self._client.read(self._run.audience.external_id))
        return True

    async def _scan(self) -> bool:
        """New members are sent as they are found."""
        scanned = await following.scan(self._run, to_send=True) if self._run.is_running else None
        if scanned is not None and scanned.new is not None:
            refused = await self._added(scanned.new)
            await sending.scanned(self._run, refused)
            _rows.labels("add").inc(len(scanned.new.rows) - len(refused))
        return scanned is not None

    # ------------------------------------------------------------ people

    async def _add(self) -> bool:
        if not self._run.is_running:
            return False
        chosen = await self._choose(Due.ADD)
        if chosen is None:
            return False
        refused = await self._added(chosen)
        await sending.added(self._run, chosen, refused)
        _rows.labels("add").inc(len(chosen.rows) - len(refused))
        return True

    async def _added(self, chosen: Chosen) -> Sequence[int]:
        """Sends them; returns those that Meta called invalid."""
        cells = dict(zip(chosen.contact_ids, chosen.cells(self._run), strict=True))

        async def add(some: Sequence[int]) -> Received:
            return await self._client.add(self._external_id, self._batch([cells[contact] for contact in some]))

        return await invalid_of(chosen.contact_ids, cells, add)

    async def _remove_now(self) -> bool:
        return self._run.may_remove and await self._removed(Due.REMOVE_NOW)

    async def _remove(self) -> bool:
        return self._run.is_running and await self._removed(Due.REMOVE)

    async def _removed(self, due: Due) -> bool:
        waits = self._run.audience.removals_wait_until
        chosen = None if waits is not None and waits > clock.now() else await self._choose(due)
        if chosen is None:
            return False
        try:
            await self._client.remove(self._external_id, self._batch(chosen.cells(self._run)))
        except MetaError as error:
            if error.trouble.answer is not Answer.TOO_SMALL:
                raise
            await sending.removals_refused(self._run, error.trouble.reason)
            await replacing.ask_instead_of_removing(self._run)
            return True
        await sending.removed(self._run, chosen)
        _rows.labels("remove").inc(len(chosen.rows))
        return True

    async def _choose(self, due: Due) -> Chosen | None:
        """Goes on after what this stint has sent, and then looks from the beginning again."""
        chosen = await sending.choose(self._run, due, self._sent_up_to.get(due, 0))
        if chosen is None and self._sent_up_to.pop(due, 0):
            chosen = await sending.choose(self._run, due)
        if chosen is not None:
            self._sent_up_to[due] = chosen.contact_ids[-1]
            await sending.note(self._run, chosen)
        return chosen

    @property
    def _external_id(self) -> str:
        assert self._run.audience.external_id is not None, "it is made before anybody is sent"
        return str(self._run.audience.external_id)

    def _batch(self, cells: Sequence[Sequence[str]]) -> Batch:
        """A session of its own."""
        return Batch(new_session_id(), 1, True, len(cells), self._run.rows.schema, cells)


def new_session_id() -> int:
    """Positive, with fewer than 63 bits, and used once."""
    return leases.new_token() + 1


async def make(run: Run, client: Client) -> None:
    """Makes the audience at Meta, unless it was made without our hearing of it."""
    found = await client.find(run.audience.mark) if run.audience.creating else None
    if found is None:
        await making.begin(run)
        found = await client.create(run.audience.name, making.description_of(run))
    await making.made(run, found)


async def invalid_of(
    contact_ids: Sequence[int],
    cells: Mapping[int, Sequence[str]],
    send: Callable[[Sequence[int]], Awaitable[Received]],
) -> list[int]:
    """Sends these, and returns which of them Meta called invalid.

    Meta names up to 100 values of a request: where more are invalid, parts are sent again, which changes nothing for the others.
    """
    received = await send(contact_ids)
    named = [contact for contact in contact_ids if not received.samples.isdisjoint(cells[contact])]
    if len(named) >= received.invalid:
        return named
    if received.invalid >= len(contact_ids):
        return list(contact_ids)
    size = max(1, len(contact_ids) // 10)
    parts = [contact_ids[start : start + size] for start in range(0, len(contact_ids), size)]
    return [contact for one in parts for contact in await invalid_of(one, cells, send)]


_rounds: Final = db.Rounds()


async def find_audiences(context: WorkerContext) -> None:
    """Audiences that wait for their time, or whose logs have grown."""
    if context.stopping.is_set():
        return
    kind = reader_of(0).kind
    among = await _rounds.next()
    behind = [one for log in (MEMBERS, EVENTS) for one in await readers.behind(log, kind, among=among)]
    for workspace_id, audience_id in dict.fromkeys([*behind, *await runs.due(1_000)]):
        await enqueue(work.SYNC_AUDIENCE, workspace_id, audience_id)


TASKS: Final = [Task(work.SYNC_AUDIENCE, sync_audience, timeout_seconds=300)]

PERIODIC_TASKS: Final = [PeriodicTask("find_audiences", Queue.BULK, find_audiences, every_seconds=1.0, alone=True)]
