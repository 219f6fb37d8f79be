"""Which STATE may be written: the newest one before which every row is settled.

A row is settled when CleverTap has accepted it, or when it has been kept as rejected. Rows are
counted by the span between two STATE messages that they were read in, so a row costs one
addition. A span whose rows are all settled melts into the span before it, which takes over its
state: what remains in memory is bounded by the rows in flight, not by the input.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

SECONDS_BETWEEN_STATES = 1.0


class Span:
    """The rows between two STATE messages; `open` rows of them are not settled yet."""

    __slots__ = ("before", "next", "open", "state")

    def __init__(self, before: Span | None) -> None:
        self.before = before
        self.next: Span | None = None
        self.open = 0
        self.state: bytes | None = None


class Checkpoints:
    """Counts rows in and out, and writes a STATE as soon as it is true, at most one a second."""

    def __init__(
        self, write: Callable[[bytes], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._write = write
        self._clock = clock
        self.current = Span(None)
        """The span that the rows read by now belong to."""
        self._ready: bytes | None = None
        self._written: bytes | None = None
        self._written_at = float("-inf")

    def row(self) -> Span:
        """Counts one row as read; give the span back to `settle` with the row's outcome."""
        self.current.open += 1
        return self.current

    def rows(self, count: int) -> None:
        """Counts rows of the current span as read, as `row` does one."""
        self.current.open += count

    def state(self, value: bytes) -> None:
        """The tap sent a STATE: it may be written once all rows read so far are settled."""
        span = self.current
        span.state = value
        self.current = span.next = Span(span)
        if span.open == 0:
            self._melt(span)

    def settle(self, span: Span, rows: int = 1) -> None:
        """Counts rows of a span as accepted or kept as rejected."""
        span.open -= rows
        if span.open == 0 and span.state is not None:
            self._melt(span)

    def flush(self) -> None:
        """Write the newest state that is true now, however recent the last one is."""
        if self._ready is not None and self._ready != self._written:
            self._write(self._ready)
            self._written = self._ready
            self._written_at = self._clock()
        self._ready = None

    def _melt(self, span: Span) -> None:
        """A settled span's state holds as soon as that of the span before it would."""
        if span.before is None:
            self._ready = span.state
        else:
            span.before.state = span.state
            span.before.next = span.next
        if span.next is not None:
            span.next.before = span.before
        self.tick()

    def tick(self) -> float | None:
        """Write a state that a second has held back; returns the seconds until one is due."""
        if self._ready is None:
            return None
        due = self._written_at + SECONDS_BETWEEN_STATES - self._clock()
        if due > 0:
            return due
        self.flush()
        return None
