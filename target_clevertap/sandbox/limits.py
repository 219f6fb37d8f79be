"""How many calls of a route are in flight: CleverTap limits concurrency, not rate (DOC)."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Arrival:
    """How busy a route was when a call arrived."""

    in_flight: int
    """Calls in flight, this one included."""
    admitted: bool
    """Whether there was room; a call that is turned away takes no room from others."""


class InFlight:
    """Counts the calls of each route between the arrival of their headers and their answer."""

    def __init__(self) -> None:
        self._calls: Counter[str] = Counter()
        self._admitted: Counter[str] = Counter()

    def counts(self) -> dict[str, int]:
        """How many calls of each route are in flight now."""
        return {route: count for route, count in self._calls.items() if count}

    @contextmanager
    def arrive(self, route: str, limit: int | None) -> Iterator[Arrival]:
        """Count a call while it is in flight; `limit` None lets every call in."""
        admitted = limit is None or self._admitted[route] < limit
        self._calls[route] += 1
        self._admitted[route] += admitted
        try:
            yield Arrival(self._calls[route], admitted)
        finally:
            self._calls[route] -= 1
            self._admitted[route] -= admitted
