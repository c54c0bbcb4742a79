"""A backlog of changed contacts, beside one statement for these rules."""

import asyncio
import time

from bench.environment import Place, process
from bench.table import Result, medians
from bench.world import empty_of_segments, field, new_empty_segments, new_segments
from models import db
from models.membership import compiled_rules
from permissions.principal import Scope

BACKLOG = 100_000
SCORES = 100
"""A score below this is in one of the first segments only."""

OTHERS = {
    "100 segments": (0, "EQUALS"),
    "2,000 segments": (1_900, "EQUALS"),
    "2,000 segments, 1,900 ranges": (1_900, "GTE"),
}
"""Segments beside the first, and their operator."""


async def measure(place: Place, url: str, scope: Scope) -> list[Result]:
    """With few and many segments that read the change."""
    results = []
    for name, (others, operator) in OTHERS.items():
        await empty_of_segments(scope)
        compiled_rules.forget()
        await new_segments(scope, [field("score", "EQUALS", number) for number in range(SCORES)])
        await new_empty_segments(scope, [field("score", operator, SCORES + number) for number in range(others)])
        results += await _backlog(place, url, scope, name)
    await empty_of_segments(scope)
    return results


async def _backlog(place: Place, url: str, scope: Scope, name: str) -> list[Result]:
    rounds = [
        await _worked_off(place, url, scope) | {"statement": await _settled_by_statement(scope)}
        for _ in range(place.rounds)
    ]
    figures = medians(rounds) | {"worker grew by MiB": max(one["worker grew by MiB"] for one in rounds)}
    statement = {"contacts/s": figures.pop("statement")}
    return [
        Result(
            f"backlog of {min(BACKLOG, place.contacts):,} contacts, {name}",
            figures,
            "one statement",
            {"contacts/s": figures["contacts/s"] / statement["contacts/s"]},
            "goal: 5,000 contacts/s, memory flat. The one statement knows which rules can be met, and that they are equalities",
        ),
        Result("  one statement for the same", statement),
    ]


async def _change_scores(scope: Scope) -> int:
    """Changes the score of BACKLOG contacts, and returns how many changed."""
    done: int = await db.fetch_value(
        """
        WITH changed AS (
            UPDATE contacts SET score = (score + 37) % $3 WHERE workspace_id = $1 AND id IN
                (SELECT id FROM contacts WHERE workspace_id = $1 ORDER BY id LIMIT $2) RETURNING 1
        ) SELECT count(*) FROM changed
        """,
        scope.workspace_id,
        BACKLOG,
        SCORES,
    )
    return done


async def _worked_off(place: Place, url: str, scope: Scope) -> dict[str, float]:
    """Measures from the first finished contact to the last."""
    marked = await _change_scores(scope)
    with process(
        ["-m", "muster", "worker", "--queue", "realtime"], place.environment(url), None, "worker.log"
    ) as worker:
        await _until(scope, marked - 1)
        started, before = time.perf_counter(), worker.memory_info().rss
        await _until(scope, 0)
        took = time.perf_counter() - started
        return {"contacts/s": marked / took, "worker grew by MiB": (worker.memory_info().rss - before) / 2**20}


async def _until(scope: Scope, left: int) -> None:
    sql = "SELECT count(*) FROM dirty_contacts WHERE workspace_id = $1"
    while await db.fetch_value(sql, scope.workspace_id) > left:
        await asyncio.sleep(0.02)


async def _settled_by_statement(scope: Scope) -> float:
    """Returns how many contacts a second one plain statement settles."""
    async with db.transaction():
        await db.execute("SET LOCAL muster.capture = 'off'; SET LOCAL muster.members = 'logged'")
        changed = await _change_scores(scope)
        started = time.perf_counter()
        await db.execute(_SETTLE, scope.workspace_id, BACKLOG)
        return changed / (time.perf_counter() - started)


_SETTLE = """
WITH changed AS MATERIALIZED (SELECT id, score FROM contacts WHERE workspace_id = $1 ORDER BY id LIMIT $2
), wanted AS (
    SELECT s.id AS segment_id, c.id AS contact_id FROM changed AS c
    JOIN segments AS s ON s.workspace_id = $1 AND (s.rule #>> '{field,value}')::int = c.score
), stored AS (
    SELECT m.segment_id, m.contact_id FROM memberships AS m JOIN changed AS c ON c.id = m.contact_id WHERE m.workspace_id = $1
), difference AS (
    SELECT segment_id, contact_id, w.contact_id IS NOT NULL AS entered
    FROM wanted AS w FULL JOIN stored AS o USING (segment_id, contact_id) WHERE w.contact_id IS NULL OR o.contact_id IS NULL
), gone AS (
    DELETE FROM memberships AS m USING difference AS d
    WHERE m.workspace_id = $1 AND m.segment_id = d.segment_id AND m.contact_id = d.contact_id AND NOT d.entered
), come AS (
    INSERT INTO memberships (workspace_id, segment_id, contact_id, origin)
    SELECT $1, segment_id, contact_id, 'RULE' FROM difference WHERE entered
), logged AS (
    INSERT INTO membership_changes (workspace_id, append_id, place, segment_id, contact_id, kind, origin, at)
    SELECT $1, append.id, row_number() OVER (), segment_id, contact_id,
           CASE WHEN entered THEN 'ENTERED' ELSE 'LEFT' END, 'RULE', now()
    FROM difference, (SELECT nextval('membership_append_ids') AS id) AS append
)
UPDATE segments AS s SET member_count = s.member_count + d.more FROM (
    SELECT segment_id, sum(CASE WHEN entered THEN 1 ELSE -1 END) AS more FROM difference GROUP BY segment_id) AS d
WHERE s.workspace_id = $1 AND s.id = d.segment_id
"""
