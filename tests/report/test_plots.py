"""Plots show what the figures say, at a scale that a person can read."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_clevertap.report.compose import calls_of
from target_clevertap.report.model import Interval, Timeline
from target_clevertap.report.plots import HEIGHT, WIDTH, latency_plot, rows_plot
from target_clevertap.report.wording import duration, number, share, short_number
from tests.report.samples import Drive, nine_hours

if TYPE_CHECKING:
    from target_clevertap.report.plots import Plot


def timeline(*accepted: int, rejected: int = 0) -> Timeline:
    intervals = (
        Interval(at=place * 2.0, accepted=count, rejected=rejected)
        for place, count in enumerate(accepted)
    )
    return Timeline(seconds=2.0, intervals=tuple(intervals))


def coordinates(plot: Plot) -> list[float]:
    return [float(text) for shape in plot.shapes for text in re.findall(r"[\d.]+", shape.line)]


def test_a_line_keeps_each_value_for_its_interval() -> None:
    plot = rows_plot(timeline(0, 8, 8, 4), seconds=8)
    (shape,) = plot.shapes
    assert shape.line == "M0 200V200L250 200V0L750 0V100H1000"
    assert plot.heights == ("4", "2", "0")
    assert [tick.label for tick in plot.ticks] == ["0 s", "4 s", "8 s"]
    assert plot.words == ("At most 4 accepted, 2 s after the start. None rejected. Over 8 s.")


def test_what_did_not_happen_has_no_line() -> None:
    assert [shape.name for shape in rows_plot(timeline(1), 2).shapes] == ["accepted"]
    both = rows_plot(timeline(1, rejected=1), 2)
    assert [shape.name for shape in both.shapes] == ["accepted", "rejected"]


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=240))
def test_no_line_leaves_its_plot(accepted: list[int]) -> None:
    plot = rows_plot(timeline(*accepted), seconds=2.0 * len(accepted))
    for shape in plot.shapes:
        heights = [float(text) for text in re.findall(r"V([\d.]+)", shape.line)]
        assert all(0 <= height <= HEIGHT for height in heights)
        if max(accepted) > 1:
            assert min(heights) <= 0.6 * HEIGHT, "the highest value is easily seen"


@given(st.lists(st.floats(0, 10**5), min_size=1, max_size=50))
def test_latencies_of_any_length_fit_their_plot(durations: list[float]) -> None:
    drive = Drive()
    for seconds in durations:
        drive.measures.attempt(drive.tried(seconds=seconds))
    plot = latency_plot(calls_of(drive.measures).kinds[0])
    assert all(0 <= place <= WIDTH for place in coordinates(plot))
    places = [tick.place for tick in plot.ticks]
    assert all(0 <= place <= 95 for place in places)
    assert all(after - before >= 20 for before, after in pairwise(places))
    assert places


def test_words_say_how_long_calls_took() -> None:
    words = latency_plot(nine_hours().calls.kinds[0]).words
    assert re.fullmatch(
        r"[\d,]+ calls from [\d.]+ ms to [\d.]+ m?s; half of them took up to [\d.]+ ms, "
        r"99 of 100 up to [\d.]+ ms\.",
        words,
    )


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.00012, "0.12 ms"),
        (0.2109, "210 ms"),
        (0.9999, "999 ms"),
        (1, "1 s"),
        (0.178, "178 ms"),
        (1.254, "1.25 s"),
        (59.999, "59.9 s"),
        (60, "1 min"),
        (245.9, "4 min 5 s"),
        (3599.9, "59 min 59 s"),
        (9 * 3600 + 125, "9 h 2 min"),
    ],
)
def test_times_are_said_in_two_units(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_numbers_are_written_for_people() -> None:
    assert [number(0), number(1234567), number(None)] == ["0", "1,234,567", "not known"]
    written = [short_number(count) for count in (0.5, 40, 1500, 20_000, 4e6, 2e9)]
    assert written == ["0.5", "40", "1.5k", "20k", "4M", "2G"]
    shares = [share(percent) for percent in (100, 99.999, 12.34, 0.05)]
    assert shares == ["100 %", "99.9 %", "12.3 %", "less than 0.1 %"]
