"""Many events of a subscription at once, and what they come to as payloads: made once for all who ask for the same."""

import asyncio
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import Any, TypeVar, cast

Written = TypeVar("Written")

Resume = Callable[[int], str]
"""The cursor that stands for having been given so many events of a batch, from none to all."""


class Payloads:
    """The payloads of a batch, as JSON, in order. `resume`: for feeds that can be gone on with."""

    __slots__ = ("_written", "resume", "texts")

    def __init__(self, texts: Sequence[bytes], resume: Resume | None = None) -> None:
        self.texts = texts
        self.resume = resume
        self._written: dict[Hashable, Any] = {}

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.texts)

    def written(self, how: Hashable, write: Callable[[Sequence[bytes]], Written]) -> Written:
        """What `write` makes of the texts. Kept as `how`, for the others who are told the same in the same way."""
        if how not in self._written:
            self._written[how] = write(self.texts)
        return cast(Written, self._written[how])


class EventBatch:
    """What a subscription's source may yield instead of one event: several, which are answered and sent together.

    `shared` says that the very same batch goes to other followers in this process too. Then each text is made once for all
    who ask for the same: by the same document, and, where batched fields are in it, with the same values and permissions."""

    __slots__ = ("events", "payloads", "resume", "shared")

    def __init__(self, events: Iterable[Any], *, shared: bool = False, resume: Resume | None = None) -> None:
        self.events = tuple(events)
        self.shared = shared
        self.resume = resume
        self.payloads: dict[Hashable, tuple[object, asyncio.Future[Payloads]]] = {}
        """By what is asked for (a plan's id and more; the plan is kept alive beside it). Under way, or there."""
