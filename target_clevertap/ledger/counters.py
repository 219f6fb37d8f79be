"""Counters of profiles in calls whose answer nobody has read: they may have been added, or not."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select, update

from target_clevertap.ledger import tables
from target_clevertap.ledger.packed import DIGEST_BYTES, MARK_BYTES, PROFILE_BYTES, count, split

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import ColumnElement, Connection

    from target_clevertap.ledger.database import Database
    from target_clevertap.ledger.streams import Streams


class Counters:
    """Rows with counters: noted while their call is under way, held when it was cut off.

    A row is told by its mark and the digest of its content, together 36 bytes. Rows that say the
    same of the same profile are not told apart, but counted: each adds once. `note` and `settle`
    are for any thread.
    """

    def __init__(self, database: Database, streams: Streams, clock: Callable[[], float]) -> None:
        self._database = database
        self._streams = streams
        self._clock = clock
        self._noted: dict[int, bytes] = {}
        self._held: dict[int, Counter[bytes]] = {}
        self._taken: list[bytes] = []

    def note(self, connection: Connection, call: int, packed: bytes) -> None:
        """Rows are about to be sent in a call."""
        if not packed:
            return
        by_stream: dict[int, list[bytes]] = defaultdict(list)
        for row in split(packed, PROFILE_BYTES):
            by_stream[_stream(row)].append(row)
        at = int(self._clock())
        rows = [
            {"call": call, "stream": stream, "rows": b"".join(of), "at": at}
            for stream, of in by_stream.items()
        ]
        connection.execute(insert(tables.counter), rows)
        self._noted[call] = packed

    def settle(self, connection: Connection, call: int, *, hold: bool) -> None:
        """The outcome of a call is known; `hold`: it is not, and its rows were kept as rejected."""
        if call in self._noted:
            _decide(connection, tables.counter.c.call == call, hold=hold)

    def settled(self, call: int, *, hold: bool) -> None:
        """What `settle` wrote is on disk now."""
        packed = self._noted.pop(call, b"")
        if hold:
            self._taken += split(packed, PROFILE_BYTES)

    def among(self, call: int, profiles: bytes, contents: bytes) -> int:
        """How many of these profiles of a call have counters; the call is not settled."""
        pieces = zip(split(profiles), split(contents, DIGEST_BYTES), strict=True)
        these = {mark + content for mark, content in pieces}
        return sum(row in these for row in split(self._noted.get(call, b""), PROFILE_BYTES))

    def recover(self, connection: Connection, run: str, *, hold: bool) -> int:
        """Hold or forget the rows of the calls that a run has left; returns how many there are."""
        calls = select(tables.call.c.id).where(tables.call.c.run == run)
        left = tables.counter.c.call.in_(calls)
        found = connection.scalars(select(tables.counter.c.rows).where(left)).all()
        if found:
            _decide(connection, left, hold=hold)
        return sum(count(rows, PROFILE_BYTES) for rows in found)

    def look_up(self, stream: int) -> None:
        """From now on `take` knows the rows of a stream."""
        table = tables.counter
        these = (table.c.stream == stream) & table.c.call.is_(None)
        with self._database.reading() as connection:
            found = connection.scalars(select(table.c.rows).where(these)).all()
        self._held[stream] = Counter(split(b"".join(found), PROFILE_BYTES))

    @property
    def any(self) -> bool:
        """Whether `take` may find something."""
        return any(self._held.values())

    def take(self, row: bytes) -> bool:
        """Whether a row is held that is the same as this one; each stands for one coming only."""
        held = self._held[_stream(row)]
        if not held[row]:
            return False
        held[row] -= 1
        self._taken.append(row)
        return True

    def forget_taken(self) -> None:
        """The run has ended well: what was held has come, and does not come again by itself."""
        if not self._taken:
            return
        taken, table = Counter(self._taken), tables.counter
        these = table.c.stream.in_(self._streams.numbers()) & table.c.call.is_(None)
        with self._database.writing() as connection:
            for row in connection.execute(select(table).where(these).order_by(table.c.id)).all():
                this = table.c.id == row.id
                if rest := _without(row.rows, taken):
                    connection.execute(update(table).where(this).values(rows=rest))
                else:
                    connection.execute(delete(table).where(this))
        self._taken = []


def _stream(row: bytes) -> int:
    return int.from_bytes(row[DIGEST_BYTES:MARK_BYTES], "big")


def _decide(connection: Connection, these: ColumnElement[bool], *, hold: bool) -> None:
    if hold:
        connection.execute(update(tables.counter).where(these).values(call=None))
    else:
        connection.execute(delete(tables.counter).where(these))


def _without(packed: bytes, taken: Counter[bytes]) -> bytes:
    """The rows that were not taken; those that were are taken out of `taken`."""
    rest = []
    for row in split(packed, PROFILE_BYTES):
        if taken[row]:
            taken[row] -= 1
        else:
            rest.append(row)
    return b"".join(rest)
