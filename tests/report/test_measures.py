"""Figures of a run add up, and fit into the same memory however long the run is."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_clevertap.clevertap import Attempt
from target_clevertap.errors import AnswerUnclear, CleverTapError, NotReached, Throttled
from target_clevertap.report import Measures
from target_clevertap.report.compose import calls_of, timeline_of
from target_clevertap.report.latency import Latencies
from target_clevertap.report.measures import KINDS
from target_clevertap.report.timeline import INTERVALS

if TYPE_CHECKING:
    from target_clevertap.report.model import Interval

HOUR = 3600.0


@dataclass
class Clock:
    """Seconds that pass only when told to."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


def attempt(  # one try of a call, in tests' own order
    call: str = "upload",
    number: int = 1,
    records: int = 1000,
    seconds: float = 0.2,
    error: CleverTapError | None = None,
) -> Attempt:
    return Attempt(call, number, records, seconds, None if error else 200, error)


errors = st.sampled_from([None, Throttled("429"), NotReached("gone"), AnswerUnclear("what?")])
attempts = st.builds(
    attempt,
    call=st.sampled_from(["upload", "list_url"]) | st.text(max_size=3),
    number=st.integers(1, 5),
    records=st.integers(0, 1000),
    seconds=st.floats(0, 4 * HOUR),
    error=errors,
)
happenings = st.lists(st.tuples(st.floats(0, 2 * HOUR), attempts, st.booleans()), max_size=60)


@given(happenings)
def test_whatever_happens_the_figures_add_up_in_bounded_memory(
    happened: list[tuple[float, Attempt, bool]],
) -> None:
    clock = Clock()
    measures = Measures(clock)
    accepted = rejected = 0
    for seconds, tried, taken in happened:
        with measures.holding(nullcontext()):
            clock.now += seconds
        measures.attempt(tried)
        accepted, rejected = accepted + tried.records * taken, rejected + (not taken)
        measures.rows(accepted, rejected)

    calls, timeline = calls_of(measures), timeline_of(measures)

    tries = [tried for _, tried, _ in happened]
    assert calls.made == len(tries) == sum(kind.made for kind in calls.kinds)
    assert calls.records == sum(tried.records for tried in tries)
    assert calls.failed == sum(tried.error is not None for tried in tries)
    assert calls.throttled == sum(isinstance(tried.error, Throttled) for tried in tries)
    assert calls.lost == sum(isinstance(tried.error, AnswerUnclear) for tried in tries)
    assert calls.retries == sum(tried.number > 1 for tried in tries)
    assert all(kind.made == sum(band.count for band in kind.bands) for kind in calls.kinds)
    assert len(calls.kinds) <= KINDS

    def sums(name: str) -> int:
        return sum(getattr(interval, name) for interval in timeline.intervals)

    assert sums("calls") == calls.made
    assert sums("throttled") == calls.throttled
    assert sums("retries") == calls.retries
    assert (sums("accepted"), sums("rejected")) == (accepted, rejected)
    assert max(interval.most_in_flight for interval in timeline.intervals) == bool(tries)
    assert len(timeline.intervals) <= INTERVALS
    assert timeline.intervals[-1].at <= measures.seconds
    assert measures.seconds <= timeline.intervals[-1].at + timeline.seconds


@given(st.lists(st.floats(0.0001, HOUR), min_size=1, max_size=300))
def test_percentiles_are_off_by_five_percent_at_most(durations: list[float]) -> None:
    latencies = Latencies()
    for seconds in durations:
        latencies.add(seconds)

    ranked = sorted(durations)

    for percent in (50, 90, 99):
        exact = ranked[math.ceil(len(ranked) * percent / 100) - 1]
        assert latencies.percentile(percent) == pytest.approx(exact, rel=0.05)
    assert latencies.longest == ranked[-1]


def test_the_bands_of_a_latency_hold_it() -> None:
    for seconds in (0.0, 0.0001, 0.00011, 0.2, 60, HOUR, 30 * HOUR):
        latencies = Latencies()
        latencies.add(seconds)
        (band,) = latencies.bands()
        assert band.over <= seconds <= band.up_to or seconds == band.over == 0


def test_no_calls_take_no_time() -> None:
    calls = calls_of(Measures(Clock()))
    assert calls.made == 0
    assert calls.kinds == ()
    assert Latencies().percentile(99) == Latencies().longest == 0


def test_a_long_run_is_told_in_longer_intervals() -> None:
    clock = Clock()
    measures = Measures(clock)
    for minute in range(9 * 60):
        measures.rows(accepted=1000 * (minute + 1), rejected=minute)
        clock.now += 60

    timeline = timeline_of(measures)

    assert timeline.seconds == 256
    assert len(timeline.intervals) == math.ceil((9 * HOUR + 1) / 256)
    assert [interval.at for interval in timeline.intervals[:3]] == [0, 256, 512]
    assert sum(interval.accepted for interval in timeline.intervals) == 540_000
    middle = timeline.intervals[5:-5]
    assert all(4000 <= interval.accepted <= 5000 for interval in middle)


def test_a_call_is_counted_when_it_began_and_its_429_when_it_came() -> None:
    clock = Clock()
    measures = Measures(clock)
    clock.now += 9.5
    measures.attempt(attempt(seconds=7.0, error=Throttled("429"), number=2))

    intervals = timeline_of(measures).intervals

    assert [interval.calls for interval in intervals] == [0, 0, 1, *[0] * 7]
    assert [interval.throttled for interval in intervals] == [*[0] * 9, 1]
    assert [interval.retries for interval in intervals] == [*[0] * 9, 1]


def test_calls_under_way_are_seen_in_every_interval_they_last() -> None:
    clock = Clock()
    measures = Measures(clock)
    first, second = measures.holding(nullcontext()), measures.holding(nullcontext())
    clock.now += 1.5
    first.__enter__()
    clock.now += 1
    second.__enter__()
    assert measures.in_flight == 2
    clock.now += 0.2
    second.__exit__(None, None, None)
    clock.now += 2
    first.__exit__(None, None, None)
    clock.now += 1

    assert most(timeline_of(measures).intervals) == [0, 1, 2, 1, 1, 0]
    assert measures.in_flight == 0


def test_a_failed_call_is_no_longer_under_way_and_its_slot_learns_why() -> None:
    measures = Measures(Clock())
    slot = Slot()
    with pytest.raises(Throttled), measures.holding(slot):
        raise Throttled("429")
    assert measures.in_flight == 0
    assert slot.learnt is Throttled


def test_calls_from_many_threads_are_all_counted() -> None:
    measures = Measures()

    def call(_number: int) -> None:
        with measures.holding(nullcontext()):
            measures.attempt(attempt(records=1, seconds=0))

    with ThreadPoolExecutor(15) as threads:
        list(threads.map(call, range(3000)))
    assert calls_of(measures).made == calls_of(measures).records == 3000
    assert sum(interval.calls for interval in timeline_of(measures).intervals) == 3000
    assert measures.in_flight == 0


def test_the_figures_of_a_long_run_stay_small() -> None:
    clock = Clock()
    measures = Measures(clock)
    for number in range(20_000):
        clock.now += 7
        measures.attempt(attempt(call=f"call {number}", seconds=0.001 * number))
        measures.rows(number, 0)
    kept = msgspec.json.encode([calls_of(measures), timeline_of(measures)])
    assert len(kept) < 100_000


class Slot:
    """A place for a call that remembers how the call ended."""

    learnt: type[BaseException] | None = None

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.learnt = kind


def most(intervals: tuple[Interval, ...]) -> list[int]:
    return [interval.most_in_flight for interval in intervals]
