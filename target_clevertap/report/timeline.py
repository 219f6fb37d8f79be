"""What happened when, in memory that does not grow with the length of a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

INTERVALS: Final = 240
"""At most. When they are full, each two become one, and all are twice as long from then on."""

FIRST_SECONDS: Final = 1.0


@dataclass(slots=True)
class Slice:
    """Counts of one interval while they grow."""

    accepted: int = 0
    rejected: int = 0
    calls: int = 0
    most_in_flight: int = 0
    throttled: int = 0
    retries: int = 0

    def absorb(self, other: Slice) -> None:
        """Stand for the time of another one too."""
        self.accepted += other.accepted
        self.rejected += other.rejected
        self.calls += other.calls
        self.most_in_flight = max(self.most_in_flight, other.most_in_flight)
        self.throttled += other.throttled
        self.retries += other.retries


class Slices:
    """The run so far in slices, each `seconds` long. All times are seconds since its start."""

    __slots__ = ("_in_flight", "_known_until", "_slices", "seconds")

    def __init__(self) -> None:
        self.seconds = FIRST_SECONDS
        self._slices = [Slice()]
        self._in_flight = 0
        self._known_until = 0.0

    def at(self, time: float) -> Slice:
        """The slice of a time, from the first one on; a time before the start falls into that."""
        while time >= self.seconds * INTERVALS:
            self._join_pairs()
        number = max(0, int(time / self.seconds))
        while len(self._slices) <= number:
            self._slices.append(Slice())
        return self._slices[number]

    def in_flight(self, time: float, count: int) -> None:
        """From a time on, so many calls are under way; until then it was as said before."""
        self.at(time)
        first, last = int(self._known_until / self.seconds), int(time / self.seconds)
        for slice_ in self._slices[first : last + 1]:
            slice_.most_in_flight = max(slice_.most_in_flight, self._in_flight)
        self._in_flight = count
        self._known_until = time
        now = self._slices[last]
        now.most_in_flight = max(now.most_in_flight, count)

    def until(self, time: float) -> list[Slice]:
        """All slices from the start to a time."""
        self.in_flight(time, self._in_flight)
        return list(self._slices)

    def _join_pairs(self) -> None:
        for first, second in zip(self._slices[::2], self._slices[1::2], strict=False):
            first.absorb(second)
        del self._slices[1::2]
        self.seconds *= 2
