"""What is told to others: webhooks of partners, advertising audiences."""

from bench import audiences, webhooks
from bench.environment import Place
from bench.table import Result

TITLE = "Destinations"


async def measure(place: Place) -> list[Result]:
    return [*await webhooks.measure(place), *await audiences.measure(place)]
