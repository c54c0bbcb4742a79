"""One rule changed: the engine's next batch must compile all rules again.

`python -m bench.one_rule DATABASE_URL WORKSPACE_ID SEGMENT_ID RULE` changes the rule in another process, as in production."""

import asyncio
import json
import sys
import time

from bench.environment import Place
from bench.table import Result, medians
from bench.world import field
from models import db
from models.membership import batches, compiled_rules, rebuild
from models.segments import segments
from permissions.principal import SYSTEM, Scope

GOAL_MS = 20


async def measure(place: Place, url: str, scope: Scope, how_many: int) -> list[Result]:
    """Measures a workspace of `how_many` segments, of which the newest has no members."""
    compiled_rules.forget()
    anew = await _batch_ms(scope)
    await _batch_ms(scope)
    segment_id = await db.fetch_value("SELECT max(id) FROM segments WHERE workspace_id = $1", scope.workspace_id)
    rounds = []
    for number in range(max(5, place.rounds * 2)):
        without = await _batch_ms(scope)
        await _change_rule(url, scope, segment_id, f"Nobody at all {time.time()} {number}")
        rounds.append({"after": await _batch_ms(scope), "without": without})
    found = medians(rounds)
    after = {"batch": found["after"], "of it rules": max(0.0, found["after"] - found["without"])}
    return [
        Result(
            f"one of {how_many:,} rules changed: the next batch",
            after,
            "no rule changed",
            {"batch": found["after"] / found["without"]},
            f"goal: {GOAL_MS} ms for the rules, at 10,000 too",
        ),
        Result("  the same, no rule changed", {"batch": found["without"]}),
        Result("  the same, all rules compiled anew", {"batch": anew}),
    ]


async def _batch_ms(scope: Scope) -> float:
    """Returns the milliseconds of a batch after one contact has changed."""
    await db.execute(
        "UPDATE contacts SET score = (score + 1) % 100 WHERE workspace_id = $1 AND id ="
        " (SELECT min(id) FROM contacts WHERE workspace_id = $1)",
        scope.workspace_id,
    )
    started = time.perf_counter()
    batch = await batches.process_batch(scope.workspace_id, 5_000)
    took = (time.perf_counter() - started) * 1000
    while batch.more:
        batch = await batches.process_batch(scope.workspace_id, 5_000)
    return took


async def _change_rule(url: str, scope: Scope, segment_id: int, name: str) -> None:
    rule = json.dumps(field("name", "STARTS_WITH", name))
    arguments = ["-m", "bench.one_rule", url, str(scope.workspace_id), str(segment_id), rule]
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments)
    assert await process.wait() == 0


async def _changed(url: str, workspace_id: int, segment_id: int, rule: str) -> None:
    await db.connect(url, pool_max=2)
    scope = Scope(workspace_id, SYSTEM, timezone="Europe/Madrid")
    await segments.update(scope, segment_id, {"rule": json.loads(rule)})
    assert await rebuild.rebuild(workspace_id, segment_id) is not None
    await db.disconnect()


if __name__ == "__main__":
    asyncio.run(_changed(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]))
