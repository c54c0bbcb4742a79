"""Writes a chunk of rows, with tags, outcomes, refusals and segment."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from models import db
from models.contacts import fields as contact_fields
from models.contacts.attributes import Fields
from models.contacts.names import PARTS, joined_name
from models.errors import Invalid
from models.membership import manual_changes
from models.membership.origins import Origin
from models.queue import work
from models.queue.enqueue import enqueue
from models.rules.contact_changes import CREATED
from models.transfers.imports import consents, lookup
from models.transfers.imports.differences import STAGING, Differences, differences
from models.transfers.imports.mapping import ID, Policy
from models.transfers.imports.matching import KnownContact, Matcher, Step
from models.transfers.imports.tag_spelling import spell_tags
from models.transfers.imports.values import (
    PARTIAL,
    REJECTED,
    SKIPPED,
    ReadPlan,
    RefusedRow,
    RowChunk,
    attributes_of,
)
from permissions.principal import Scope

_DEFAULTS: Final[Mapping[str, Any]] = {"score": 0}


@dataclass(slots=True)
class Outcomes:
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    skipped: int = 0
    rejected: int = 0
    partial: int = 0
    """Of the created, updated and unchanged ones, those that went in without all of their cells."""
    consents_set_aside: int = 0
    """Cells, in rows that the others count."""

    @property
    def rows(self) -> int:
        return self.created + self.updated + self.unchanged + self.skipped + self.rejected


@dataclass(slots=True)
class _Writing:
    scope: Scope
    job_id: int
    plan: ReadPlan
    chunk: RowChunk
    statement: Differences
    add_tags: tuple[str, ...]
    outcomes: Outcomes = field(default_factory=Outcomes)
    matched: list[int] = field(default_factory=list)
    created: list[int] = field(default_factory=list)
    is_staged: bool = False

    @property
    def dry_run(self) -> bool:
        return self.plan.options.dry_run


async def write_chunk(scope: Scope, job_id: int, plan: ReadPlan, fields: Fields, chunk: RowChunk) -> Outcomes:
    """Writes in the ambient transaction; a dry run only counts.

    Raises Invalid when one of `fields` has changed, and db.Contended: roll back and retry.
    """
    assert db.in_a_transaction(), "a chunk and its counts are committed together"
    await db.execute(f"SET LOCAL muster.capture = 'off';{db.forced_plans(*lookup.BY_INDEX)}")
    await db.advisory_lock(f"imports:{scope.workspace_id}")  # imports of one workspace write one after another
    _refuse_changed_fields(plan, fields, await contact_fields.load_to_write(scope))
    if plan.options.add_to_segment_id is not None and not plan.options.dry_run:
        await manual_changes.hold_members(
            scope, plan.options.add_to_segment_id
        )  # comes before contacts in the order of all
    chunk = replace(chunk, values=dict(chunk.values), refusals=list(chunk.refusals), left_out=dict(chunk.left_out))
    add_tags = await spell_tags(scope, plan, chunk)
    writing = _Writing(scope, job_id, plan, chunk, differences(plan, fields, add_tags), add_tags)
    await _write_rows(writing)
    await _write_refusals(writing)
    await _join_segment(writing)
    if not writing.dry_run and (writing.outcomes.created or writing.outcomes.updated):
        await enqueue(work.PROCESS_CHANGES, scope.workspace_id)
    return writing.outcomes


def _refuse_changed_fields(plan: ReadPlan, before: Fields, now: Fields) -> None:
    for column in plan.columns:
        if column.key is not None and before.get(column.key) != now.get(column.key):
            raise Invalid(
                f"the custom field {column.key!r} was deleted or changed while the import ran: start it again"
            )


# ---------------------------------------------------------------- rows


async def _write_rows(writing: _Writing) -> None:
    plan = writing.plan
    merges = bool(writing.add_tags) or any(one.field == "tags" and one.policy is Policy.MERGE for one in plan.columns)
    directory = await lookup.look_up(
        writing.scope, writing.job_id, writing.chunk, with_tags=merges, dry_run=writing.dry_run
    )
    for step in Matcher(plan, writing.chunk, directory).steps():
        if step.creates:
            await _create(writing, step.creates)
        if step.updates:
            await _update(writing, step.updates)
        if writing.dry_run:
            await lookup.save_dry_keys(writing.scope, writing.job_id, _key_owners(step))
        else:
            await consents.settle_moved(writing.scope, step)


def _key_owners(step: Step) -> list[tuple[str, str, int | None]]:
    owners: dict[tuple[str, str], int | None] = dict.fromkeys(step.freed)
    owners |= {(key, value): known.id for key, value, known in step.moved}
    return [(key, value, contact_id) for (key, value), contact_id in owners.items()]


_NEW_IDS: Final = "SELECT nextval(pg_get_serial_sequence('contacts', 'id')) FROM generate_series(1, $1)"


async def _create(writing: _Writing, creates: Sequence[tuple[int, KnownContact]]) -> None:
    lines = [writing.chunk.lines[index] for index, _ in creates]
    consented = await _consents(writing, creates)
    if writing.dry_run:
        ids = [-line for line in lines]
    else:
        ids = [row[0] for row in await db.fetch(_NEW_IDS, len(creates))]
        columns, records = _new_contacts(writing, [index for index, _ in creates], ids, consented)
        await db.copy_in("contacts", columns, records)
        await _mark_new(writing.scope, ids, with_tags="tags" in columns)
        writing.created += ids
    for (_, known), contact_id in zip(creates, ids, strict=True):
        known.id = contact_id
    joins = writing.plan.options.add_to_segment_id is not None
    await _save_changes(writing, "CREATED", zip(ids, lines, strict=True), joined=joins)
    writing.outcomes.created += len(ids)


async def _consents(writing: _Writing, creates: Sequence[tuple[int, KnownContact]]) -> Mapping[str, Sequence[Any]]:
    """Returns the columns of consent of new contacts; there are none when all are as they are without any."""
    cells = writing.chunk.values.get(consents.FIELD)
    given = None if cells is None else [cells[index] for index, _ in creates]
    stopped = await consents.stopped_numbers(writing.scope, creates)
    columns, set_aside = consents.of_new_contacts(given, [known.phone for _, known in creates], stopped)
    _set_aside(writing, [writing.chunk.lines[creates[position][0]] for position in set_aside])
    return columns


def _set_aside(writing: _Writing, lines: Sequence[int]) -> None:
    writing.outcomes.consents_set_aside += len(lines)
    for line in lines:
        writing.chunk.leave_out(line, [consents.FIELD], writing.plan.heading(consents.FIELD) or "", consents.SET_ASIDE)


def _new_contacts(
    writing: _Writing, indexes: Sequence[int], ids: Sequence[int], consented: Mapping[str, Sequence[Any]]
) -> tuple[list[str], Iterable[Any]]:
    chunk, plan, add_tags = writing.chunk, writing.plan, writing.add_tags
    copied: dict[str, Sequence[Any]] = {"workspace_id": [writing.scope.workspace_id] * len(ids), "id": ids}
    copied |= consented
    for column in plan.columns:
        if column.key is None and column.field not in (ID, "tags", consents.FIELD):
            values, empty = chunk.values[column.field], _DEFAULTS.get(column.field)
            copied[column.field] = [empty if values[index] is None else values[index] for index in indexes]
    if any(part in chunk.values for part in PARTS):
        copied["name"] = _names_of(chunk, indexes)
    if "tags" in chunk.values:
        values = chunk.values["tags"]
        copied["tags"] = [tuple(dict.fromkeys((*(values[index] or ()), *add_tags))) for index in indexes]
    elif add_tags:
        copied["tags"] = [add_tags] * len(ids)
    custom = [column for column in plan.columns if column.key is not None]
    if custom:
        copied["attributes"] = attributes_of(chunk, custom, indexes, clearing=False)
    return list(copied), zip(*copied.values(), strict=True)


def _names_of(chunk: RowChunk, indexes: Sequence[int]) -> list[str | None]:
    """What the rows give, else first and last name."""
    nothing = [None] * len(chunk.lines)
    names, first, last = (chunk.values.get(field, nothing) for field in ("name", *PARTS))
    return [names[index] or joined_name(first[index], last[index]) for index in indexes]


_MARK_NEW: Final = """
    INSERT INTO dirty_contacts (workspace_id, contact_id, fields, bulk)
    SELECT $1, id, $3::text[], true FROM unnest($2::bigint[]) AS id
"""


# As the trigger of contacts writes it: a contact is created with its tags.
_MARK_NEW_AND_TAGS: Final = """
    INSERT INTO dirty_contacts (workspace_id, contact_id, fields, bulk)
    SELECT $1, c.id, $3::text[] || ARRAY(SELECT 'tag+:' || key FROM unnest(c.tag_keys) AS keys (key)), true
    FROM contacts AS c WHERE c.workspace_id = $1 AND c.id = ANY ($2::bigint[]) ORDER BY c.id
"""


async def _mark_new(scope: Scope, ids: Sequence[int], *, with_tags: bool) -> None:
    await db.execute(_MARK_NEW_AND_TAGS if with_tags else _MARK_NEW, scope.workspace_id, ids, [CREATED])


async def _update(writing: _Writing, updates: Sequence[tuple[int, KnownContact]]) -> None:
    rows = [(index, known.id) for index, known in updates if known.id is not None]
    writing.matched += [contact_id for _, contact_id in rows]
    if not writing.statement.sql:
        changed = 0
        await _save_changes(writing, "UNCHANGED", _with_lines(writing, rows))
    elif writing.dry_run:
        changed = await _count_changes(writing, rows)
    else:
        await db.execute(_LOCK, writing.scope.workspace_id, [contact_id for _, contact_id in rows])
        [counted] = await _run_staged(writing, rows, writing.statement.sql)
        changed = counted["updated"]
    if writing.statement.set_aside_sql:
        rows_set_aside = await db.fetch(writing.statement.set_aside_sql, writing.scope.workspace_id)
        _set_aside(writing, [row["line"] for row in rows_set_aside])
    writing.outcomes.updated += changed
    writing.outcomes.unchanged += len(rows) - changed


# In one order, against deadlocks, and as strongly as an update of a key locks, which nearly every file has: a weaker lock would
# be made stronger in another order. A statement of its own, so that the next one reads the contacts as they are now.
_LOCK: Final = """
    SELECT 1 FROM contacts c JOIN unnest($2::bigint[]) AS wanted (id) ON wanted.id = c.id
    WHERE c.workspace_id = $1 ORDER BY c.id FOR UPDATE OF c
"""


async def _count_changes(writing: _Writing, rows: Sequence[tuple[int, int]]) -> int:
    changed = {row["id"] for row in await _run_staged(writing, rows, writing.statement.counting_sql)}
    for outcome, is_changed in (("UPDATED", True), ("UNCHANGED", False)):
        chosen = [(index, contact_id) for index, contact_id in rows if (contact_id in changed) is is_changed]
        await _save_changes(writing, outcome, _with_lines(writing, chosen))
    return len(changed)


def _with_lines(writing: _Writing, rows: Sequence[tuple[int, int]]) -> Iterable[tuple[int, int]]:
    return ((contact_id, writing.chunk.lines[index]) for index, contact_id in rows)


async def _run_staged(writing: _Writing, rows: Sequence[tuple[int, int]], sql: str) -> list[db.Record]:
    statement = writing.statement
    await db.execute(f"TRUNCATE {STAGING}" if writing.is_staged else statement.staging_sql)
    writing.is_staged = True
    await db.copy_in(STAGING, list(statement.incoming), statement.records(writing.chunk, rows))
    return await db.fetch(sql, writing.scope.workspace_id, writing.job_id, *statement.constants)


async def _save_changes(
    writing: _Writing, outcome: str, rows: Iterable[tuple[int, int]], *, joined: bool = False
) -> None:
    """Later rows about these contacts are skipped."""
    workspace_id, job_id = writing.scope.workspace_id, writing.job_id
    columns = ("workspace_id", "job_id", "contact_id", "line", "outcome", "joined")
    records = [(workspace_id, job_id, contact_id, line, outcome, joined) for contact_id, line in rows]
    if records:
        await db.copy_in("import_changes", columns, records)


# ---------------------------------------------------------------- refusals and the segment


async def _write_refusals(writing: _Writing) -> None:
    refusals = [*writing.chunk.refusals, *_partial_rows(writing.chunk)]
    if not refusals:
        return
    columns = ("workspace_id", "job_id", "line", "outcome", "column_name", "reason", "cells")
    workspace_id, job_id = writing.scope.workspace_id, writing.job_id
    await db.copy_in("import_refusals", columns, ((workspace_id, job_id, *refusal) for refusal in refusals))
    writing.outcomes.skipped = sum(refusal.outcome == SKIPPED for refusal in refusals)
    writing.outcomes.rejected = sum(refusal.outcome == REJECTED for refusal in refusals)
    writing.outcomes.partial = sum(refusal.outcome == PARTIAL for refusal in refusals)


def _partial_rows(chunk: RowChunk) -> list[RefusedRow]:
    if not chunk.left_out:
        return []
    refused = {refusal.line for refusal in chunk.refusals}
    return [
        RefusedRow(line, PARTIAL, left_out.columns, f"{_WENT_IN}: {left_out.reason}", cells)
        for line, cells in zip(chunk.lines, chunk.cells, strict=True)
        if (left_out := chunk.left_out.get(line)) is not None and line not in refused
    ]


_WENT_IN: Final = "the row went in without this"


_MEMBERS: Final = """
    SELECT m.contact_id FROM unnest($3::bigint[]) AS sought (contact_id)
    JOIN memberships m ON m.workspace_id = $1 AND m.segment_id = $2 AND m.contact_id = sought.contact_id
"""

_JOINED: Final = """
    UPDATE import_changes change SET joined = true FROM unnest($3::bigint[]) AS sought (contact_id)
    WHERE change.workspace_id = $1 AND change.job_id = $2 AND change.contact_id = sought.contact_id
"""


async def _join_segment(writing: _Writing) -> None:
    """Adds the contacts to the segment; existing contacts only with `overwrite`."""
    segment_id, scope = writing.plan.options.add_to_segment_id, writing.scope
    if segment_id is None or writing.dry_run:
        return
    rows = await db.fetch(_MEMBERS, scope.workspace_id, segment_id, writing.matched)
    joining = set(writing.matched) - {row["contact_id"] for row in rows}
    if joining:
        await db.execute(_JOINED, scope.workspace_id, writing.job_id, list(joining))
    await db.execute(db.forced_plans(*lookup.AS_USUAL))
    if writing.created or joining:
        await manual_changes.change_members(scope, segment_id, add=[*writing.created, *joining], origin=Origin.IMPORT)
