"""Reads the members of a JSON object one by one, and keeps every mistake with its path."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

from models.errors import DomainError, Invalid, LimitExceeded, Problems, Required
from models.rules.operands import MAX_REPORTED, read_boolean
from models.values.texts import check_text, kind_of

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)


@dataclass(slots=True)
class Part:
    """A JSON object of a graph. After a mistake its methods return something of the right type, which is not used."""

    value: Mapping[str, Any]
    path: tuple[str, ...]
    errors: list[DomainError]
    read: set[str] = field(default_factory=set)

    # ------------------------------------------------------------ values

    def required(self, name: str, read: Callable[[object], T], otherwise: T) -> T:
        if self._member(name) is None:
            self.mistake(Required(f"{name} is missing"), name)
            return otherwise
        found = self.optional(name, read)
        return otherwise if found is None else found

    def optional(self, name: str, read: Callable[[object], T]) -> T | None:
        """None when the member is absent or null."""
        value = self._member(name)
        if value is None:
            return None
        try:
            return read(value)
        except (DomainError, Problems) as error:
            self.mistake(error, name)
            return None

    def flag(self, name: str, *, otherwise: bool) -> bool:
        found = self.optional(name, read_boolean)
        return otherwise if found is None else found

    def choice(self, name: str, enum: type[E], otherwise: E) -> E:
        found = self.optional(name, lambda value: _read_choice(enum, value))
        return otherwise if found is None else found

    def text(self, name: str, longest: int = 200) -> str:
        return self.required(name, lambda value: check_text(value, longest), "")

    def json(self, name: str) -> Any:
        return self._member(name)

    # ------------------------------------------------------------ parts of it

    def part(self, name: str) -> "Part | None":
        """The member as a part; None when it is absent, null or not an object."""
        value = self._member(name)
        if value is None:
            return None
        if isinstance(value, dict):
            return Part(value, (*self.path, name), self.errors)
        self.mistake(Invalid(f"must be an object, not {kind_of(value)}"), name)
        return None

    def parts(self, name: str, most: int) -> "list[Part]":
        """The objects of a list, which may be absent."""
        value = self._member(name)
        if value is None:
            return []
        if not isinstance(value, list):
            self.mistake(Invalid(f"must be a list, not {kind_of(value)}"), name)
            return []
        if len(value) > most:
            self.mistake(LimitExceeded(f"at most {most} fit here; these are {len(value)}"), name)
            return []
        inside = Part(dict(zip(map(str, range(len(value))), value, strict=True)), (*self.path, name), self.errors)
        return [part for part in (inside.part(index) for index in inside.value) if part is not None]

    def one_of(self, names: Iterable[str]) -> str | None:
        """The only member of these that is there; None after a mistake."""
        known = list(names)
        given = [name for name in known if self._member(name) is not None]
        if len(given) == 1:
            return given[0]
        self.mistake(Invalid(f"has exactly one of {', '.join(known)}; here are {len(given)}"))
        return None

    # ------------------------------------------------------------ mistakes

    def mistake(self, error: DomainError | Problems, *name: str) -> None:
        moved = error.under(*self.path, *name)
        self.errors.extend(moved.errors if isinstance(moved, Problems) else [moved])

    def close(self) -> None:
        """Refuses members that nothing has read."""
        for name in self.value.keys() - self.read:
            self.mistake(Invalid(f"there is no {name[:50]!r} here: leave it out"))

    def _member(self, name: str) -> Any:
        self.read.add(name)
        return self.value.get(name)


def raise_mistakes(errors: list[DomainError]) -> None:
    if errors:
        raise Problems(errors[:MAX_REPORTED])


def _read_choice(enum: type[E], value: object) -> E:
    if isinstance(value, str) and value in enum.__members__:
        return enum(value)
    raise Invalid(f"must be one of {', '.join(enum)}")
