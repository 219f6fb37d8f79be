"""What is due is done by the clock, also while the tap is silent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from target_clevertap.clevertap import Client, Credentials, Retries
from target_clevertap.delivery import Checkpoints, Delivery, Limits, Outcomes
from target_clevertap.delivery.calls import Calls
from target_clevertap.delivery.pool import Pool
from target_clevertap.mapping import Item
from target_clevertap.rejects import Rejects, Stream
from target_clevertap.report import SdkMetrics

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.sandbox import Sandbox

STREAM = Stream("users", {}, (), lambda _record: ())


class Clock:
    """A clock that only moves when told to."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


class Line:
    """A delivery that a test feeds and whose clock it moves."""

    def __init__(self, sandbox: Sandbox, folder: Path, wait_limit: float) -> None:
        self.clock = Clock()
        self.states: list[bytes] = []
        self.checkpoints = Checkpoints(self.states.append, self.clock)
        self.outcomes = Outcomes(Rejects(folder / "rejected.jsonl"), self.checkpoints)
        self.client = Client(
            sandbox.url,
            Credentials(sandbox.account_id, sandbox.passcode),
            retries=Retries(limit_seconds=0),
        )
        self.pool = Pool(2)
        self.delivery = Delivery(
            Calls(self.client, SdkMetrics(), self.clock),
            self.outcomes,
            self.pool,
            Limits(1000, 4_000_000),
            uncertain="resend",
            wait_limit=wait_limit,
            clock=self.clock,
        )

    def row(self, number: int) -> None:
        body = b'{"type":"profile","identity":"%d","profileData":{}}' % number
        item = Item("profile", f"identity:{number}", body, plain=True)
        self.delivery.add(item, self.outcomes.read(STREAM, b"{}", number))

    def close(self) -> None:
        self.delivery.abandon()
        self.pool.close()
        self.client.close()


@pytest.fixture
def line(sandbox: Sandbox, tmp_path: Path) -> Iterator[Line]:
    line = Line(sandbox, tmp_path, wait_limit=30)
    yield line
    line.close()


def test_a_partial_batch_is_due_when_its_oldest_row_is_as_old_as_the_limit(
    line: Line, sandbox: Sandbox
) -> None:
    assert line.delivery.tick() is None
    line.row(1)
    line.clock.seconds += 10
    line.row(2)
    assert line.delivery.tick() == 20
    line.clock.seconds += 20
    assert line.delivery.tick() is None
    line.pool.take_all()
    assert [call["records"] for call in sandbox.calls("/1/upload")] == [2]


def test_the_next_batch_has_a_time_of_its_own(line: Line) -> None:
    line.row(1)
    line.clock.seconds += 31
    line.delivery.tick()
    line.clock.seconds += 5
    line.row(2)
    assert line.delivery.tick() == 30


def test_a_state_is_written_when_its_second_has_passed(line: Line) -> None:
    line.checkpoints.state(b"1")
    line.checkpoints.state(b"2")
    assert (line.states, line.checkpoints.tick()) == ([b"1"], 1.0)
    line.clock.seconds += 0.25
    assert line.checkpoints.tick() == 0.75
    line.clock.seconds += 0.75
    assert line.checkpoints.tick() is None
    assert line.states == [b"1", b"2"]


def test_an_answer_is_followed_without_waiting_for_a_line(line: Line) -> None:
    line.row(1)
    line.checkpoints.state(b"1")
    line.clock.seconds += 30
    line.delivery.tick()
    while line.pool.under_way:
        line.delivery.tick()
    assert line.states == [b"1"]
