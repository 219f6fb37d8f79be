"""How many calls of a route are in flight: CleverTap limits concurrency, not rate (DOC)."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class InFlight:
    """Counts the calls of each route between the arrival of their headers and their answer."""

    def __init__(self) -> None:
        self._calls: Counter[str] = Counter()

    @contextmanager
    def arrive(self, route: str) -> Iterator[int]:
        """Count a call while it is in flight; yields how many there are, itself included."""
        self._calls[route] += 1
        try:
            yield self._calls[route]
        finally:
            self._calls[route] -= 1
