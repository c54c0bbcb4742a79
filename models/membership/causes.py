"""Which workflows led to what a batch changes: from the marks on contacts to scores, and to members of segments.

A cause is a text (models/workflows/causes.py); `|` stands between those that led to one thing together. Someone else's change
has none.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from models import db
from models.membership.apply import Difference
from models.membership.compiled_rules import CompiledRules
from models.membership.dirty_contacts import Marks
from models.rules.contact_changes import (
    ChangeOf,
    ContactChange,
    field_changed,
    membership_changed,
    read,
    tag_added,
    tag_removed,
)
from models.rules.tree import Rule, TagsCondition, each_leaf

TAGS: Final = field_changed("tags")
_RESPELLED: Final = ContactChange("tags:")
"""Some tag is written in another way: no mark, but what is known here of one that names no tag."""


@dataclass(slots=True)
class Causes:
    """`led` says what led to each change of a contact; `moved` what led to those of its members, by segment and contact."""

    led: dict[int, dict[ContactChange, dict[str, None]]]
    moved: dict[tuple[int, int], dict[str, None]] = field(default_factory=dict)
    _reads: dict[int, frozenset[ContactChange]] = field(default_factory=dict)

    def of(self, contact_id: int, changes: Iterable[ContactChange]) -> dict[str, None]:
        """All that led to any of these changes of a contact, in the order in which they were marked."""
        led = self.led.get(contact_id, {})
        return {cause: None for change in changes for cause in led.get(change, ())}

    def text_of(self, contact_id: int, changes: Iterable[ContactChange]) -> str | None:
        return "|".join(self.of(contact_id, changes)) or None

    def follow_scores(self, compiled: CompiledRules, scored: Marks) -> None:
        """What led to a score leads to what reads it."""
        for contact_id in scored.keys() & self.led.keys():
            for build in compiled.scores.builds:
                score = field_changed(f"scores.{build.key}")
                changed = scored[contact_id] & {score, field_changed(f"{score}.level")} if build.active else ()
                for change in changed:
                    self._add(contact_id, change, self.of(contact_id, build.definition.reads()))

    async def follow(self, compiled: CompiledRules, difference: Difference) -> None:
        """What led to a change of members leads to what reads the segment."""
        moved = [
            (segment_id, contact_id)
            for segment_id, contact_id in zip(difference.segment_ids, difference.contact_ids, strict=True)
            if contact_id in self.led
        ]
        await self._read(compiled, {segment_id for segment_id, _ in moved} - self._reads.keys())
        for segment_id, contact_id in moved:
            causes = self.of(contact_id, self._reads[segment_id])
            if causes:
                self.moved.setdefault((segment_id, contact_id), {}).update(causes)
                self._add(contact_id, membership_changed(segment_id), causes)

    def _add(self, contact_id: int, change: ContactChange, causes: Mapping[str, None]) -> None:
        self.led[contact_id].setdefault(change, {}).update(causes)

    async def _read(self, compiled: CompiledRules, segment_ids: Collection[int]) -> None:
        """Learns what the rules of these segments read: of tags, which ones."""
        rules = {segment_id: compiled.rules[segment_id] for segment_id in segment_ids}
        tags = list({tag for one in rules.values() for tag in _tags_of(one.rule)})
        keys = (
            dict(zip(tags, await db.fetch_value("SELECT muster_fold($1::text[])", tags), strict=True)) if tags else {}
        )
        for segment_id, one in rules.items():
            words = {word for tag in _tags_of(one.rule) for word in (tag_added(keys[tag]), tag_removed(keys[tag]))}
            self._reads[segment_id] = one.reads - {TAGS} | words | ({_RESPELLED} if words else frozenset())


def _tags_of(rule: Rule) -> Iterator[str]:
    return (tag for leaf in each_leaf(rule) if isinstance(leaf, TagsCondition) for tag in leaf.tags)


def causes_of(rows: Sequence[db.Record]) -> Causes | None:
    """What led to these marks (rows of `dirty_contacts.claim`); None when no workflow did."""
    led: dict[int, dict[ContactChange, dict[str, None]]] = {}
    for row in sorted((row for row in rows if row["cause"] is not None), key=lambda row: row["id"]):
        of_contact = led.setdefault(row["contact_id"], {})
        for change in _changes(row["fields"]):
            of_contact.setdefault(change, {})[row["cause"]] = None
    return Causes(led) if led else None


def _changes(fields: Collection[str]) -> Iterator[ContactChange]:
    yield from map(ContactChange, fields)
    if TAGS in fields and not any(read(ContactChange(one)).of in _OF_TAGS for one in fields):
        yield _RESPELLED


_OF_TAGS: Final = frozenset({ChangeOf.TAG_ADDED, ChangeOf.TAG_REMOVED})
