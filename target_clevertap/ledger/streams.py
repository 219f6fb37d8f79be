"""Streams as the ledger knows them: their numbers, and whether their first run is over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select, update

from target_clevertap.errors import LedgerBusy
from target_clevertap.ledger import tables

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from sqlalchemy import Connection

    from target_clevertap.ledger.database import Database
    from target_clevertap.ledger.run import Run


@dataclass(frozen=True, slots=True)
class StreamEntry:
    """A stream by its number; `first_run` until all that was there of it has come.

    It `is_new` when no run has had it before: then the ledger has nothing of it.
    """

    number: int
    first_run: bool
    is_new: bool = False


class Streams:
    """The streams of one account."""

    def __init__(self, database: Database, run: Run, clock: Callable[[], float]) -> None:
        self._database = database
        self._run = run
        self._clock = clock
        self._claimed: dict[str, StreamEntry] = {}

    def claim(self, name: str) -> StreamEntry:
        """The stream, which no other run can have until this one ends.

        Raises:
            LedgerBusy: another run has it.
        """
        if name not in self._claimed:
            if not self._database.hold(self._run.account, name):
                raise LedgerBusy(self._busy(name))
            self._claimed[name] = self._enter(name)
        return self._claimed[name]

    def has(self, name: str) -> bool:
        """Whether the stream was claimed."""
        return name in self._claimed

    def number(self, name: str) -> int:
        """The number of a stream that was claimed."""
        return self._claimed[name].number

    def known(self, name: str) -> bool:
        """Whether a run has had the stream."""
        table = tables.stream
        this = (table.c.account == self._run.account) & (table.c.name == name)
        with self._database.reading() as connection:
            return connection.scalar(select(table.c.number).where(this)) is not None

    def marks(self, connection: Connection) -> list[bytes]:
        """What each stream of the account adds to the marks of its profiles."""
        of_account = tables.stream.c.account == self._run.account
        numbers = connection.scalars(select(tables.stream.c.number).where(of_account))
        return [number.to_bytes(4, "big") for number in numbers]

    def end_first_runs(self, names: Collection[str]) -> None:
        """All that was there of these streams of the run has come; later ends change nothing."""
        numbers = [entry.number for name, entry in self._claimed.items() if name in names]
        done = func.coalesce(tables.stream.c.first_run_done_at, int(self._clock()))
        self._update(numbers, first_run_done_at=done)

    def finish_run(self) -> None:
        """The streams of this run have had a run that ended well."""
        self._update(self.numbers(), last_run_at=int(self._clock()))

    def numbers(self) -> list[int]:
        """The numbers of the streams that were claimed."""
        return [entry.number for entry in self._claimed.values()]

    def _update(self, numbers: Sequence[int], **values: object) -> None:
        these = tables.stream.c.number.in_(numbers)
        with self._database.writing() as connection:
            connection.execute(update(tables.stream).where(these).values(values))

    def _enter(self, name: str) -> StreamEntry:
        table, account = tables.stream, self._run.account
        new = self._database.inserts.into(table).values(account=account, name=name)
        new = new.on_conflict_do_nothing(index_elements=["account", "name"])
        this = (table.c.account == account) & (table.c.name == name)
        with self._database.writing() as connection:
            is_new = connection.scalar(select(table.c.number).where(this)) is None
            connection.execute(new)
            connection.execute(update(table).where(this).values(run=self._run.id))
            found = select(table.c.number, table.c.first_run_done_at).where(this)
            number, done_at = connection.execute(found).one()
        return StreamEntry(number, first_run=done_at is None, is_new=is_new)

    def _busy(self, name: str) -> str:
        stream, run = tables.stream, tables.run
        found = select(run).join_from(stream, run, stream.c.run == run.c.id)
        this = (stream.c.account == self._run.account) & (stream.c.name == name)
        with self._database.reading() as connection:
            row = connection.execute(found.where(this)).one_or_none()
        # The lock comes a moment before the name of its holder is written.
        holder = "a process that just began" if row is None else str(type(self._run)(*row))
        return (
            f"Another run has the stream {name} of account {self._run.account}: {holder}. "
            "Wait until it has ended, or end it."
        )
