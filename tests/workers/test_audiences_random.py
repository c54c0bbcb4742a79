"""After any sequence of changes, faults and crashes, the sandbox's audience is what a set in Python says."""

from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

from models import db
from models.changelog import retention
from models.changelog.events import EVENTS
from models.changelog.members import MEMBERS
from models.db.tables.audiences import Audience
from models.destinations.audiences import audiences, replacing
from models.queue import running_jobs
from models.values.global_ids import to_global_id
from permissions.principal import Scope
from sandbox.meta.faults import Command, Fault
from sandbox.meta.server import Server
from tests.kit import audiences as kit
from tests.kit.audiences import hashed, sync, there, time_passes
from tests.kit.broadcasts import a_segment
from tests.kit.draws import with_seeds
from tests.kit.killing import Killed, killed_after
from tests.kit.meta import a_sandbox
from workers.context import WorkerContext
from workers.jobs import work_on

STEPS = 45

FAULTS = [fault for fault in Fault if fault not in (Fault.HANGS, Fault.SLOW, Fault.TOKEN_EXPIRED)]


@dataclass
class Contact:
    """As the test knows it."""

    id: int
    email: str | None
    phone: str | None
    opted_out: bool = False
    is_member: bool = False


@dataclass
class World:
    server: Server
    context: WorkerContext
    scope: Scope
    segment: int
    audience: Audience
    random: Random
    contacts: list[Contact] = field(default_factory=list)

    def expected(self) -> set[tuple[str, str, str]]:
        return {
            (hashed(one.email), hashed((one.phone or "")[1:]), to_global_id("Contact", one.id))
            for one in self.contacts
            if one.is_member and not one.opted_out
        }

    # ------------------------------------------------------------ what people do

    async def appear(self) -> None:
        number = self.random.randrange(10**6)
        email = self.random.choice([None, f"p{number}@example.com"])
        phone = self.random.choice([None, f"+3460{number:07}"])
        made = await db.fetch_value(
            "INSERT INTO contacts (workspace_id, email, phone) VALUES ($1, $2, $3) RETURNING id",
            self.scope.workspace_id,
            email,
            phone,
        )
        self.contacts.append(Contact(made, email, phone))
        await self.join()

    async def join(self) -> None:
        one = self.random.choice(self.contacts)
        if not one.is_member:
            await db.execute(
                "INSERT INTO memberships (workspace_id, segment_id, contact_id, origin) VALUES ($1, $2, $3, 'MANUAL')",
                self.scope.workspace_id,
                self.segment,
                one.id,
            )
            one.is_member = True

    async def leave(self) -> None:
        one = self.random.choice(self.contacts)
        await db.execute("DELETE FROM memberships WHERE contact_id = $1", one.id)
        one.is_member = False

    async def change(self) -> None:
        """Sometimes to the address that another contact had."""
        one, other = self.random.choice(self.contacts), self.random.choice(self.contacts)
        taken = other.email
        other.email = None
        await db.execute("UPDATE contacts SET email = NULL WHERE id = $1", other.id)
        one.email = taken or f"n{self.random.randrange(10**6)}@example.com"
        await db.execute("UPDATE contacts SET email = $2 WHERE id = $1", one.id, one.email)

    async def opt(self) -> None:
        one = self.random.choice(self.contacts)
        one.opted_out = not one.opted_out
        said = "OPTED_OUT" if one.opted_out else "OPTED_IN"
        await db.execute("UPDATE contacts SET whatsapp_consent = $2 WHERE id = $1", one.id, said)

    async def vanish(self) -> None:
        one = self.random.choice(self.contacts)
        if len(self.contacts) > 2:
            await db.execute("DELETE FROM contacts WHERE id = $1", one.id)
            self.contacts.remove(one)

    # ------------------------------------------------------------ what machines do

    async def fail(self) -> None:
        chosen = [Command(self.random.choice(FAULTS), times=self.random.randint(1, 2)) for _ in range(2)]
        self.server.sandbox.faults.set(chosen)

    async def crash(self) -> None:
        """The worker dies before one of its statements; what it holds is free after a while."""
        try:
            with killed_after(self.random.randint(3, 60)):
                await sync(self.context, self.audience)
        except Killed:
            pass
        await time_passes(self.audience)

    async def work(self) -> None:
        self.audience = await sync(self.context, self.audience)

    async def wait(self) -> None:
        await time_passes(self.audience)
        await self.work()

    async def pause(self) -> None:
        await audiences.pause(self.scope, self.audience.id)

    async def resume(self) -> None:
        self.audience = await Audience.get(id=self.audience.id)
        if self.audience.status in ("PAUSED", "BLOCKED"):
            await audiences.resume(self.scope, self.audience.id)

    async def reconcile(self) -> None:
        self.audience = await Audience.get(id=self.audience.id)
        if self.audience.status not in ("PAUSED", "BLOCKED"):
            await replacing.ask(self.scope, self.audience.id)
        await self.work_on_jobs()

    async def work_on_jobs(self) -> None:
        await db.execute("UPDATE jobs SET leased_until = NULL")
        for workspace_id, job_id in await running_jobs.waiting(10):
            job = await running_jobs.take(workspace_id, job_id)
            if job is not None:
                await work_on(self.context, job)

    async def forget_logs(self) -> None:
        for log in (MEMBERS, EVENTS):
            await retention.drop_older_than(timedelta(0), log)

    async def heal(self) -> None:
        """Nothing fails any more, people do what the audience asks for, and workers work."""
        self.server.sandbox.faults.set([])
        for _ in range(12):
            await time_passes(self.audience)
            await self.resume()
            await self.work_on_jobs()
            self.server.sandbox.sessions.skipped_seconds += 6_000
            await self.work()


WEIGHTS = {
    "appear": 4,
    "join": 4,
    "leave": 4,
    "change": 5,
    "opt": 4,
    "vanish": 2,
    "fail": 4,
    "crash": 4,
    "work": 5,
    "wait": 5,
    "pause": 1,
    "resume": 3,
    "reconcile": 2,
    "forget_logs": 1,
}


@with_seeds(10)
async def test_an_audience_ends_as_its_segment_without_those_who_opted_out(database: str, seed: int) -> None:
    random = Random(seed)
    async with a_sandbox() as server:
        scope = await kit.an_advertiser()
        segment = await a_segment(scope, [])
        audience = await kit.an_audience(scope, segment)
        world = World(server, kit.a_context(server, 0.5), scope, segment, audience, random)
        await world.appear()
        done = []
        for name in random.choices(list(WEIGHTS), list(WEIGHTS.values()), k=STEPS):
            done.append(name)
            await getattr(world, name)()
        await world.heal()
        assert there(server, world.audience) == world.expected(), done
        assert world.audience.status == "IN_SYNC", (world.audience.reason, done)
        await the_counts_are_right(world)


async def the_counts_are_right(world: World) -> None:
    """By the ledger, and by the segment."""
    rows = await db.fetch("SELECT lower(state) AS state, count(*) AS n FROM audience_members GROUP BY 1")
    counted = {row["state"]: row["n"] for row in rows}
    states = ("present", "pending", "unmatchable", "excluded", "refused", "leaving", "kept")
    assert {state: getattr(world.audience, state) for state in states} == {
        state: counted.get(state, 0) for state in states
    }
    members = [one for one in world.contacts if one.is_member]
    assert world.audience.present == len([one for one in members if not one.opted_out])
    assert world.audience.excluded == len([one for one in members if one.opted_out])
