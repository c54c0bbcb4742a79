"""The engine: whole segments, a tick, and a backlog."""

import random
import time
from datetime import datetime, timedelta

from bench import backlog
from bench.environment import Place
from bench.table import Result, medians
from bench.world import Rule, empty_of_segments, field, new_segment, new_segments, world
from models import clock, db
from models.membership import batches, rebuild
from permissions.principal import Scope

TITLE = "The engine (seconds, unless the figure says otherwise)"

THREE_CONDITIONS: Rule = {
    "all": [
        {"tags": {"operator": "HAS_ANY", "tags": ["news"]}},
        field("score", "GTE", 40),
        field("last_interaction_at", "WITHIN_LAST", "P90D"),
    ]
}
PURCHASES: Rule = {"activity": {"kind": "purchase", "metric": "COUNT", "within": "P90D", "operator": "GTE", "value": 1}}


async def measure(place: Place) -> list[Result]:
    url, large, small = await world(place)
    results = [
        *await _rebuilds(place, large, "three conditions", THREE_CONDITIONS, _THREE_CONDITIONS),
        *await _rebuilds(place, large, "an activity count", PURCHASES, _PURCHASES),
        *await _ticks(place, large, small),
        *await backlog.measure(place, url, large),
    ]
    await db.disconnect()
    return results


async def _rebuilds(place: Place, scope: Scope, name: str, rule: Rule, sql: str) -> list[Result]:
    """From nothing to all members, and again without a change, beside one statement for this rule."""
    await empty_of_segments(scope)
    ours, theirs = [], []
    for _ in range(place.rounds):
        ours.append(await _by_engine(scope, rule))
        theirs.append(await _by_statement(scope, sql))
    engine, statement = medians(ours), medians(theirs)
    ratios = {figure: engine[figure] / statement[figure] for figure in ("all new", "nothing new")}
    return [
        Result(f"rebuild, {name}", engine, "one statement", ratios, "goal: 1.3 x the statement"),
        Result(f"one statement, {name}", statement),
    ]


async def _by_engine(scope: Scope, rule: Rule) -> dict[str, float]:
    segment_id = await new_segment(scope, rule)
    figures = {"all new": await _timed(rebuild.rebuild(scope.workspace_id, segment_id))}
    figures["nothing new"] = await _timed(rebuild.rebuild(scope.workspace_id, segment_id, again=True))
    return await _and_members(scope, segment_id, figures)


async def _by_statement(scope: Scope, wanted: str) -> dict[str, float]:
    segment_id = await db.fetch_value(
        "INSERT INTO segments (workspace_id, name, kind) VALUES ($1, 'one statement', 'STATIC') RETURNING id",
        scope.workspace_id,
    )
    figures = {"all new": await _timed(_difference_by_statement(scope, segment_id, wanted))}
    figures["nothing new"] = await _timed(_difference_by_statement(scope, segment_id, wanted))
    return await _and_members(scope, segment_id, figures)


async def _and_members(scope: Scope, segment_id: int, figures: dict[str, float]) -> dict[str, float]:
    count = await db.fetch_value("SELECT member_count FROM segments WHERE id = $1", segment_id)
    await empty_of_segments(scope)
    return figures | {"members": count}


async def _difference_by_statement(scope: Scope, segment_id: int, wanted: str) -> None:
    async with db.transaction():
        await db.execute("SET LOCAL muster.members = 'logged'")
        await db.execute(_DIFFERENCE.format(wanted=wanted), scope.workspace_id, segment_id)


# With all that a difference must write: members, log, count.
_DIFFERENCE = """
WITH difference AS (
    SELECT coalesce(w.id, m.contact_id) AS contact_id, w.id IS NOT NULL AS entered
    FROM ({wanted}) AS w
    FULL JOIN (SELECT contact_id FROM memberships WHERE workspace_id = $1 AND segment_id = $2) AS m ON m.contact_id = w.id
    WHERE w.id IS NULL OR m.contact_id IS NULL
), gone AS (
    DELETE FROM memberships AS m USING difference AS d
    WHERE m.workspace_id = $1 AND m.segment_id = $2 AND m.contact_id = d.contact_id AND NOT d.entered
), come AS (
    INSERT INTO memberships (workspace_id, segment_id, contact_id, origin)
    SELECT $1, $2, contact_id, 'RULE' FROM difference WHERE entered
), logged AS (
    INSERT INTO membership_changes (workspace_id, append_id, place, segment_id, contact_id, kind, origin, at)
    SELECT $1, append.id, row_number() OVER (), $2, contact_id, CASE WHEN entered THEN 'ENTERED' ELSE 'LEFT' END, 'RULE', now()
    FROM difference, (SELECT nextval('membership_append_ids') AS id) AS append
)
UPDATE segments SET member_count = member_count + (SELECT coalesce(sum(CASE WHEN entered THEN 1 ELSE -1 END), 0) FROM difference)
WHERE workspace_id = $1 AND id = $2
"""

_THREE_CONDITIONS = """
SELECT id FROM contacts WHERE workspace_id = $1 AND tag_keys && ARRAY['news'] AND score >= 40
  AND last_interaction_at >= now() - interval '90 days' AND last_interaction_at <= now()
"""

_PURCHASES = """
SELECT contact_id AS id FROM activities WHERE workspace_id = $1 AND kind = 'purchase'
  AND occurred_at >= now() - interval '90 days' AND occurred_at <= now() GROUP BY contact_id HAVING count(*) >= 1
"""


async def _timed(work: object) -> float:
    started = time.perf_counter()
    await work  # type: ignore[misc]
    return time.perf_counter() - started


CROSSERS = 500
RELATIVE_SEGMENTS = 50
WARM_TICKS, TICKS_A_ROUND = 3, 5


async def _ticks(place: Place, large: Scope, small: Scope) -> list[Result]:
    """In a workspace and in one of a tenth, by turns."""
    scopes = {"large": large, "small": small}
    for scope in scopes.values():
        await empty_of_segments(scope)
        await new_segments(scope, [_silent_for(number) for number in range(RELATIVE_SEGMENTS)])
    start = clock.now() + timedelta(seconds=60)
    ticks: dict[str, list[dict[str, float]]] = {"large": [], "small": []}
    for number in range(WARM_TICKS + TICKS_A_ROUND * place.rounds):
        for name, scope in scopes.items():
            ticks[name].append(await _tick(scope, start + number * timedelta(seconds=30)))
    for scope in scopes.values():
        await empty_of_segments(scope)
    of_large, of_small = (medians(of_one[WARM_TICKS:]) for of_one in ticks.values())
    ratios = {"tick ms": of_large["tick ms"] / of_small["tick ms"]}
    note = "goal: 150 ms, and 1.5 x the tick in a tenth"
    return [
        Result(f"tick, {place.contacts:,} contacts", of_large, "a tenth", ratios, note),
        Result(f"tick, {place.contacts // 10:,} contacts", of_small),
    ]


def _silent_for(number: int) -> Rule:
    """A rule that about one contact in a hundred fits."""
    return {
        "all": [field("last_interaction_at", "MORE_THAN_AGO", f"P{10 + number}D"), field("score", "EQUALS", number)]
    }


async def _tick(scope: Scope, moment: datetime) -> dict[str, float]:
    """From `moment`, where nobody crosses, to where 500 have."""
    clock.set_source(lambda: moment)
    await _put_at_the_threshold(scope, moment + timedelta(seconds=5))
    await _take_in_all(scope)
    clock.set_source(lambda: moment + timedelta(seconds=12))
    started = time.perf_counter()
    done = await batches.process_batch(scope.workspace_id, 5_000)
    took = (time.perf_counter() - started) * 1000
    clock.set_source(None)
    return {"tick ms": took, "changes": done.changes}


async def _put_at_the_threshold(scope: Scope, moment: datetime) -> None:
    """Ten contacts for each segment cross its threshold at `moment`."""
    ends = await db.fetch_row("SELECT min(id), max(id) FROM contacts WHERE workspace_id = $1", scope.workspace_id)
    assert ends is not None
    await db.execute(
        """
        UPDATE contacts SET score = number % $4, last_interaction_at = $2::timestamptz - (10 + number % $4) * interval '1 day'
        FROM unnest($3::bigint[]) WITH ORDINALITY AS chosen (id, number) WHERE workspace_id = $1 AND contacts.id = chosen.id
        """,
        scope.workspace_id,
        moment,
        random.sample(range(ends[0], ends[1] + 1), CROSSERS),
        RELATIVE_SEGMENTS,
    )


async def _take_in_all(scope: Scope) -> None:
    while (await batches.process_batch(scope.workspace_id, 5_000)).more:
        pass
