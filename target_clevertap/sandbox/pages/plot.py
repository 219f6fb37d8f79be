"""Counts over time as bars."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from target_clevertap.sandbox.pages.values import moment
from target_clevertap.sandbox.tallies import HOUR

if TYPE_CHECKING:
    from target_clevertap.sandbox.store import Store

BARS = 60
WIDTH, HEIGHT = 720, 140
GAP = 2
STEPS = {
    1: "1 hour",
    3: "3 hours",
    6: "6 hours",
    12: "12 hours",
    24: "1 day",
    48: "2 days",
    168: "1 week",
    336: "2 weeks",
    672: "4 weeks",
    2016: "12 weeks",
    8736: "52 weeks",
}
"""Hours of a bar, the fewest with which all bars have room."""


class Bar(Struct, frozen=True, kw_only=True):
    """One bar, where it stands in the picture, and what it says."""

    x: float
    y: float
    width: float
    height: float
    count: int
    begins: str


class Plot(Struct, frozen=True, kw_only=True):
    """The bars from the first hour with an event to the last."""

    bars: list[Bar]
    step: str
    """How much time a bar is."""
    highest: int
    begins: str
    ends: str


def plot(store: Store, name: str) -> Plot | None:
    """How many events of a name there were, over their own time; None if there were none."""
    first, last = store.execute(
        "SELECT MIN(hour), MAX(hour) FROM event_hours WHERE name = ?", (name,)
    ).fetchone()
    if first is None:
        return None
    step = _step(last - first + 1)
    first -= first % step
    counts = store.execute(
        "SELECT (hour - ?2) / ?3, SUM(count) FROM event_hours WHERE name = ?1 GROUP BY 1",
        (name, first, step),
    ).fetchall()
    slots = (last - first) // step + 1
    return Plot(
        bars=_bars(counts, first, step, slots),
        step=STEPS.get(step) or f"{step:,} hours",
        highest=max(count for _, count in counts),
        begins=moment(first * HOUR),
        ends=moment((first + slots * step) * HOUR),
    )


def _step(hours: int) -> int:
    return next((step for step in STEPS if hours <= step * (BARS - 1)), hours // (BARS - 1) + 1)


def _bars(counts: list[tuple[int, int]], first: int, step: int, slots: int) -> list[Bar]:
    width = WIDTH / max(slots, BARS // 2)
    highest = max(count for _, count in counts)
    return [
        Bar(
            x=round(slot * width, 2),
            y=round(HEIGHT - (height := max(2, HEIGHT * count / highest)), 2),
            width=round(max(1, width - GAP), 2),
            height=round(height, 2),
            count=count,
            begins=moment((first + slot * step) * HOUR),
        )
        for slot, count in counts
    ]
