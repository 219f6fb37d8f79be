"""Where every row ends: counted, kept when rejected, and settled for the checkpoints."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from target_clevertap.rejects import Row
from target_clevertap.report import Tally

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from target_clevertap.delivery.checkpoints import Checkpoints, Span
    from target_clevertap.delivery.waiting import Waiting
    from target_clevertap.rejects import Refused, Rejects, Stream


class Ticket(Row, gc=False, eq=False):
    """A row on its way, with the span between two STATE messages that waits for it."""

    span: Span


class Outcomes:
    """Counts rows in and settles each of them once.

    `tallies` are by stream; `again` are those of rows that former runs have rejected. `from_tap`
    counts the others by the tap's own names of streams.
    """

    def __init__(
        self, rejects: Rejects, checkpoints: Checkpoints, waiting: Waiting | None = None
    ) -> None:
        self.tallies: dict[str, Tally] = defaultdict(Tally)
        self.again: dict[str, Tally] = defaultdict(Tally)
        self.from_tap: Counter[str] = Counter()
        self._rejects = rejects
        self._checkpoints = checkpoints
        self._waiting = waiting

    def begin(self, stream: Stream) -> None:
        """A stream was announced; what the tap has of it is told, if it is no row."""
        if not stream.again:
            self._tally(stream)

    def read(self, stream: Stream, line: bytes, number: int) -> Ticket:
        """A row was read from a RECORD line; the ticket goes with it until it is settled."""
        self.read_many(stream, 1)
        ticket = Ticket(stream, line, number, self._checkpoints.row())
        if stream.again and self._waiting is not None:
            self._waiting.read_again(ticket)
        return ticket

    def read_many(self, stream: Stream, count: int) -> None:
        """So many rows of a stream were read; whoever made their tickets settles them."""
        self._tally(stream).read += count
        if not stream.again:
            self.from_tap[stream.name_in_tap] += count

    def accepted(self, ticket: Ticket, *, adjusted: bool = False) -> None:
        """CleverTap has the row; `adjusted` tells that a value was cut or left out."""
        tally = self._tally(ticket.stream)
        tally.accepted += 1
        tally.adjusted += adjusted
        self._checkpoints.settle(ticket.span)

    def all_accepted(self, tickets: Collection[Ticket]) -> None:
        """CleverTap has all of these rows."""
        for tally, rows in self._settled(tickets):
            tally.accepted += rows

    def unchanged(self, tickets: Collection[Ticket]) -> None:
        """CleverTap has what these rows say already."""
        for tally, rows in self._settled(tickets):
            tally.unchanged += rows

    def delivered_before(self, tickets: Collection[Ticket]) -> None:
        """These events were sent before, by this run or another."""
        for tally, rows in self._settled(tickets):
            tally.already_delivered += rows

    def covered(self, ticket: Ticket) -> None:
        """An earlier row stands for this one: no STATE after both is written before its outcome."""
        self._checkpoints.settle(ticket.span)

    def list_settled(self, first: Ticket, rows: Mapping[Stream, int], *, unchanged: bool) -> None:
        """CleverTap has a list: `rows` of each stream, for which the ticket of the first stood."""
        for stream, count in rows.items():
            tally = self._tally(stream)
            tally.unchanged += count * unchanged
            tally.accepted += count * (not unchanged)
        self._checkpoints.settle(first.span)

    def waits_as(self, ticket: Ticket) -> bytes:
        """What names a row of which an older version may wait for another try; else empty."""
        return b"" if self._waiting is None else self._waiting.waits_as(ticket)

    def outdated(self, stream: Stream, key: bytes, number: int) -> None:
        """No version before this line of the row that `key` names is to be tried again."""
        if self._waiting is not None and key:
            self._waiting.outdated(stream.name, key, number)

    def ignored(self, ticket: Ticket) -> None:
        """The configuration says that this row is not sent, nor any older version of it.

        Raises:
            LedgerError: when an older version waits and cannot be forgotten.
        """
        self.outdated(ticket.stream, self.waits_as(ticket), ticket.number)
        self._tally(ticket.stream).ignored += 1
        self._checkpoints.settle(ticket.span)

    def rejected(self, ticket: Ticket, refused: Refused) -> None:
        """The row is kept with its reason.

        Raises:
            WorkDirError: when it cannot be kept; the row stays unsettled then.
            LedgerError: when it cannot be kept for another try.
        """
        self._rejects.add(ticket, refused)
        if self._waiting is not None:
            self._waiting.keep(ticket, refused)
        self._tally(ticket.stream).rejected += 1
        self._checkpoints.settle(ticket.span)

    def _settled(self, tickets: Collection[Ticket]) -> Iterator[tuple[Tally, int]]:
        """Settles rows; yields where those of each stream are to be counted."""
        for stream, rows in Counter([ticket.stream for ticket in tickets]).items():
            yield self._tally(stream), rows
        for span, rows in Counter([ticket.span for ticket in tickets]).items():
            self._checkpoints.settle(span, rows)

    def _tally(self, stream: Stream) -> Tally:
        return (self.again if stream.again else self.tallies)[stream.name]
