"""Scores: a build beside one statement written for it, a change with 20 scores, and a tick of decays."""

import random
import time
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from bench.environment import Place, settle
from bench.table import Result, medians
from bench.world import empty_of_segments, world
from models import clock, db
from models.membership import batches
from models.score_models import build, score_models
from models.scores import epochs
from permissions.principal import Scope

TITLE = "Scores (seconds; of one change milliseconds)"

MODELS, CHANGES, DECAYS = 20, 300, 500


async def measure(place: Place) -> list[Result]:
    _, large, _ = await world(place)
    try:
        await empty_of_segments(large)
        await _empty_of_scores(large)
        return [*await _builds(place, large), await _changes(large), *await _ticks(place, large)]
    finally:
        await _empty_of_scores(large)
        await db.disconnect()


async def _empty_of_scores(scope: Scope) -> None:
    for table in ("contact_scores", "score_history", "score_models"):
        await db.execute(f"DELETE FROM {table} WHERE workspace_id = $1", scope.workspace_id)
    await db.execute(
        "UPDATE membership_heads SET ticked_at = NULL, calm_until = NULL WHERE workspace_id = $1", scope.workspace_id
    )
    async with db.transaction():
        await epochs.grow(scope.workspace_id)


def _model(key: str, percent: int = 25) -> dict[str, Any]:
    visits = {"kind": "product.visit", "lasting": "P90D"}
    bought = {"kind": "purchase", "decay": {"percent": percent, "every": "P30D"}}
    parts = [
        {"label": "Visits", "points": 1, "earn": {"each": visits}},
        {"label": "Purchases", "points": 10, "earn": {"each": bought}},
        {
            "label": "Keen",
            "points": 5,
            "earn": {"while": {"field": {"field": "score", "operator": "GTE", "value": 50}}},
        },
    ]
    levels = [{"name": "COLD", "from": 0}, {"name": "HOT", "from": 12}]
    return {"key": key, "name": key, "groups": [{"name": "All", "parts": parts}], "levels": levels}


# ---------------------------------------------------------------- builds

_BARE = """
    CREATE TABLE bench_scores (
        workspace_id bigint NOT NULL, build_id bigint NOT NULL, contact_id bigint NOT NULL, model_id bigint NOT NULL,
        value numeric NOT NULL, level text, next_change_at timestamptz, PRIMARY KEY (workspace_id, build_id, contact_id));
    CREATE INDEX ON bench_scores (workspace_id, next_change_at) WHERE next_change_at IS NOT NULL;
    CREATE INDEX ON bench_scores (workspace_id, build_id, value, contact_id);
"""

_STATEMENT = """
    WITH moment AS (SELECT $2::timestamptz AS now), visits AS (
        SELECT contact_id, count(*) AS counted, min(occurred_at) + interval '90 days' AS flip FROM activities, moment m
        WHERE workspace_id = $1 AND kind = 'product.visit' AND occurred_at > m.now - interval '90 days' AND occurred_at <= m.now
        GROUP BY contact_id
    ), purchases AS (
        SELECT contact_id, sum(power(0.75, floor(extract(epoch FROM m.now - occurred_at) / 2592000)::numeric)) AS counted,
               min(occurred_at + (floor(extract(epoch FROM m.now - occurred_at) / 2592000) + 1) * interval '30 days') AS flip
        FROM activities, moment m
        WHERE workspace_id = $1 AND kind = 'purchase' AND occurred_at <= m.now GROUP BY contact_id
    ), scored AS (
        SELECT c.id, least(v.flip, p.flip) AS flip,
               round(coalesce(v.counted, 0) + coalesce(p.counted, 0) * 10 + CASE WHEN c.score >= 50 THEN 5 ELSE 0 END, 6) AS value
        FROM contacts c LEFT JOIN visits v ON v.contact_id = c.id LEFT JOIN purchases p ON p.contact_id = c.id
        WHERE c.workspace_id = $1
    )
    INSERT INTO bench_scores SELECT $1, 1, id, 1, value, CASE WHEN value >= 12 THEN 'HOT' ELSE 'COLD' END, flip FROM scored
"""


async def _builds(place: Place, scope: Scope) -> list[Result]:
    rounds = []
    for number in range(place.rounds):
        model = await score_models.create(scope, _model(f"built{number}"))
        await settle()
        started = time.perf_counter()
        assert await build.build(scope.workspace_id, model["id"])
        ours = time.perf_counter() - started
        rounds.append({"ours": ours, "bare": await _bare(scope)})
    found = medians(rounds)
    name = f"build of one score, {place.contacts:,} contacts"
    return [
        Result(
            name, {"seconds": found["ours"]}, "one statement", {"seconds": found["ours"] / found["bare"]}, "goal: 1.5 x"
        )
    ]


async def _bare(scope: Scope) -> float:
    await db.execute("DROP TABLE IF EXISTS bench_scores")
    for statement in _BARE.split(";"):
        if statement.strip():
            await db.execute(statement)
    started = time.perf_counter()
    await db.execute(_STATEMENT, scope.workspace_id, clock.now())
    return time.perf_counter() - started


# ---------------------------------------------------------------- changes and ticks


async def _changes(scope: Scope) -> Result:
    """One activity at a time, with 20 scores: from its commit until the scores are right, without the time on the way."""
    for number in range(MODELS):
        model = await score_models.create(scope, _model(f"m{number}", 10 + number))
        assert await build.build(scope.workspace_id, model["id"])
    await _settled(scope)
    rows = await db.fetch(
        "SELECT id FROM contacts WHERE workspace_id = $1 ORDER BY random() LIMIT $2", scope.workspace_id, CHANGES
    )
    late = []
    for row in rows:
        await db.execute(
            "INSERT INTO activities (workspace_id, contact_id, kind, occurred_at) VALUES ($1, $2, $3, $4)",
            scope.workspace_id,
            row["id"],
            random.choice(["purchase", "product.visit"]),
            clock.now(),
        )
        started = time.perf_counter()
        await batches.process_batch(scope.workspace_id, 50)
        late.append((time.perf_counter() - started) * 1000)
    late.sort()
    figures = {"p50": late[len(late) // 2], "p99": late[len(late) * 99 // 100]}
    return Result(f"one change, {MODELS} scores", figures, note="goal: p99 150, with the way to the engine")


async def _settled(scope: Scope) -> None:
    while (await batches.process_batch(scope.workspace_id, 5_000)).more:
        pass


async def _ticks(place: Place, scope: Scope) -> list[Result]:
    """500 contacts whose scores time alone changes."""
    await _empty_of_scores(scope)
    model = await score_models.create(scope, _model("ticking"))
    assert await build.build(scope.workspace_id, model["id"])
    await _settled(scope)
    found = []
    for _ in range(place.rounds * 3):
        await _settled(scope)
        soon = await db.fetch_value(_SOON, scope.workspace_id, clock.now(), DECAYS)
        clock.set_source(partial(_return, soon + timedelta(milliseconds=1)))
        started = time.perf_counter()
        done = await batches.process_batch(scope.workspace_id, 5_000)
        found.append((time.perf_counter() - started) * 1000)
        assert done.contacts >= DECAYS * 0.9, done
    clock.set_source(None)
    found.sort()
    return [
        Result(
            f"a tick of {DECAYS} decays, {place.contacts:,} contacts", {"p50": found[len(found) // 2]}, note="goal: 150"
        )
    ]


def _return(moment: datetime) -> datetime:
    return moment


_SOON = """
    SELECT next_change_at FROM contact_scores WHERE workspace_id = $1 AND next_change_at > $2
    ORDER BY next_change_at OFFSET $3 LIMIT 1
"""
