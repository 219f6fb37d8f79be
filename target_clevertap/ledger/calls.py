"""Calls in flight: each is noted before it is made, so that a crash leaves those in doubt."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count as numbers
from typing import TYPE_CHECKING, Final, Literal

from sqlalchemy import bindparam, delete, func, insert, select

from target_clevertap.ledger import tables
from target_clevertap.ledger.known import Settled
from target_clevertap.ledger.packed import DIGEST_BYTES, MARK_BYTES, count, split

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection

    from target_clevertap.ledger.counters import Counters
    from target_clevertap.ledger.database import Database
    from target_clevertap.ledger.known import Known
    from target_clevertap.ledger.run import Run
    from target_clevertap.ledger.streams import Streams

Uncertain = Literal["resend", "hold"]

# Made once: to put a statement together takes longer than to run it.
_NOTE: Final = insert(tables.call)
_FORGET: Final = delete(tables.call).where(tables.call.c.id == bindparam("number"))


@dataclass(frozen=True, slots=True)
class Recovered:
    """Rows of calls that a crash has cut off: it is not known whether CleverTap has them."""

    events: int = 0
    profiles: int = 0
    counters: int = 0
    """Of the profiles: how many have counters."""

    def __add__(self, other: Recovered) -> Recovered:
        return Recovered(
            self.events + other.events,
            self.profiles + other.profiles,
            self.counters + other.counters,
        )


class Calls:
    """The calls of a run, and those that earlier ones have left."""

    def __init__(  # noqa: PLR0913, PLR0917 - what calls are about
        self,
        database: Database,
        known: Known,
        streams: Streams,
        counters: Counters,
        run: Run,
        clock: Callable[[], float],
    ) -> None:
        self._database = database
        self._known = known
        self._streams = streams
        self._counters = counters
        self._run = run
        self._clock = clock
        self._numbers: Iterator[int] | None = None
        """Of calls, where the database would give one again as soon as the former is settled."""

    def begin(self) -> None:
        """The run exists, for others to see."""
        row = tables.run.insert().values(
            id=self._run.id,
            account=self._run.account,
            process=self._run.process,
            host=self._run.host,
            started_at=self._run.started_at,
        )
        self._database.enter(self._run)
        with self._database.writing() as connection:
            connection.execute(row)
            if not self._database.shared:
                last = connection.scalar(select(func.max(tables.call.c.id)))
                self._numbers = numbers((last or 0) + 1)

    def note(self, events: bytes, profiles: bytes, counters: bytes) -> int:
        """A number for a call that is about to be made; on disk when this returns."""
        row: dict[str, object] = {
            "run": self._run.id,
            "events": events,
            "profiles": profiles,
            "at": int(self._clock()),
        }
        if self._numbers is not None:
            row["id"] = next(self._numbers)
        with self._database.writing(at_once=not counters) as connection:
            added = connection.execute(_NOTE, row).inserted_primary_key
            call = int(added[0]) if added else 0
            self._counters.note(connection, call, counters)
        return call

    def settle(self, connection: Connection, call: int, *, hold: bool) -> None:
        """The outcome of a call is known; `hold`: not that of its counters."""
        self._counters.settle(connection, call, hold=hold)
        connection.execute(_FORGET, {"number": call})

    def settled(self, call: int, *, hold: bool) -> None:
        """What `settle` wrote is on disk now."""
        self._counters.settled(call, hold=hold)

    def of_all_streams(self, connection: Connection, identities: bytes) -> bytes:
        """The marks that profiles have in the streams of the account, by packed digests."""
        streams = self._streams.marks(connection)
        return b"".join(
            [
                identity + stream
                for identity in split(identities, DIGEST_BYTES)
                for stream in streams
            ]
        )

    def recover(self, uncertain: Uncertain) -> Recovered:
        """Decide about the calls that dead runs have left; returns how many rows were in them.

        Events and counters are kept as held, or sent again when they come again; of the profiles
        is known nothing any more, so they are sent again.
        """
        account = self._run.account
        others = select(tables.run.c.id).where(
            (tables.run.c.account == account) & (tables.run.c.id != self._run.id)
        )
        recovered = Recovered()
        with self._database.writing() as connection:
            known = connection.scalars(others).all()
            for run in self._database.dead(connection, account, known) if known else ():
                recovered += self._recover(connection, run, hold=uncertain == "hold")
        return recovered

    def _recover(self, connection: Connection, run: str, *, hold: bool) -> Recovered:
        recovered = Recovered(counters=self._counters.recover(connection, run, hold=hold))
        left = tables.call.c.run == run
        for row in connection.execute(select(tables.call).where(left)).all():
            identities = b"".join([mark[:DIGEST_BYTES] for mark in split(row.profiles)])
            settled = Settled(
                int(self._clock()),
                held=row.events if hold else b"",
                forgotten=self.of_all_streams(connection, identities),
            )
            self._known.write(connection, settled)
            recovered += Recovered(count(row.events, MARK_BYTES), count(row.profiles, MARK_BYTES))
        connection.execute(delete(tables.call).where(left))
        connection.execute(delete(tables.run).where(tables.run.c.id == run))
        return recovered

    def end(self) -> None:
        """The run is over; if it leaves calls, the next one finds them."""
        leaves = select(tables.call.c.id).where(tables.call.c.run == self._run.id).exists()
        with self._database.writing() as connection:
            connection.execute(delete(tables.run).where(tables.run.c.id == self._run.id, ~leaves))
