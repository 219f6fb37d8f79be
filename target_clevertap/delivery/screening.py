"""Rows that were delivered before are left out: events sent once, profiles that have not changed.

The ledger is asked about a thousand rows at once, while the next thousand are read. What it says is
true for what was answered, so it is not asked about rows that something is under way for.
"""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from target_clevertap.delivery.batch import Entry
from target_clevertap.delivery.marks import DIGESTS, event_mark, profile_mark, stream_mark
from target_clevertap.delivery.question import Known, Question
from target_clevertap.delivery.sieve import NUMBER_OF_EVENT, NUMBER_OF_PROFILE, Sieve
from target_clevertap.rejects import UNCERTAIN

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future

    from target_clevertap.delivery.delivery import Delivery
    from target_clevertap.delivery.outcomes import Outcomes, Ticket
    from target_clevertap.delivery.pool import Pool
    from target_clevertap.delivery.waiting import Waiting
    from target_clevertap.ledger import Ledger
    from target_clevertap.mapping import Item

ROWS_AT_ONCE = 1000


class Screening:
    """Stands before the delivery, and lets through what CleverTap does not have yet."""

    def __init__(  # noqa: PLR0913 - what it stands between
        self,
        ledger: Ledger,
        lookups: Pool,
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
            lookups: one thread that asks it.
            delivery: gets the rest.
            outcomes: is told of the rows that are not sent.
            waiting: is told of newer versions of the rows that wait for another try.
            resync: send profiles even if they have not changed.
            wait_limit: seconds that a row waits, here and in the delivery together.
            clock: seconds that never go back.
        """
        self._ledger = ledger
        self._digest = DIGESTS[ledger.digest]
        self._lookups = lookups
        self._delivery = delivery
        self._outcomes = outcomes
        self._waiting = waiting
        self._resync = resync
        self._wait_limit = wait_limit
        self._clock = clock
        self._streams: dict[str, bytes] = {}
        self.skipped: set[str] = set()
        """Streams that have their first run, whose rows are not sent."""
        self._fresh: set[str] = set()
        """Streams of which the ledger had nothing: what is new in this run, it does not know."""
        self._sieve = Sieve()
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
        claimed = self._ledger.claim(stream)
        if claimed.is_new:
            self._fresh.add(stream)
        self._streams[stream] = stream_mark(claimed.number)
        if skip_first_run and claimed.first_run:
            self.skipped.add(stream)
            self._waiting.skip(stream, partial(event_mark, self._digest, self._streams[stream]))

    def add(self, item: Item, ticket: Ticket) -> None:
        """Take an item over; it is looked up when a thousand are there, or when one gets old.

        Raises:
            TargetCleverTapError: when a call has failed for good, or the ledger.
        """
        if not self._entries:
            self._since = self._clock()
        entry = Entry.of(item, ticket)
        self._waiting.under_way([entry])
        self._entries.append(entry)
        if len(self._entries) >= ROWS_AT_ONCE:
            self.flush()

    def add_all(self, entries: Sequence[Entry]) -> None:
        """As `add`, for many entries, in their order."""
        if not self._entries:
            self._since = self._clock()
        self._waiting.under_way(entries)
        self._entries += entries
        if len(self._entries) >= ROWS_AT_ONCE:
            self.flush()

    def tick(self) -> float | None:
        """Do what is due by now; returns in how many seconds something will be, or None."""
        self._lookups.take_finished()
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
        while True:
            self.flush()
            self._lookups.take_all()
            self._delivery.finish()
            if not self._entries:  # else they have waited for an event with the same key
                return

    def flush(self) -> None:
        """Ask the ledger about the rows that wait; what it has not delivered is sent then."""
        self._lookups.take_all()  # one question at a time: the answer to it changes what is known
        entries, since = self._entries, self._since
        self._entries, self._since = [], self._clock()
        question = self._question(entries, since)
        if question:
            ask = partial(question.ask, self._ledger)
            self._lookups.start(ask, partial(self._answered, question))
        else:
            self._take_up(question, Known())
        if len(self._entries) >= ROWS_AT_ONCE:
            self._delivery.finish()

    def _question(self, entries: Sequence[Entry], since: float) -> Question:
        """What to ask about the entries; events that are under way already wait for their turn."""
        events: list[Entry] = []
        profiles: list[Entry] = []
        streams, digest = self._streams, self._digest
        for entry in entries:
            stream, item = streams[entry.stream.name], entry.item
            if item.kind == "event":
                entry.mark = event_mark(digest, stream, item.key)
                events.append(entry)
            else:
                entry.mark = profile_mark(digest, stream, item.identity)
                entry.content = digest(item.body)
                profiles.append(entry)
        marks = {entry.mark for entry in events}
        differ = len(marks) == len(events)
        if under_way := self._delivery.under_way(marks):
            self._entries += [entry for entry in events if entry.mark in under_way]
            events = [entry for entry in events if entry.mark not in under_way]
            entries = [entry for entry in entries if entry.mark not in under_way]
        may_be_unchanged = () if self._resync else self._may_be_left_out(profiles)
        may_be_known = self._may_be_known(events, NUMBER_OF_EVENT)
        return Question(entries, since, may_be_known, may_be_unchanged, differ)

    def _answered(self, question: Question, answer: Future[Known]) -> None:
        self._take_up(question, answer.result())

    def _take_up(self, question: Question, known: Known) -> None:
        """Send on what CleverTap does not have."""
        # All is decided before anything is sent: sending takes answers, which would change it.
        self._delivery.add_all(self._new(question, known), question.since)

    def _new(self, question: Question, known: Known) -> Sequence[Entry]:
        """The entries that are to be sent, in their order; each other one has its outcome."""
        entries = question.entries
        if self._ledger.holds_counters:
            entries = [entry for entry in entries if not self._held(entry)]
        if known.nothing and question.differ:  # usual in a first load
            return self._without_skipped(entries) if self.skipped else entries
        if len(known.unchanged) == len(entries):  # usual when a load is made once more
            self._old(entries, self._outcomes.unchanged)
            return ()
        if len(known.events) == len(entries) and not any(known.events.values()):  # likewise
            self._old(entries, self._outcomes.delivered_before)
            return ()
        new = self._told_apart(entries, known)
        return self._without_skipped(new) if self.skipped else new

    def _told_apart(self, entries: Sequence[Entry], known: Known) -> Sequence[Entry]:
        left_out = set(map(id, known.unchanged))
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
            elif claim in coming:
                self._entries.append(entry)  # until it is known what became of the other
                continue
            elif (held := known.events.get(entry.mark)) is False:
                delivered.append(entry)
                continue
            elif held and not entry.released():
                self._outcomes.rejected(entry, UNCERTAIN)
                continue
            coming.add(claim)
            new.append(entry)
        self._old(same, self._outcomes.unchanged)
        self._old(delivered, self._outcomes.delivered_before)
        return new

    def _held(self, entry: Entry) -> bool:
        """Whether a profile may have been counted before a crash, and is rejected therefore."""
        item = entry.item
        if item.kind == "event" or item.replayable or entry.released():
            return False
        if not self._ledger.take_held_counter(entry.mark, entry.content):
            return False
        self._outcomes.rejected(entry, UNCERTAIN)
        return True

    def _may_be_known(self, entries: Sequence[Entry], number_of: str) -> Sequence[Entry]:
        """Those that the ledger has to be asked about."""
        fresh = self._fresh
        if not fresh:
            return entries
        asked = [entry for entry in entries if entry.stream.name not in fresh]
        if asked:
            entries = [entry for entry in entries if entry.stream.name in fresh]
        return [*asked, *self._sieve.seen(entries, number_of)]

    def _may_be_left_out(self, profiles: Sequence[Entry]) -> Sequence[Entry]:
        """No counters, which add at each time, no deletions, and nothing that will be changed."""
        asked = self._may_be_known(
            [entry for entry in profiles if entry.item.replayable and entry.item.kind != "delete"],
            NUMBER_OF_PROFILE,
        )
        if not self._delivery.idle:
            asked = [entry for entry in asked if not self._delivery.holds(entry.item.identity)]
        return asked

    def _old(self, entries: Sequence[Entry], outcome: Callable[[Sequence[Ticket]], None]) -> None:
        """Entries that CleverTap has; older versions that wait need not be tried again."""
        self._waiting.superseded(entries)
        outcome(entries)

    def _without_skipped(self, entries: Sequence[Entry]) -> Sequence[Entry]:
        """The entries that are sent; the others are remembered as if they had been."""
        skipped = [entry for entry in entries if entry.stream.name in self.skipped]
        self._ledger.settle(None, events=b"".join([entry.mark for entry in skipped]))
        for entry in skipped:
            self._outcomes.ignored(entry)
        return [entry for entry in entries if entry.stream.name not in self.skipped]
