"""A STATE is written when every row before it is settled, and not earlier."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from target_clevertap.delivery.checkpoints import Checkpoints, Span


class Clock:
    """A clock that only moves when told to."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


class Tap:
    """Drives checkpoints and remembers what is true, without the tricks of the real thing."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.open: dict[int, Span] = {}
        self.rows = 0
        self.rows_before: dict[bytes, int] = {}
        self.written: list[bytes] = []
        self.checkpoints = Checkpoints(self.write, self.clock)

    def write(self, state: bytes) -> None:
        unsettled = [row for row in self.open if row < self.rows_before[state]]
        assert not unsettled, "a state ran ahead of its rows"
        self.written.append(state)

    def row(self) -> None:
        self.open[self.rows] = self.checkpoints.row()
        self.rows += 1

    def state(self) -> None:
        value = b"%d" % len(self.rows_before)
        self.rows_before[value] = self.rows
        self.checkpoints.state(value)

    def do(self, step: str, number: int) -> None:
        if step == "row":
            self.row()
        elif step == "state":
            self.state()
        elif step == "settle":
            self.settle(number)
        else:
            self.clock.seconds += number

    def settle(self, which: int) -> None:
        if self.open:
            row = sorted(self.open)[which % len(self.open)]
            self.checkpoints.settle(self.open.pop(row))


steps = st.lists(
    st.one_of(
        st.just(("row", 0)),
        st.just(("state", 0)),
        st.tuples(st.just("settle"), st.integers(0, 50)),
        st.tuples(st.just("wait"), st.integers(0, 3)),
    ),
    max_size=200,
)


@given(steps)
def test_no_state_is_ahead_and_the_last_one_is_always_written(steps: list[tuple[str, int]]) -> None:
    tap = Tap()
    for step, number in steps:
        tap.do(step, number)
    while tap.open:
        tap.settle(0)
    tap.checkpoints.flush()
    assert tap.written == sorted(tap.written, key=int)
    assert tap.written[-1:] == list(tap.rows_before)[-1:]


@given(steps)
def test_memory_holds_only_what_is_unsettled(steps: list[tuple[str, int]]) -> None:
    tap = Tap()
    for step, number in steps:
        tap.do(step, number)
        spans = 0
        span: Span | None = tap.checkpoints.current
        while span is not None:
            spans += 1
            span = span.before
        assert spans <= len(tap.open) + 1


def test_a_state_waits_for_a_row_before_it_but_not_for_one_after_it() -> None:
    tap = Tap()
    tap.row()
    tap.state()
    tap.row()
    tap.clock.seconds = 10
    assert tap.written == []
    tap.settle(0)
    assert tap.written == [b"0"]


def test_states_are_at_least_a_second_apart_and_the_newest_one_wins() -> None:
    tap = Tap()
    tap.state()
    tap.state()
    tap.clock.seconds = 0.5
    tap.state()
    assert tap.written == [b"0"]
    tap.clock.seconds = 1.0
    tap.state()
    assert tap.written == [b"0", b"3"]


def test_flush_writes_what_the_second_held_back_once() -> None:
    tap = Tap()
    tap.state()
    tap.state()
    tap.checkpoints.flush()
    tap.checkpoints.flush()
    assert tap.written == [b"0", b"1"]
