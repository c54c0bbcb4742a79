"""Reserved event streams are limited per address, and expire."""

import asyncio

import pytest

from models.errors import Throttled
from schema.server.transports.reservations import Reservations
from schema.server.transports.stream import StreamLimits


def reservations(seconds: float = 5.0) -> Reservations:
    return Reservations(StreamLimits(reserved_seconds=seconds, waiting_per_address=2))


async def test_an_address_can_reserve_a_few_streams_and_others_can_too() -> None:
    kept = reservations()
    kept.reserve("192.0.2.1")
    kept.reserve("192.0.2.1")
    with pytest.raises(Throttled) as refused:
        kept.reserve("192.0.2.1")
    assert refused.value.retry_after_seconds == 5.0
    assert kept.find(kept.reserve("192.0.2.2")) is not None


async def test_a_stream_that_is_listened_to_makes_room() -> None:
    kept = reservations()
    first, second = kept.reserve("192.0.2.1"), kept.reserve("192.0.2.1")
    kept.listen(first)
    third = kept.reserve("192.0.2.1")
    assert all(kept.find(token) for token in (first, second, third))
    for token in (first, second, third, "unknown"):
        kept.drop(token)
    assert (kept.streams, kept.waiting, kept.waiting_by_address) == ({}, {}, {})


async def test_a_stream_that_nobody_listens_to_expires() -> None:
    kept = reservations(seconds=0.05)
    listened, left = kept.reserve("192.0.2.1"), kept.reserve("192.0.2.1")
    kept.listen(listened)
    await asyncio.sleep(0.1)
    assert kept.find(left) is None
    assert kept.find(listened) is not None
    kept.check_room("192.0.2.1")
