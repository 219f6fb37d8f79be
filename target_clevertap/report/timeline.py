"""What happened when, in memory that does not grow with the length of a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from target_clevertap.report.model import Interval, Timeline

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

    def interval(self, at: float) -> Interval:
        """The interval that began so many seconds after the start."""
        return Interval(
            at=at,
            accepted=self.accepted,
            rejected=self.rejected,
            calls=self.calls,
            most_in_flight=self.most_in_flight,
            throttled=self.throttled,
            retries=self.retries,
        )


class Slices:
    """The run so far in slices of equal length. All times are seconds since its start."""

    __slots__ = ("_in_flight", "_known_until", "_seconds", "_slices")

    def __init__(self) -> None:
        self._seconds = FIRST_SECONDS
        self._slices = [Slice()]
        self._in_flight = 0
        self._known_until = 0.0

    def at(self, time: float) -> Slice:
        """The slice of a time, from the first one on; a time before the start falls into that."""
        while time >= self._seconds * INTERVALS:
            self._join_pairs()
        number = max(0, int(time / self._seconds))
        while len(self._slices) <= number:
            self._slices.append(Slice())
        return self._slices[number]

    def in_flight(self, time: float, count: int) -> None:
        """From a time on, so many calls are under way; until then it was as said before."""
        self.at(time)
        first, last = int(self._known_until / self._seconds), int(time / self._seconds)
        for slice_ in self._slices[first : last + 1]:
            slice_.most_in_flight = max(slice_.most_in_flight, self._in_flight)
        self._in_flight = count
        self._known_until = time
        now = self._slices[last]
        now.most_in_flight = max(now.most_in_flight, count)

    def timeline(self, time: float) -> Timeline:
        """All intervals from the start to a time."""
        self.in_flight(time, self._in_flight)
        return Timeline(
            seconds=self._seconds,
            intervals=tuple(
                slice_.interval(number * self._seconds)
                for number, slice_ in enumerate(self._slices)
            ),
        )

    def _join_pairs(self) -> None:
        for first, second in zip(self._slices[::2], self._slices[1::2], strict=False):
            first.absorb(second)
        del self._slices[1::2]
        self._seconds *= 2
