"""How long calls took, in memory that does not grow with their number."""

from __future__ import annotations

import math
from typing import Final

from target_clevertap.report.model import Latency, LatencyBand

SHORTEST: Final = 0.0001
"""Seconds: whatever is shorter is taken for this long."""

LONGEST: Final = 3600.0
"""Seconds: whatever is longer falls into the last band, above this."""

GROWTH: Final = 1.1
"""Each band reaches so many times as far as the one before it, so that its middle is within 5 %
of everything in it (the root of 1.1 is 1.0488)."""

_LOG: Final = math.log(GROWTH)
BANDS: Final = math.ceil(math.log(LONGEST / SHORTEST) / _LOG) + 2


class Latencies:
    """Counts of calls by how long they took: one integer a band, 184 bands from 0.1 ms to 1 h."""

    __slots__ = ("_counts", "_longest")

    def __init__(self) -> None:
        self._counts = [0] * BANDS
        self._longest = 0.0

    def add(self, seconds: float) -> None:
        """One more call took so long."""
        self._counts[_band(seconds)] += 1
        self._longest = max(self._longest, seconds)

    def latency(self) -> Latency:
        """The percentiles of all calls, off by 5 % at most; all 0 when there were none."""
        p50, p90, p99 = (self._percentile(percent) for percent in (50, 90, 99))
        return Latency(p50=p50, p90=p90, p99=p99, max=_rounded(self._longest))

    def bands(self) -> tuple[LatencyBand, ...]:
        """The bands in which there are calls, from the shortest to the longest."""
        return tuple(
            LatencyBand(
                over=_rounded(_end(number - 1)) if number else 0.0,
                up_to=_rounded(self._longest if number == BANDS - 1 else _end(number)),
                count=count,
            )
            for number, count in enumerate(self._counts)
            if count
        )

    def _percentile(self, percent: int) -> float:
        """What so many of a hundred calls did not exceed: the middle of the band of the last."""
        rank = math.ceil(sum(self._counts) * percent / 100)
        for number, count in enumerate(self._counts):
            rank -= count
            if count and rank <= 0:
                return _rounded(min(_middle(number), self._longest))
        return 0.0


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


def _rounded(seconds: float) -> float:
    """To the microsecond: more digits would only look exact."""
    return round(seconds, 6)
