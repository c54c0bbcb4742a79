"""The indexes that crossings look lines up in, for custom fields: built when a rule first needs them, never dropped."""

import asyncio
from collections.abc import Iterable

import structlog

from models import db
from models.rules.boundaries import Boundary, Index

log = structlog.get_logger(__name__)


async def build(lines: Iterable[Boundary]) -> None:
    """Build what these lines need and is not there, without holding anybody up. Outside of a transaction.

    Waits for another process that is at the same one. One that was left half-built is built anew.
    """
    assert not db.in_a_transaction(), "an index is built concurrently, so in no transaction"
    for index in {line.index for line in lines if line.index is not None}:
        await _build(index)


async def _build(index: Index) -> None:
    state = await _state(index)
    while state == "growing":
        await asyncio.sleep(0.5)
        state = await _state(index)
    if state == "broken":
        await db.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {index.name}")
    if state != "ready":
        log.info("index is built", index=index.name)
        await db.execute(index.create)


async def _state(index: Index) -> str:
    state: str = await db.fetch_value(_STATE, index.name)
    return state


_STATE = """
SELECT CASE WHEN i.indexrelid IS NULL THEN 'absent'
            WHEN i.indisvalid THEN 'ready'
            WHEN EXISTS (SELECT FROM pg_stat_progress_create_index AS p WHERE p.index_relid = i.indexrelid) THEN 'growing'
            ELSE 'broken' END
FROM (SELECT to_regclass($1)::oid AS id) AS named LEFT JOIN pg_index AS i ON i.indexrelid = named.id
"""
