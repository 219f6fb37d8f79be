"""How many calls may be under way at this moment: as many as the account takes."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from threading import Condition
from typing import TYPE_CHECKING

from target_clevertap.errors import Throttled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Slots:
    """Places for calls: fewer after a 429, slowly more again.

    CleverTap limits the calls at once of an account and tells with a 429, nothing else, that the
    limit is reached (P-LIM, 2026-03). Several processes that behave like this share the account
    without talking to each other: each halves its number when it meets the limit, and adds one
    for every round of calls that went through (additive increase, multiplicative decrease).
    """

    def __init__(self, ceiling: int) -> None:
        self.limit = float(ceiling)
        self._ceiling = ceiling
        self._taken = 0
        self._halvings = 0
        self._changed = Condition()

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Holds a place while one call is made; waits for one if need be. For any thread."""
        halvings = self._take()
        adapt: Callable[[], None] = _stay
        try:
            yield
            adapt = self._grow
        except Throttled:
            adapt = partial(self._halve, halvings)
            raise
        finally:
            with self._changed:
                self._taken -= 1
                adapt()
                self._changed.notify_all()

    def _take(self) -> int:
        with self._changed:
            self._changed.wait_for(lambda: self._taken < int(self.limit))
            self._taken += 1
            return self._halvings

    def _grow(self) -> None:
        self.limit = min(self.limit + 1 / self.limit, float(self._ceiling))

    def _halve(self, halvings: int) -> None:
        """Once for all the calls that were under way when the limit was met."""
        if halvings == self._halvings:
            self._halvings += 1
            self.limit = max(self.limit / 2, 1.0)


def _stay() -> None:
    """Any other failure says nothing about how many calls the account takes."""
