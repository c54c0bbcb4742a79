"""Random histories of segments: whatever was made, changed, deleted and restored, one after the other or by many at once,
members, counts and log agree at the end, nobody waited for another in a ring, and what a rule mentions knows that it is used.
"""

import asyncio
from random import Random

from models import db
from models.accounts import workspaces
from models.contacts.create import create_contact
from models.contacts.delete import delete_contacts
from models.contacts.selections import ContactSelection
from models.contacts.update import update_contact
from models.db.tables.segments import Segment, SegmentUse
from models.errors import DomainError, Problems
from models.membership import backfill, builds, rebuild, swap
from models.membership.origins import Override
from models.rules.depends import segments_mentioned
from models.segments import members, segments
from models.segments.members import MemberAction
from models.segments.segments import SegmentKind
from permissions.principal import Scope
from tests.kit.draws import with_seeds
from tests.kit.engine import assert_all_is_right, settled
from tests.kit.segments import replayed

TAGS = ["vip", "silver", "new"]


class History:
    """A workspace in which things happen at random. What the domain refuses is not done, and that is all."""

    def __init__(self, scope: Scope, seed: int, shared: list[int] | None = None) -> None:
        self.scope = scope
        self.random = Random(seed)
        self.segments = [] if shared is None else shared

    async def go_on(self) -> None:
        steps = [self.new, self.edit, self.edit, self.copy, self.delete, self.delete, self.restore, self.restore]
        steps += [self.change, self.change, self.override, self.contact, self.contact, self.engine, self.engine]
        steps += [self.tell, self.tell]
        try:
            await self.random.choice(steps)()
        except (DomainError, Problems):
            pass

    def rule(self) -> dict:
        random = self.random
        leaf = {"tags": {"operator": "HAS_ANY", "tags": [random.choice(TAGS)]}}
        if self.segments and random.random() < 0.5:
            leaf = {"segment": {"segmentId": random.choice(self.segments), "member": random.random() < 0.7}}
        return random.choice([leaf, {"not": leaf}, {"any": [leaf, {"tags": {"operator": "HAS_ANY", "tags": ["vip"]}}]}])

    async def some_contacts(self) -> tuple[int, ...]:
        rows = await db.fetch("SELECT id FROM contacts WHERE workspace_id = $1 ORDER BY id", self.scope.workspace_id)
        ids = [row["id"] for row in rows]
        return tuple(self.random.sample(ids, min(len(ids), self.random.randint(0, 5))))

    async def new(self) -> None:
        if self.random.random() < 0.4:
            chosen = ContactSelection(ids=await self.some_contacts())
            made = await segments.create(self.scope, SegmentKind.STATIC, name="s", contacts=chosen)
        else:
            made = await segments.create(self.scope, SegmentKind.DYNAMIC, name="d", rule=self.rule())
        self.segments.append(made.segment.id)

    async def edit(self) -> None:
        await segments.update(self.scope, self.one(), {"rule": self.rule()})

    async def copy(self) -> None:
        self.segments.append((await segments.duplicate(self.scope, self.one(), "copy")).segment.id)

    async def delete(self) -> None:
        await segments.delete(self.scope, self.one(), force=self.random.random() < 0.7)

    async def restore(self) -> None:
        await segments.restore(self.scope, self.one())

    async def change(self) -> None:
        chosen = ContactSelection(ids=await self.some_contacts())
        if self.random.random() < 0.3:
            chosen = ContactSelection(segment_id=self.one())
        await members.change(self.scope, self.one(), self.random.choice(list(MemberAction)), chosen)

    async def override(self) -> None:
        said = self.random.choice([Override.INCLUDE, Override.EXCLUDE, None])
        await members.override(self.scope, self.one(), await self.some_contacts(), said)

    async def contact(self) -> None:
        some = await self.some_contacts()
        if not some or self.random.random() < 0.4:
            await create_contact(self.scope, {"tags": self.random.sample(TAGS, self.random.randint(0, 2))})
        elif self.random.random() < 0.3:
            await delete_contacts(self.scope, some[:1])
        else:
            await update_contact(self.scope, some[0], {"tags": self.random.sample(TAGS, self.random.randint(0, 2))})

    async def engine(self) -> None:
        if self.random.random() < 0.5:
            await settled(self.scope)
        for workspace_id, segment_id in list(await builds.wanted())[:1]:
            await rebuild.rebuild(workspace_id, segment_id)

    async def tell(self) -> None:
        for workspace_id, segment_id in await backfill.waiting():
            if self.random.random() < 0.5:
                assert workspace_id == self.scope.workspace_id
                await segments.backfill_step(self.scope, segment_id)

    def one(self) -> int:
        return self.random.choice(self.segments or [0])

    async def come_to_rest(self) -> None:
        while await backfill.waiting():
            await self.tell()
        while waiting := await builds.wanted():
            for workspace_id, segment_id in waiting:
                await rebuild.rebuild(workspace_id, segment_id)
            await settled(self.scope)
        await settled(self.scope)


@with_seeds(4)
async def test_after_any_history_members_counts_and_log_agree(database, seed, monkeypatch):
    monkeypatch.setattr(backfill, "AT_ONCE", 3)
    history = History(await workspaces.create("Clinic"), seed)
    for _ in range(60):
        await history.go_on()
    await history.come_to_rest()
    await assert_segments_are_right(history.scope)


@with_seeds(4)
async def test_after_parallel_histories_members_counts_and_log_agree(database, seed, monkeypatch):
    random = Random(seed)
    monkeypatch.setattr(backfill, "AT_ONCE", random.choice([1, 2, 5]))
    monkeypatch.setattr(swap, "SMALL", random.choice([0, 2, 5_000]))
    first = History(await workspaces.create("Clinic"), seed)
    for _ in range(15):
        await first.go_on()

    async def live(history: History) -> None:
        for _ in range(20):
            await history.go_on()
            await asyncio.sleep(random.random() / 500)

    others = [History(first.scope, 1000 * seed + number, first.segments) for number in range(1, 6)]
    await asyncio.gather(*map(live, others))
    await first.come_to_rest()
    await assert_segments_are_right(first.scope)


async def assert_segments_are_right(scope: Scope) -> None:
    await assert_all_is_right(scope)
    for segment in await Segment.all():
        if segment.deleted_at is not None:
            assert await replayed(scope, segment) == set()
        expected = (backfill.NOBODY, None) if segment.deleted_at is None else (backfill.EVERYBODY, None)
        assert (segment.logged_up_to, segment.restore_asked_at) == expected
    there = {segment.id: segment for segment in await Segment.filter(deleted_at=None)}
    for segment in there.values():
        used = await SegmentUse.filter(kind="SEGMENT", used_by_id=segment.id, active=True).values_list(
            "segment_id", flat=True
        )
        assert there.keys() & set(used) == there.keys() & segments_mentioned(segment.rule)
