"""Arrivals as they are sent to PostgreSQL: what neighbours have in common is sent once."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from models.workflows.arrivals import Arrival


@dataclass(slots=True)
class Slices:
    """The contacts of arrivals in their order, and slices of them, a column each: from `first` to `last`, both counted from 1.

    A slice are neighbours that went the same `way`, a number, and whose ids follow one another, from `first_id` on.
    """

    contact_ids: list[int]
    way: list[int] = field(default_factory=list)
    first_id: list[int] = field(default_factory=list)
    first: list[int] = field(default_factory=list)
    last: list[int] = field(default_factory=list)


def slices_of(arrivals: Sequence[Arrival], ways: Sequence[int]) -> Slices:
    """`ways`: the number of the way of each arrival."""
    slices = Slices([arrival.contact_id for arrival in arrivals])
    last_way = next_id = None
    for place, (arrival, way) in enumerate(zip(arrivals, ways, strict=True), start=1):
        id_ = arrival.id
        if way != last_way or id_ != next_id:
            slices.way.append(way)
            slices.first_id.append(id_)
            slices.first.append(place)
            last_way = way
        next_id = id_ + 1
    slices.last = last_places(slices.first, len(arrivals))
    return slices


def last_places(first: Sequence[int], size: int) -> list[int]:
    """Where each slice ends, from where each begins; the last one ends with the last of `size` places."""
    return [*(place - 1 for place in first[1:]), size] if first else []
