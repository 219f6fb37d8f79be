"""Why calls are tried again is said while it goes on, and not once for each call."""

from __future__ import annotations

import errno
import logging
import os
from typing import TYPE_CHECKING

import pytest

from target_clevertap.clevertap import Attempt
from target_clevertap.errors import AnswerLost, NotReached, ServerFailed, Throttled
from target_clevertap.report.troubles import Troubles

if TYPE_CHECKING:
    from target_clevertap.errors import TransientError

ILL = ServerFailed("in1.api.clevertap.com is not well (503).")
ILL_WARNING = (
    "in1.api.clevertap.com is not well (503). "
    "It is tried again, for 600 s at most (retry_limit_seconds)."
)
BUSY = Throttled("in1.api.clevertap.com has too many calls at once.")
WELL = Attempt("upload", 1, 1000, 0.2, 200, None)


class Story:
    """Failures in the order of their times, and what was warned of."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.INFO)
        self._caplog = caplog
        self.seconds = 1000.0
        self.troubles = Troubles(600, lambda: self.seconds)

    def fails(self, failure: TransientError = ILL, *, at: float, calls: int = 1) -> None:
        self.seconds = 1000 + at
        for _ in range(calls):
            self.troubles.retrying(failure)

    def succeeds(self, *, at: float) -> None:
        self.seconds = 1000 + at
        self.troubles.attempt(WELL)

    @property
    def warned(self) -> list[str]:
        assert all(record.levelno == logging.WARNING for record in self._caplog.records)
        return self._caplog.messages


@pytest.fixture
def story(caplog: pytest.LogCaptureFixture) -> Story:
    return Story(caplog)


def test_the_first_retry_is_told_with_its_cause_and_for_how_long(story: Story) -> None:
    story.fails(at=0)
    assert story.warned == [ILL_WARNING]


def test_fifteen_calls_that_fail_together_are_one_line(story: Story) -> None:
    story.fails(at=0, calls=15)
    story.fails(at=29, calls=15)
    assert len(story.warned) == 1


def test_what_goes_on_is_told_every_half_minute(story: Story) -> None:
    for second in range(0, 91, 5):
        story.fails(at=second)
    assert len(story.warned) == 4


def test_the_newest_cause_is_told(story: Story) -> None:
    story.fails(at=0)
    story.fails(NotReached("It cannot be reached: its name is not known."), at=30)
    assert "its name is not known" in story.warned[1]


def test_a_429_while_others_succeed_is_nothing_to_warn_of(story: Story) -> None:
    for second in range(0, 120, 10):
        story.fails(BUSY, at=second)
        story.succeeds(at=second + 5)
    assert story.warned == []


def test_a_429_after_a_long_silence_of_the_tap_is_nothing_to_warn_of(story: Story) -> None:
    story.fails(BUSY, at=3600)
    assert story.warned == []


def test_nothing_but_429_for_half_a_minute_is_told(story: Story) -> None:
    for second in range(0, 31, 10):
        story.fails(BUSY, at=second)
    assert len(story.warned) == 1
    assert "too many calls at once" in story.warned[0]


@pytest.mark.parametrize("number", sorted(errno.errorcode))
def test_no_cause_reads_like_a_run_that_failed(number: int, story: Story) -> None:
    story.fails(AnswerLost(f"The connection broke ({os.strerror(number)})."), at=0)
    assert "error" not in story.warned[0].lower()
    assert "exception" not in story.warned[0].lower()


def test_no_alert_of_tls_reads_like_a_run_that_failed(story: Story) -> None:
    story.fails(AnswerLost("The connection broke (TLSV1_ALERT_INTERNAL_ERROR)."), at=0)
    assert "ALERT_INTERNAL_fault" in story.warned[0]
