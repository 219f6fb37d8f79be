"""Rejected rows that wait in the ledger, and are tried again at the start of the next run."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import chain, groupby
from threading import Lock
from typing import TYPE_CHECKING, Any

from target_clevertap.delivery.batch import Entry, rows_of
from target_clevertap.delivery.marks import digest
from target_clevertap.delivery.under_way import UnderWay
from target_clevertap.mapping.values import encode
from target_clevertap.reader import decode
from target_clevertap.rejects import UNCERTAIN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from target_clevertap.ledger import Ledger, WaitingRow
    from target_clevertap.rejects import Refused, Row

MOST_TRIES = 10
"""A row that was rejected as often as this when tried again will not be taken."""

ROWS_AT_ONCE = 500

Versions = dict[bytes, int]
"""By what names each row, the number of the line that its newest version came in."""

EVERY_STREAM = None
"""What the ledger is asked for when nobody else can have any of them."""


@dataclass(frozen=True, slots=True)
class TriedAgain:
    """Rows that were rejected for `stream`: the SCHEMA message of their tap, and RECORD lines."""

    stream: str
    schema: dict[str, Any]
    lines: Iterator[bytes]


class Waiting:
    """Keeps rejected rows for another try, until they or a newer version of them have arrived.

    Rows gather in memory for a moment, since the ledger takes many for the price of one. They
    are in it before a STATE that covers them is written (`flush`).
    """

    def __init__(self, ledger: Ledger) -> None:
        self.given_up: Counter[str] = Counter()
        """Rows by stream that wait no longer, after so many tries."""
        self._ledger = ledger
        self._lock = Lock()
        self._rows: dict[tuple[str, bytes], tuple[Row, Refused]] = {}
        self._outdated: dict[str, Versions] = defaultdict(dict)
        self._under_way = UnderWay()
        self._skipped: dict[str, Callable[[bytes], bytes]] = {}
        self._not_to_come: list[bytes] = []
        self._begun: set[str] = set()
        self._untried: list[str | None] = [] if ledger.shared else [EVERY_STREAM]
        self._handed_out: bytes | None = None
        """What the ledger calls the waiting row that is being read."""

    def begin(self, stream: str) -> None:
        """This run has a stream: no other one can have it until this one ends."""
        if self._ledger.shared and stream not in self._begun:
            self._begun.add(stream)
            self._untried.append(stream)

    def skip(self, stream: str, mark: Callable[[bytes], bytes]) -> None:
        """The events of a stream are not sent: one that is rejected is not to come later either.

        `mark`: what stands for an event in the ledger, made of its key.
        """
        self._skipped[stream] = mark

    def under_way(self, entries: Iterable[Entry]) -> None:
        """These rows are on their way; each ends in `keep`, or in `superseded`."""
        for entry in entries:
            if entry.stream.moving and entry.item.key:
                self._under_way.add((entry.stream.name, entry.item.key), entry.number)

    def keep(self, row: Row, refused: Refused) -> None:
        """A row was rejected: it waits, unless nothing tells it from other rows of its stream.

        Answers come in any order: of two versions the one that was read later decides.

        Raises:
            LedgerError: when it cannot be kept.
        """
        name = row.stream.name
        if name in self._skipped and refused is not UNCERTAIN:
            self._remember_as_skipped(row)
            return
        if not (of_key := _key(row)):
            return
        is_newest = self._is_newest(row, of_key)
        if refused is UNCERTAIN:
            # A person decides: it may have arrived, so no older version may come after it either.
            self._done_with({name: {of_key: row.number}})
            return
        with self._lock:
            if is_newest and row.number >= self._number(name, of_key):
                if self._was_tried(name, of_key):
                    self._write()  # the ledger counts this, also if its tap repeats the row
                self._rows[name, of_key] = row, refused
        if len(self._rows) >= ROWS_AT_ONCE:
            self.flush()

    def flush(self) -> None:
        """Returns when the ledger has all rows that were kept.

        Raises:
            LedgerError: when it cannot take them.
        """
        if self._outdated:
            self._done_with(self._outdated)
            self._outdated.clear()
        if self._not_to_come:
            self._ledger.settle(None, events=b"".join(self._not_to_come))
            self._not_to_come = []
        with self._lock:
            if self._rows:
                self._write()

    def waits_as(self, row: Row) -> bytes:
        """What names a row, if an older version of it may be among those that wait, or will be."""
        stream = row.stream
        may_wait = self._rows or self._outdated or self._ledger.waits_for(stream.name)
        return _key(row) if may_wait or (stream.moving and self._under_way) else b""

    def outdated(self, stream: str, key: bytes, number: int) -> None:
        """A version of the row has come that needs no answer: those before it are done with.

        They are so when this is flushed.

        Raises:
            LedgerError: when the ledger cannot forget them.
        """
        self._under_way.outdate((stream, key), number)
        self._outdated[stream][key] = number
        if len(self._outdated[stream]) >= ROWS_AT_ONCE:
            self.flush()

    def rows(self) -> Iterator[TriedAgain]:
        """What waits, as a tap would send it.

        Each row is among these once in a run, also when it is rejected again: at the start, or in
        a ledger that others share when its stream has begun, since until then it may be theirs.
        """
        untried, self._untried = self._untried, []
        waiting = chain.from_iterable(self._ledger.waiting(stream) for stream in untried)
        for (stream, name_in_tap, schema, key_properties), rows in groupby(waiting, _announced):
            message = {
                "type": "SCHEMA",
                "stream": name_in_tap,
                "schema": decode(schema),
                "key_properties": list(key_properties),
            }
            yield TriedAgain(stream, message, self._handed(rows))

    def _handed(self, rows: Iterable[WaitingRow]) -> Iterator[bytes]:
        for row in rows:
            self._handed_out = row.key
            yield row.line
        self._handed_out = None

    def read_again(self, row: Row) -> None:
        """A row that waits is read: from now on it waits by the name that it has today.

        The settings may take the key from other columns by now, or a stream map change it. By its
        old name nothing would ever end its waiting.
        """
        before, self._handed_out = self._handed_out, None
        if before is not None:
            today = _key(row)
            self._ledger.rename_waiting(row.stream.name, before, digest(today) if today else None)

    def forget(self, stream: str) -> None:
        """Nothing waits of a stream any more: a list that its tap brings as a whole has no rest."""
        self._ledger.forget_waiting(stream)

    def superseded(self, entries: Sequence[Entry]) -> None:
        """These rows are delivered: what waits of them, or of older versions, is done with.

        For any thread.
        """
        rows = rows_of(entries)
        streams = {
            stream
            for stream in {row.stream for row in rows}
            if stream.moving or self._rows or self._ledger.waits_for(stream.name)
        }
        if not streams:  # usual, and nothing else may cost much at each call
            return
        versions: dict[str, Versions] = defaultdict(dict)
        for row in rows:
            if row.stream in streams and (key := row.item.key):
                name = row.stream.name
                if row.stream.moving:
                    self._under_way.take((name, key), row.number)
                versions[name][key] = max(row.number, versions[name].get(key, 0))
        self._done_with(versions)

    def _remember_as_skipped(self, row: Row) -> None:
        if key := _item_key(row):
            name = row.stream.name
            self._not_to_come.append(self._skipped[name](key))
            self.outdated(name, key, row.number)

    def _done_with(self, versions: Mapping[str, Versions]) -> None:
        with self._lock:
            for name, numbers in versions.items():
                for key, number in numbers.items():
                    if self._number(name, key) <= number:
                        self._rows.pop((name, key), None)
                if self._ledger.waits_for(name):
                    of_digests = {digest(key): number for key, number in numbers.items()}
                    self._ledger.superseded(name, of_digests)

    def _is_newest(self, row: Row, key: bytes) -> bool:
        """Whether no newer version of a rejected row has been on its way beside it."""
        if not (row.stream.moving and isinstance(row, Entry)):
            return True
        return self._under_way.take((row.stream.name, key), row.number)

    def _number(self, stream: str, key: bytes) -> int:
        """That of the version that was kept here; 0 when there is none."""
        kept = self._rows.get((stream, key))
        return 0 if kept is None else kept[0].number

    def _was_tried(self, stream: str, key: bytes) -> bool:
        """Whether the version that was kept here had waited before."""
        kept = self._rows.get((stream, key))
        return kept is not None and kept[0].stream.again

    def _write(self) -> None:
        from target_clevertap.ledger import Rejected  # noqa: PLC0415 - SQLAlchemy, for few

        rows = self._rows
        tries = self._ledger.wait(
            Rejected(
                stream=name,
                key=digest(key),
                line=row.line,
                number=row.number,
                schema=encode(row.stream.schema),
                key_properties=row.stream.key_properties,
                code=refused.code,
                again=row.stream.again,
            )
            for (name, key), (row, refused) in rows.items()
        )
        self._rows = {}  # not before: what the ledger could not take must stop the next STATE too
        for (name, key), tried in zip(rows, tries, strict=True):
            if tried >= MOST_TRIES:
                self._ledger.superseded(name, {digest(key): rows[name, key][0].number})
                self.given_up[name] += 1


def _announced(row: WaitingRow) -> tuple[str, str, bytes, tuple[str, ...]]:
    """The stream of a row, and what its SCHEMA says: the tap's name of it, and how it is made."""
    return row.stream, decode(row.line)["stream"], row.schema, row.key_properties


def _key(row: Row) -> bytes:
    """What names a row among those that wait; empty when it is not to wait."""
    return _item_key(row) if row.stream.retried else b""


def _item_key(row: Row) -> bytes:
    """The key of a row, as its item carries it; empty when it has none."""
    if isinstance(row, Entry):
        return row.item.key
    values = row.values()
    try:
        return encode(values) if values and None not in values else b""
    except UnicodeEncodeError:  # half of a surrogate pair: no version of it will ever be delivered
        return b""
