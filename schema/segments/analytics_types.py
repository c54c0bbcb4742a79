"""Segments over time, as the API shows them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import strawberry

from models.segments import analytics
from models.segments.analytics import AnalyticsInterval
from schema.server.context import Info
from schema.server.execution.rows import ids_of
from schema.server.guard import scope_of

strawberry.enum(AnalyticsInterval)


@strawberry.type
class SegmentPoint:
    """One interval, which begins at `at`."""

    at: datetime
    members: int = strawberry.field(description="Members at the end of the interval.")
    entered: int
    left: int


@strawberry.type
class SegmentAnalytics:
    """Entries and exits by intervals in the workspace's time zone."""

    points: list[SegmentPoint]
    entered: int
    left: int


async def trends_of(rows: Sequence[Any], info: Info, days: int | None = 30) -> Sequence[Any]:
    ids = ids_of(rows)
    by_id = await analytics.trends(scope_of(info), ids, 30 if days is None else days)
    return [by_id[segment_id] for segment_id in ids]


async def analytics_of(
    rows: Sequence[Any],
    info: Info,
    from_: Annotated[datetime, strawberry.argument(name="from")],
    to: datetime,
    interval: AnalyticsInterval = AnalyticsInterval.DAY,
) -> Sequence[Any]:
    ids = ids_of(rows)
    by_id = await analytics.for_each(scope_of(info), ids, from_, to, interval)
    return [by_id[segment_id] for segment_id in ids]
