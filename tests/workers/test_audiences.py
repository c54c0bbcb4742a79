"""An audience at the sandbox follows its segment, whatever Meta answers."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from models import clock, db
from models.contacts.consent import Word
from models.db.tables.audiences import Audience
from models.destinations.audiences import audiences, connections, making, replacing
from models.destinations.audiences.audiences import AudienceMode
from models.destinations.audiences.keys import AudienceKey
from models.errors import DomainError, InUse, NotAllowedInState
from models.membership import engine_lock
from models.messaging import consent
from models.messaging.consent import Said
from models.personal_data import erase
from models.queue import jobs, running_jobs
from models.segments import segments, uses
from models.values.global_ids import to_global_id
from permissions.principal import Scope
from sandbox.meta.faults import Command, Fault
from sandbox.meta.provider import ACCOUNT_ID, TOKEN
from sandbox.meta.server import Server
from sandbox.meta.sessions import LASTS_SECONDS
from tests.kit import audiences as kit
from tests.kit.audiences import an_advertiser, an_audience, expected, hashed, sync, there, time_passes
from tests.kit.broadcasts import a_segment, people
from tests.kit.meta import a_sandbox
from tests.kit.queue import recording
from tests.kit.workers import eventually
from workers import audience_jobs
from workers.audiences import find_audiences
from workers.context import WorkerContext
from workers.jobs import work_on


@dataclass
class World:
    server: Server
    context: WorkerContext
    scope: Scope
    ids: list[int]
    segment: int

    async def is_right(self, audience: Audience) -> bool:
        return there(self.server, audience) == await expected(self.scope, self.segment)

    def fails(self, fault: Fault, **more: Any) -> None:
        self.server.sandbox.faults.set([Command(fault, **more)])

    async def leave(self, *ids: int) -> None:
        await db.execute("DELETE FROM memberships WHERE contact_id = ANY ($1::bigint[])", list(ids))


@pytest.fixture
async def world(database: str) -> AsyncIterator[World]:
    async with a_sandbox() as server:
        scope = await an_advertiser()
        ids = await people(scope, 12, consent="UNKNOWN")
        yield World(server, kit.a_context(server), scope, ids, await a_segment(scope, ids))


async def test_who_joins_leaves_changes_opts_out_or_is_deleted_is_told_and_nobody_else(world: World):
    audience = await sync(world.context, await an_audience(world.scope, world.segment))
    assert (audience.status, audience.present) == ("IN_SYNC", 12)
    assert await world.is_right(audience)
    a, b, c, d, *_ = world.ids
    await db.execute("UPDATE contacts SET email = 'new@example.com' WHERE id = $1", a)
    said = Said(Word.STOP, clock.now(), contact_id=b)
    await consent.heed(world.scope.workspace_id, [said])
    await db.execute("DELETE FROM contacts WHERE id = $1", c)
    await world.leave(d)
    audience = await sync(world.context, audience)
    assert await world.is_right(audience)
    assert (audience.status, audience.present, audience.excluded, audience.leaving) == ("IN_SYNC", 9, 1, 0)
    assert await db.fetch_value("SELECT count(*) FROM audience_members WHERE contact_id = ANY ($1)", [c, d]) == 0
    assert await db.fetch_value("SELECT count(*) FROM audience_marks") == 0
    assert dict(world.server.sandbox.rows) == {"add": 13, "remove": 4}


async def test_an_audience_that_only_adds_keeps_who_left_until_they_opt_out_or_are_deleted(world: World):
    audience = await sync(world.context, await an_audience(world.scope, world.segment, mode=AudienceMode.ADD_ONLY))
    a, b, c, *_ = world.ids
    await world.leave(a, b, c)
    audience = await sync(world.context, audience)
    assert (len(there(world.server, audience)), audience.present, audience.kept) == (12, 9, 3)
    await db.execute("UPDATE contacts SET whatsapp_consent = 'OPTED_OUT' WHERE id = $1", a)
    await db.execute("DELETE FROM contacts WHERE id = $1", b)
    audience = await sync(world.context, audience)
    assert (len(there(world.server, audience)), audience.kept) == (10, 1)
    audience = await audiences.update(world.scope, audience.id, mode=AudienceMode.MIRROR)
    audience = await sync(world.context, audience)
    assert await world.is_right(audience)
    assert audience.kept == 0


async def test_a_number_that_said_stop_is_taken_out_though_its_contact_says_otherwise(world: World):
    audience = await sync(world.context, await an_audience(world.scope, world.segment))
    phone = await db.fetch_value("SELECT phone FROM contacts WHERE id = $1", world.ids[0])
    await consent.heed(world.scope.workspace_id, [Said(Word.STOP, clock.now(), wa_id=phone)])
    await db.execute("UPDATE contacts SET whatsapp_consent = 'OPTED_IN' WHERE id = $1", world.ids[0])
    audience = await sync(world.context, audience)
    assert to_global_id("Contact", world.ids[0]) not in {row[2] for row in there(world.server, audience)}
    assert audience.excluded == 1


async def test_a_person_is_not_erased_before_meta_has_taken_the_person_out(world: World):
    audience = await sync(world.context, await an_audience(world.scope, world.segment))
    contact = world.ids[0]
    await erase.erase_contact(world.scope, contact)
    world.fails(Fault.FAULTY, call="remove")
    audience = await sync(world.context, audience)
    assert not await erase.carry_on(world.scope.workspace_id, contact)
    world.server.sandbox.faults.set([])
    await time_passes(audience)
    audience = await sync(world.context, audience)
    assert len(there(world.server, audience)) == 11
    assert await erase.carry_on(world.scope.workspace_id, contact)


async def test_a_paused_audience_lets_go_of_who_opts_out_and_of_nobody_else(world: World):
    audience = await sync(world.context, await an_audience(world.scope, world.segment))
    a, b, c, *_ = world.ids
    await audiences.pause(world.scope, audience.id)
    await world.leave(a)
    await db.execute("UPDATE contacts SET whatsapp_consent = 'OPTED_OUT' WHERE id = $1", b)
    await db.execute("DELETE FROM contacts WHERE id = $1", c)
    audience = await sync(world.context, audience)
    assert (audience.status, len(there(world.server, audience)), audience.leaving) == ("PAUSED", 10, 1)
    audience = await sync(world.context, await audiences.resume(world.scope, audience.id))
    assert audience.status == "IN_SYNC"
    assert await world.is_right(audience)
    with pytest.raises(NotAllowedInState, match="not paused"):
        await audiences.resume(world.scope, audience.id)


async def test_a_deleted_segment_pauses_its_audience_and_says_so(world: World):
    audience = await sync(world.context, await an_audience(world.scope, world.segment))
    assert [(use.kind, use.label) for use in await uses.in_use(world.scope, world.segment)] == [("AUDIENCE", "Friends")]
    with pytest.raises(InUse):
        await segments.delete(world.scope, world.segment)
    await segments.delete(world.scope, world.segment, force=True)
    with recording() as sender:
        await find_audiences(world.context)
    assert ("sync_audience", world.scope.workspace_id, audience.id) in sender.sent
    audience = await sync(world.context, audience)
    assert (audience.status, len(there(world.server, audience))) == ("PAUSED", 12)
    assert "was deleted" in audience.reason
    assert not await uses.in_use(world.scope, world.segment)
    await db.execute("UPDATE contacts SET whatsapp_consent = 'OPTED_OUT' WHERE id = $1", world.ids[0])
    audience = await sync(world.context, audience)
    assert len(there(world.server, audience)) == 11
    with pytest.raises(NotAllowedInState, match="restore it first"):
        await audiences.resume(world.scope, audience.id)
    await segments.restore(world.scope, world.segment)
    await world.leave(world.ids[1])
    audience = await sync(world.context, await audiences.resume(world.scope, audience.id))
    assert audience.status == "IN_SYNC"
    assert await world.is_right(audience)
    with recording() as sender:
        await find_audiences(world.context)
    assert not sender.sent, "nothing is looked for while nothing changes"


@pytest.mark.parametrize(
    "fault",
    [Fault.LIMITED, Fault.FAULTY, Fault.LOST_ANSWER, Fault.CUT, Fault.BUSY, Fault.NOT_JSON],
)
@pytest.mark.parametrize("call", ["create", "add", "remove"])
async def test_what_passes_is_waited_for_and_then_nothing_is_missing(world: World, fault: Fault, call: str):
    audience = await an_audience(world.scope, world.segment)
    if call == "remove":
        audience = await sync(world.context, audience)
        await world.leave(*world.ids[:3])
    world.fails(fault, call=call, times=2)
    for _ in range(2):
        audience = await sync(world.context, audience)
        if audience.status == "SYNCING":  # a lost answer may have been asked for again at once
            assert "It is tried again." in audience.reason
            assert audience.waits_until is not None
        await time_passes(audience)
    audience = await sync(world.context, audience)
    world.server.sandbox.faults.set([])
    assert (audience.status, audience.reason, audience.failures) == ("IN_SYNC", None, 0)
    assert await world.is_right(audience)
    assert len(world.server.sandbox.audiences) == 1, "it is made once, though the answer was lost"


async def test_who_comes_back_after_a_removal_without_an_answer_is_added_again(world: World):
    audience = await sync(world.context, await an_audience(world.scope, world.segment))
    await db.execute("UPDATE contacts SET whatsapp_consent = 'OPTED_OUT' WHERE id = $1", world.ids[0])
    world.fails(Fault.LOST_ANSWER, call="remove")
    audience = await sync(world.context, audience)
    assert (audience.status, len(there(world.server, audience))) == ("SYNCING", 11)
    await db.execute("UPDATE contacts SET whatsapp_consent = 'OPTED_IN' WHERE id = $1", world.ids[0])
    await time_passes(audience)
    audience = await sync(world.context, audience)
    assert audience.status == "IN_SYNC"
    assert await world.is_right(audience)


async def test_who_leaves_after_an_addition_without_an_answer_is_removed(world: World):
    audience = await an_audience(world.scope, world.segment)
    world.fails(Fault.LOST_ANSWER, call="add", times=1)
    audience = await sync(world.context, audience)
    assert (audience.present, len(there(world.server, audience))) == (0, 12)
    await world.leave(world.ids[0])
    await db.execute("UPDATE contacts SET email = 'new@example.com' WHERE id = $1", world.ids[1])
    await time_passes(audience)
    audience = await sync(world.context, audience)
    assert audience.status == "IN_SYNC"
    assert await world.is_right(audience)


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (Fault.FORBIDDEN, "give it the permission"),
        (Fault.TERMS, "accept them in the Ads Manager"),
        (Fault.ABUSIVE, "settle that with Meta"),
    ],
)
async def test_what_needs_a_person_blocks_one_audience_and_no_other(world: World, fault: Fault, says: str):
    first = await sync(world.context, await an_audience(world.scope, world.segment))
    second = await sync(world.context, await an_audience(world.scope, world.segment))
    world.fails(fault, audience=first.external_id)
    await world.leave(world.ids[0])
    first, second = await sync(world.context, first), await sync(world.context, second)
    assert (first.status, second.status) == ("BLOCKED", "IN_SYNC")
    assert says in first.reason
    assert await world.is_right(second)
    world.server.sandbox.faults.set([])
    first = await sync(world.context, await audiences.resume(world.scope, first.id))
    assert first.status == "IN_SYNC"
    assert await world.is_right(first)


async def test_an_audience_that_hangs_holds_up_no_other(world: World):
    first = await sync(world.context, await an_audience(world.scope, world.segment))
    second = await sync(world.context, await an_audience(world.scope, world.segment))
    world.fails(Fault.HANGS, audience=first.external_id)
    await world.leave(world.ids[0])
    await kit.engine(world.scope)
    hanging = asyncio.create_task(sync(kit.a_context(world.server, timeout_seconds=2.0), first))
    await asyncio.sleep(0.2)
    second = await sync(world.context, second)
    assert not hanging.done()
    assert second.status == "IN_SYNC"
    assert await world.is_right(second)
    first = await hanging
    assert "did not answer in time" in first.reason
    assert first.waits_until is not None
    assert first.waits_until - clock.now() > timedelta(seconds=1), "as long as the call took"


async def test_a_token_that_is_refused_blocks_until_the_account_is_connected_again(world: World):
    audience = await sync(world.context, await an_audience(world.scope, world.segment))
    world.server.sandbox.token = "another-token"
    await world.leave(world.ids[0])
    audience = await sync(world.context, audience)
    connection = await connections.find(world.scope)
    assert connection is not None
    assert (audience.status, connection.status) == ("BLOCKED", "REFUSED")
    assert "connect the ad account again" in audience.reason
    with pytest.raises(NotAllowedInState, match="refused"):
        await audiences.resume(world.scope, audience.id)
    connection = await connections.connect(world.scope, ACCOUNT_ID, "another-token")
    await connections.checked(world.scope.workspace_id, connection.id, None)
    audience = await sync(world.context, audience)
    assert audience.status == "IN_SYNC"
    assert await world.is_right(audience)
    await connections.disconnect(world.scope)
    await connections.connect(world.scope, "777", TOKEN)
    audience = await sync(world.context, audience)
    assert audience.status == "BLOCKED"
    with pytest.raises(NotAllowedInState, match=f"belongs to the ad account {ACCOUNT_ID}"):
        await audiences.resume(world.scope, audience.id)


async def test_invalid_rows_are_counted_and_listed_and_stop_nobody(world: World):
    await db.execute("UPDATE contacts SET email = 'p' || id::text || '@example.com'")
    bad = world.ids[3], world.ids[7]
    world.server.sandbox.faults.invalid = frozenset(hashed(f"p{contact}@example.com") for contact in bad)
    audience = await sync(world.context, await an_audience(world.scope, world.segment))
    assert (audience.status, audience.present, audience.refused) == ("IN_SYNC", 10, 2)
    assert await audiences.refused(world.scope, audience.id, 50) == list(bad)
    assert await audiences.refused(world.scope, audience.id, 50, bad[0]) == [bad[1]]
    await db.execute("UPDATE contacts SET email = 'better@example.com' WHERE id = $1", bad[0])
    audience = await sync(world.context, audience)
    assert (audience.present, audience.refused) == (11, 1)


async def test_more_invalid_rows_than_meta_names_are_found_all_the_same(world: World):
    ids = await people(world.scope, 300, first=1000)
    segment = await a_segment(world.scope, ids, "More")
    await db.execute("UPDATE contacts SET email = 'p' || id::text || '@example.com'")
    bad = [contact for contact in ids if contact % 2]
    world.server.sandbox.faults.invalid = frozenset(hashed(f"p{contact}@example.com") for contact in bad)
    audience = await sync(world.context, await an_audience(world.scope, segment))
    assert (audience.present, audience.refused) == (300 - len(bad), len(bad))
    assert await audiences.refused(world.scope, audience.id, 500) == bad


async def test_a_scan_waits_for_a_batch_that_knew_of_no_audience(world: World):
    """What that batch processes is marked for nobody: the scan has to read it."""
    held, release = asyncio.Event(), asyncio.Event()

    async def batch() -> None:
        async with db.transaction():
            assert not (await engine_lock.take(world.scope.workspace_id)).has_audiences
            held.set()
            await release.wait()

    holding = asyncio.create_task(batch())
    await held.wait()
    audience = await an_audience(world.scope, world.segment)
    workspace_id = world.scope.workspace_id
    syncing = asyncio.create_task(kit.sync_audience(world.context, workspace_id, audience.id))
    try:
        await eventually(lambda: _is_made(world))
        await asyncio.sleep(0.2)  # it would add them by now
        assert not world.server.sandbox.calls["add"]
    finally:  # a batch that goes on would stop all tests after this one
        release.set()
        await asyncio.gather(holding, syncing)
    assert await world.is_right(await Audience.get(id=audience.id))


async def _is_made(world: World) -> bool:
    return world.server.sandbox.calls["create"] == 1


async def test_usage_near_its_limit_makes_all_audiences_of_the_account_wait(world: World):
    world.server.sandbox.usage_percent = 96
    audience = await sync(world.context, await an_audience(world.scope, world.segment))
    calls = sum(world.server.sandbox.calls.values())
    again = await sync(world.context, await an_audience(world.scope, world.segment))
    assert (audience.status, again.status, again.external_id) == ("SYNCING", "SYNCING", None)
    assert sum(world.server.sandbox.calls.values()) == calls
    world.server.sandbox.usage_percent = 10
    await time_passes(audience)
    assert await world.is_right(await sync(world.context, audience))


# ---------------------------------------------------------------- replacing


async def reconciled(world: World, audience: Audience) -> jobs.Job:
    """The job of a reconciliation, worked on until it ends. Its waits are short here."""
    job = await replacing.ask(world.scope, audience.id)
    for _ in range(40):
        await db.execute("UPDATE jobs SET leased_until = NULL WHERE id = $1", job.id)
        taken = await running_jobs.take(world.scope.workspace_id, job.id)
        if taken is None:
            break
        await work_on(world.context, taken)
        await time_passes(audience)
    return await jobs.get(world.scope, job.id)


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """A session has four batches and not one."""
    monkeypatch.setattr(replacing, "ROWS_AT_ONCE", 3)


@pytest.mark.usefixtures("small_batches")
@pytest.mark.parametrize("fault", [None, Fault.LOST_ANSWER, Fault.CUT, Fault.FAULTY, Fault.LIMITED])
@pytest.mark.parametrize("mode", list(AudienceMode))
async def test_a_reconciliation_heals_any_doubt_in_one_session(world: World, fault: Fault | None, mode: AudienceMode):
    audience = await sync(world.context, await an_audience(world.scope, world.segment, mode=mode))
    await world.leave(world.ids[0])
    await db.execute("UPDATE contacts SET email = 'new@example.com' WHERE id = $1", world.ids[1])
    await db.execute("UPDATE contacts SET whatsapp_consent = 'OPTED_OUT' WHERE id = $1", world.ids[2])
    kept = {row for row in there(world.server, audience) if row[2] == to_global_id("Contact", world.ids[0])}
    at_meta = world.server.sandbox.audiences[str(audience.external_id)].people
    for person in [*at_meta][:5]:
        at_meta.remove(person)
    at_meta.add("somebody" + "," * 14)
    await kit.engine(world.scope)
    if fault is not None:
        faults = [Command(fault, call="replace", times=2), Command(fault, call="replace", share=0.5)]
        world.server.sandbox.faults.set(faults)
    job = await reconciled(world, audience)
    assert (job.status, job.error) == ("SUCCEEDED", None)
    assert (
        job.done
        == job.total
        == (12 if mode is AudienceMode.ADD_ONLY else 10) - (1 if mode is AudienceMode.ADD_ONLY else 0)
    )
    audience = await sync(world.context, audience)
    rest = kept if mode is AudienceMode.ADD_ONLY else set()
    assert there(world.server, audience) == await expected(world.scope, world.segment) | rest
    assert (audience.status, audience.present, audience.excluded) == ("IN_SYNC", 10, 1)


async def test_a_reconciliation_that_is_cancelled_or_fails_leaves_an_audience_that_heals(
    world: World, small_batches: None
):
    audience = await sync(world.context, await an_audience(world.scope, world.segment))
    job = await replacing.ask(world.scope, audience.id)
    assert (await replacing.ask(world.scope, audience.id)).id == job.id
    world.fails(Fault.CUT, call="replace")
    taken = await running_jobs.take(world.scope.workspace_id, job.id)
    assert taken is not None
    await work_on(world.context, taken)
    await world.leave(world.ids[0])
    audience = await sync(world.context, audience)
    assert (audience.replacing_job_id, audience.leaving) == (job.id, 0), "the ledger stands still"
    await jobs.ask_cancel(world.scope, job.id)
    await db.execute("UPDATE jobs SET leased_until = NULL WHERE id = $1", job.id)
    taken = await running_jobs.take(world.scope.workspace_id, job.id)
    assert taken is not None
    await work_on(world.context, taken)
    audience = await sync(world.context, audience)
    assert (audience.status, audience.replacing_job_id) == ("IN_SYNC", None)
    assert await world.is_right(audience)
    world.fails(Fault.TERMS, call="replace")
    job = await reconciled(world, audience)
    assert job.status == "FAILED"
    assert "accept them" in str(job.error)
    world.server.sandbox.faults.set([])
    audience = await sync(world.context, await audiences.resume(world.scope, audience.id))
    assert await world.is_right(audience)


async def test_a_session_that_runs_out_half_way_is_made_good_by_the_difference(world: World, small_batches: None):
    audience = await sync(world.context, await an_audience(world.scope, world.segment))
    job = await replacing.ask(world.scope, audience.id)
    world.context.stopping.set()  # a worker that stops ends after a step
    for _ in range(10):
        taken = await running_jobs.take(world.scope.workspace_id, job.id)
        assert taken is not None
        await work_on(world.context, taken)
        if taken.done == 6:
            break
    world.context.stopping.clear()
    await jobs.ask_cancel(world.scope, job.id)
    await world.leave(world.ids[0])
    audience = await sync(world.context, audience)
    assert audience.replacing_job_id == job.id
    taken = await running_jobs.take(world.scope.workspace_id, job.id)
    assert taken is not None
    await work_on(world.context, taken)
    assert (await jobs.get(world.scope, job.id)).status == "CANCELLED"
    audience = await sync(world.context, audience)
    assert "in progress" in audience.reason
    world.server.sandbox.sessions.skipped_seconds += LASTS_SECONDS + 1
    world.server.sandbox.audience(str(audience.external_id))
    assert len(there(world.server, audience)) == 6
    await time_passes(audience)
    audience = await sync(world.context, audience)
    assert audience.status == "IN_SYNC"
    assert await world.is_right(audience)


async def test_an_audience_too_small_to_remove_from_is_replaced_and_says_so(world: World):
    audience = await sync(world.context, await an_audience(world.scope, world.segment))
    world.server.sandbox.smallest = 100
    await world.leave(world.ids[0])
    await db.execute("UPDATE contacts SET whatsapp_consent = 'OPTED_OUT' WHERE id = $1", world.ids[1])
    audience = await sync(world.context, audience)
    assert (audience.status, audience.leaving, audience.excluded) == ("SYNCING", 1, 1)
    assert "too small" in audience.reason
    job = await reconciled(world, audience)
    assert job.status == "SUCCEEDED"
    audience = await sync(world.context, audience)
    assert (audience.status, audience.reason) == ("IN_SYNC", None)
    assert await world.is_right(audience)


async def test_nobody_cannot_replace_an_audience(world: World):
    audience = await sync(world.context, await an_audience(world.scope, await a_segment(world.scope, [], "Nobody")))
    assert (audience.status, audience.present) == ("IN_SYNC", 0)
    assert (await reconciled(world, audience)).error == audience_jobs.NOBODY


# ---------------------------------------------------------------- the end


async def test_a_deleted_audience_leaves_nothing_here_and_stays_at_meta(world: World):
    audience = await sync(world.context, await an_audience(world.scope, world.segment))
    await audiences.delete(world.scope, audience.id)
    assert await audiences.find(world.scope, audience.id) is None
    await kit.sync_audience(world.context, world.scope.workspace_id, audience.id)
    for table in ("audiences", "audience_members", "changelog_readers"):
        assert await db.fetch_value(f"SELECT count(*) FROM {table}") == 0
    assert len(there(world.server, audience)) == 12


async def test_rows_that_contacts_share_stay_while_one_of_them_is_a_member(world: World):
    await db.execute("UPDATE contacts SET first_name = 'Ana', last_name = 'Gil'")
    names = [AudienceKey.FIRST_NAME, AudienceKey.LAST_NAME]
    audience = await sync(world.context, await an_audience(world.scope, world.segment, keys=names))
    await world.leave(*world.ids[:5])
    audience = await sync(world.context, audience)
    assert world.server.sandbox.people(str(audience.external_id), ["FN", "LN"]) == {(hashed("ana"), hashed("gil"))}
    assert (audience.status, audience.present) == ("IN_SYNC", 7)


async def test_what_is_wrong_with_an_audience_is_said(world: World):
    for wrong in ({"keys": []}, {"keys": [AudienceKey.EMAIL, AudienceKey.EMAIL]}):
        with pytest.raises(DomainError):
            await an_audience(world.scope, world.segment, **wrong)
    with pytest.raises(DomainError, match="no such segment"):
        await an_audience(world.scope, world.segment + 1)
    await connections.disconnect(world.scope)
    with pytest.raises(NotAllowedInState, match="no ad account is connected"):
        await an_audience(world.scope, world.segment)
    assert await db.fetch_value("SELECT count(*) FROM audiences") == 0


async def test_meta_is_asked_about_an_audience_now_and_then(world: World):
    audience = await sync(world.context, await an_audience(world.scope, world.segment))
    assert (audience.delivery_status, audience.approximate_lower) == ("This audience is too small.", None)
    assert world.server.sandbox.calls["read"] == 1
    await world.leave(world.ids[0])
    await sync(world.context, audience)
    assert world.server.sandbox.calls["read"] == 1
    before = "(looked_at AT TIME ZONE 'UTC' - $1::interval) AT TIME ZONE 'UTC'"
    await db.execute(f"UPDATE audiences SET looked_at = {before}", making.LOOK_EVERY)
    await world.leave(world.ids[1])
    await sync(world.context, audience)
    assert world.server.sandbox.calls["read"] == 2
