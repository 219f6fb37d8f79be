"""Items into calls, calls into outcomes, in the order that the rows of one identity ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_clevertap.clevertap import PROFILES_PER_DELETION
from target_clevertap.delivery.batch import Batch, Entry, Limits
from target_clevertap.errors import AnswerUnclear, RequestRefused
from target_clevertap.rejects import Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from target_clevertap.clevertap import Client, Refusal
    from target_clevertap.delivery.outcomes import Outcomes, Ticket
    from target_clevertap.mapping import Item

TRIES_OF_A_RECORD = 3  # a record answered with a passing fault (555) is sent this often

TOO_LARGE = Refused("too_large", "The record is larger than a call may be (batch_max_bytes)")
UNCERTAIN = Refused("uncertain", "CleverTap's answer does not tell whether it took the record")
CALL_REFUSED = Refused("call_refused", "CleverTap refuses the call that holds this row alone")


class Delivery:
    """Gathers items and delivers them, one call at a time.

    A profile and its deletion never wait side by side: what came first is sent first.
    """

    def __init__(self, client: Client, outcomes: Outcomes, limits: Limits) -> None:
        self._client = client
        self._outcomes = outcomes
        self._limits = limits
        self._uploads = Batch(limits)
        self._deletes = Batch(Limits(PROFILES_PER_DELETION, limits.bytes))

    def add(self, item: Item, ticket: Ticket) -> None:
        """Take an item over; it is sent when its batch is full.

        Raises:
            CleverTapError: when a call fails for good.
            WorkDirError: when a rejected row cannot be kept.
        """
        if not self._limits.allow(item):
            self._outcomes.rejected(ticket, TOO_LARGE)
        elif item.kind == "delete":
            self._send_if(self._uploads, item.identity)
            self._deletes = self._add_to(self._deletes, item, ticket)
        else:
            self._send_if(self._deletes, item.identity)
            self._uploads = self._add_to(self._uploads, item, ticket)

    def finish(self) -> None:
        """Send what is gathered; returns when every item has its outcome."""
        self._send(self._uploads)
        self._send(self._deletes)

    def _add_to(self, batch: Batch, item: Item, ticket: Ticket) -> Batch:
        """Put an item into its batch; the batch to go on with is a new one once it was sent."""
        repeated = item.kind != "event" and batch.holds(item.identity)
        if repeated and batch.merge(item, ticket):
            return batch
        if repeated or not batch.has_room_for(item):
            batch = self._send(batch)
        batch.add(item, ticket)
        return self._send(batch) if batch.full else batch

    def _send_if(self, batch: Batch, identity: str) -> None:
        if batch.holds(identity):
            self._send(batch)

    def _send(self, batch: Batch) -> Batch:
        """Deliver a batch; it is empty afterwards, whatever became of its rows."""
        entries = batch.take()
        if entries and batch is self._deletes:
            self._delete(entries)
        elif entries:
            self._upload(entries)
        return batch

    def _upload(self, entries: Sequence[Entry]) -> None:
        """One call, and its answer record by record."""
        for last_try in (False,) * (TRIES_OF_A_RECORD - 1) + (True,):
            try:
                answer = self._client.upload([entry.item.body for entry in entries])
            except RequestRefused:
                self._bisect(entries)
                return
            except AnswerUnclear:
                self._one_by_one(entries)
                return
            entries = self._settle(entries, answer.refusals, last_try=last_try)
            if not entries:
                return

    def _settle(
        self, entries: Sequence[Entry], refusals: Sequence[Refusal], *, last_try: bool
    ) -> list[Entry]:
        """Accepts and rejects what an answer decided; returns what is worth another try."""
        refused = {refusal.position: refusal for refusal in refusals}
        again = []
        for position, entry in enumerate(entries):
            if (refusal := refused.get(position)) is None:
                self._accepted(entry)
            elif refusal.transient and not last_try:
                again.append(entry)
            else:
                self._rejected(entry, Refused(f"clevertap_{refusal.code}", refusal.meaning))
        return again

    def _bisect(self, entries: Sequence[Entry]) -> None:
        """CleverTap refuses a call as a whole: halve it until the guilty row stands alone."""
        if len(entries) == 1:
            self._rejected(entries[0], CALL_REFUSED)
            return
        middle = len(entries) // 2
        self._upload(entries[:middle])
        self._upload(entries[middle:])

    def _one_by_one(self, entries: Sequence[Entry]) -> None:
        """The answer fits no record: each is sent once more, alone, so that it fits."""
        if len(entries) == 1:
            self._rejected(entries[0], UNCERTAIN)
            return
        for entry in entries:
            self._upload([entry])

    def _delete(self, entries: Sequence[Entry]) -> None:
        """Deletions by identifier kind: a call takes one kind only."""
        by_kind: dict[str, list[Entry]] = {}
        for entry in entries:
            by_kind.setdefault(entry.item.identifier_kind, []).append(entry)
        for kind, group in by_kind.items():
            values = [entry.item.identifier_value for entry in group]
            self._client.delete_profiles(kind, values)
            for entry in group:
                self._accepted(entry)

    def _accepted(self, entry: Entry) -> None:
        for ticket in entry.tickets:
            self._outcomes.accepted(ticket, adjusted=bool(entry.item.adjusted))

    def _rejected(self, entry: Entry, refused: Refused) -> None:
        for ticket in entry.tickets:
            self._outcomes.rejected(ticket, refused)
