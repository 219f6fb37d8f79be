"""How long calls took, in memory that does not grow with their number."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

SHORTEST: Final = 0.0001
"""Seconds: whatever is shorter is taken for this long."""

LONGEST: Final = 3600.0
"""Seconds: whatever is longer falls into the last band, above this."""

GROWTH: Final = 1.1
"""Each band reaches so many times as far as the one before it, so that its middle is within 5 %
of everything in it (the root of 1.1 is 1.0488)."""

_LOG: Final = math.log(GROWTH)
BANDS: Final = math.ceil(math.log(LONGEST / SHORTEST) / _LOG) + 2


@dataclass(frozen=True, slots=True)
class Band:
    """So many calls took longer than `over` seconds and up to `up_to`."""

    over: float
    up_to: float
    count: int


class Latencies:
    """Counts of calls by how long they took: one integer a band, 184 bands from 0.1 ms to 1 h."""

    __slots__ = ("_counts", "longest")

    def __init__(self) -> None:
        self._counts = [0] * BANDS
        self.longest = 0.0

    def add(self, seconds: float) -> None:
        """One more call took so long."""
        self._counts[_band(seconds)] += 1
        self.longest = max(self.longest, seconds)

    def percentile(self, percent: int) -> float:
        """The seconds that so many of a hundred calls did not exceed, off by 5 % at most.

        It is the middle of the band of the last of them; 0 when there were no calls.
        """
        rank = math.ceil(sum(self._counts) * percent / 100)
        for number, count in enumerate(self._counts):
            rank -= count
            if count and rank <= 0:
                return min(_middle(number), self.longest)
        return 0.0

    def bands(self) -> Iterator[Band]:
        """The bands in which there are calls, from the shortest to the longest."""
        for number, count in enumerate(self._counts):
            if count:
                up_to = self.longest if number == BANDS - 1 else _end(number)
                yield Band(_end(number - 1) if number else 0.0, up_to, count)


def _band(seconds: float) -> int:
    if seconds <= SHORTEST:
        return 0
    return min(math.ceil(math.log(seconds / SHORTEST) / _LOG), BANDS - 1)


def _end(number: int) -> float:
    """The longest that falls into a band, but the last."""
    return SHORTEST * GROWTH**number


def _middle(number: int) -> float:
    """As far, as a factor, from both ends of a band."""
    return _end(number) / math.sqrt(GROWTH) if number else SHORTEST
