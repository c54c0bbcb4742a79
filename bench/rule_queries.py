"""Rules as text: read and checked, written, and completed."""

import time
from collections.abc import Callable
from statistics import median

from bench.environment import Place
from bench.table import Result
from models import db
from models.accounts import workspaces
from models.contacts import fields
from models.rule_catalogue.completions import complete_query
from models.rules.catalogue import Catalogue, KnownSegment, custom_field
from models.rules.query.checking import checked
from models.rules.query.completing import complete
from models.rules.query.parsing import parse
from models.rules.query.parts import FoundSegments
from models.rules.query.printing import segment_by_name, write
from models.rules.tree import FieldType

TITLE = "Rules as text (milliseconds of CPU; the last one of time)"

READ_GOAL_MS, COMPLETE_GOAL_MS = 1, 5

CONDITIONS = """
city = 'Madrid' and not (tagged any ('botox', 'dental') or last_interaction_at more than 30 days ago)
and count(purchase) within last 90 days >= 2 and date_of_birth anniversary within next 7 days and not in segment 'VIP'
and (score >= 10 or whatsapp_consent = 'OPTED_IN') and name starts with 'A' and sum(purchase, total) > 100.5
"""
"""Ten of them, of every kind."""

CATALOGUE = Catalogue(
    "Europe/Madrid",
    {
        f"attributes.{key}": custom_field(key, key, FieldType.TEXT)
        for key in ("city", *(f"field_{n}" for n in range(50)))
    },
    {1: KnownSegment("VIP")},
)


def _read(text: str) -> object:
    parsed = parse(text)
    return checked(parsed, CATALOGUE, {name: FoundSegments([1]) for name in parsed.segment_names()})


async def measure(place: Place) -> list[Result]:
    parsed = parse(CONDITIONS)
    rule = checked(parsed, CATALOGUE, {name: FoundSegments([1]) for name in parsed.segment_names()})
    names = {1: segment_by_name("VIP")}
    wrong = CONDITIONS.replace(" >= 10", " => 10").replace("score", "scroe")
    results = [
        _result(place, "ten conditions, read and checked", lambda: _read(CONDITIONS), f"goal: {READ_GOAL_MS} ms"),
        _result(place, "the same, with two mistakes in it", lambda: _mistakes(wrong)),
        _result(place, "the same, written", lambda: write(rule, CATALOGUE, names)),
    ]
    after = f"{CONDITIONS} and cit"
    note = f"goal: {COMPLETE_GOAL_MS} ms"
    results.append(_result(place, "completions after them", lambda: complete(after, len(after), CATALOGUE), note))
    return [*results, await _with_a_workspace(place, after, note)]


def _mistakes(text: str) -> object:
    return parse(text, CATALOGUE)


def _result(place: Place, name: str, work: Callable[[], object], note: str = "") -> Result:
    return Result(name, {"ms": median(_timed(work) for _ in range(max(5, place.rounds * 3)))}, note=note)


def _timed(work: Callable[[], object], times: int = 50) -> float:
    started = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - started) * 1000 / times


async def _with_a_workspace(place: Place, text: str, note: str) -> Result:
    """With the fields read from PostgreSQL, as the API does."""
    await place.drop("muster_rule_queries")
    await place.database("muster_rule_queries")
    scope = await workspaces.create("Bench", timezone="Europe/Madrid", default_country="ES")
    for key in CATALOGUE.custom:
        await fields.create(scope, key=key.removeprefix("attributes."), label=key, kind=FieldType.TEXT)
    took = []
    for _ in range(max(20, place.rounds * 10)):
        started = time.perf_counter()
        await complete_query(scope, text, len(text), str, with_values=False)
        took.append((time.perf_counter() - started) * 1000)
    await db.disconnect()
    return Result("the same, with the fields of a workspace", {"ms": median(took)}, note=note)
