"""Open batches side by side, so that a customer who comes again does not cut a call short."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_clevertap.clevertap import PROFILES_PER_DELETION
from target_clevertap.delivery.batch import Batch, Limits

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from target_clevertap.delivery.batch import Entry
    from target_clevertap.mapping import Item

MOST_LANES = 8
"""A profile that comes more often than this while its first call fills has that call sent."""


NONE: Sequence[Lane] = ()


class Lane:
    """One call of uploads and one of deletions that fill together; no identity is in both."""

    def __init__(self, limits: Limits, began: float) -> None:
        self.began = began
        self.uploads = Batch(limits)
        self.deletes = Batch(Limits(PROFILES_PER_DELETION, limits.bytes))

    def batch_for(self, item: Item) -> Batch:
        """The call that an item belongs to."""
        return self.deletes if item.kind == "delete" else self.uploads


class Lanes:
    """The lanes that are filling, first to be sent first.

    What comes for an identity goes one lane behind what came for it before, unless both versions
    can be merged. So an identity is at most once in a lane, and its items stay in their order as
    long as the lanes are sent in theirs.
    """

    def __init__(self, limits: Limits, clock: Callable[[], float]) -> None:
        self._limits = limits
        self._clock = clock
        self._lanes: list[Lane] = []

    def add(self, entry: Entry, since: float | None = None) -> Sequence[Lane]:
        """Put an item where its order wants it; returns the lanes that are to be sent, in order.

        `since`: when its row came, by the clock; without it, now.
        """
        item = entry.item
        number = 0 if item.kind == "event" else self._last_with(item.identity) + 1
        if number and self._merged(self._lanes[number - 1], entry):
            return NONE
        ready = self.take(1) if number >= MOST_LANES else NONE
        number -= len(ready)
        if number == len(self._lanes):
            self._lanes.append(self._opened(since))
        lane = self._lanes[number]
        batch = lane.deletes if item.kind == "delete" else lane.uploads
        if not batch.add(entry):
            # The lanes in front go too: what stands in them comes first.
            ready = self.take(number + 1)
            lane, number = self._opened(since), 0
            self._lanes.insert(0, lane)
            batch = lane.batch_for(item)
            batch.add(entry)
        return [*ready, *self.take(number + 1)] if batch.full else ready

    def fill(self, entries: Sequence[Entry], start: int, since: float | None = None) -> int:
        """Put entries where `add` would, from `start` on, as long as that is simple.

        Simple is: one lane, without deletions, and nothing that would end it. Returns how many.
        """
        if not self._lanes:
            self._lanes.append(self._opened(since))
        if len(self._lanes) > 1 or self._lanes[0].deletes.entries:
            return 0
        return self._lanes[0].uploads.fill(entries, start)

    def take(self, count: int = MOST_LANES) -> Sequence[Lane]:
        """Hand over the first `count` lanes (or all), in the order in which they must be sent."""
        taken, self._lanes = self._lanes[:count], self._lanes[count:]
        return taken

    @property
    def began(self) -> float | None:
        """When the oldest item that waits here came, by the clock; None when none does."""
        return self._lanes[0].began if self._lanes else None

    def holds(self, identity: str) -> bool:
        """Whether a profile or a deletion of this identity waits here."""
        return self._last_with(identity) >= 0

    def _opened(self, since: float | None) -> Lane:
        return Lane(self._limits, self._clock() if since is None else since)

    def _last_with(self, identity: str) -> int:
        """The number of the last lane that holds a profile or a deletion of it, or -1."""
        number = len(self._lanes)
        for lane in reversed(self._lanes):
            number -= 1
            if identity in lane.uploads.positions or identity in lane.deletes.positions:
                return number
        return -1

    @staticmethod
    def _merged(lane: Lane, entry: Entry) -> bool:
        batch = lane.batch_for(entry.item)
        return entry.item.identity in batch.positions and batch.merge(entry)
