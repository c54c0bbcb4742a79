"""Several events at once. Their payloads are written once for all subscribers that get the same."""

import asyncio
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import Any, TypeVar, cast

Format = TypeVar("Format")

Resume = Callable[[int], str]
"""From the number of events that a client has received to the cursor after them."""


class Payloads:
    """`resume` is set for subscriptions with cursors."""

    __slots__ = ("formats", "resume", "texts")

    def __init__(self, texts: Sequence[bytes], resume: Resume | None = None) -> None:
        self.texts = texts
        self.resume = resume
        self.formats: dict[Hashable, Any] = {}

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.texts)

    def formatted(self, key: Hashable, write: Callable[[Sequence[bytes]], Format]) -> Format:
        """What `write` makes, kept under `key` for other subscribers."""
        if key not in self.formats:
            self.formats[key] = write(self.texts)
        return cast(Format, self.formats[key])


class EventBatch:
    """`shared`: other subscribers get the same object.

    Payloads are then written once for all with the same document and, where batched fields are selected, the same variables and
    permissions.
    """

    __slots__ = ("events", "payloads", "resume", "shared")

    def __init__(self, events: Iterable[Any], *, shared: bool = False, resume: Resume | None = None) -> None:
        self.events = tuple(events)
        self.shared = shared
        self.resume = resume
        self.payloads: dict[Hashable, tuple[object, asyncio.Future[Payloads]]] = {}
        """By what is selected. A key has the id() of a plan, so the plan is kept too."""
