"""Why calls are tried again: said while it goes on, in few lines however many calls there are."""

from __future__ import annotations

import logging
import re
import time
from threading import Lock
from typing import TYPE_CHECKING, Final

from target_clevertap.errors import Throttled

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_clevertap.clevertap import Attempt
    from target_clevertap.errors import TransientError

log = logging.getLogger(__name__)

SECONDS_BETWEEN_WARNINGS: Final = 30.0

SECONDS_OF_429: Final = 30.0
"""A 429 now and then shows where the limit is; one that lasts so long shows trouble."""

_FATAL_WORDS: Final = re.compile("error|exception", re.IGNORECASE)


class Troubles:
    """Warns at the first retry of a run, then at most every 30 seconds; for any thread.

    A call that is tried again may well succeed, and the run with it: so the words by which
    `meltano config test` knows a run that failed are not in these lines. (The system has some, such
    as "Input/output error".) What fails for good is told elsewhere, word by word.
    """

    def __init__(self, limit_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        """`limit_seconds`: how long a call is tried again."""
        self._limit = limit_seconds
        self._clock = clock
        self._lock = Lock()
        self._warned: float | None = None
        self._throttled: float | None = None

    def attempt(self, attempt: Attempt) -> None:
        """A try of a call has ended."""
        if attempt.error is None:
            with self._lock:
                self._throttled = None

    def retrying(self, failure: TransientError) -> None:
        """A call has failed, and waits for its next try."""
        if self._is_due(failure):
            log.warning(
                "%s It is tried again, for %.0f s at most (retry_limit_seconds).",
                _FATAL_WORDS.sub("fault", str(failure)),
                self._limit,
            )

    def _is_due(self, failure: TransientError) -> bool:
        with self._lock:
            now = self._clock()
            if isinstance(failure, Throttled):
                self._throttled = now if self._throttled is None else self._throttled
                if now - self._throttled < SECONDS_OF_429:
                    return False
            if self._warned is not None and now - self._warned < SECONDS_BETWEEN_WARNINGS:
                return False
            self._warned = now
            return True
