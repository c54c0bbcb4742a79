"""Which workflows led to something: their chain without a wait between, so that loops end.

As text it is `3:12,15`: the depth, and the ids of the workflows, the last one last. Triggers copy it from a setting to the
marks on contacts, and the engine of segments from the marks to signals and to the log of members.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

DEEPEST: Final = 8
"""A longer chain is taken for a loop."""


@dataclass(frozen=True, slots=True)
class Cause:
    """`depth` counts the workflows, `path` has their ids."""

    depth: int = 0
    path: tuple[int, ...] = ()

    def __str__(self) -> str:
        return f"{self.depth}:{','.join(map(str, self.path))}"

    def is_loop(self, workflow_id: int) -> bool:
        """Whether this workflow may not follow."""
        return workflow_id in self.path or self.depth >= DEEPEST

    def then(self, workflow_id: int) -> "Cause":
        return _then(self, workflow_id)


@lru_cache(maxsize=1024)
def _then(cause: Cause, workflow_id: int) -> Cause:
    return Cause(cause.depth + 1, (*cause.path, workflow_id))


NOBODY: Final = Cause()
"""A person, a partner, an import, or time."""


def parse(text: str | None) -> Cause:
    if text is None:
        return NOBODY
    depth, _, ids = text.partition(":")
    return Cause(int(depth), tuple(int(one) for one in ids.split(",") if one))
