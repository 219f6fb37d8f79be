"""Figures of a run as it goes: its calls, how long they took, and what happened when."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Final

from target_clevertap.errors import AnswerLost, Throttled
from target_clevertap.report.latency import Latencies
from target_clevertap.report.timeline import Slices

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from target_clevertap.clevertap import Attempt
    from target_clevertap.report.timeline import Slice

KINDS: Final = 16
"""Kinds of calls that are told apart; the client makes five."""

OTHER_KIND: Final = "other"


@dataclass(slots=True)
class Kind:
    """Counts of the calls of one kind while they grow."""

    made: int = 0
    records: int = 0
    retries: int = 0
    throttled: int = 0
    lost: int = 0
    failed: int = 0
    latencies: Latencies = field(default_factory=Latencies)

    def add(self, attempt: Attempt) -> None:
        """One more try has ended."""
        self.made += 1
        self.records += attempt.records
        self.retries += attempt.number > 1
        self.throttled += isinstance(attempt.error, Throttled)
        self.lost += isinstance(attempt.error, AnswerLost)
        self.failed += attempt.error is not None
        self.latencies.add(attempt.seconds)


class Measures:
    """Counts from any thread, in a few microseconds a call and a few kilobytes for any run.

    `attempt` is told of every try of a call that has ended, `holding` stands around every try
    while it is made, and `rows` is told now and then how many rows have their outcome.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """The run starts now; `clock` counts seconds and never goes back."""
        self._clock = clock
        self._began = clock()
        self._lock = Lock()
        self._kinds: dict[str, Kind] = {}
        self._slices = Slices()
        self._in_flight = 0
        self._accepted = 0
        self._rejected = 0

    @property
    def seconds(self) -> float:
        """The time since the start of the run."""
        return self._clock() - self._began

    @property
    def in_flight(self) -> int:
        """How many calls are under way."""
        return self._in_flight

    def attempt(self, attempt: Attempt) -> None:
        """A try of a call has just ended."""
        with self._lock:
            now = self.seconds
            self._kind(attempt.call).add(attempt)
            self._slices.at(now - attempt.seconds).calls += 1
            ended = self._slices.at(now)
            ended.retries += attempt.number > 1
            ended.throttled += isinstance(attempt.error, Throttled)

    @contextmanager
    def holding(self, slot: AbstractContextManager[None]) -> Iterator[None]:
        """Holds a slot, and counts a call as under way for as long; waiting for it is not."""
        with slot:
            self._count_in_flight(1)
            try:
                yield
            finally:
                self._count_in_flight(-1)

    def rows(self, accepted: int, rejected: int) -> None:
        """So many rows of the run have been accepted and rejected by now, of all streams."""
        if accepted == self._accepted and rejected == self._rejected:
            return
        with self._lock:
            now = self._slices.at(self.seconds)
            now.accepted += accepted - self._accepted
            now.rejected += rejected - self._rejected
            self._accepted, self._rejected = accepted, rejected

    def kinds(self) -> dict[str, Kind]:
        """The counts of all calls so far, by the name of their kind."""
        with self._lock:
            return dict(self._kinds)

    def slices(self) -> tuple[float, list[Slice]]:
        """The run from its start until now, in slices that are so many seconds long."""
        with self._lock:
            slices = self._slices.until(self.seconds)
            return self._slices.seconds, slices

    def _kind(self, name: str) -> Kind:
        kind = self._kinds.get(name)
        if kind is None:
            room = len(self._kinds) < KINDS - 1
            kind = self._kinds.setdefault(name if room else OTHER_KIND, Kind())
        return kind

    def _count_in_flight(self, change: int) -> None:
        with self._lock:
            self._in_flight += change
            self._slices.in_flight(self.seconds, self._in_flight)
