"""What is tried has always listened."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Final

SINCE_EVER: Final = (0, datetime.min.replace(tzinfo=UTC))


class SinceEver(Mapping[str, tuple[int, datetime]]):
    """In place of since when a plan listens to which words."""

    def __getitem__(self, word: str) -> tuple[int, datetime]:
        return SINCE_EVER

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0
