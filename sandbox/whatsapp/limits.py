"""The API's limits on messages per second and per recipient."""

from bisect import bisect_left
from collections import deque
from typing import Final

PAIR_SECONDS: Final = 6.0
PAIR_BURST: Final = 45


class Throughput:
    """Limits any window of one second: the strictest reading of the limit."""

    def __init__(self, per_second: int) -> None:
        self.per_second = per_second
        self._recent: deque[float] = deque()

    def admit(self, now: float) -> bool:
        while self._recent and self._recent[0] <= now - 1.0:
            self._recent.popleft()
        if len(self._recent) >= self.per_second:
            return False
        self._recent.append(now)
        return True


class PairLimit:
    """One message every six seconds to a recipient, with a burst of up to 45."""

    def __init__(self) -> None:
        self._free_at: dict[str, float] = {}

    def admit(self, phone: str, now: float) -> bool:
        free_at = max(self._free_at.get(phone, 0.0), now)
        if free_at - now > PAIR_SECONDS * (PAIR_BURST - 1):
            return False
        self._free_at[phone] = free_at + PAIR_SECONDS
        return True


def busiest_second(times: list[float]) -> int:
    """Returns the most `times` (sorted, in seconds) in any window of one second."""
    return max((bisect_left(times, start + 1.0) - index for index, start in enumerate(times)), default=0)
