"""When a date comes to somebody whose time zone has changed: once, also where the change jumps over its local time.

Who moves to a zone in which the moment is over, and had it still to come, meets it as it moves. Who has met it does not meet it
again in the next zone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from models.workflows.timing.local_times import LATEST


@dataclass(frozen=True, slots=True)
class Stay:
    """In this zone until a moment; the last one of some goes on."""

    zone: str
    until: datetime = LATEST


def stays_of(own: Sequence[tuple[str | None, datetime]], workspace: Sequence[Stay]) -> list[Stay]:
    """Where somebody lived with these zones of its own, each until a moment; None: in the workspace's."""
    stays: list[Stay] = []
    since: datetime | None = None
    for zone, until in own:
        if zone is not None:
            stays.append(Stay(zone, until))
        else:
            later = [stay for stay in workspace if since is None or stay.until > since]
            last = next(index for index, stay in enumerate(later) if stay.until >= until)
            stays += [*later[:last], Stay(later[last].zone, until)]
        since = until
    return stays


def met_at(comes_at: Callable[[str], datetime], stays: Sequence[Stay], begins_at: datetime) -> datetime | None:
    """When a moment is met that comes at `comes_at` of a zone, by somebody who is watched from `begins_at` on; None: never."""
    since, has_it_to_come = begins_at, False
    for stay in stays:
        if stay.until <= begins_at:
            continue
        comes = comes_at(stay.zone)
        if comes <= since and has_it_to_come:
            return since
        if since < comes <= stay.until:
            return comes
        since, has_it_to_come = stay.until, comes > stay.until
    return None
