"""Which contact each row is about, one row after another, as if each were written before the next is looked at. Pure.

The directory knows the contacts that have any key of these rows, and follows what the rows change about keys; so the outcome
does not depend on how a file is cut into chunks.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from models.contacts.built_in_fields import MOST_TAGS
from models.transfers.imports.mapping import ID, KEYS, Policy
from models.transfers.imports.values import REJECTED, SKIPPED, ReadPlan, RowChunk, keys_of

CONTACT_KEYS: Final = KEYS[1:]
"""The keys that a contact holds and an import can write."""


@dataclass(slots=True, eq=False)
class Known:
    """A contact as far as keys go. `id` None: to be created. `line`: the row of this import that it has met already.

    `tags` is None where nothing is ever added to them.
    """

    id: int | None
    external_id: str | None = None
    email: str | None = None
    phone: str | None = None
    line: int | None = None
    tags: Sequence[str] | None = None


class Directory:
    """Contacts by their keys: what PostgreSQL holds for the keys of these rows, and what the rows made of it."""

    def __init__(self) -> None:
        self.by: dict[str, dict[Any, Known | None]] = {key: {} for key in KEYS}

    def learn(self, known: Known) -> None:
        """A contact that is there."""
        if known.id is not None:
            self.by[ID][known.id] = known
        for key in CONTACT_KEYS:
            value = getattr(known, key)
            if value is not None:
                self.by[key][value] = known

    def unknown(self, key: str, values: Sequence[Any]) -> list[Any]:
        """Those of `values` that nothing is known of, each once."""
        known = self.by[key]
        return [value for value in dict.fromkeys(values) if value is not None and value not in known]


@dataclass(slots=True)
class Step:
    """Rows that can be written at once: their places in the chunk, and the contact of each.

    `freed`: keys that these rows take from contacts. No row of the same step takes such a key up again, since a unique
    index judges row by row, in an order that nobody sets.
    """

    creates: list[tuple[int, Known]] = field(default_factory=list)
    updates: list[tuple[int, Known]] = field(default_factory=list)
    freed: set[tuple[str, str]] = field(default_factory=set)
    moved: list[tuple[str, str, Known]] = field(default_factory=list)
    """Keys that these rows give to contacts."""


class Matcher:
    """Settles the rows of a chunk; refusals go into the chunk."""

    def __init__(self, plan: ReadPlan, chunk: RowChunk, directory: Directory) -> None:
        self._plan, self._chunk, self._directory = plan, chunk, directory
        self._policies = {column.field: column.policy for column in plan.placed}
        self._columns = [(key, column, directory.by[key]) for key, column in keys_of(chunk).items()]
        self._writable = [one for one in self._columns if one[0] != ID]
        self._clears = any(self._policies[key] is Policy.REPLACE for key, _, _ in self._writable)
        self._adds_tags = plan.options.add_tags or self._policies.get("tags") is Policy.MERGE

    def steps(self) -> Iterator[Step]:
        """The rows that do something, in order. Each step has to be written before the next one is asked for."""
        step = Step()
        for at in range(len(self._chunk.lines)):
            known = self._find(at)
            if known is None:
                continue
            taken = self._taken(at, known)
            if step.freed and any((key, value) in step.freed for key, value in taken):
                yield step
                step = Step()
            self._write_down(at, known, taken, step)
        yield step

    # ------------------------------------------------------------ one row

    def _find(self, at: int) -> Known | None:
        """The contact to create or update for row `at`, or None when it is refused."""
        found, found_by, has_key = None, "", False
        for key, column, known_by in self._columns:
            value = column[at]
            if value is None:
                continue
            has_key = True
            known = known_by.get(value)
            if known is None:
                if key == ID:
                    return self._refuse(at, REJECTED, (ID,), "there is no contact with this id")
            elif found is None:
                found, found_by = known, key
            elif known is not found:
                return self._refuse(at, REJECTED, (found_by, key), _JOINS.format(found_by, key))
        if not has_key:
            keys = tuple(key for key, _, _ in self._columns)
            return self._refuse(
                at, REJECTED, keys, f"the row has no {' and no '.join(keys)}: by these it finds its contact"
            )
        return self._make(at) if found is None else self._admit(at, found, found_by)

    def _make(self, at: int) -> Known | None:
        if not self._plan.options.create:
            keys = tuple(key for key, column, _ in self._writable if column[at] is not None)
            return self._refuse(at, SKIPPED, keys, "no contact has this, and `create` is off")
        if self._too_many_tags(at, ()):
            return None
        return Known(None)

    def _admit(self, at: int, known: Known, found_by: str) -> Known | None:
        if known.line is not None:
            return self._refuse(at, SKIPPED, (found_by,), f"the row is about the same contact as line {known.line}")
        if not self._plan.options.overwrite:
            return self._refuse(
                at, SKIPPED, (found_by,), "there is a contact with this already, and `overwrite` is off"
            )
        if known.tags is not None and self._too_many_tags(at, known.tags):
            return None
        return known

    def _too_many_tags(self, at: int, held: Sequence[str]) -> bool:
        if not self._adds_tags:
            return False
        given = self._chunk.values["tags"][at] if "tags" in self._chunk.values else None
        tags = {*held, *(given or ()), *self._plan.options.add_tags}
        if len(tags) <= MOST_TAGS:
            return False
        reason = f"the contact would hold {len(tags)} tags: at most {MOST_TAGS} fit"
        self._chunk.refuse(at, REJECTED, self._plan.heading("tags"), reason)
        return True

    def _refuse(self, at: int, outcome: str, keys: Sequence[str], reason: str) -> Known | None:
        """Row `at` comes to nothing; gives None, which says so."""
        headings = [heading for key in keys if (heading := self._plan.heading(key)) is not None]
        self._chunk.refuse(at, outcome, "; ".join(headings) or None, reason)
        return None

    # ------------------------------------------------------------ what a row does to keys

    def _taken(self, at: int, known: Known) -> list[tuple[str, str]]:
        """The keys that row `at` gives to its contact, which has not had them."""
        taken = []
        for key, column, _ in self._writable:
            value = column[at]
            if value is not None and value != getattr(known, key) and not self._fills_only(key, known):
                taken.append((key, value))
        return taken

    def _fills_only(self, key: str, known: Known) -> bool:
        return self._policies[key] is Policy.FILL_EMPTY and getattr(known, key) is not None

    def _write_down(self, at: int, known: Known, taken: Sequence[tuple[str, str]], step: Step) -> None:
        known.line = self._chunk.lines[at]
        if known.id is not None and (taken or self._clears):
            self._free(at, known, {key for key, _ in taken}, step)
        for key, value in taken:
            self._directory.by[key][value] = known
            setattr(known, key, value)
            step.moved.append((key, value, known))
        (step.creates if known.id is None else step.updates).append((at, known))

    def _free(self, at: int, known: Known, taken: Collection[str], step: Step) -> None:
        """Let go of the keys that the contact has no longer."""
        for key, column, known_by in self._writable:
            old = getattr(known, key)
            cleared = column[at] is None and self._policies[key] is Policy.REPLACE
            if old is not None and (cleared or key in taken):
                known_by[old] = None
                step.freed.add((key, old))
                setattr(known, key, None)


_JOINS: Final = (
    "{} is one contact's and {} is another's: the row would join the two. Correct it, or merge the contacts first"
)
