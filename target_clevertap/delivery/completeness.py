"""Which streams are whole: those of which the tap has said so after the last of their rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from target_clevertap.report import Tally

NO_SIGN = -1


class Completeness:
    """Knows how many rows of each stream had come when the tap last said that it sent them all.

    A tap that dies in the middle closes the pipe just as one that is done: what it said before is
    the only sign that tells them apart.
    """

    def __init__(self, tallies: Mapping[str, Tally]) -> None:
        """`tallies` count the rows that the tap has sent, by stream."""
        self._tallies = tallies
        self._rows: dict[str, int] = {}

    def begin(self, stream: str) -> None:
        """A stream begins: nothing that was said before is about it."""
        self._rows[stream] = NO_SIGN

    def seen_whole(self, stream: str | None = None) -> None:
        """The tap has said that it sent all rows so far.

        Of one stream (ACTIVATE_VERSION), or of all (STATE).
        """
        for name in self._rows if stream is None else self._rows.keys() & {stream}:
            self._rows[name] = self._read(name)

    @property
    def whole(self) -> Collection[str]:
        """The streams of which no row has come since."""
        return {name for name, rows in self._rows.items() if rows == self._read(name)}

    def _read(self, stream: str) -> int:
        tally = self._tallies.get(stream)
        return 0 if tally is None else tally.read
