"""Indexes for thresholds of custom fields: built when a rule first needs them, never dropped."""

from collections.abc import Iterable

import structlog

from models import db
from models.db import distribution, nodes
from models.rules.crossings import AnyCrossing, Index

log = structlog.get_logger(__name__)


async def build(thresholds: Iterable[AnyCrossing]) -> bool:
    """Build missing indexes, in no transaction. False: another index of contacts is built, try again later.

    Two builds would wait for each other's snapshots; and a build waits for every open transaction, which should keep only one
    worker busy.
    """
    assert not db.in_a_transaction(), "an index is built concurrently, so in no transaction"
    for index in {threshold.index for threshold in thresholds if threshold.index is not None}:
        while (state := await _state(index)) != "ready":
            if state == "growing" or not await _build(index, state):
                return False
    return True


async def _build(index: Index, state: str) -> bool:
    try:
        if state == "broken":
            await db.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {index.name}")
        log.info("index is built", index=index.name)
        await db.execute(index.create)
    except db.PostgresError as error:
        if not isinstance(error, db.Contended) and not db.is_definition_in_motion(error):
            raise
        return False
    return True


async def _state(index: Index) -> str:
    state: str = await db.fetch_value(_STATE, index.name)
    if state == "ready" and await distribution.is_cluster() and await nodes.lacks_parts("contacts", index.name):
        return "broken"
    return state


# "growing": this or another index of contacts is being built. A coordinator shows no progress while its nodes build, and calls
# the index valid for a moment before.
_STATE = """
SELECT CASE WHEN i.indisvalid AND strpos(coalesce(changes.query, ''), ' ' || $1 || ' ') = 0 THEN 'ready'
            WHEN changes.query IS NOT NULL OR EXISTS (SELECT FROM pg_stat_progress_create_index
                         WHERE datname = current_database() AND relid = 'contacts'::regclass) THEN 'growing'
            WHEN i.indexrelid IS NULL THEN 'absent'
            ELSE 'broken' END
FROM (SELECT to_regclass($1)::oid AS id) AS named LEFT JOIN pg_index AS i ON i.indexrelid = named.id
    LEFT JOIN (SELECT string_agg(query, '') || ' ' AS query FROM pg_stat_activity WHERE datname = current_database()
               AND state = 'active' AND query ~ '^(CREATE|DROP) INDEX CONCURRENTLY IF (NOT )?EXISTS contacts_') AS changes ON true
"""
