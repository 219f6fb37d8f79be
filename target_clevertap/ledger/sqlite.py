"""A ledger in a file of its own, for one run at a time."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from threading import RLock
from typing import TYPE_CHECKING, ClassVar, Final

from sqlalchemy import URL, create_engine, event
from sqlalchemy.pool import NullPool
from typing_extensions import override

from target_clevertap.errors import LedgerBusy, LedgerError
from target_clevertap.folders import make_private
from target_clevertap.ledger.database import Database
from target_clevertap.ledger.failures import file_told, told
from target_clevertap.ledger.reserve import Reserve
from target_clevertap.ledger.together import Together

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from sqlalchemy import Connection

    from target_clevertap.ledger.run import Run

PAGE_BYTES: Final = 8_192
"""Smaller ones are more to write at a commit, larger ones more to read for one mark."""

PRAGMAS: Final = (
    f"page_size = {PAGE_BYTES}",
    "journal_mode = WAL",
    "synchronous = FULL",  # NORMAL may lose the last commits when the power goes
    "cache_size = -65536",  # marks lie anywhere: SQLite's usual 2 MB would be read all the time
    "wal_autocheckpoint = 2000",
    "journal_size_limit = 67108864",
    "secure_delete = ON",  # of rows that wait no longer nothing is left; not every SQLite does so
)


class SqliteDatabase(Database):
    """One file; while it is open for a run, no other run can open it."""

    shared: ClassVar[bool] = False

    def __init__(self, path: Path, run: Run | None = None) -> None:
        """Open the file, or make it.

        Args:
            path: the file.
            run: who will write; None to look only, beside whoever writes.

        Raises:
            LedgerBusy: another run has the file.
            LedgerError: the file cannot be used.
        """
        place = f"{path}"
        self._path = path
        self._lock: int | None = None
        self._reserve = Reserve(path.with_name(f"{path.name}.reserve"))
        if run is not None:
            self._take(run, place)
        url = URL.create("sqlite", database=str(path))
        connect = {"check_same_thread": False, "isolation_level": None, "timeout": 60}
        super().__init__(create_engine(url, poolclass=NullPool, connect_args=connect), place)
        event.listen(self.engine, "connect", _prepare)
        self._one_reads = RLock()
        try:
            with told(place):
                self._writer = self.engine.connect()
                self._together = Together(self._writer, place)
                self._writer.exec_driver_sql("PRAGMA cache_size = -16384").close()
                self._reader = self.engine.connect()
        except LedgerError:
            self._let_go()
            raise

    def _take(self, run: Run, place: str) -> None:
        """Nobody else has the file now, and there is room for what is to be written at least."""
        try:
            with file_told(place):
                _make(self._path)
                self._lock = _locked(self._path, run)
                self._reserve.keep()
        except LedgerError:
            self._let_go()
            raise

    @override
    @contextmanager
    def reading(self) -> Iterator[Connection]:
        with self._one_reads, told(self.place):
            yield self._reader

    @override
    def writing(self, *, at_once: bool = False) -> AbstractContextManager[Connection]:
        return self._together.writing(at_once=at_once)

    def then(self, written: Callable[[], None], undone: Callable[[], None] | None = None) -> None:
        """What follows when what the block of `writing` writes is on disk, or never will be."""
        self._together.then(written, undone)

    @override
    def lock_tables(self, connection: Connection) -> None:
        """Nothing to do: the file is ours."""

    @override
    def enter(self, run: Run) -> None:
        """Nothing to do: whoever has the file is alive."""

    @override
    def hold(self, account: str, stream: str) -> bool:
        return True

    @override
    def dead(self, connection: Connection, account: str, runs: Sequence[str]) -> Sequence[str]:
        return runs

    @override
    def make_room(self) -> bool:
        if not self._reserve.is_made:
            return False
        # Others that have failed together with this one may have given it up already.
        if self._reserve.give_up():
            with self._together.turn, told(self.place):
                # What comes last needs the log alone: let it not make the file itself grow.
                self._writer.exec_driver_sql("PRAGMA wal_autocheckpoint = 0").close()
        return True

    @override
    def size(self) -> int:
        files = (self._path, self._path.with_name(f"{self._path.name}-wal"))
        return sum(file.stat().st_size for file in files if file.exists())

    @override
    def shrink(self) -> None:
        with self._together.turn, told(self.place):
            self._writer.exec_driver_sql("VACUUM")
            self._writer.commit()

    @override
    def close(self) -> None:
        self._reader.close()
        self._writer.close()
        self.engine.dispose()
        self._let_go()

    def _let_go(self) -> None:
        self._reserve.give_up()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _prepare(connection: sqlite3.Connection, _: object) -> None:
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}").close()


def _make(path: Path) -> None:
    """The file is there; nobody else can look into it, nor into the files that SQLite adds."""
    make_private(path.parent)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))


def _locked(path: Path, run: Run) -> int:
    """An open lock file beside the database; the kernel frees it when this process ends.

    Raises:
        LedgerBusy: another process has it.
    """
    lock = os.open(path.with_name(f"{path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(lock, 1000, 0).decode(errors="replace") or "a process that just began"
        os.close(lock)
        raise LedgerBusy(
            f"Another run has the ledger {path}: {holder}. Wait until it has ended, or end it."
        ) from None
    except OSError:
        os.close(lock)
        raise
    os.truncate(lock, 0)
    os.pwrite(lock, str(run).encode(), 0)
    return lock
