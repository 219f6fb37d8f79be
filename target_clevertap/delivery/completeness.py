"""Which streams are whole: those of which the tap has said so after the last of their rows."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

NO_SIGN = -1


class Completeness:
    """Knows how many rows of each stream had come when the tap last said that it sent them all.

    A tap that dies in the middle closes the pipe just as one that is done: what it said before is
    the only sign that tells them apart. It says so by its own names of streams.
    """

    def __init__(self, read: Mapping[str, int]) -> None:
        """`read` counts the rows that the tap has sent, by its own name of their stream."""
        self._read = read
        self._rows: dict[str, int] = {}
        self._sources: dict[str, set[str]] = defaultdict(set)

    def begin(self, stream: str, in_tap: str) -> None:
        """A stream begins, with rows of one of the tap's: no sign that it gave was about them."""
        self._rows[in_tap] = NO_SIGN
        self._sources[stream].add(in_tap)

    def seen_whole(self, in_tap: str | None = None) -> None:
        """The tap has said that it sent all rows so far.

        Of one of its streams (ACTIVATE_VERSION), or of all (STATE).
        """
        for name in self._rows if in_tap is None else self._rows.keys() & {in_tap}:
            self._rows[name] = self._read.get(name, 0)

    @property
    def whole(self) -> Collection[str]:
        """The streams of which no row has come since, from any of the tap's."""
        whole = {name for name, rows in self._rows.items() if rows == self._read.get(name, 0)}
        return {stream for stream, sources in self._sources.items() if sources <= whole}
