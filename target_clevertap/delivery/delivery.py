"""Items into calls, calls into outcomes: many at once, each customer's in their order.

One thread reads, gathers, and decides; the threads of the pool only make calls. So what is
counted and settled here needs no lock.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Literal

from target_clevertap.clevertap import ANY_FAILURE, UNLESS_LOST
from target_clevertap.delivery.batch import Entry, rows_of
from target_clevertap.delivery.lanes import Lane, Lanes
from target_clevertap.errors import (
    AnswerLost,
    AnswerUnclear,
    RequestRefused,
    TargetCleverTapError,
)
from target_clevertap.rejects import UNCERTAIN, Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from collections.abc import Set as AbstractSet
    from concurrent.futures import Future

    from target_clevertap.clevertap import Refusal, UploadAnswer
    from target_clevertap.delivery.batch import Limits
    from target_clevertap.delivery.calls import Calls
    from target_clevertap.delivery.outcomes import Outcomes, Ticket
    from target_clevertap.delivery.pool import Pool
    from target_clevertap.mapping import Item

TRIES_OF_A_RECORD = 5
"""How often a record is sent that is answered with a passing fault (555), or by no clear word."""

TOO_LARGE = Refused("too_large", "The record is larger than a call may be (batch_max_bytes)")
CALL_REFUSED = Refused("call_refused", "CleverTap refuses the call that holds this row alone")
ANSWER_UNCLEAR = Refused(
    "answer_unclear", f"{TRIES_OF_A_RECORD} answers did not tell whether CleverTap has the record"
)


@dataclass(frozen=True, slots=True)
class Flight:
    """The records of one call on their way, and how often they were sent before."""

    entries: Sequence[Entry]
    tries: int = 0

    @property
    def claims(self) -> Sequence[str | bytes]:
        """What may be in no other call until this one is answered."""
        return [
            entry.mark if entry.item.kind == "event" else entry.item.identity
            for entry in self.entries
        ]

    @property
    def rows(self) -> Sequence[Entry]:
        """All rows that the call stands for."""
        return rows_of(self.entries)

    @property
    def is_last_try(self) -> bool:
        """Whether its records are not sent again if the answer leaves that to us."""
        return self.tries + 1 >= TRIES_OF_A_RECORD


class Delivery:
    """Gathers items, keeps as many calls under way as the pool takes, and reads their answers.

    An identity is never in two calls at once: the call that would be the second one waits for the
    first one's answer, and everything behind it waits too.
    """

    def __init__(  # noqa: PLR0913 - what it stands between
        self,
        calls: Calls,
        outcomes: Outcomes,
        pool: Pool,
        limits: Limits,
        *,
        uncertain: Literal["resend", "hold"],
        wait_limit: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Nothing is sent yet.

        Args:
            calls: makes them, in the threads of the pool.
            outcomes: is told what became of each row.
            pool: the threads for the calls, and their number.
            limits: of one call.
            uncertain: what becomes of events and counters whose call may or may not have arrived.
            wait_limit: seconds that an item waits for its call to fill.
            clock: seconds that never go back.
        """
        self._calls = calls
        self._outcomes = outcomes
        self._pool = pool
        self._largest_item = limits.largest_item
        self._hold = uncertain == "hold"
        self._wait_limit = wait_limit
        self._clock = clock
        self._lanes = Lanes(limits, clock)
        self._busy: set[str | bytes] = set()
        self._closing = False

    def add(self, item: Item, ticket: Ticket) -> None:
        """Take an item over; waits while as many calls are under way as may be.

        Raises:
            CleverTapError: when a call has failed for good.
            WorkDirError: when a rejected row cannot be kept.
        """
        self._send(Entry.of(item, ticket))

    def add_all(self, entries: Sequence[Entry], since: float | None = None) -> None:
        """As `add`, for many entries, in their order; they were read at `since` by the clock."""
        self._busy.update([e.mark for e in entries if e.mark and e.item.kind == "event"])
        at = 0
        while at < len(entries):
            at += self._lanes.fill(entries, at, since)
            if at < len(entries):
                self._send(entries[at], since)
                at += 1

    def _send(self, entry: Entry, since: float | None = None) -> None:
        if len(entry.item.body) > self._largest_item:
            self._rejected(entry, TOO_LARGE)
            return
        for lane in self._lanes.add(entry, since):
            self._launch(lane)

    @property
    def idle(self) -> bool:
        """Whether nothing is under way."""
        return not self._busy and self._lanes.began is None

    def holds(self, identity: str) -> bool:
        """Whether something is under way for a profile."""
        return identity in self._busy or self._lanes.holds(identity)

    def under_way(self, marks: AbstractSet[bytes]) -> AbstractSet[bytes]:
        """Those of some events that have no outcome yet."""
        return {mark for mark in self._busy & marks if isinstance(mark, bytes)}

    def tick(self) -> float | None:
        """Do what is due by now; returns in how many seconds something will be, if anything will.

        Raises:
            CleverTapError: when a call has failed for good.
        """
        self._pool.take_finished()
        if self._lanes.began is None:
            return None
        due = self._lanes.began + self._wait_limit - self._clock()
        if due > 0:
            return due
        self._launch_all()
        return None

    def finish(self) -> None:
        """Send what is gathered; returns when every item has its outcome.

        Raises:
            CleverTapError: when a call has failed for good.
        """
        self._launch_all()
        self._pool.take_all()

    def abandon(self) -> None:
        """The run cannot go on: wait for the calls under way, and keep what they delivered."""
        self._closing = True
        self._pool.give_up()
        while self._pool.under_way:
            with suppress(TargetCleverTapError):
                self._pool.take_one()

    def _launch_all(self) -> None:
        for lane in self._lanes.take():
            self._launch(lane)

    def _launch(self, lane: Lane) -> None:
        """Start the calls of a lane as soon as there is room and no identity is on its way."""
        for batch, start in ((lane.uploads, self._upload), (lane.deletes, self._delete)):
            if not batch.entries:
                continue
            while self._pool.full or not self._busy.isdisjoint(batch.positions):
                self._pool.take_one()
            self._busy.update(batch.positions)
            start(Flight(batch.entries))

    def _upload(self, flight: Flight) -> None:
        """Start an upload, unless nothing is in it, or nothing is started any more."""
        if not flight.entries or self._closing:
            return
        retry_on = UNLESS_LOST if self._fragile(flight) else ANY_FAILURE
        call = partial(self._calls.upload, flight.entries, retry_on)
        self._pool.start(call, partial(self._uploaded, flight))

    def _uploaded(self, flight: Flight, answer: Future[UploadAnswer]) -> None:
        """Every record of an upload gets its outcome, or is on its way again."""
        try:
            refusals = answer.result().refusals
        except RequestRefused:
            self._bisect(flight.entries, lambda half: self._upload(replace(flight, entries=half)))
        except AnswerUnclear:
            self._ask_one_by_one(flight)
        except AnswerLost:
            if not self._fragile(flight):
                raise
            self._upload(replace(flight, entries=self._repeatable(flight)))
        else:
            self._settle(flight, refusals)

    def _settle(self, flight: Flight, refusals: Sequence[Refusal]) -> None:
        """Accepts and rejects what an answer decided; what may pass another time is sent again."""
        if not refusals and not any([entry.item.adjusted for entry in flight.entries]):  # noqa: C419
            self._all_accepted(flight)
            return
        refused = {refusal.position: refusal for refusal in refusals}
        again = []
        for position, entry in enumerate(flight.entries):
            if (refusal := refused.get(position)) is None:
                self._accepted(entry)
            elif refusal.transient and not flight.is_last_try:
                again.append(entry)
            else:
                self._rejected(entry, Refused(f"clevertap_{refusal.code}", refusal.meaning))
        self._upload(Flight(again, flight.tries + 1))

    def _bisect(self, entries: Sequence[Entry], start: Callable[[Sequence[Entry]], None]) -> None:
        """CleverTap refuses a call as a whole: halve it until the guilty row stands alone."""
        if len(entries) == 1:
            self._rejected(entries[0], CALL_REFUSED)
            return
        middle = len(entries) // 2
        start(entries[:middle])
        start(entries[middle:])

    def _ask_one_by_one(self, flight: Flight) -> None:
        """The answer fits no record: each is sent again, alone, so that it must fit."""
        for entry in self._repeatable(flight):
            if flight.is_last_try:
                self._rejected(entry, ANSWER_UNCLEAR)
            else:
                self._upload(Flight([entry], flight.tries + 1))

    def _fragile(self, flight: Flight) -> bool:
        """Whether something in a call must not be sent twice."""
        return self._hold and not all(entry.item.replayable for entry in flight.entries)

    def _repeatable(self, flight: Flight) -> Sequence[Entry]:
        """What of a call may be sent again though it may have arrived; the rest is kept."""
        if not self._fragile(flight):
            return flight.entries
        for entry in flight.entries:
            if not entry.item.replayable:
                self._rejected(entry, UNCERTAIN)
        return [entry for entry in flight.entries if entry.item.replayable]

    def _delete(self, flight: Flight) -> None:
        """Start deletions: a call takes one kind of identifier only."""
        by_kind: dict[str, list[Entry]] = {}
        for entry in flight.entries:
            by_kind.setdefault(entry.item.identifier_kind, []).append(entry)
        for kind, entries in by_kind.items():
            self._delete_of(kind, entries)

    def _delete_of(self, kind: str, entries: Sequence[Entry]) -> None:
        if not self._closing:
            call = partial(self._calls.delete, kind, entries)
            self._pool.start(call, partial(self._deleted, kind, entries))

    def _deleted(self, kind: str, entries: Sequence[Entry], answer: Future[None]) -> None:
        try:
            answer.result()
        except RequestRefused:
            self._bisect(entries, partial(self._delete_of, kind))
        else:
            for entry in entries:
                self._accepted(entry)

    def _all_accepted(self, flight: Flight) -> None:
        """The usual outcome, at a third of the cost of settling row by row."""
        self._busy.difference_update(flight.claims)
        self._outcomes.all_accepted(flight.rows)

    def _accepted(self, entry: Entry) -> None:
        self._landed(entry)
        for row in entry.rows:
            self._outcomes.accepted(row, adjusted=bool(row.item.adjusted))

    def _rejected(self, entry: Entry, refused: Refused) -> None:
        self._landed(entry)
        for row in entry.rows:
            self._outcomes.rejected(row, refused)

    def _landed(self, entry: Entry) -> None:
        """The next version of a profile may go, and an event with the same key may be judged."""
        self._busy.discard(entry.claim)
