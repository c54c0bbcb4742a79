"""Which workflows led to something: their chains without a wait between, so that loops end.

As text a chain is `3:12,15,12`: how many workflows, and their ids, the last one last. Several led to one thing: `1:12|2:7,15`.
Triggers copy the text from a setting to the marks on contacts, and the engine of segments from the marks to signals and to the
log of members (models/membership/causes.py).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Final

DEEPEST: Final = 8
"""A longer chain is taken for a loop."""

MOST_CHAINS: Final = 8
"""Of more, the longest are kept: they are stopped first."""

_BETWEEN: Final = 0
"""Stands between chains in a list of ids."""

Chain = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Cause:
    """The chains that led to something; none when nobody did but a person, a partner, an import, or time."""

    chains: tuple[Chain, ...] = ()

    def __str__(self) -> str:
        return "|".join(f"{len(chain)}:{','.join(map(str, chain))}" for chain in self.chains)

    @property
    def depth(self) -> int:
        return max(map(len, self.chains), default=0)

    @property
    def path(self) -> list[int]:
        """As enrollments keep it: the ids of all chains, with a 0 between."""
        return [one for index, chain in enumerate(self.chains) for one in (*((_BETWEEN,) if index else ()), *chain)]

    @classmethod
    def of_path(cls, path: Sequence[int]) -> "Cause":
        return cls(tuple(tuple(chain) for is_chain, chain in groupby(path, bool) if is_chain))

    def loop(self, workflow_id: int) -> Chain | None:
        """The chain because of which this workflow may not follow."""
        if not self.chains:  # most often
            return None
        return min(
            (chain for chain in self.chains if workflow_id in chain or len(chain) >= DEEPEST),
            key=lambda chain: (workflow_id not in chain, len(chain)),
            default=None,
        )

    def then(self, workflow_id: int) -> "Cause":
        return _then(self, workflow_id)


@lru_cache(maxsize=1024)
def _then(cause: Cause, workflow_id: int) -> Cause:
    return Cause(tuple((*chain, workflow_id) for chain in cause.chains or ((),)))


NOBODY: Final = Cause()


def together(causes: Iterable[Cause]) -> Cause:
    """What all of these led to."""
    chains = dict.fromkeys(chain for cause in causes for chain in cause.chains)
    if len(chains) > MOST_CHAINS:
        longest = set(sorted(chains, key=len, reverse=True)[:MOST_CHAINS])
        chains = dict.fromkeys(chain for chain in chains if chain in longest)
    return Cause(tuple(chains))


def parse(text: str | None) -> Cause:
    return together(
        Cause((_chain(chain),)) for chain in (text or "").split("|") if not chain.startswith("0:") and chain
    )


def _chain(text: str) -> Chain:
    return tuple(int(one) for one in text.partition(":")[2].split(","))
