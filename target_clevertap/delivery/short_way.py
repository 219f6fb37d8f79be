"""The short way: clean rows from their lines to the delivery, many at once, past the SDK.

What a row costs here is what the program costs: all of a load but its first rows, and those that
need something out of the ordinary, comes through `take`. So the line of a row is decoded, mapped
and encoded by one function that was made for its stream (`mapping/shortcuts.py`), and what follows
is done for all rows of a block of lines together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from target_clevertap.delivery.batch import Entry
from target_clevertap.reader import RECORD_MEMBER
from target_clevertap.rejects import Stream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from target_clevertap.delivery.checkpoints import Checkpoints
    from target_clevertap.delivery.delivery import Delivery
    from target_clevertap.delivery.outcomes import Outcomes
    from target_clevertap.delivery.screening import Screening
    from target_clevertap.mapping import Shortcut


@dataclass(slots=True)
class Opened:
    """A stream whose rows may come the short way; `rows` have, and are not counted yet."""

    beginning: bytes
    stream: Stream
    shortcut: Shortcut
    count: Callable[[int], None]
    rows: int = 0


NOWHERE = Opened(b"\n", Stream("", {}, (), lambda _row: ()), lambda _line: None, lambda _rows: None)
"""Where a line goes that no stream has opened: no line begins like this, and none is taken."""


class ShortWay:
    """Takes RECORD lines that begin as those of an opened stream do, if their rows are clean."""

    def __init__(
        self, outcomes: Outcomes, checkpoints: Checkpoints, items: Delivery | Screening
    ) -> None:
        self._outcomes = outcomes
        self._checkpoints = checkpoints
        self._items = items
        self._opened: dict[bytes, Opened] = {}
        """By how a line of the stream begins, up to the word `record`."""
        self._last = NOWHERE
        """The stream that the last line was of: the next one is mostly of the same."""

    def open(
        self, beginning: bytes, stream: Stream, shortcut: Shortcut, count: Callable[[int], None]
    ) -> None:
        """Take the lines that begin so from now on.

        Args:
            beginning: of a line of the stream, up to the word `record`.
            stream: whose rows they are.
            shortcut: the item of a line.
            count: is told how many rows were taken.
        """
        if beginning not in self._opened:
            begins = beginning + RECORD_MEMBER
            self._opened[beginning] = Opened(begins, stream, shortcut, count)

    def close(self) -> None:
        """Take no line any more: the rows of streams may mean something else from now on."""
        self._opened.clear()
        self._last = NOWHERE

    def take(self, lines: Iterable[bytes], numbers: Iterable[int]) -> int:
        """Send rows on their way, until one has to go the long way; returns how many went.

        `numbers` are those of the lines in the input.

        Raises:
            TargetCleverTapError: when a call has failed for good, or the ledger.
        """
        opened, span, way = self._opened, self._checkpoints.current, self._last
        if not opened:
            return 0
        entries: list[Entry] = []
        for line, number in zip(lines, numbers):  # noqa: B905 - the numbers may go on
            if not line.startswith(way.beginning):
                way = opened.get(line[: line.find(RECORD_MEMBER)], NOWHERE)
            if (item := way.shortcut(line)) is None:
                break
            way.rows += 1
            entries.append(Entry(way.stream, line, number, span, item))
        self._last = way
        if entries:
            self._count()
            self._checkpoints.rows(len(entries))
            self._items.add_all(entries)
        return len(entries)

    def _count(self) -> None:
        for way in self._opened.values():
            if way.rows:
                self._outcomes.read_many(way.stream, way.rows)
                way.count(way.rows)
                way.rows = 0
