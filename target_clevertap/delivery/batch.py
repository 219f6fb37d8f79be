"""Items gathered for one call."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from target_clevertap.delivery.outcomes import Ticket
from target_clevertap.mapping import Item, merge

if TYPE_CHECKING:
    from collections.abc import Sequence

ENVELOPE_BYTES = len(b'{"d":[]}')
COMMA_BYTES = 1


class Entry(Ticket, gc=False, eq=False):
    """A row on its way to CleverTap: its item, and the `earlier` row that was merged into it.

    For the ledger, if there is one: `mark` stands for the event, or for the profile of this
    stream, and `content` for what the row says about the profile.
    """

    item: Item
    earlier: Entry | None = None
    mark: bytes = b""
    content: bytes = b""

    @classmethod
    def of(cls, item: Item, ticket: Ticket) -> Entry:
        """The row of a ticket, on its way as an item."""
        return cls(ticket.stream, ticket.line, ticket.number, ticket.span, item)

    @property
    def claim(self) -> str | bytes:
        """What no two entries under way have in common: a profile's identity, an event's mark."""
        return self.mark if self.item.kind == "event" else self.item.identity

    @property
    def rows(self) -> Sequence[Entry]:
        """All rows that the item stands for, in the order they were read."""
        if self.earlier is None:
            return (self,)
        rows: list[Entry] = [self]
        entry: Entry | None = self.earlier
        while entry is not None:
            rows.append(entry)
            entry = entry.earlier
        return rows[::-1]


def rows_of(entries: Sequence[Entry]) -> Sequence[Entry]:
    """All rows that entries stand for."""
    if all([entry.earlier is None for entry in entries]):  # noqa: C419 - half the cost
        return entries
    return [row for entry in entries for row in entry.rows]


@dataclass(frozen=True, slots=True)
class Limits:
    """How large one call may be, in records and in bytes of its body."""

    rows: int
    bytes: int

    @property
    def largest_item(self) -> int:
        """The bytes of the largest item that fits a call of its own."""
        return self.bytes - ENVELOPE_BYTES - COMMA_BYTES


class Batch:
    """Items for one call, in the order they were read; a profile stands in it at most once."""

    def __init__(self, limits: Limits) -> None:
        self.entries: list[Entry] = []
        self.positions: dict[str, int] = {}
        self._limits = limits
        self._bytes = ENVELOPE_BYTES

    @property
    def full(self) -> bool:
        """Whether no further item can be added."""
        return len(self.entries) >= self._limits.rows

    def add(self, entry: Entry) -> bool:
        """Put an item at the end, if that keeps the call within its limits; else return False.

        Events are not looked for by identity: one may have many.
        """
        item, number = entry.item, len(self.entries)
        size = self._bytes + COMMA_BYTES + len(item.body)
        if size > self._limits.bytes or number >= self._limits.rows:
            return False
        self._bytes = size
        if item.kind != "event":
            self.positions[item.identity] = number
        self.entries.append(entry)
        return True

    def fill(self, entries: Sequence[Entry], start: int) -> int:
        """Put entries at the end, from `start` on, as long as nothing is special about them.

        That is: no profile stands here already, and one more entry would fit. Returns how many.
        """
        mine, positions = self.entries, self.positions
        first, size, most = len(mine), self._bytes, self._limits.bytes
        number, last = first, min(self._limits.rows - 1, first + len(entries) - start)
        for entry in islice(entries, start, None):
            item = entry.item
            longer = size + COMMA_BYTES + len(item.body)
            if number >= last or longer > most:
                break
            if item.kind != "event":
                if item.kind == "delete" or item.identity in positions:
                    break
                positions[item.identity] = number
            size = longer
            number += 1
        self._bytes = size
        mine += entries[start : start + number - first]
        return number - first

    def merge(self, entry: Entry) -> bool:
        """Let a later version of a profile take the place of the earlier one, if that is safe.

        Counters and list operators change what is there: two of them are never made one.
        """
        position = self.positions[entry.item.identity]
        earlier = self.entries[position]
        if not (earlier.item.plain and entry.item.plain):
            return False
        merged = merge(earlier.item, entry.item)
        size = self._bytes + len(merged.body) - len(earlier.item.body)
        if size > self._limits.bytes:
            return False
        self._bytes = size
        entry.item, entry.earlier = merged, earlier
        self.entries[position] = entry
        return True
