"""Which version of a row was read last, as long as an older one has no outcome."""

from __future__ import annotations

from collections import Counter
from threading import Lock

Key = tuple[str, bytes]
"""The stream of a row, and what names it there."""


class UnderWay:
    """Rows on their way whose answers may come in any order.

    Versions of one profile are answered in the order in which they were read. But where a row may
    come to be about another profile, its newer version can be accepted first, and the older one,
    when it is rejected then, must not wait for another try. For any thread.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._newest: dict[Key, int] = {}
        self._versions: Counter[Key] = Counter()

    def __bool__(self) -> bool:
        """Whether anything is under way."""
        return bool(self._newest)

    def add(self, key: Key, number: int) -> None:
        """A version that came in this line is on its way."""
        with self._lock:
            self._newest[key] = number
            self._versions[key] += 1

    def outdate(self, key: Key, number: int) -> None:
        """A version came in this line that is not sent; those under way are older."""
        with self._lock:
            if key in self._newest:
                self._newest[key] = number

    def take(self, key: Key, number: int) -> bool:
        """A version has its outcome; returns whether none was read later."""
        with self._lock:
            is_newest = number >= self._newest[key]
            self._versions[key] -= 1
            if not self._versions[key]:
                del self._versions[key], self._newest[key]
            return is_newest
