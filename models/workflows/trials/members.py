"""Who is a member of a segment by a clock of one's own: a trial asks at another moment than the one at which segments stand.

For a moment that is over the log of members knows. For one to come, the rule of the segment is asked, of contacts as they are.
"""

from collections.abc import Sequence
from typing import Final

from models import db
from models.errors import DomainError, Problems
from models.rule_catalogue.loading import load_catalogue
from models.rules.check import check
from models.rules.crossings import AnyCrossing, crossings_of
from models.rules.depends import dependencies, segments_of
from models.rules.tree import Rule
from models.workflows.questions import Question
from models.workflows.run import Run

_SCORES: Final = "scores."


async def by_rules(run: Run, segment_id: int, contact_ids: Sequence[int]) -> set[int]:
    """By the segment's rule and its overrides. A STATIC one, or one whose rule cannot be read, is as it stands."""
    rule = await rule_of(run, segment_id)
    if rule is None:
        return await _stored(run, segment_id, contact_ids)
    nested = {mentioned: await by_rules(run, mentioned, contact_ids) for mentioned in segments_of(rule)}
    question = Question(run.workspace_id, run.scope.timezone, [rule], given=nested)
    holds = set(await question.ask(contact_ids, run.now, nested))
    rows = await db.fetch(_OVERRIDES, run.workspace_id, segment_id, list(contact_ids))
    overrides = {row["contact_id"]: row["override"] for row in rows}
    return {one for one in contact_ids if overrides.get(one, "INCLUDE" if one in holds else "EXCLUDE") == "INCLUDE"}


async def rule_of(run: Run, segment_id: int) -> Rule | None:
    """None of a STATIC segment, and where the rule cannot be read."""
    text = await db.fetch_value(_RULE, run.workspace_id, segment_id)
    if text is None:
        return None
    try:
        rule = db.load_json(text)
        return check(rule, await load_catalogue(run.scope, rule), stored=True)
    except (DomainError, Problems):
        return None


_RULE: Final = """
    SELECT active_rule FROM segments WHERE workspace_id = $1 AND id = $2 AND kind <> 'STATIC' AND deleted_at IS NULL
"""

_OVERRIDES: Final = """
    SELECT contact_id, override FROM membership_overrides
    WHERE workspace_id = $1 AND segment_id = $2 AND contact_id = ANY ($3::bigint[])
"""


async def _stored(run: Run, segment_id: int, contact_ids: Sequence[int]) -> set[int]:
    rows = await db.fetch(
        "SELECT contact_id FROM memberships WHERE workspace_id = $1 AND segment_id = $2 AND contact_id = ANY ($3::bigint[])",
        run.workspace_id,
        segment_id,
        list(contact_ids),
    )
    return {row["contact_id"] for row in rows}


async def by_log(run: Run, segment_id: int, contact_ids: Sequence[int]) -> set[int]:
    """By the first change after the moment; without one, as it stands."""
    rows = await db.fetch(_BY_LOG, run.workspace_id, segment_id, run.now, list(contact_ids))
    return {row["contact_id"] for row in rows}


_BY_LOG: Final = """
    WITH later AS (
        SELECT DISTINCT ON (contact_id) contact_id, kind FROM membership_changes
        WHERE workspace_id = $1 AND segment_id = $2 AND at > $3 AND contact_id = ANY ($4::bigint[])
        ORDER BY contact_id, at, append_id, place
    )
    SELECT contact_id FROM later WHERE kind = 'LEFT'
    UNION ALL
    SELECT m.contact_id FROM memberships AS m
    WHERE m.workspace_id = $1 AND m.segment_id = $2 AND m.contact_id = ANY ($4::bigint[])
      AND NOT EXISTS (SELECT FROM later AS l WHERE l.contact_id = m.contact_id)
"""


async def crossings_behind(run: Run, rule: Rule) -> tuple[AnyCrossing, ...]:
    """Where time alone can change a rule, or one of the segments that it names."""
    found = dict.fromkeys(crossings_of(rule))
    for segment_id in sorted(segments_of(rule)):
        behind = await rule_of(run, segment_id)
        if behind is not None:
            found |= dict.fromkeys(await crossings_behind(run, behind))
    return tuple(found)


async def follow_real_time(run: Run, rules: Sequence[Rule]) -> bool:
    """Whether something that these rules read, also by segments, moves with real time alone: scores do."""
    for rule in rules:
        if any(change.startswith(_SCORES) for change in dependencies(rule)):
            return True
        behind = [await rule_of(run, segment_id) for segment_id in segments_of(rule)]
        if await follow_real_time(run, [one for one in behind if one is not None]):
            return True
    return False
