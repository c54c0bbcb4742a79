"""Finds the contact of each row. Rows see keys as earlier rows leave them, so the size of chunks does not matter."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from models.contacts.built_in_fields import MOST_TAGS
from models.contacts.keys import replaces_external_id
from models.transfers.imports.mapping import ID, KEYS, Policy
from models.transfers.imports.values import REJECTED, SKIPPED, ReadPlan, RowChunk, keys_of
from models.values.contact_ids import write_contact_id

CONTACT_KEYS: Final = KEYS[1:]


@dataclass(slots=True, eq=False)
class KnownContact:
    """`id` None: to be created. `line`: of the row that matched. `tags` None: the import adds no tags.

    `phone`: its `phone_key`. `phone_twin` > 0: an older contact has it too, and is the one that it finds. `aliases`: (key, value)
    by which it is known beside its own keys, which `own` then has as they are stored.
    """

    id: int | None
    external_id: str | None = None
    email: str | None = None
    phone: str | None = None
    line: int | None = None
    tags: Sequence[str] | None = None
    phone_twin: int = 0
    aliases: frozenset[tuple[str, Any]] = frozenset()
    own: Mapping[str, Any] | None = None


class Directory:
    """Contacts by their keys, as the rows so far leave them."""

    def __init__(self) -> None:
        self.by: dict[str, dict[Any, KnownContact | None]] = {key: {} for key in KEYS}

    def add(self, known: KnownContact) -> None:
        by = self.by
        if known.id is not None:
            by[ID][known.id] = known
        if known.external_id is not None:
            by["external_id"][known.external_id] = known
        if known.email is not None:
            by["email"][known.email] = known
        if known.phone is not None and not known.phone_twin:
            by["phone"][known.phone] = known

    def missing(self, key: str, values: Sequence[Any]) -> list[Any]:
        """The values that it does not hold, each once."""
        known = self.by[key]
        return [value for value in dict.fromkeys(values) if value is not None and value not in known]


@dataclass(slots=True)
class Step:
    """Rows for one statement.

    A row that needs a `freed` key waits for the next step, because a unique index is checked row by row, in unknown order.
    """

    creates: list[tuple[int, KnownContact]] = field(default_factory=list)
    updates: list[tuple[int, KnownContact]] = field(default_factory=list)
    freed: set[tuple[str, str]] = field(default_factory=set)
    moved: list[tuple[str, str, KnownContact]] = field(default_factory=list)


class Matcher:
    def __init__(self, plan: ReadPlan, chunk: RowChunk, directory: Directory) -> None:
        self._plan, self._chunk, self._directory = plan, chunk, directory
        self._policies = {column.field: column.policy for column in plan.columns}
        self._columns = [(key, column, directory.by[key]) for key, column in keys_of(chunk).items()]
        self._writable = [one for one in self._columns if one[0] != ID]
        self._clears = any(self._policies[key] is Policy.REPLACE for key, _, _ in self._writable)
        self._rewritten: set[str] = set()
        self._external_ids = chunk.values.get("external_id")
        self._may_replace_external_id = plan.options.replace_external_id or self._external_ids is None
        self._adds_tags = plan.options.add_tags or self._policies.get("tags") is Policy.MERGE

    def steps(self) -> Iterator[Step]:
        """Write each step before taking the next."""
        step = Step()
        for index in range(len(self._chunk.lines)):
            known = self._contact_of(index)
            if known is None:
                continue
            new_keys = self._new_keys(index, known)
            if step.freed and any((key, value) in step.freed for key, value in new_keys):
                yield step
                step = Step()
            self._apply(index, known, new_keys, step)
        yield step

    # ------------------------------------------------------------ one row

    def _contact_of(self, index: int) -> KnownContact | None:
        found, found_by, has_key = None, "", False
        for key, column, known_by in self._columns:
            value = column[index]
            if value is None:
                continue
            has_key = True
            known = known_by.get(value)
            if known is None:
                if key == ID:
                    return self._refuse(index, REJECTED, (ID,), "there is no contact with this id")
            elif found is None:
                found, found_by = known, key
            elif known is not found and getattr(found, key) != value and (key, value) not in found.aliases:
                return self._refuse(index, REJECTED, (found_by, key), self._joins(found_by, found, key, known))
        if not has_key:
            keys = tuple(key for key, _, _ in self._columns)
            reason = f"the row has no {' and no '.join(keys)}: by these it finds its contact"
            return self._refuse(index, REJECTED, keys, reason)
        return self._created(index) if found is None else self._updated(index, found, found_by)

    def _created(self, index: int) -> KnownContact | None:
        if not self._plan.options.create:
            keys = tuple(key for key, column, _ in self._writable if column[index] is not None)
            return self._refuse(index, SKIPPED, keys, "no contact has this, and `create` is off")
        if self._too_many_tags(index, ()):
            return None
        return KnownContact(None)

    def _updated(self, index: int, known: KnownContact, found_by: str) -> KnownContact | None:
        if known.line is not None:
            return self._refuse(index, SKIPPED, (found_by,), f"the row is about the same contact as line {known.line}")
        if not self._plan.options.overwrite:
            reason = "there is a contact with this already, and `overwrite` is off"
            return self._refuse(index, SKIPPED, (found_by,), reason)
        if self._would_replace_external_id(index, known, found_by):
            return self._refuse(index, REJECTED, ("external_id",), self._taken(known, found_by))
        if known.tags is not None and self._too_many_tags(index, known.tags):
            return None
        return known

    def _would_replace_external_id(self, index: int, known: KnownContact, found_by: str) -> bool:
        if self._may_replace_external_id or found_by == ID or self._external_ids is None:
            return False
        return replaces_external_id(known.external_id, self._external_ids[index]) and not self._fills_only(
            "external_id", known
        )

    def _too_many_tags(self, index: int, held: Sequence[str]) -> bool:
        if not self._adds_tags:
            return False
        given = self._chunk.values["tags"][index] if "tags" in self._chunk.values else None
        tags = {*held, *(given or ()), *self._plan.options.add_tags}
        if len(tags) <= MOST_TAGS:
            return False
        reason = f"the contact would hold {len(tags)} tags: at most {MOST_TAGS} fit"
        self._chunk.refuse(index, REJECTED, self._plan.heading("tags"), reason)
        return True

    def _joins(self, found_by: str, found: KnownContact, key: str, known: KnownContact) -> str:
        return (
            f"{found_by} is that of {self._name_of(found, 'one contact')}, and {key} that of"
            f" {self._name_of(known, 'another')}: the row would join the two. Correct one of the cells, or empty it; if"
            " they are one person, merge them (contactsMerge)"
        )

    def _taken(self, known: KnownContact, found_by: str) -> str:
        return (
            f"{self._name_of(known, 'the contact')}, which has this {found_by}, has another external_id: correct the"
            " row, or set replaceExternalId to give the contact this one"
        )

    def _name_of(self, known: KnownContact, otherwise: str) -> str:
        if known.line is not None:
            return f"the contact of line {known.line}"
        named = self._plan.names_contacts and known.id is not None
        return f"the contact {write_contact_id(known.id or 0)}" if named else otherwise

    def _refuse(self, index: int, outcome: str, keys: Sequence[str], reason: str) -> KnownContact | None:
        headings = [heading for key in keys if (heading := self._plan.heading(key)) is not None]
        self._chunk.refuse(index, outcome, "; ".join(headings) or None, reason)
        return None

    # ------------------------------------------------------------ changes of keys

    def _new_keys(self, index: int, known: KnownContact) -> list[tuple[str, str]]:
        new_keys = []
        for key, column, _ in self._writable:
            value = column[index]
            if known.aliases and (key, value) in known.aliases:
                self._keep_own(index, key, known)
            elif value is not None and value != getattr(known, key) and not self._fills_only(key, known):
                new_keys.append((key, value))
        return new_keys

    def _keep_own(self, index: int, key: str, known: KnownContact) -> None:
        """The contact is known by the cell already: it keeps what its own row has. A retry reads the chunk's lists again."""
        if key not in self._rewritten:
            self._chunk.values[key] = list(self._chunk.values[key])
            self._rewritten.add(key)
        assert known.own is not None
        self._chunk.values[key][index] = known.own[key]

    def _fills_only(self, key: str, known: KnownContact) -> bool:
        return self._policies[key] is Policy.FILL_EMPTY and getattr(known, key) is not None

    def _apply(self, index: int, known: KnownContact, new_keys: Sequence[tuple[str, str]], step: Step) -> None:
        known.line = self._chunk.lines[index]
        if known.id is not None and (new_keys or self._clears):
            self._free(index, known, {key for key, _ in new_keys}, step)
        for key, value in new_keys:
            self._directory.by[key][value] = known
            setattr(known, key, value)
            step.moved.append((key, value, known))
        (step.creates if known.id is None else step.updates).append((index, known))

    def _free(self, index: int, known: KnownContact, new_keys: Collection[str], step: Step) -> None:
        for key, column, known_by in self._writable:
            old = getattr(known, key)
            is_empty = column[index] is None and not self._chunk.is_left_out(key, index)
            cleared = is_empty and self._policies[key] is Policy.REPLACE
            if old is not None and (cleared or key in new_keys):
                if known_by.get(old) is known:
                    known_by[old] = None
                    step.freed.add((key, old))
                setattr(known, key, None)
