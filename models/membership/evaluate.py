"""Evaluates rules for contacts, in few statements."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Final

from models import db
from models.membership.apply import Difference
from models.membership.compiled_rules import CompiledRules
from models.membership.dirty_contacts import Marks
from models.rules.contact_changes import ContactChange

SEGMENTS_AT_ONCE: Final = 500
"""PostgreSQL keeps each plan in memory."""

CONDITIONS_AT_ONCE: Final = 3_000
"""Each has a few parameters: PostgreSQL takes 32,767."""


async def evaluate(
    compiled: CompiledRules, segment_ids: Sequence[int], contact_ids: Collection[int], now: datetime
) -> Difference:
    """Where stored members differ from rules and overrides at `now`. Contacts that do not exist belong to no segment."""
    difference = Difference([], [], [], [])
    for some in _fitting(compiled, sorted(segment_ids)):
        statement = compiled.statement(tuple(some))
        arguments = await statement.parameters.values(now, contact_ids=list(contact_ids))
        for segment_id, contact_id, entered, origin in await db.fetch(statement.sql, *arguments):
            difference.segment_ids.append(segment_id)
            difference.contact_ids.append(contact_id)
            difference.entered.append(entered)
            difference.origins.append(origin)
    return difference


def chunks(items: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _fitting(compiled: CompiledRules, segment_ids: Sequence[int]) -> Iterator[Sequence[int]]:
    """Ids decide where statements end: a new segment changes one statement, not all that follow."""
    needs_several = len(segment_ids) > SEGMENTS_AT_ONCE
    start, conditions = 0, 0
    for index, segment_id in enumerate(segment_ids):
        more = compiled.conditions[segment_id]
        if index - start == SEGMENTS_AT_ONCE or conditions + more > CONDITIONS_AT_ONCE:
            yield segment_ids[start:index]
            start, conditions = index, 0
        conditions += more
        if needs_several and _ends_a_statement(segment_id):
            yield segment_ids[start : index + 1]
            start, conditions = index + 1, 0
    if segment_ids[start:]:
        yield segment_ids[start:]


def _ends_a_statement(segment_id: int) -> bool:
    return segment_id * 0x9E3779B1 % 2**32 < 2**32 // 512


def affected(compiled: CompiledRules, level: int, marks: Marks) -> dict[tuple[int, ...], list[int]]:
    segments_of_marks: dict[frozenset[ContactChange], tuple[int, ...]] = {}
    groups: dict[tuple[int, ...], list[int]] = {}
    for contact_id, changed in marks.items():
        segment_ids = segments_of_marks.get(changed)
        if segment_ids is None:
            segment_ids = segments_of_marks[changed] = tuple(sorted(compiled.readers(level, changed)))
        if segment_ids:
            groups.setdefault(segment_ids, []).append(contact_id)
    return _fewer(groups)


WORTH_A_STATEMENT: Final = 20_000
"""Needless evaluations, of half a microsecond each, that cost less than one more statement."""


def _fewer(groups: dict[tuple[int, ...], list[int]]) -> dict[tuple[int, ...], list[int]]:
    if len(groups) <= 1:
        return groups
    everything = tuple(sorted(set().union(*groups)))
    contacts = [contact_id for group in groups.values() for contact_id in group]
    needed = sum(len(segment_ids) * len(group) for segment_ids, group in groups.items())
    if len(everything) * len(contacts) - needed <= WORTH_A_STATEMENT * (len(groups) - 1):
        return {everything: contacts}
    return groups
