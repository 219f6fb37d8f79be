"""A run that sends nothing: it prints what the first rows of each stream would be sent as."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from target_clevertap.delivery.batch import Limits
from target_clevertap.delivery.checkpoints import Span
from target_clevertap.delivery.delivery import TOO_LARGE
from target_clevertap.delivery.outcomes import Ticket
from target_clevertap.errors import Interrupted, TargetCleverTapError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from target_clevertap.delivery.waiting import TriedAgain
    from target_clevertap.mapping import Item, Member
    from target_clevertap.rejects import Refused, Stream
    from target_clevertap.settings import SegmentMapping, Settings, StreamMapping


@dataclass(slots=True)
class Seen:
    """What there is to say of a stream: its rows, and what the first of them became."""

    rows: int = 0
    items: list[str] = field(default_factory=list)
    rejected: list[str] = field(default_factory=list)
    ignored: int = 0


class PreviewOutcomes:
    """Notes what becomes of the first `most` rows of each stream, and counts the others."""

    def __init__(self, most: int) -> None:
        self.streams: dict[str, Seen] = defaultdict(Seen)
        self._most = most

    def begin(self, stream: Stream) -> None:
        """A stream was announced; one without rows is told of too."""
        self.streams.setdefault(stream.name, Seen())

    def read(self, stream: Stream, line: bytes, number: int) -> Ticket:
        """A row was read; what is said next is about this one."""
        self.streams[stream.name].rows += 1
        return Ticket(stream, line, number, Span(None))

    def sent(self, ticket: Ticket, text: str) -> None:
        """The row just read would be sent as this."""
        if (seen := self._of_first(ticket)) is not None:
            seen.items.append(text)

    def rejected(self, ticket: Ticket, refused: Refused) -> None:
        """The row just read would be kept with its reason."""
        if (seen := self._of_first(ticket)) is not None:
            seen.rejected.append(f"{ticket.key()}: {refused.code}: {refused.reason}")

    def ignored(self, ticket: Ticket) -> None:
        """The row just read would not be sent."""
        if (seen := self._of_first(ticket)) is not None:
            seen.ignored += 1

    def _of_first(self, ticket: Ticket) -> Seen | None:
        seen = self.streams[ticket.stream.name]
        return seen if seen.rows <= self._most else None


@dataclass(frozen=True, slots=True)
class PreviewItems:
    """Takes items in place of the delivery."""

    outcomes: PreviewOutcomes
    largest_item: int

    def add(self, item: Item, ticket: Ticket) -> None:
        """An item, as its JSON in an upload; a deletion as that of its own call."""
        if len(item.body) > self.largest_item:
            self.outcomes.rejected(ticket, TOO_LARGE)
            return
        body = item.body or msgspec.json.encode({item.identifier_kind: [item.identifier_value]})
        self.outcomes.sent(ticket, body.decode() if item.body else f"delete {body.decode()}")


@dataclass(frozen=True, slots=True)
class PreviewSegments:
    """Takes members in place of the lists."""

    outcomes: PreviewOutcomes

    def open(self, mapping: SegmentMapping, stream: Stream) -> None:
        """A list that a stream adds to; nothing is gathered."""

    def add(self, _list: object, member: Member, ticket: Ticket, *, gone: bool = False) -> None:
        """A member, as its line in the list's file; with `gone`, one that is taken out."""
        self.outcomes.sent(ticket, f"{'remove ' if gone else ''}{member.type},{member.identity}")


class Preview:
    """Takes the place of a run."""

    def __init__(self, settings: Settings, most: int, say: Callable[[str], object]) -> None:
        """Nothing is said yet.

        Args:
            settings: of the run that would be.
            most: how many rows of each stream are shown.
            say: prints a line.
        """
        self.settings = settings
        self.outcomes = PreviewOutcomes(most)
        limits = Limits(settings.batch_size_rows, settings.batch_max_bytes)
        self.items = PreviewItems(self.outcomes, limits.largest_item)
        self.segments = PreviewSegments(self.outcomes)
        self.short_way = None
        self._most = most
        self._say = say
        self._said = False

    def open_stream(self, stream: str, mapping: StreamMapping, in_tap: str) -> None:
        """A stream begins: nothing has to be known of it."""

    def rows_to_try_again(self) -> Iterable[TriedAgain]:
        """None: only what comes in is shown."""
        return ()

    def tried_again(self, stream: str) -> int:  # noqa: ARG002 - of any
        """None."""
        return 0

    def state(self, value: bytes) -> None:
        """A STATE is not written: nothing is delivered."""

    def seen_whole(self, in_tap: str | None = None) -> None:
        """A sign that matters to a delivery only."""

    def tick(self) -> None:
        """Nothing is ever due."""

    def interrupted(self, signum: int) -> None:
        """A signal has ended the reading, which shows at once."""

    def interruption(self, signum: int) -> Interrupted:
        """What there is to say when a signal has ended it."""
        return Interrupted(signum, "what had been read is shown, nothing was sent")

    def finish(self, *, cut_off: bool) -> None:  # noqa: ARG002 - what came is shown
        """The input has ended: print what was seen."""
        self._said = True
        for stream, seen in self.outcomes.streams.items():
            for line in self._lines(stream, seen):
                self._say(line)

    def close(self, error: BaseException | None = None) -> None:
        """What was read before a mistake may show where that is: print it, too."""
        if isinstance(error, TargetCleverTapError) and not self._said:
            self.finish(cut_off=True)

    def _lines(self, stream: str, seen: Seen) -> Iterator[str]:
        shown = min(seen.rows, self._most)
        yield f"# {stream}: the first {shown:,} of {seen.rows:,} rows, as they would be sent"
        yield from seen.items
        if seen.ignored:
            yield f"# {stream}: {seen.ignored:,} of them would not be sent"
        if seen.rejected:
            yield f"# {stream}: {len(seen.rejected):,} of them would be rejected"
            yield from seen.rejected
