"""Calls as the threads of the pool make them: plainly, or noted in the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_clevertap.delivery.marks import IDENTITY_BYTES
from target_clevertap.errors import AnswerLost, CleverTapError, RequestRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from target_clevertap.clevertap import Client, RetryOn, UploadAnswer
    from target_clevertap.delivery.batch import Entry
    from target_clevertap.delivery.waiting import Waiting
    from target_clevertap.ledger import Ledger
    from target_clevertap.report import SdkMetrics


class Calls:
    """The two calls that rows are delivered by."""

    def __init__(self, client: Client, metrics: SdkMetrics, clock: Callable[[], float]) -> None:
        self._client = client
        self._metrics = metrics
        self._clock = clock

    def upload(self, entries: Sequence[Entry], retry_on: RetryOn) -> UploadAnswer:
        """What became of each entry; raises as `Client.upload` does."""
        began, succeeded = self._clock(), False
        try:
            answer = self._client.upload([entry.item.body for entry in entries], retry_on=retry_on)
            succeeded = True
        finally:
            streams = {entry.stream for entry in entries}
            names = {stream.name for stream in streams}
            self._metrics.batch(names, self._clock() - began, succeeded=succeeded)
        return answer

    def delete(self, kind: str, entries: Sequence[Entry]) -> None:
        """Returns when the profiles are noted for deletion; raises as the client does."""
        values = [entry.item.identifier_value for entry in entries]
        self._client.delete_profiles(kind, values)


class NotedCalls(Calls):
    """Calls that the ledger knows of before they are made, and whose outcome it keeps.

    So a crash at any moment leaves notes of exactly the calls whose outcome is not known.
    """

    def __init__(  # noqa: PLR0913 - what it stands between
        self,
        client: Client,
        metrics: SdkMetrics,
        clock: Callable[[], float],
        ledger: Ledger,
        waiting: Waiting,
        *,
        hold: bool,
    ) -> None:
        """`hold`: what may have arrived must never be sent again, if it would count twice."""
        super().__init__(client, metrics, clock)
        self._ledger = ledger
        self._waiting = waiting
        self._hold = hold

    def upload(self, entries: Sequence[Entry], retry_on: RetryOn) -> UploadAnswer:
        """As without a ledger, which knows the outcome before anyone else does."""
        events, profiles = _by_kind(entries)
        marks = _marks(events), _marks(profiles)
        call = self._ledger.note(*marks, _counters(profiles))
        try:
            answer = super().upload(entries, retry_on)
        except RequestRefused:
            self._ledger.settle(call)  # nothing of the call was taken
            raise
        except CleverTapError as error:
            hold = self._hold and isinstance(error, AnswerLost)
            self._ledger.settle(
                call,
                held=_marks(events if hold else ()),
                forgotten=_identities(profiles),
                hold_counters=hold,
            )
            raise
        accepted = entries
        if answer.refusals:
            accepted = _without(entries, {refusal.position for refusal in answer.refusals})
            events, profiles = _by_kind(accepted)
            marks = _marks(events), _marks(profiles)
        contents = b"".join([entry.content for entry in profiles])
        self._ledger.settle(call, events=marks[0], profiles=marks[1], contents=contents)
        self._waiting.superseded(accepted)
        return answer

    def delete(self, kind: str, entries: Sequence[Entry]) -> None:
        """As without a ledger, which then forgets the profiles."""
        call = self._ledger.note(b"", _marks(entries))
        try:
            super().delete(kind, entries)
        finally:
            # Whether it was done or not: what CleverTap holds is not what the ledger knew.
            self._ledger.settle(call, forgotten=_identities(entries))
        self._waiting.superseded(entries)


def _by_kind(entries: Sequence[Entry]) -> tuple[list[Entry], list[Entry]]:
    """The events and the profiles among the entries; of merged ones every row."""
    events, profiles = [], []
    for entry in entries:
        if entry.item.kind == "event":
            events.append(entry)
        elif entry.earlier is None:
            profiles.append(entry)
        else:
            profiles += _newest(entry)
    return events, profiles


def _newest(entry: Entry) -> Iterable[Entry]:
    """The rows that were merged into one item, of each stream the last one."""
    return {row.mark: row for row in entry.rows}.values()


def _without(entries: Sequence[Entry], positions: set[int]) -> Sequence[Entry]:
    return [entry for position, entry in enumerate(entries) if position not in positions]


def _marks(entries: Iterable[Entry]) -> bytes:
    return b"".join([entry.mark for entry in entries])


def _counters(profiles: Iterable[Entry]) -> bytes:
    """Mark and content of each profile that must not be sent twice."""
    return b"".join([entry.mark + entry.content for entry in profiles if not entry.item.replayable])


def _identities(entries: Iterable[Entry]) -> bytes:
    return b"".join([entry.mark[:IDENTITY_BYTES] for entry in entries])
