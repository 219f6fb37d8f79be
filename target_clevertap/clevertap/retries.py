"""When a call that failed is tried again, and when that ends."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Final, NoReturn, TypeVar

from target_clevertap.errors import (
    CleverTapError,
    NotReached,
    ServerFailed,
    Throttled,
    TransientError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    import tenacity

log = logging.getLogger(__name__)

T = TypeVar("T")

RetryOn = tuple[type[TransientError], ...]

ANY_FAILURE: Final[RetryOn] = (TransientError,)
"""Every passing failure: right for what may be done twice."""

UNLESS_LOST: Final[RetryOn] = (NotReached, Throttled, ServerFailed)
"""Every passing failure but a lost answer: what may have been received is not sent again.

CleverTap, or what stands before it, has then said that it did not take the call. (A 502 or 504
leaves a doubt that no answer can remove; only NotReached and Throttled leave none.)
"""

NO_RETRY: Final[RetryOn] = ()
"""One try."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try of a call as it went, for whoever adapts to it or reports it.

    `call` is the name of the client's method and `number` counts its tries from 1. `records` is
    how many were in it, `seconds` how long it took, `status` that of the answer (None: there was
    none), `error` why it failed (None: it did not). Nothing in it is secret.
    """

    call: str
    number: int
    records: int
    seconds: float
    status: int | None
    error: CleverTapError | None


@dataclass(frozen=True, slots=True)
class Retries:
    """Exponential backoff with full jitter, until a call has been tried for `limit_seconds`.

    Before try n + 1 it waits a random time between 0 and min(cap, base * 2 ** (n - 1)) seconds.
    When the answer has asked for a wait (`Retry-After`), that is waited first: the random part
    keeps parallel calls from coming back all at once. A wait that would pass the limit is not
    begun. With a limit of 0 nothing is tried twice.

    `sleep` may raise to give a call up while it waits; `clock` counts seconds and never goes back.
    `on_retry` is told why before each wait, in the thread that waits.
    """

    limit_seconds: float = 600.0
    base_seconds: float = 1.0
    cap_seconds: float = 60.0
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    on_retry: Callable[[TransientError], None] = lambda _: None

    def run(self, attempt: Callable[[int], T], retry_on: RetryOn = ANY_FAILURE) -> T:
        """What `attempt` returns; it is given the number of the try, from 1.

        Raises:
            CleverTapError: the first that is not in `retry_on`, or the last one when the time is
                up; its message then says how long and how often the call was tried.
        """
        # A seventh of what this program adds to the start of the SDK: `--version` does without.
        import tenacity  # noqa: PLC0415

        started, numbers = self.clock(), count(1)

        def elapsed() -> float:
            return self.clock() - started

        retrying = tenacity.Retrying(
            sleep=self.sleep,
            retry=tenacity.retry_if_exception_type(retry_on),
            wait=self._wait,
            # tenacity's own stops look at the real clock.
            stop=lambda state: elapsed() + state.upcoming_sleep >= self.limit_seconds,
            before_sleep=self._tell,
            retry_error_callback=lambda state: _give_up(state, elapsed()),
        )
        return retrying(lambda: attempt(next(numbers)))

    def _wait(self, state: tenacity.RetryCallState) -> float:
        import tenacity  # noqa: PLC0415 - see run

        backoff = tenacity.wait_random_exponential(self.base_seconds, self.cap_seconds)
        return backoff(state) + (_asked_for(state) or 0.0)

    def _tell(self, state: tenacity.RetryCallState) -> None:
        failure = _failure(state)
        log.debug("%s Next try in %.1f s.", failure, state.upcoming_sleep)
        if isinstance(failure, TransientError):
            self.on_retry(failure)


def _failure(state: tenacity.RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome is not None else None


def _asked_for(state: tenacity.RetryCallState) -> float | None:
    failure = _failure(state)
    return failure.retry_after if isinstance(failure, TransientError) else None


def _give_up(state: tenacity.RetryCallState, seconds: float) -> NoReturn:
    """Raises the last failure, which then says how long and how often it was tried."""
    failure = _failure(state)
    if not isinstance(failure, CleverTapError):
        raise TypeError  # pragma: no cover - only those are tried again
    if state.attempt_number > 1:
        failure.args = (
            f"{failure} Given up after {state.attempt_number} tries in {seconds:.0f} s.",
        )
    elif (asked := _asked_for(state)) is not None:
        failure.args = (f"{failure} It asks to wait {asked:.0f} s, over the retry limit.",)
    raise failure
