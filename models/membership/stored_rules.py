"""The rules of a workspace as stored, and what has changed since."""

from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import Final

from models import db
from models.accounts import workspaces
from models.rule_catalogue.loading import load_fields
from models.rules.catalogue import Catalogue, KnownSegment
from models.rules.depends import segments_mentioned
from models.rules.tree import Field
from permissions.principal import Scope

KEPT_MICROSECONDS: Final = 24 * 3600 * 1_000_000
"""In the unit of epochs."""

_EXISTS: Final = KnownSegment("")


@dataclass(frozen=True, slots=True)
class StoredRule:
    """A segment's active rule as JSON; `next` is the one that is being built."""

    active: str | None
    next: str | None

    def mentions(self) -> frozenset[int]:
        rules = [db.load_json(rule) for rule in (self.active, self.next) if rule is not None]
        return frozenset[int]().union(*map(segments_mentioned, rules))


@dataclass(frozen=True, slots=True)
class RuleChanges:
    """`rules`: None for no rules any more; `fields`: None for unchanged."""

    rules: Mapping[int, StoredRule | None]
    existence: Mapping[int, bool]
    fields: Mapping[str, Field] | None


@dataclass(slots=True)
class StoredRules:
    """The rules of a workspace and what they mention, without names and labels."""

    timezone: str
    fields: Mapping[str, Field] = field(default_factory=dict)
    rules: dict[int, StoredRule] = field(default_factory=dict)
    existing: dict[int, KnownSegment] = field(default_factory=dict)
    mentioned_by: dict[int, set[int]] = field(default_factory=dict)

    @property
    def catalogue(self) -> Catalogue:
        return Catalogue(self.timezone, self.fields, self.existing)

    def apply(self, changes: RuleChanges) -> set[int]:
        """Apply all but the fields. Returns segments whose rules must be read again."""
        read_again = {segment_id for segment_id, rule in changes.rules.items() if rule != self.rules.get(segment_id)}
        for segment_id in read_again:
            self._put(segment_id, changes.rules[segment_id])
        for segment_id, exists in changes.existence.items():
            if exists != (segment_id in self.existing):
                read_again |= self.mentioned_by.get(segment_id, set())
            if exists:
                self.existing[segment_id] = _EXISTS
            else:
                self.existing.pop(segment_id, None)
        return read_again

    def _put(self, segment_id: int, rule: StoredRule | None) -> None:
        before = self.rules.pop(segment_id, None)
        for mentioned in () if before is None else before.mentions():
            self.mentioned_by[mentioned].remove(segment_id)
        if rule is not None:
            self.rules[segment_id] = rule
            for mentioned in rule.mentions():
                self.mentioned_by.setdefault(mentioned, set()).add(segment_id)


# ---------------------------------------------------------------- read


async def load(workspace_id: int) -> tuple[str, RuleChanges] | None:
    """Returns None when there is no such workspace."""
    scope = await workspaces.find_system_scope(workspace_id)
    if scope is None:
        return None
    rules, _ = _read(await db.fetch(_ALL, workspace_id))
    existence = await _existence(workspace_id, _mentioned(rules))
    return scope.timezone, RuleChanges(rules, existence, await _load_fields(scope))


async def find_changes(
    stored: StoredRules, workspace_id: int, since: int, number: int, captured: Set[int | None]
) -> RuleChanges | None:
    """Returns what changed between two numbers of epochs and in `captured` segments, or None when that is not known."""
    listed = await _listed(workspace_id, since, number)
    if listed is None:
        return None
    changed = listed | captured
    fields = None
    if None in changed:
        scope = await workspaces.find_system_scope(workspace_id)
        if scope is None or scope.timezone != stored.timezone:
            return None
        fields = await _load_fields(scope)
    rules, existence = _read(await db.fetch(_CHANGED, workspace_id, list(changed - {None})))
    unknown = _mentioned(rules) - stored.mentioned_by.keys() - existence.keys()
    return RuleChanges(rules, existence | await _existence(workspace_id, unknown), fields)


async def _listed(workspace_id: int, since: int, number: int) -> Set[int | None] | None:
    if since == number:
        return set()
    rows = await db.fetch(_SINCE, workspace_id, since, number)
    if not rows or rows[0]["previous"] != since or rows[-1]["epoch"] != number:
        return None
    return {row["segment_id"] for row in rows}


async def delete_old_changes(workspace_id: int, number: int) -> None:
    await db.execute(
        "DELETE FROM rule_changes WHERE workspace_id = $1 AND epoch < $2", workspace_id, number - KEPT_MICROSECONDS
    )


_SINCE = """
SELECT epoch, previous, segment_id FROM rule_changes WHERE workspace_id = $1 AND epoch > $2 AND epoch <= $3 ORDER BY epoch
"""

_COLUMNS = """
s.id, s.deleted_at IS NULL AS exists, s.kind <> 'STATIC' AND s.deleted_at IS NULL AS is_evaluated, s.active_rule,
CASE WHEN b.segment_id IS NOT NULL THEN s.rule END AS next_rule
"""

_ALL = f"""
SELECT {_COLUMNS} FROM segments AS s
LEFT JOIN segment_builds AS b ON b.workspace_id = $1 AND b.segment_id = s.id
WHERE s.workspace_id = $1 AND s.deleted_at IS NULL AND s.kind <> 'STATIC'
"""  # noqa: S608 - columns of our own

_CHANGED = f"""
SELECT changed.id, coalesce(s.exists, false) AS exists, coalesce(s.is_evaluated, false) AS is_evaluated,
       s.active_rule, s.next_rule
FROM unnest($2::bigint[]) AS changed (id)
LEFT JOIN (
    SELECT {_COLUMNS} FROM segments AS s
    LEFT JOIN segment_builds AS b ON b.workspace_id = $1 AND b.segment_id = s.id
    WHERE s.workspace_id = $1 AND s.id = ANY ($2::bigint[])
) AS s ON s.id = changed.id
"""  # noqa: S608 - columns of our own


def _read(rows: Sequence[db.Record]) -> tuple[dict[int, StoredRule | None], dict[int, bool]]:
    rules: dict[int, StoredRule | None] = {}
    for row in rows:
        has_rule = row["is_evaluated"] and (row["active_rule"] is not None or row["next_rule"] is not None)
        rules[row["id"]] = StoredRule(row["active_rule"], row["next_rule"]) if has_rule else None
    return rules, {row["id"]: row["exists"] for row in rows}


def _mentioned(rules: Mapping[int, StoredRule | None]) -> frozenset[int]:
    return frozenset[int]().union(*(rule.mentions() for rule in rules.values() if rule is not None))


async def _load_fields(scope: Scope) -> dict[str, Field]:
    return {key: replace(custom, label="") for key, custom in (await load_fields(scope)).items()}


async def existing(workspace_id: int, segment_ids: Collection[int]) -> dict[int, KnownSegment]:
    """Those of these segments that are there."""
    known = await _existence(workspace_id, segment_ids)
    return {segment_id: _EXISTS for segment_id, is_there in known.items() if is_there}


async def _existence(workspace_id: int, segment_ids: Collection[int]) -> dict[int, bool]:
    possible = [segment_id for segment_id in segment_ids if abs(segment_id) < 2**63]
    if not possible:
        return dict.fromkeys(segment_ids, False)
    rows = await db.fetch(
        "SELECT id FROM segments WHERE workspace_id = $1 AND id = ANY ($2::bigint[]) AND deleted_at IS NULL",
        workspace_id,
        possible,
    )
    return dict.fromkeys(segment_ids, False) | {row["id"]: True for row in rows}
