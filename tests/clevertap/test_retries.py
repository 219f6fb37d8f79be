"""When a call is tried again, and when that ends."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_clevertap.clevertap import NO_RETRY, UNLESS_LOST, Retries, RetryOn
from target_clevertap.errors import (
    AnswerLost,
    CredentialsRefused,
    NotReached,
    ServerFailed,
    Throttled,
    TransientError,
)
from tests.clevertap.conftest import Time

if TYPE_CHECKING:
    from collections.abc import Callable


def failing(*failures: Exception, forever: bool = False) -> Callable[[int], int]:
    """A call that fails like this, once each, and then returns the number of its try."""

    def attempt(number: int) -> int:
        if number <= len(failures):
            raise failures[number - 1]
        if forever:
            raise failures[-1]
        return number

    return attempt


def test_a_call_that_succeeds_is_made_once_and_nobody_waits(time: Time) -> None:
    assert time.retries().run(failing()) == 1
    assert time.sleeps == []


def test_passing_failures_are_tried_again_until_one_succeeds(time: Time) -> None:
    failures = (NotReached("a"), Throttled("b"), ServerFailed("c"), AnswerLost("d"))
    assert time.retries().run(failing(*failures)) == 5
    assert len(time.sleeps) == 4


def test_a_failure_for_good_is_raised_at_once(time: Time) -> None:
    with pytest.raises(CredentialsRefused, match=r"^no$"):
        time.retries().run(failing(CredentialsRefused("no")))
    assert time.sleeps == []


def test_waits_are_random_below_a_bound_that_doubles_to_a_minute(time: Time) -> None:
    with pytest.raises(ServerFailed):
        time.retries(limit_seconds=3600).run(failing(ServerFailed("ill"), forever=True))
    bounds = [1, 2, 4, 8, 16, 32] + [60] * len(time.sleeps)
    assert all(0 <= wait <= bound for wait, bound in zip(time.sleeps, bounds, strict=False))
    assert max(time.sleeps) > 32
    assert len({round(wait, 6) for wait in time.sleeps}) == len(time.sleeps)


def test_a_wait_that_was_asked_for_is_the_least_and_not_the_same_for_all(time: Time) -> None:
    for _ in range(20):
        time.retries().run(failing(Throttled("busy", 30.0)))
    assert all(30 <= wait <= 31 for wait in time.sleeps)
    assert len(set(time.sleeps)) == 20


def test_the_last_failure_says_how_long_it_was_tried(time: Time) -> None:
    began = time.now
    with pytest.raises(ServerFailed) as caught:
        time.retries(limit_seconds=90).run(failing(ServerFailed("It is ill."), forever=True))
    tries = len(time.sleeps) + 1
    assert (
        str(caught.value) == f"It is ill. Given up after {tries} tries in {time.now - began:.0f} s."
    )


@given(limit=st.floats(0, 2000))
def test_no_wait_goes_past_the_limit(limit: float) -> None:
    time = Time()
    began = time.now
    with pytest.raises(ServerFailed):
        time.retries(limit).run(failing(ServerFailed("ill"), forever=True))
    assert time.now - began <= limit


def test_the_time_that_the_calls_themselves_take_counts(time: Time) -> None:
    tries = []

    def slow(number: int) -> None:
        tries.append(number)
        time.now += 100
        raise AnswerLost("slow")

    with pytest.raises(AnswerLost):
        time.retries(limit_seconds=250).run(slow)
    assert tries == [1, 2, 3]


def test_a_wait_beyond_the_limit_is_not_begun_and_is_told(time: Time) -> None:
    with pytest.raises(Throttled, match="It asks to wait 3600 s, over the retry limit"):
        time.retries().run(failing(Throttled("Busy.", 3600.0), forever=True))
    assert time.sleeps == []


def test_the_wait_that_was_asked_for_stays_readable_on_the_last_failure(time: Time) -> None:
    with pytest.raises(Throttled) as caught:
        time.retries().run(failing(Throttled("Busy.", 400.0), forever=True))
    assert caught.value.retry_after == 400.0
    assert len(time.sleeps) == 1


def test_a_limit_of_zero_means_one_try(time: Time) -> None:
    with pytest.raises(ServerFailed, match=r"^ill$"):
        time.retries(limit_seconds=0).run(failing(ServerFailed("ill"), forever=True))


@pytest.mark.parametrize(
    ("retry_on", "failure", "tries"),
    [
        (NO_RETRY, NotReached("x"), 1),
        (UNLESS_LOST, AnswerLost("x"), 1),
        (UNLESS_LOST, NotReached("x"), 2),
        (UNLESS_LOST, Throttled("x"), 2),
        (UNLESS_LOST, ServerFailed("x"), 2),
    ],
)
def test_a_call_can_choose_what_is_tried_again(
    time: Time, retry_on: RetryOn, failure: TransientError, tries: int
) -> None:
    made = []

    def attempt(number: int) -> None:
        made.append(number)
        if number == 1:
            raise failure

    if tries == 1:
        with pytest.raises(type(failure)):
            time.retries().run(attempt, retry_on)
    else:
        time.retries().run(attempt, retry_on)
    assert len(made) == tries


def test_a_sleep_that_raises_ends_the_call() -> None:
    class StopNow(Exception):
        pass

    def sleep(_seconds: float) -> None:
        raise StopNow

    with pytest.raises(StopNow):
        Retries(sleep=sleep).run(failing(ServerFailed("ill"), forever=True))


def test_waits_are_logged_for_those_who_debug(time: Time, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    time.retries().run(failing(ServerFailed("It is ill.")))
    assert caplog.messages == [f"It is ill. Next try in {time.sleeps[0]:.1f} s."]
    assert caplog.records[0].levelno == logging.DEBUG


def test_whoever_asks_is_told_why_before_each_wait() -> None:
    told: list[Exception] = []
    failures = (ServerFailed("ill"), NotReached("away"))
    retries = Retries(sleep=lambda _seconds: None, on_retry=told.append)
    assert retries.run(failing(*failures)) == 3
    assert told == list(failures)


def test_nobody_is_told_of_a_retry_that_is_not_made() -> None:
    told: list[Exception] = []
    with pytest.raises(ServerFailed):
        Retries(limit_seconds=0, on_retry=told.append).run(failing(ServerFailed("ill")))
    assert told == []
