from collections.abc import Sequence
from typing import Final

from models.errors import LimitExceeded

MOST_AT_ONCE: Final = 1_000


def check_count(ids: Sequence[int], path: str) -> None:
    """Raises LimitExceeded at `path` for more than MOST_AT_ONCE ids."""
    if len(ids) > MOST_AT_ONCE:
        raise LimitExceeded(f"{len(ids):,} contacts are too many: name at most {MOST_AT_ONCE:,} at once", (path,))
