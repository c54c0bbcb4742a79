"""Many events of a subscription at once."""

from collections.abc import Iterable
from typing import Any


class Burst:
    """What a subscription's source may yield instead of one event: several, which are answered and sent together.

    `shared` says that the very same burst goes to other followers in this process too, and that what is shown of an
    event depends on the event alone: then each text is made once for all followers that ask for the same. (Batched
    fields, which look at who asks, are never shared.)"""

    __slots__ = ("events", "shared", "texts")

    def __init__(self, events: Iterable[Any], *, shared: bool = False) -> None:
        self.events = tuple(events)
        self.shared = shared
        self.texts: dict[int, tuple[object, list[bytes]]] = {}
        """By plan (its id, kept alive beside it): the payloads of the events."""
