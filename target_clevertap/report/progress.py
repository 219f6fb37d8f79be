"""How a run stands, while it goes: live on a terminal, else a line in the log now and then.

Nothing here has a thread or a timer: whoever drives it calls `tick` often enough.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from collections import deque
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final, Protocol, TextIO

from target_clevertap.report.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

log = logging.getLogger(__name__)

SECONDS_BETWEEN_LINES: Final = 30.0

SECONDS_OF_A_RATE: Final = 5.0
"""At least: rows come in bursts, and a rate of a moment tells nothing."""


@dataclass(frozen=True, slots=True)
class StreamStanding:
    """A stream by now: its counts, and how fast its rows came lately."""

    name: str
    tally: Tally
    rows_a_second: float


@dataclass(frozen=True, slots=True)
class Standing:
    """A run by now: `total` is the sum of all streams."""

    seconds: float
    in_flight: int
    streams: tuple[StreamStanding, ...]
    total: StreamStanding


class View(Protocol):
    """A way to show how a run stands."""

    first: float
    """Seconds until it is shown for the first time."""
    every: float
    """Seconds from one time to the next."""

    def show(self, standing: Standing) -> None:
        """Show it, in place of what was shown before."""

    def wipe(self) -> None:
        """Take away what must not stay, and leave everything as it was found."""


class Progress:
    """Shows how a run stands whenever that is due."""

    def __init__(
        self,
        tallies: Mapping[str, Tally],
        in_flight: Callable[[], int],
        view: View,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Nothing is shown yet.

        Args:
            tallies: of all streams; they grow while the run goes, in the thread that ticks.
            in_flight: how many calls are under way.
            view: shows it.
            clock: seconds that never go back.
        """
        self._tallies = tallies
        self._in_flight = in_flight
        self.view = view
        self._clock = clock
        self._began = clock()
        self._due = self._began + view.first
        self._read_at: deque[tuple[float, dict[str, int]]] = deque([(self._began, {})])

    def tick(self) -> float:
        """Show how the run stands if that is due; returns in how many seconds it is due again."""
        now = self._clock()
        if now >= self._due:
            self.view.show(self._standing(now))
            self._due = now + self.view.every
        return self._due - now

    def wipe(self) -> None:
        """Take away what is drawn on a terminal until it is next due.

        To be called before anything else is written to the terminal, a STATE for example, and
        when the run ends. What is logged needs no room: it is printed above.
        """
        self.view.wipe()

    def _standing(self, now: float) -> Standing:
        read = {name: tally.read for name, tally in self._tallies.items()}
        since, before = self._read_before(now)
        self._read_at.append((now, read))
        seconds = max(now - since, 1e-3)
        streams = tuple(
            StreamStanding(name, tally, (tally.read - before.get(name, 0)) / seconds)
            for name, tally in self._tallies.items()
        )
        total = StreamStanding(
            "all streams", _sum(self._tallies), sum(stream.rows_a_second for stream in streams)
        )
        return Standing(now - self._began, self._in_flight(), streams, total)

    def _read_before(self, now: float) -> tuple[float, dict[str, int]]:
        """The newest counts that are old enough to tell a rate by, or the oldest."""
        while len(self._read_at) > 1 and now - self._read_at[1][0] >= SECONDS_OF_A_RATE:
            self._read_at.popleft()
        return self._read_at[0]


class LogLines:
    """A line in the log every half a minute.

    It names no stream: that may be called anything, and whoever looks for the words of failures
    in a log must not find them in the name of one.
    """

    first = every = SECONDS_BETWEEN_LINES

    def show(self, standing: Standing) -> None:
        """One more line."""
        total, calls = standing.total, standing.in_flight
        log.info(
            "Under way: %s; %s rows a second, %d %s in flight.",
            total.tally,
            f"{total.rows_a_second:,.0f}",
            calls,
            "call" if calls == 1 else "calls",
        )

    def wipe(self) -> None:
        """Lines stay."""


def progress(
    tallies: Mapping[str, Tally], in_flight: Callable[[], int], stream: TextIO | None = None
) -> Progress:
    """Shows how a run stands: on `stream` (standard error) if it is a terminal, else in the log.

    A terminal that says that it is dumb is none: it could not draw a line anew.
    """
    stream = stream or sys.stderr  # which is None when it is closed
    view: View = LogLines()
    is_terminal = stream is not None and stream.isatty()
    if is_terminal and os.environ.get("TERM", "dumb").lower() not in {"dumb", "unknown"}:
        from target_clevertap.report.screen import Screen  # noqa: PLC0415 - terminals only

        view = Screen(stream)
    return Progress(tallies, in_flight, view)


def _sum(tallies: Mapping[str, Tally]) -> Tally:
    total = Tally()
    for tally in tallies.values():
        for field in fields(Tally):
            added = getattr(total, field.name) + getattr(tally, field.name)
            setattr(total, field.name, added)
    return total
