"""What was settled of late: in a journal on disk and in memory, and folded in bit by bit.

Digests lie anywhere among millions of others: put to their places at once, the marks of one call
touch a thousand pages, each of which is written twice (20 ms of CPU for each call at a million
rows). Among the marks of a hundred calls, those of a tenth of them lie near each other. So a call
is written to the journal as one row, and each call brings the next of the older marks, in their
order, to their places.
"""

from __future__ import annotations

from functools import partial
from operator import add, itemgetter
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, insert, select
from typing_extensions import override

from target_clevertap.ledger import tables
from target_clevertap.ledger.known import Known, Settled
from target_clevertap.ledger.packed import (
    DIGEST_BYTES,
    MARK_BYTES,
    PROFILE_BYTES,
    STREAM_BYTES,
    count,
    some,
    split,
)
from target_clevertap.ledger.packed import marks as about
from target_clevertap.ledger.statements import DROP_FORGOTTEN, FORGOTTEN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from sqlalchemy import Connection

    from target_clevertap.ledger.sqlite import SqliteDatabase

ROWS: Final = 100_000
"""Of a generation: some 20 MB of memory, and twice that while the former one is folded in."""

SECONDS: Final = 3600
"""How long a generation lasts at most: its rows bear the time of its first one."""

ROWS_AT_ONCE: Final = 10_000
"""Folded in by one statement when a ledger is opened or closed."""

_JOURNAL: Final = insert(tables.settled)

_FIRST: Final[Callable[[bytes], int]] = itemgetter(0)
"""Of a profile's digest, one of 256 numbers: to compare all of it takes five times as long."""

_FIRST_OF_KEY: Final[Callable[[bytes], int]] = itemgetter(STREAM_BYTES)


class Generation:
    """The marks of some calls, newest content last; `last` is the id of the last of these calls."""

    def __init__(self, at: int = 0) -> None:
        """`at`: seconds since the epoch."""
        self.at = at
        self.last = 0
        self.events: set[bytes] = set()
        self.profiles: dict[bytes, bytes] = {}

    @property
    def rows(self) -> int:
        """How many marks there are."""
        return len(self.events) + len(self.profiles)

    def add(self, events: bytes, profiles: bytes, contents: bytes) -> None:
        """The marks of a call come in."""
        self.events.update(split(events))
        self.profiles.update(zip(split(profiles), split(contents, DIGEST_BYTES), strict=True))


class Folding:
    """A generation on its way to the big tables, in the order of its marks."""

    def __init__(self, generation: Generation, known: Known) -> None:
        self.generation = generation
        self._known = known
        # So that neighbours come together; the database brings them in their order.
        events: list[bytes] = sorted(generation.events, key=_FIRST_OF_KEY)
        pairs: Iterable[bytes] = map(add, generation.profiles.keys(), generation.profiles.values())
        profiles: list[bytes] = sorted(pairs, key=_FIRST)
        self._events = b"".join(events)
        self._profiles = b"".join(profiles)
        self._done = 0
        self._written = 0
        """As `_done`, with what the open transaction has brought to its place."""

    @property
    def is_done(self) -> bool:
        """Whether every mark is in its place."""
        return self._done >= self.generation.rows

    def write(self, connection: Connection, rows: int) -> None:
        """Put the next marks to their places; they are there when the transaction has ended."""
        begin, end, at = self._written, self._written + rows, self.generation.at
        if events := some(self._events, begin, end):
            self._known.put_events(connection, events, at)
        before = count(self._events)
        if profiles := some(
            self._profiles, max(0, begin - before), max(0, end - before), PROFILE_BYTES
        ):
            self._known.put_profiles(connection, profiles, at)
            if FORGOTTEN in profiles:
                marks = [profile[:MARK_BYTES] for profile in split(profiles, PROFILE_BYTES)]
                connection.execute(DROP_FORGOTTEN, about(b"".join(marks)))
        if end >= self.generation.rows:
            journal = tables.settled
            connection.execute(delete(journal).where(journal.c.id <= self.generation.last))
        self._written = end

    def advance(self) -> None:
        """The transaction has ended."""
        self._done = self._written

    def fall_back(self) -> None:
        """The transaction has failed."""
        self._written = self._done


class Recent(Known):
    """What a file knows, seen through what has not got to its place in it yet."""

    def __init__(self, database: SqliteDatabase) -> None:
        """What a crash has left in the journal is folded in."""
        super().__init__(database)
        self._file = database
        self._known = Known(database)
        self._active = Generation()
        self._folding: Folding | None = None
        self._folds = True
        self._in_memory: Sequence[Generation] = (self._active,)
        self._take_up()

    @override
    def events(self, marks: bytes) -> list[tuple[int, bool]]:
        # Memory first: what leaves it meanwhile is in the database by then.
        recent = dict.fromkeys(self._delivered(marks), False)
        found = super().events(marks)
        return sorted((dict(found) | recent).items()) if recent else found

    @override
    def unchanged(self, marks: bytes, contents: bytes) -> list[int]:
        recent = self._contents(marks)
        found = super().unchanged(marks, contents)
        if not recent:
            return found
        pieces = split(contents, DIGEST_BYTES)
        same = [position for position, content in recent.items() if content == pieces[position]]
        return sorted([position for position in found if position not in recent] + same)

    @override
    def write(self, connection: Connection, settled: Settled) -> None:
        if settled.held:
            self._known.write(connection, Settled(settled.at, held=settled.held))
        if not _rows(settled):
            return
        profiles, contents = _with_forgotten(settled)
        row = {
            "events": settled.events,
            "profiles": profiles,
            "contents": contents,
            "at": settled.at,
        }
        added = connection.execute(_JOURNAL, row).inserted_primary_key
        number = int(added[0]) if added else 0
        if self._folding is not None and self._folds:
            self._fold_in(self._folding, connection, 2 * _rows(settled))
        self._file.then(partial(self._keep, settled, number))

    def _fold_in(self, folding: Folding, connection: Connection, rows: int) -> None:
        folding.write(connection, rows)
        self._file.then(folding.advance, folding.fall_back)

    def _keep(self, settled: Settled, number: int) -> None:
        """What was written, as the call of a number in the journal, is on disk now."""
        if not self._active.rows:
            self._active.at = settled.at
        self._active.add(settled.events, *_with_forgotten(settled))
        self._active.last = number
        if self._folds:
            self._fold_on(settled)

    def _fold_on(self, settled: Settled) -> None:
        if self._folding is not None and self._folding.is_done:
            self._folding, self._in_memory = None, (self._active,)
        is_old = settled.at - self._active.at >= SECONDS
        if self._folding is None and (self._active.rows >= ROWS or is_old):
            self._begin_folding()

    @override
    def keep_aside(self) -> None:
        """What is in memory stays in the journal too, for the next run to fold in."""
        self._folds = False

    @override
    def fold(self) -> None:
        self._finish_folding()
        self._begin_folding()
        self._finish_folding()

    def _begin_folding(self) -> None:
        former, self._active = self._active, Generation()
        self._in_memory = (self._active, former)
        self._folding = Folding(former, self._known)

    def _finish_folding(self) -> None:
        while self._folding is not None and not self._folding.is_done:
            with self._file.writing() as connection:
                self._fold_in(self._folding, connection, ROWS_AT_ONCE)
        self._folding, self._in_memory = None, (self._active,)

    def _take_up(self) -> None:
        journal = tables.settled
        with self._file.reading() as connection:
            for row in connection.execute(select(journal).order_by(journal.c.id)):
                self._active.at = self._active.at or row.at
                self._active.add(row.events, row.profiles, row.contents)
                self._active.last = row.id
        self.fold()

    def _delivered(self, marks: bytes) -> list[int]:
        """The positions of events that are in memory."""
        remembered = [generation.events for generation in self._in_memory if generation.events]
        pieces, found = split(marks) if remembered else (), []
        for events in remembered:
            if not events.isdisjoint(pieces):
                found += [at for at, mark in enumerate(pieces) if mark in events]
        return found

    def _contents(self, marks: bytes) -> dict[int, bytes]:
        """The contents of profiles that are in memory, the newest of each, by position."""
        remembered = [generation.profiles for generation in self._in_memory if generation.profiles]
        pieces: Sequence[bytes] = split(marks) if remembered else ()
        found: dict[int, bytes] = {}
        for profiles in reversed(remembered):
            if not profiles.keys().isdisjoint(pieces):
                found |= {at: profiles[mark] for at, mark in enumerate(pieces) if mark in profiles}
        return found


def _rows(settled: Settled) -> int:
    """How many marks go to the journal."""
    packed = len(settled.events) + len(settled.profiles) + len(settled.forgotten)
    return packed // MARK_BYTES


def _with_forgotten(settled: Settled) -> tuple[bytes, bytes]:
    """Profiles and contents; of a forgotten one the content is no digest of anything."""
    gone = FORGOTTEN * count(settled.forgotten)
    return settled.profiles + settled.forgotten, settled.contents + gone
