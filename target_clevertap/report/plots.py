"""Plots as shapes and labels, ready to be written as SVG."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from target_clevertap.report.wording import duration, short_number

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from target_clevertap.report.model import CallKind, LatencyBand, Timeline

WIDTH: Final = 1000
HEIGHT: Final = 200
"""The units of all shapes. A page stretches them to the room it has; text is not in them."""

TICKS_APART: Final = 20.0
LAST_TICK: Final = 95.0
"""In hundredths of the width: the room of a label on a narrow screen."""

ROUND_TIMES: Final = (1, 2, 5)
ROUND_HEIGHTS: Final = (1, 2, 4, 10)
"""Times a power of ten; their halves are round as well."""
LOWEST_TOP: Final = 2.0


@dataclass(frozen=True, slots=True)
class Tick:
    """A label on the time or latency axis; `place` is in hundredths of the width."""

    place: float
    label: str


@dataclass(frozen=True, slots=True)
class Shape:
    """One series: the line of its values, and the name that its style and its legend go by."""

    name: str
    label: str
    line: str

    @property
    def area(self) -> str:
        """The line closed to the ground."""
        return f"{self.line}V{HEIGHT}H0Z"


@dataclass(frozen=True, slots=True)
class Plot:
    """A picture, and what it says in words."""

    name: str
    title: str
    words: str
    shapes: tuple[Shape, ...]
    heights: tuple[str, str, str]
    """Labels of the top, the middle and the ground."""
    ticks: tuple[Tick, ...]


@dataclass(frozen=True, slots=True)
class Series:
    """Values of all intervals under a name."""

    name: str
    label: str
    values: Sequence[float]


def rows_plot(timeline: Timeline, seconds: float) -> Plot:
    """Rows a second, accepted and rejected, over the `seconds` of a run."""
    length = timeline.seconds
    series = (
        Series("accepted", "accepted", [each.accepted / length for each in timeline.intervals]),
        Series("rejected", "rejected", [each.rejected / length for each in timeline.intervals]),
    )
    return _over_time("rows", "Rows a second", series, timeline, seconds)


def calls_plot(timeline: Timeline, seconds: float) -> Plot:
    """The most calls under way at once, over the `seconds` of a run."""
    values = [each.most_in_flight for each in timeline.intervals]
    series = (Series("flying", "at once", values),)
    return _over_time("calls", "Calls in flight", series, timeline, seconds)


def trouble_plot(timeline: Timeline, seconds: float) -> Plot:
    """Calls that were answered 429, and calls made again, over the `seconds` of a run."""
    series = (
        Series("throttled", "answered 429", [each.throttled for each in timeline.intervals]),
        Series("retried", "made again", [each.retries for each in timeline.intervals]),
    )
    return _over_time("trouble", "429s and retries", series, timeline, seconds)


def latency_plot(kind: CallKind) -> Plot:
    """How many calls of a kind took how long; the axis of time is logarithmic."""
    low, high = _range(kind.bands)
    most = _round_up(max(band.count for band in kind.bands))
    line = "".join(_bars(kind.bands, low, high, most))
    return Plot(
        name=f"latency-{kind.name}",
        title=f"How long calls took: {kind.name}",
        words=(
            f"{kind.made:,} calls from {duration(kind.bands[0].over)} to "
            f"{duration(kind.latency.max)}; half of them took up to {duration(kind.latency.p50)}, "
            f"99 of 100 up to {duration(kind.latency.p99)}."
        ),
        shapes=(Shape("took", "calls", line),),
        heights=_heights(most),
        ticks=tuple(_latency_ticks(low, high)),
    )


def _over_time(
    name: str, title: str, series: Sequence[Series], timeline: Timeline, seconds: float
) -> Plot:
    top = _round_up(max((max(each.values, default=0) for each in series), default=0))
    end = len(timeline.intervals) * timeline.seconds
    return Plot(
        name=name,
        title=title,
        words=f"{' '.join(_most(each, timeline) for each in series)} Over {duration(seconds)}.",
        shapes=tuple(
            Shape(each.name, each.label, _steps(each.values, top))
            for each in series
            if any(each.values) or len(series) == 1
        ),
        heights=_heights(top),
        ticks=tuple(Tick(100 * part / 4, duration(end * part / 4)) for part in (0, 2, 4)),
    )


def _most(series: Series, timeline: Timeline) -> str:
    """Where a series is highest, in words."""
    most = max(series.values, default=0)
    if not most:
        return f"None {series.label}."
    at = timeline.intervals[series.values.index(most)].at
    return f"At most {most:,.3g} {series.label}, {duration(at)} after the start."


def _steps(values: Sequence[float], top: float) -> str:
    """A line that keeps each value for its interval; equal neighbours are drawn as one."""
    width = WIDTH / max(len(values), 1)
    path: list[str] = []
    last: float | None = None
    for number, value in enumerate(values):
        if value != last:
            path.append(f"{'L' if path else 'M'}{number * width:.4g} {_y(last or 0, top)}")
            path.append(f"V{_y(value, top)}")
            last = value
    return "".join([*path, f"H{WIDTH}"]) if path else f"M0 {HEIGHT}H{WIDTH}"


def _bars(bands: Sequence[LatencyBand], low: float, high: float, top: float) -> Iterator[str]:
    """A line along the tops of the bands, down to the ground where there are no calls."""
    yield f"M0 {HEIGHT}"
    for band in bands:
        left, right = _x(max(band.over, low), low, high), _x(band.up_to, low, high)
        yield f"H{left:.4g}V{_y(band.count, top)}H{right:.4g}V{HEIGHT}"
    yield f"H{WIDTH}"


def _range(bands: Sequence[LatencyBand]) -> tuple[float, float]:
    """The ends of the axis, in seconds, wide enough for a few labels."""
    low = max(bands[0].over, bands[0].up_to / 2)
    return low / 2, max(bands[-1].up_to, low) * 2


def _latency_ticks(low: float, high: float) -> Iterator[Tick]:
    """Round times, far enough from each other for a narrow screen."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    last = -TICKS_APART
    for seconds in (step * 10.0**power for power in powers for step in ROUND_TIMES):
        place = round(100 * _x(seconds, low, high) / WIDTH, 2)
        if max(0, last + TICKS_APART) <= place <= LAST_TICK:
            yield Tick(place, duration(seconds))
            last = place


def _x(seconds: float, low: float, high: float) -> float:
    return WIDTH * math.log(seconds / low) / math.log(high / low)


def _y(value: float, top: float) -> str:
    return f"{HEIGHT - HEIGHT * value / top:.4g}"


def _heights(top: float) -> tuple[str, str, str]:
    return short_number(top), short_number(top / 2), "0"


def _round_up(value: float) -> float:
    """The next of 2, 4, 10, 20, 40, ..."""
    if value <= LOWEST_TOP:
        return LOWEST_TOP
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in ROUND_HEIGHTS if step * power >= value)
