"""Builds a score beside the one that counts, and swaps it in."""

from datetime import timedelta
from typing import Final

import structlog
from prometheus_client import Histogram

from models import clock, db
from models.accounts import audit_log, workspaces
from models.errors import Problems
from models.membership import engine_lock, indexes
from models.queue import work
from models.queue.enqueue import enqueue
from models.rule_catalogue.loading import load_catalogue
from models.rules.parameters import Parameters
from models.score_models.score_models import rules_of
from models.scores import epochs
from models.scores.definition import Definition, read
from models.scores.statements import NEVER, level_sql, of_all
from models.scores.stored import Build
from permissions.principal import Scope

log = structlog.get_logger(__name__)

ROWS_AT_ONCE: Final = 20_000

ABANDONED_SECONDS: Final = 900
"""A build that has taken so long was begun by a worker that died."""

_seconds = Histogram(
    "muster_score_build_seconds", "How long the build of a score took.", buckets=(0.1, 0.5, 1, 5, 30, 120)
)


async def build(workspace_id: int, model_id: int) -> bool:
    """Builds the newest definition while the score is BUILDING. Returns whether it was swapped in.

    Of two at once, the later one goes on. A definition that cannot be computed makes the score FAILED; the old one counts on.
    """
    scope = await workspaces.find_system_scope(workspace_id)
    if scope is None:
        return False
    newest = await _read(scope, model_id)
    if newest is None:
        return False
    stored, definition = newest
    if not await indexes.build(Build(0, model_id, "", definition, active=False).crossings):
        return False  # a periodic task tries again
    build_id = await _begin(workspace_id, model_id, stored)
    if build_id is None:
        return False  # built meanwhile, or changed since it was read
    try:
        with _seconds.time():
            await _compute(scope, model_id, build_id, definition)
    except db.PostgresError as error:
        if not db.is_data_error(error):
            raise
        log.error("score cannot be computed", workspace=workspace_id, score=model_id, error=type(error).__name__)
        await _fail(workspace_id, model_id, build_id)
        return False
    swapped = await _swap(workspace_id, model_id, build_id)
    await delete_old(workspace_id)
    return swapped


async def _read(scope: Scope, model_id: int) -> tuple[str, Definition] | None:
    """The newest definition, as it is stored and as it is understood."""
    row = await db.fetch_row(
        "SELECT definition FROM score_models WHERE workspace_id = $1 AND id = $2 AND status = 'BUILDING'",
        scope.workspace_id,
        model_id,
    )
    if row is None:
        return None
    stored = db.load_json(row["definition"])
    try:
        return row["definition"], read(stored, await load_catalogue(scope, *rules_of(stored)), stored=True)
    except Problems as problems:
        log.error("score cannot be read", workspace=scope.workspace_id, score=model_id, problem=str(problems))
        await _fail(scope.workspace_id, model_id, None)
        return None


async def _begin(workspace_id: int, model_id: int, stored: str) -> int | None:
    """From the commit on, the engine keeps the new build right for every change. None: `stored` is not what is wanted now."""
    async with db.transaction():
        await engine_lock.take(workspace_id)
        row = await db.fetch_row(_REPLACED, workspace_id, model_id, stored)
        if row is None:
            return None
        build_id: int = await db.fetch_value("SELECT nextval('score_build_ids')")
        await db.execute(_BEGIN, workspace_id, model_id, build_id, clock.now())
        await _forget_build(workspace_id, row["next_build"])
        await epochs.grow(workspace_id)
    return build_id


_REPLACED: Final = """
    SELECT next_build FROM score_models
    WHERE workspace_id = $1 AND id = $2 AND status = 'BUILDING' AND definition = $3::jsonb FOR UPDATE
"""

_BEGIN: Final = """
    UPDATE score_models SET next_build = $3, next_definition = definition, build_started_at = $4
    WHERE workspace_id = $1 AND id = $2
"""


async def _compute(scope: Scope, model_id: int, build_id: int, definition: Definition) -> None:
    """What the engine has written meanwhile is newer, and stays."""
    p = Parameters(scope.workspace_id, scope.timezone)
    score = of_all(definition, model_id, p)
    sql = _COMPUTE.format(
        build=p.bind(build_id, "bigint"),
        model=p.bind(model_id, "bigint"),
        value=score.value,
        level=level_sql("value", definition.levels, p),
        flip=score.flip,
        joins=score.joins,
        workspace=p.workspace,
    )
    async with db.transaction():
        await db.execute("SET LOCAL statement_timeout = 0")
        await db.execute(sql, *await p.values(clock.now()))


_COMPUTE: Final = f"""
    INSERT INTO contact_scores (workspace_id, build_id, contact_id, model_id, value, level, next_change_at)
    SELECT {{workspace}}, {{build}}, contact_id, {{model}}, value, {{level}}, nullif(flip, {NEVER}) FROM (
        SELECT c.id AS contact_id, {{value}} AS value, {{flip}} AS flip FROM contacts AS c {{joins}}
        WHERE c.workspace_id = {{workspace}}) AS scored
    ON CONFLICT DO NOTHING
"""  # noqa: S608 - a constant


# ---------------------------------------------------------------- swapped in


async def _swap(workspace_id: int, model_id: int, build_id: int) -> bool:
    async with db.transaction():
        lock = await engine_lock.take(workspace_id)
        row = await db.fetch_row(
            "SELECT key, active_build, next_definition FROM score_models WHERE workspace_id = $1 AND id = $2 AND next_build = $3"
            " FOR UPDATE",
            workspace_id,
            model_id,
            build_id,
        )
        if row is None:
            await _forget_build(workspace_id, build_id)
            return False
        await db.execute(_GONE, workspace_id, build_id)
        words = [f"scores.{row['key']}", f"scores.{row['key']}.level"]
        if await db.fetch_value(_IS_READ, workspace_id, f'%"{words[0]}%'):
            await db.execute(_MARK_MOVED, workspace_id, build_id, row["active_build"], words)
        await db.execute(_MARK_DUE, workspace_id, build_id, lock.now, [f"time:{-model_id}"])
        await db.execute(_SWAP, workspace_id, model_id, lock.now)
        await _forget_build(workspace_id, row["active_build"])
        await epochs.grow(workspace_id)
        await enqueue(work.PROCESS_CHANGES, workspace_id)
    return True


# A contact that was deleted while it was computed.
_GONE: Final = """
    DELETE FROM contact_scores AS s WHERE s.workspace_id = $1 AND s.build_id = $2
      AND NOT EXISTS (SELECT 1 FROM contacts AS c WHERE c.workspace_id = $1 AND c.id = s.contact_id)
"""

# Whether rules of segments read the score.
_IS_READ: Final = """
    SELECT EXISTS (SELECT 1 FROM segments WHERE workspace_id = $1 AND deleted_at IS NULL
                   AND (rule::text LIKE $2 OR active_rule::text LIKE $2))
"""

_MARK_MOVED: Final = """
    WITH moved AS MATERIALIZED (
        SELECT n.contact_id FROM contact_scores AS n
        LEFT JOIN contact_scores AS o ON o.workspace_id = $1 AND o.build_id = $3 AND o.contact_id = n.contact_id
        WHERE n.workspace_id = $1 AND n.build_id = $2 AND (n.value, n.level) IS DISTINCT FROM (o.value, o.level)
    )
    INSERT INTO dirty_contacts (workspace_id, contact_id, fields, bulk) SELECT $1, contact_id, $4::text[], true FROM moved
"""

# What time changed since it was computed.
_MARK_DUE: Final = """
    INSERT INTO dirty_contacts (workspace_id, contact_id, fields, bulk)
    SELECT $1, contact_id, $4::text[], true FROM contact_scores
    WHERE workspace_id = $1 AND build_id = $2 AND next_change_at <= $3
"""

_SWAP: Final = """
    UPDATE score_models SET active_build = next_build, active_definition = next_definition, next_build = NULL,
        next_definition = NULL, built_at = $3, build_started_at = NULL,
        status = CASE WHEN definition = next_definition THEN 'READY' ELSE 'BUILDING' END
    WHERE workspace_id = $1 AND id = $2
"""


async def _fail(workspace_id: int, model_id: int, build_id: int | None) -> None:
    async with db.transaction():
        await engine_lock.take(workspace_id)
        await db.execute(
            """
            UPDATE score_models SET status = 'FAILED', next_build = NULL, next_definition = NULL, build_started_at = NULL
            WHERE workspace_id = $1 AND id = $2 AND next_build IS NOT DISTINCT FROM $3
            """,
            workspace_id,
            model_id,
            build_id,
        )
        await _forget_build(workspace_id, build_id)
        await epochs.grow(workspace_id)
        await audit_log.record_system(workspace_id, "score_model_fail", "ScoreModel", model_id)


# ---------------------------------------------------------------- old builds


async def _forget_build(workspace_id: int, build_id: int | None) -> None:
    if build_id is not None:
        await db.execute(
            "INSERT INTO score_old_builds (workspace_id, build_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            workspace_id,
            build_id,
        )


async def delete_old(workspace_id: int) -> None:
    """Deletes the rows of builds that count no longer, some at a time."""
    rows = await db.fetch("SELECT build_id FROM score_old_builds WHERE workspace_id = $1", workspace_id)
    for row in rows:
        while await db.execute(_DELETE_OLD, workspace_id, row["build_id"], ROWS_AT_ONCE):
            pass
        await db.execute(
            "DELETE FROM score_old_builds WHERE workspace_id = $1 AND build_id = $2", workspace_id, row["build_id"]
        )


_DELETE_OLD: Final = """
    DELETE FROM contact_scores WHERE workspace_id = $1 AND build_id = $2 AND contact_id = ANY (ARRAY(
        SELECT contact_id FROM contact_scores WHERE workspace_id = $1 AND build_id = $2 ORDER BY contact_id LIMIT $3))
"""


async def wanted() -> list[tuple[int, int]]:
    """Builds to come or abandoned, as (workspace id, score id)."""
    rows = await db.fetch(
        """
        /* all workspaces */ SELECT workspace_id, id FROM score_models
        WHERE status = 'BUILDING' AND (build_started_at IS NULL OR build_started_at < $1) LIMIT 1000
        """,
        clock.now() - timedelta(seconds=ABANDONED_SECONDS),
    )
    return [(row["workspace_id"], row["id"]) for row in rows]


async def with_old_builds() -> list[int]:
    rows = await db.fetch("/* all workspaces */ SELECT DISTINCT workspace_id FROM score_old_builds")
    return [row["workspace_id"] for row in rows]
