"""Rows that were delivered before are left out: events sent once, profiles that have not changed.

The ledger is asked about a thousand rows at once. Rows wait here for that, so whatever is decided
looks at the rows that are under way as well: what the ledger says is true for what was answered.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from target_clevertap.delivery.batch import Entry
from target_clevertap.delivery.marks import digest, event_mark, profile_mark, stream_mark
from target_clevertap.rejects import UNCERTAIN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from target_clevertap.delivery.delivery import Delivery
    from target_clevertap.delivery.outcomes import Outcomes, Ticket
    from target_clevertap.delivery.waiting import Waiting
    from target_clevertap.ledger import Ledger
    from target_clevertap.mapping import Item

ROWS_AT_ONCE = 1000


class Screening:
    """Stands before the delivery, and lets through what CleverTap does not have yet."""

    def __init__(  # noqa: PLR0913 - what it stands between
        self,
        ledger: Ledger,
        delivery: Delivery,
        outcomes: Outcomes,
        waiting: Waiting,
        *,
        resync: bool,
        wait_limit: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Nothing waits yet.

        Args:
            ledger: knows what was delivered.
            delivery: gets the rest.
            outcomes: is told of the rows that are not sent.
            waiting: is told of newer versions of the rows that wait for another try.
            resync: send profiles even if they have not changed.
            wait_limit: seconds that a row waits, here and in the delivery together.
            clock: seconds that never go back.
        """
        self._ledger = ledger
        self._delivery = delivery
        self._outcomes = outcomes
        self._waiting = waiting
        self._resync = resync
        self._wait_limit = wait_limit
        self._clock = clock
        self._streams: dict[str, bytes] = {}
        self._skipped: set[str] = set()
        self._fresh: set[str] = set()
        """Streams of which the ledger had nothing: their profiles need not be looked up."""
        self._entries: list[Entry] = []
        self._since = 0.0

    def open(self, stream: str, *, skip_first_run: bool) -> None:
        """A stream begins.

        Args:
            stream: its name.
            skip_first_run: remember the events of its first run as delivered, and send none.

        Raises:
            LedgerError: when another run has it, or the ledger cannot be read.
        """
        if not self._ledger.knows(stream):
            self._fresh.add(stream)
        claimed = self._ledger.claim(stream)
        self._streams[stream] = stream_mark(claimed.number)
        if skip_first_run and claimed.first_run:
            self._skipped.add(stream)

    def add(self, item: Item, ticket: Ticket) -> None:
        """Take an item over; it is looked up when a thousand are there, or when one gets old.

        Raises:
            TargetCleverTapError: when a call has failed for good, or the ledger.
        """
        if not self._entries:
            self._since = self._clock()
        self._entries.append(Entry(item, ticket))
        if len(self._entries) >= ROWS_AT_ONCE:
            self.flush()

    def tick(self) -> float | None:
        """Do what is due by now; returns in how many seconds something will be, or None."""
        if self._entries and self._since + self._wait_limit <= self._clock():
            self.flush()
        due = self._delivery.tick()
        if not self._entries:
            return due
        mine = max(0.0, self._since + self._wait_limit - self._clock())
        return mine if due is None else min(mine, due)

    def finish(self) -> None:
        """Returns when every item has its outcome.

        Raises:
            TargetCleverTapError: when a call has failed for good, or the ledger.
        """
        self.flush()
        self._delivery.finish()
        while self._entries:  # they have waited for the outcome of an event with the same key
            self.flush()
            self._delivery.finish()

    def flush(self) -> None:
        """Ask the ledger about the rows that wait, and send on what CleverTap does not have."""
        entries, since = self._entries, self._since
        self._entries, self._since = [], self._clock()
        # All is decided before anything is sent: sending takes answers, which would change it.
        for entry in self._new(entries):
            self._delivery.send(entry, since)
        if len(self._entries) >= ROWS_AT_ONCE:
            self._delivery.finish()

    def _new(self, entries: Sequence[Entry]) -> Sequence[Entry]:
        """The entries that are to be sent, in their order; each other one has its outcome."""
        events = [entry for entry in entries if entry.item.kind == "event"]
        profiles = [entry for entry in entries if entry.item.kind != "event"]
        known, unchanged = self._known(events), self._unchanged(profiles)
        if self._ledger.holds_counters:
            entries = [entry for entry in entries if not self._held(entry)]
        if len(unchanged) == len(entries):  # the usual case of a load that is made once more
            self._old(entries, self._outcomes.unchanged)
            return ()
        left_out = set(map(id, unchanged))
        new: list[Entry] = []
        same: list[Entry] = []
        delivered: list[Entry] = []
        coming: set[bytes | str] = set()
        for entry in entries:
            claim = entry.claim
            if entry.item.kind != "event":
                if id(entry) in left_out and claim not in coming:
                    same.append(entry)
                    continue
            elif claim in coming or self._delivery.holds(claim):
                self._entries.append(entry)  # until it is known what became of the other
                continue
            elif (held := known.get(entry.mark)) is not None and not entry.ticket.released():
                if held:
                    self._outcomes.rejected(entry.ticket, UNCERTAIN)
                else:
                    delivered.append(entry)
                continue
            coming.add(claim)
            new.append(entry)
        self._old(same, self._outcomes.unchanged)
        self._old(delivered, self._outcomes.delivered_before)
        return self._without_skipped(new) if self._skipped else new

    def _known(self, events: Sequence[Entry]) -> dict[bytes, bool]:
        """The marks of the events that the ledger has, and whether they are held."""
        if not events:
            return {}
        for entry in events:
            entry.mark = event_mark(self._streams[entry.ticket.stream.name], entry.item.key)
        marks = b"".join([entry.mark for entry in events])
        return {events[at].mark: held for at, held in self._ledger.known_events(marks)}

    def _unchanged(self, profiles: Sequence[Entry]) -> Sequence[Entry]:
        """The profiles whose content is what CleverTap took last, and that may be left out."""
        for entry in profiles:
            stream, item = self._streams[entry.ticket.stream.name], entry.item
            entry.mark, entry.content = profile_mark(stream, item.identity), digest(item.body)
        asked = () if self._resync else self._may_be_left_out(profiles)
        if not asked:
            return ()
        marks = b"".join([entry.mark for entry in asked])
        contents = b"".join([entry.content for entry in asked])
        found = self._ledger.unchanged_profiles(marks, contents)
        return asked if len(found) == len(asked) else [asked[at] for at in found]

    def _held(self, entry: Entry) -> bool:
        """Whether a profile may have been counted before a crash, and is rejected therefore."""
        item, ticket = entry.item, entry.ticket
        if item.kind == "event" or item.replayable or ticket.released():
            return False
        if not self._ledger.take_held_counter(entry.mark, entry.content):
            return False
        self._outcomes.rejected(ticket, UNCERTAIN)
        return True

    def _may_be_left_out(self, profiles: Sequence[Entry]) -> Sequence[Entry]:
        """No counters, which add at each time, no deletions, and nothing that will be changed."""
        asked = [
            entry for entry in profiles if entry.item.replayable and entry.item.kind != "delete"
        ]
        if self._fresh:
            asked = [entry for entry in asked if entry.ticket.stream.name not in self._fresh]
        if not self._delivery.idle:
            asked = [entry for entry in asked if not self._delivery.holds(entry.item.identity)]
        return asked

    def _old(self, entries: Sequence[Entry], outcome: Callable[[Iterable[Ticket]], None]) -> None:
        """Entries that CleverTap has; older versions that wait need not be tried again."""
        self._waiting.superseded(entries)
        outcome([entry.ticket for entry in entries])

    def _without_skipped(self, entries: Sequence[Entry]) -> Sequence[Entry]:
        """The entries that are sent; the others are remembered as if they had been."""
        skipped = [entry for entry in entries if entry.ticket.stream.name in self._skipped]
        self._ledger.settle(None, events=b"".join([entry.mark for entry in skipped]))
        for entry in skipped:
            self._outcomes.ignored(entry.ticket)
        return [entry for entry in entries if entry.ticket.stream.name not in self._skipped]
