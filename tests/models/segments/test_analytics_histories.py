"""Random histories, told by hour, day, week and month as a walk through the calendar minute by minute tells them."""

from datetime import date, datetime, timedelta
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo

from models import clock, db
from models.accounts import workspaces
from models.errors import LimitExceeded
from models.segments import analytics
from models.segments.analytics import AnalyticsInterval
from permissions.principal import Scope
from tests.kit.draws import with_seeds
from tests.kit.segments import static_segment
from tests.models.segments.test_analytics import forget_log, log, points

TIMES = [
    ("Europe/Madrid", "2026-03-20"),
    ("America/New_York", "2026-10-25"),
    ("Australia/Lord_Howe", "2026-03-28"),
    ("Africa/Casablanca", "2026-02-10"),
    ("Pacific/Apia", "2011-12-22"),
    ("America/Santiago", "2026-08-29"),
    ("America/Sao_Paulo", "2019-02-09"),
    ("America/Havana", "2026-10-25"),
    ("Asia/Beirut", "2025-03-20"),
    ("Asia/Kolkata", "2026-01-25"),
]
"""Zones, and days soon after which their clocks do something."""


@with_seeds(6)
async def test_each_interval_holds_what_happened_in_its_minutes(database, seed):
    random = Random(seed)
    timezone, day = random.choice(TIMES)
    history = History(
        await workspaces.create("Clinic", timezone=timezone), random, datetime.fromisoformat(f"{day}T00:00Z")
    )
    await history.happen()
    for _ in range(6):
        await history.ask()


class History:
    """Twelve days of a segment."""

    def __init__(self, scope: Scope, random: Random, start: datetime) -> None:
        self.scope, self.random, self.start = scope, random, start
        self.zone = ZoneInfo(scope.timezone)
        self.now = self.moment() + timedelta(days=3)
        self.changes: list[tuple[datetime, int]] = []

    def moment(self) -> datetime:
        return self.start + timedelta(seconds=self.random.randrange(12 * 86_400))

    async def happen(self) -> None:
        await db.execute("UPDATE workspaces SET created_at = $1", self.start - timedelta(days=3))
        self.segment = await static_segment(self.scope)
        for at in sorted(self.moment() for _ in range(40)):
            there = sum(many for _, many in self.changes)
            self.changes.append((at, self.random.choice([3, 1, -1]) if there else 2))
        await log(self.scope, self.segment, *self.changes)
        until = self.start
        for at in sorted(self.moment() for _ in range(self.random.randrange(4))):
            clock.set_source(lambda at=at: at)
            until = await analytics.write_days(self.scope)
        if until > self.start and self.random.random() < 0.7:
            await forget_log(self.scope, self.start + (until - self.start) * self.random.random())
        clock.set_source(lambda: self.now)

    async def ask(self) -> None:
        interval = self.random.choice(list(AnalyticsInterval))
        start = self.moment()
        end = start + timedelta(minutes=self.random.randrange(1, 3 * 1440))
        try:
            found = await points(self.scope, self.segment, start, end, interval)
        except LimitExceeded:
            assert interval is AnalyticsInterval.HOUR
        else:
            assert found == self.walk(start, end, interval)

    def walk(self, start: datetime, end: datetime, interval: AnalyticsInterval) -> list[tuple]:
        """The points of [start, end), found by looking at each minute's place in the calendar."""
        end = min(end, self.now)
        if end < start:
            return []
        minute, minutes = timedelta(minutes=1), [start.replace(second=0)]
        first = self.called(minutes[0], interval)
        while self.called(minutes[-1] - minute, interval) == first:
            minutes.append(minutes[-1] - minute)
        edges = [minutes[-1]]
        at, called = edges[0], first
        while at < end or self.called(at, interval) == called:
            at += minute
            if self.called(at, interval) != called:
                edges.append(at)
                called = self.called(at, interval)
                if at >= end:
                    break
        return [self.point(*pair) for pair in pairwise(edges)]

    def called(self, at: datetime, interval: AnalyticsInterval) -> tuple | date:
        """What people call the interval: where an hour comes twice, each is called by its offset too."""
        local = at.astimezone(self.zone)
        if interval is AnalyticsInterval.HOUR:
            twice = {local.replace(minute=0, fold=fold).utcoffset() for fold in (0, 1)}
            return local.date(), local.hour, local.utcoffset() if len(twice) > 1 else None
        if interval is AnalyticsInterval.WEEK:
            return local.date() - timedelta(days=local.weekday())
        return local.date().replace(day=1) if interval is AnalyticsInterval.MONTH else local.date()

    def point(self, begins: datetime, ends: datetime) -> tuple[datetime, int, int, int]:
        inside = [many for at, many in self.changes if begins <= at < ends]
        members = sum(many for at, many in self.changes if at < ends)
        return begins, members, sum(n for n in inside if n > 0), -sum(n for n in inside if n < 0)
