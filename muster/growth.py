"""What grows in the database, and what is kept no longer: a part of `muster doctor`."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final

from models import clock, db
from models.contacts import old_activities
from models.db import distribution, nodes
from models.queue import old_jobs, old_webhooks
from muster.findings import Finding, ok
from muster.settings import Settings, variable

LARGEST: Final = 5
MOST_COUNTED: Final = 1_000_000

_TABLES = """
    SELECT relname AS name, greatest(reltuples, 0)::bigint AS rows, pg_total_relation_size(oid) AS bytes
    FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY bytes DESC, relname LIMIT $1
"""

Count = Callable[[datetime, int], Awaitable[int]]


async def growth(settings: Settings) -> AsyncIterator[Finding]:
    """The largest tables by rows and bytes, then what each setting keeps."""
    for finding in await _largest_tables():
        yield finding
    yield ok(
        f"changes of members and events are kept for {settings.change_log_days} days ({variable('change_log_days')})"
    )
    yield ok(f"steps of workflows are kept for {settings.workflow_step_days} days ({variable('workflow_step_days')})")
    yield await _kept("activities", "activity_days", settings.activity_days, old_activities.count_older_than)
    yield await _kept("ended jobs", "job_days", settings.job_days, old_jobs.count_older_than)
    yield await _kept(
        "failed webhooks", "failed_webhook_days", settings.failed_webhook_days, old_webhooks.count_older_than
    )


async def _largest_tables() -> list[Finding]:
    if await distribution.is_cluster():
        sizes = await nodes.largest_tables(LARGEST)
        return [ok(f"table {name}: {shown_bytes(size)} with its indexes, on all nodes") for name, size in sizes]
    return [
        ok(f"table {row['name']}: about {row['rows']:,} rows, {shown_bytes(row['bytes'])} with its indexes")
        for row in await db.fetch(_TABLES, LARGEST)
    ]


async def _kept(noun: str, setting: str, days: int | None, count: Count) -> Finding:
    if days is None:
        return ok(f"{noun} are kept for good ({variable(setting)} is unset)")
    old = await count(clock.now() - timedelta(days=days), MOST_COUNTED)
    more = " or more" if old >= MOST_COUNTED else ""
    due = f"{old:,}{more} are older, and a worker drops them within the hour" if old else "none is older"
    return ok(f"{noun} are kept for {days} days ({variable(setting)}): {due}")


def shown_bytes(count: int) -> str:
    """`1.2 GiB`."""
    amount, unit = float(count), "bytes"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if amount < 1024:
            break
        amount, unit = amount / 1024, larger
    return f"{amount:.0f} {unit}" if unit == "bytes" or amount >= 100 else f"{amount:.1f} {unit}"
