"""A clock that is moved from instant to instant, with nothing written: at each of them members are as the rules have them.

What is moved to is what hurts: the very moment of a line and the microsecond before, midnights, the turns of the clocks, and
months in which nobody worked. `make explore` draws more worlds than the few that every run takes.
"""

from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from models import clock, db
from models.membership import batches, statements
from tests.kit.draws import with_seeds
from tests.kit.engine import assert_all_is_right, plus_segment, settled, stored
from tests.kit.segments import dynamic_segment, in_segment
from tests.kit.worlds import World

INSTANTS = 14
DAYS = [0, 1, 7, 14, 30, 31, 90, 365, 366]


@with_seeds(8)
async def test_members_are_right_whatever_time_it_is(database, monkeypatch, seed):
    world = World(seed, contacts=30)
    monkeypatch.setattr(statements, "LOOKUPS_AT_ONCE", Random(seed).choice([1, 4, 500]))
    moving = Moving(world)
    clock.set_source(lambda: moving.now)
    scope = await stored(world)
    rules = [await plus_segment(scope, world.rule(1, world.relative_leaf)) for _ in range(6)]
    await dynamic_segment(scope, {"any": [in_segment(rules[0], member=False), in_segment(rules[1])]})
    await settled(scope)
    for _ in range(INSTANTS):
        moving.on()
        before = await _position(scope)
        done = await _tick(scope)
        assert done == await _position(scope) - before
        await assert_all_is_right(scope, moving.now)


async def _tick(scope):
    """Process all crossings. Without a crossing no contact is evaluated."""
    changes = 0
    while (done := await batches.process_batch(scope.workspace_id, 50)).contacts or done.more:
        changes += done.changes
    return changes


async def _position(scope):
    return (
        await db.fetch_value("SELECT position FROM membership_heads WHERE workspace_id = $1", scope.workspace_id) or 0
    )


class Moving:
    """A clock, and where to move it."""

    def __init__(self, world):
        self.random, self.now = Random(world.seed), world.now
        self.zone = ZoneInfo(world.timezone)
        self.told = sorted(filter(None, map(_instant, _told(world))))

    def on(self):
        """To a later instant, by at least a tick."""
        random = self.random
        to = random.choice([self._line, self._line, self._midnight, self._turn, self._turn, self._leap, self._leap])()
        slight = random.choice(
            [timedelta(0), timedelta(microseconds=1), timedelta(microseconds=-1), timedelta(minutes=30)]
        )
        self.now = max(self.now + timedelta(seconds=1), to + slight)

    def _line(self):
        """So long after a recorded instant."""
        after = [at + timedelta(days=days) for at in self.told for days in DAYS]
        coming = [at for at in after if timedelta(0) < at - self.now < timedelta(days=40)]
        return self.random.choice(coming) if coming else self._leap()

    def _midnight(self):
        day = self.now.astimezone(self.zone).date() + timedelta(days=self.random.randint(1, 3))
        return datetime(day.year, day.month, day.day, tzinfo=self.zone).astimezone(UTC)

    def _turn(self):
        """When the clocks are turned next; or some time around."""
        offset, at = self.now.astimezone(self.zone).utcoffset(), self.now.replace(minute=0, second=0, microsecond=0)
        for _ in range(24 * 200):
            at += timedelta(hours=1)
            if at.astimezone(self.zone).utcoffset() != offset:
                return at + timedelta(minutes=self.random.choice([0, 0, -30, 30, 60, 90]))
        return self._leap()

    def _leap(self):
        return self.now + self.random.choice(
            [timedelta(hours=self.random.randint(1, 50)), timedelta(seconds=self.random.randint(1, 10**7))]
        )


def _told(world):
    for contact in world.contacts:
        yield from (contact[key] for key in ("subscribed_at", "last_interaction_at", "created_at"))
        yield from (activity["occurred_at"] for activity in contact["activities"])
        yield from contact["attributes"].values()


def _instant(value):
    try:
        at = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return at if 1000 < at.year < 3000 else None
