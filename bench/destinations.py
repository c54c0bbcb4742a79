"""What is told to others: advertising audiences."""

from bench import audiences
from bench.environment import Place
from bench.table import Result

TITLE = "Destinations"


async def measure(place: Place) -> list[Result]:
    return await audiences.measure(place)
