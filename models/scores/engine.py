"""Keeps the scores of contacts right, inside a batch of the engine of segments.

Scores come before segments, whose rules may read them. A build that is made beside the active one is kept right, too.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from models import db
from models.changelog import events
from models.rules.contact_changes import (
    CREATED,
    DELETED,
    ContactChange,
    field_changed,
    may_be_deleted,
    membership_changed,
    threshold_crossed,
)
from models.rules.crossings import AnyCrossing
from models.rules.depends import segments_of
from models.rules.parameters import Parameters
from models.scores.statements import NEVER, level_sql, of_some
from models.scores.stored import Build

Marks = Mapping[int, frozenset[ContactChange]]


@dataclass(slots=True)
class _Compiled:
    build: Build
    reads: frozenset[ContactChange]
    mentions: frozenset[ContactChange]
    sql: str
    parameters: Parameters


@dataclass(slots=True)
class Scores:
    """The builds of a workspace, compiled. Only the holder of the engine lock uses them."""

    workspace_id: int
    compiled: list[_Compiled] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.compiled)

    @property
    def builds(self) -> list[Build]:
        return [one.build for one in self.compiled]

    @property
    def crossings(self) -> Mapping[int, tuple[AnyCrossing, ...]]:
        """By `mark_id` of the model."""
        found: dict[int, dict[AnyCrossing, None]] = {}
        for build in self.builds:
            found.setdefault(mark_id(build.model_id), {}).update(dict.fromkeys(build.crossings))
        return {number: tuple(crossings) for number, crossings in found.items()}


def mark_id(model_id: int) -> int:
    """Stands for a score where the id of a segment stands: in marks of thresholds."""
    return -model_id


def to_compute(model_id: int) -> ContactChange:
    """The mark of a contact whose score is computed again, whatever changed."""
    return threshold_crossed(mark_id(model_id))


def compile_scores(workspace_id: int, timezone: str, builds: Sequence[Build]) -> Scores:
    return Scores(workspace_id, [_compile(workspace_id, timezone, build) for build in builds])


def _compile(workspace_id: int, timezone: str, build: Build) -> _Compiled:
    p = Parameters(workspace_id, timezone)
    score = of_some(build.definition, build.model_id, p)
    contacts = p.named("contact_ids", "bigint[]")
    sql = _COMPUTE.format(
        value=score.value,
        level=level_sql("value", build.definition.levels, p),
        flip=score.flip,
        joins=score.joins,
        workspace=p.workspace,
        contacts=contacts,
        build=p.bind(build.id, "bigint"),
    )
    mentioned = {membership_changed(one) for rule in build.definition.rules for one in segments_of(rule)}
    reads = build.definition.reads() | {CREATED, to_compute(build.model_id)}
    return _Compiled(build, reads, frozenset(mentioned), sql, p)


# Only rows that differ.
_COMPUTE: Final = f"""
WITH computed AS MATERIALIZED (
    SELECT contact_id, value, {{level}} AS level, nullif(flip, {NEVER}) AS next_change_at FROM (
        SELECT c.id AS contact_id, {{value}} AS value, {{flip}} AS flip FROM contacts AS c {{joins}}
        WHERE c.workspace_id = {{workspace}} AND c.id = ANY ({{contacts}})) AS scored
)
SELECT n.contact_id, n.value, n.level, n.next_change_at, s.value AS was, s.level AS was_level, s.contact_id IS NULL AS is_new
FROM computed AS n
LEFT JOIN contact_scores AS s ON s.workspace_id = {{workspace}} AND s.build_id = {{build}} AND s.contact_id = n.contact_id
WHERE s.contact_id IS NULL OR (n.value, n.level, n.next_change_at) IS DISTINCT FROM (s.value, s.level, s.next_change_at)
ORDER BY n.contact_id
"""  # noqa: S608 - a constant


# ---------------------------------------------------------------- settled


async def settle(scores: Scores, marks: Marks, now: datetime) -> dict[int, set[ContactChange]]:
    """Computes again what the marks concern. Returns what rules can read of it that changed, by contact."""
    deleted = [contact_id for contact_id, changes in marks.items() if may_be_deleted(changes)]
    if deleted:
        await _forget(scores, deleted)
    changed: dict[int, set[ContactChange]] = {}
    for one in scores.compiled:
        contact_ids = [
            contact_id
            for contact_id, changes in marks.items()
            if not one.reads.isdisjoint(changes) and DELETED not in changes
        ]
        if contact_ids:
            await _settle_one(scores.workspace_id, one, contact_ids, now, changed)
    return changed


def read_memberships(scores: Scores, changes: Collection[ContactChange]) -> bool:
    """Whether a score has to be computed again because a contact entered or left a segment."""
    return any(not one.mentions.isdisjoint(changes) for one in scores.compiled)


async def _settle_one(
    workspace_id: int, one: _Compiled, contact_ids: Sequence[int], now: datetime, changed: dict[int, set[ContactChange]]
) -> None:
    arguments = await one.parameters.values(now, contact_ids=list(contact_ids))
    rows = await db.fetch(one.sql, *arguments)
    if not rows:
        return
    build = one.build
    await db.execute(
        _WRITE,
        workspace_id,
        build.id,
        build.model_id,
        [row["contact_id"] for row in rows],
        [row["value"] for row in rows],
        [row["level"] for row in rows],
        [row["next_change_at"] for row in rows],
    )
    if build.active:
        moved = [row for row in rows if row["is_new"] or (row["value"], row["level"]) != (row["was"], row["was_level"])]
        await _record(workspace_id, build, moved, now)
        for row in moved:
            words = changed.setdefault(row["contact_id"], set())
            words.add(field_changed(f"scores.{build.key}"))
            if row["is_new"] or row["level"] != row["was_level"]:
                words.add(field_changed(f"scores.{build.key}.level"))


_WRITE: Final = """
    INSERT INTO contact_scores AS s (workspace_id, build_id, contact_id, model_id, value, level, next_change_at)
    SELECT $1, $2, g.contact_id, $3, g.value, g.level, g.next_change_at
    FROM unnest($4::bigint[], $5::numeric[], $6::text[], $7::timestamptz[]) AS g (contact_id, value, level, next_change_at)
    ORDER BY g.contact_id
    ON CONFLICT (workspace_id, build_id, contact_id) DO UPDATE
        SET value = excluded.value, level = excluded.level, next_change_at = excluded.next_change_at
"""


async def _record(workspace_id: int, build: Build, moved: Sequence[db.Record], now: datetime) -> None:
    """The history, and an event for each change of level. What a new contact begins with is no change."""
    rows = [row for row in moved if not (row["is_new"] and row["value"] == 0)]
    if not rows:
        return
    level_changed = [row["is_new"] or row["level"] != row["was_level"] for row in rows]
    stamp = now.isoformat()
    slots = [f"level {stamp}" if changed else f"day {now.date()}" for changed in level_changed]
    await db.execute(
        _HISTORY,
        workspace_id,
        build.model_id,
        now,
        [row["contact_id"] for row in rows],
        slots,
        [row["value"] for row in rows],
        [row["level"] for row in rows],
    )
    crossed = [row for row in rows if not row["is_new"] and row["level"] != row["was_level"]]
    await events.record_all(workspace_id, [_event(build, row) for row in crossed])


def _event(build: Build, row: Any) -> events.ScoreLevelChanged:
    return events.ScoreLevelChanged(build.model_id, build.key, row["contact_id"], row["was_level"], row["level"])


_HISTORY: Final = """
    INSERT INTO score_history AS h (workspace_id, model_id, contact_id, slot, at, value, level)
    SELECT $1, $2, g.contact_id, g.slot, $3, g.value, g.level
    FROM unnest($4::bigint[], $5::text[], $6::numeric[], $7::text[]) AS g (contact_id, slot, value, level)
    ON CONFLICT (workspace_id, model_id, contact_id, slot) DO UPDATE
        SET at = excluded.at, value = excluded.value, level = excluded.level
"""


async def _forget(scores: Scores, deleted: Sequence[int]) -> None:
    """Of contacts that are gone; a mark can also be of one that is still there."""
    gone = await db.fetch(_GONE, scores.workspace_id, list(deleted))
    ids = [row["contact_id"] for row in gone]
    if not ids:
        return
    builds = [build.id for build in scores.builds]
    models = [build.model_id for build in scores.builds]
    await db.execute(_FORGET_SCORES, scores.workspace_id, builds, ids)
    await db.execute(_FORGET_HISTORY, scores.workspace_id, models, ids)


_FORGET_SCORES: Final = """
    DELETE FROM contact_scores
    WHERE workspace_id = $1 AND build_id = ANY ($2::bigint[]) AND contact_id = ANY ($3::bigint[])
"""

_FORGET_HISTORY: Final = """
    DELETE FROM score_history
    WHERE workspace_id = $1 AND model_id = ANY ($2::bigint[]) AND contact_id = ANY ($3::bigint[])
"""

_GONE: Final = """
    SELECT d.contact_id FROM unnest($2::bigint[]) AS d (contact_id)
    WHERE NOT EXISTS (SELECT 1 FROM contacts AS c WHERE c.workspace_id = $1 AND c.id = d.contact_id)
"""


# ---------------------------------------------------------------- time


async def due(scores: Scores, since: datetime | None, now: datetime, limit: int) -> dict[int, frozenset[ContactChange]]:
    """Contacts whose scores time alone changed in (`since`, `now`], up to `limit`."""
    rows = await db.fetch(_DUE, scores.workspace_id, since or _EVER, now, limit)
    found: dict[int, frozenset[ContactChange]] = {}
    for row in rows:
        found[row["contact_id"]] = found.get(row["contact_id"], frozenset()) | {to_compute(row["model_id"])}
    return found


_EVER: Final = datetime.fromisoformat("0001-01-01T00:00:00+00:00")

_DUE: Final = """
    SELECT contact_id, model_id FROM contact_scores
    WHERE workspace_id = $1 AND next_change_at > $2 AND next_change_at <= $3 LIMIT $4
"""


async def mark_due(scores: Scores, since: datetime | None, now: datetime) -> None:
    """Marks them instead, as bulk."""
    ticked_at = await db.fetch_value(_TICKED, scores.workspace_id)
    await db.execute(_MARK_DUE, scores.workspace_id, since or _EVER, now, ticked_at)


_TICKED: Final = "SELECT ticked_at FROM membership_heads WHERE workspace_id = $1"

_MARK_DUE: Final = """
    INSERT INTO dirty_contacts (workspace_id, contact_id, fields, bulk, marked_at)
    SELECT $1, contact_id, ARRAY['time:' || -model_id], true, $4::timestamptz
    FROM contact_scores WHERE workspace_id = $1 AND next_change_at > $2 AND next_change_at <= $3
"""
