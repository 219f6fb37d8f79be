"""Threads that write at the same time wait for the disk together, and fail together."""

from __future__ import annotations

import sqlite3
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from target_clevertap.errors import LedgerError
from target_clevertap.ledger import recent, sqlite
from target_clevertap.ledger.run import Run
from tests.ledger.places import ACCOUNT, Place, events, sqlite_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from target_clevertap.ledger.sqlite import SqliteDatabase

THREADS = 20
FULL = OperationalError("COMMIT", {}, sqlite3.OperationalError("database or disk is full"))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[SqliteDatabase]:
    path = tmp_path / "account" / "ledger.sqlite"
    with closing(sqlite.SqliteDatabase(path, Run.begin(ACCOUNT, time.time))) as database:
        with database.writing() as connection:
            connection.exec_driver_sql("CREATE TABLE written (thread INTEGER)")
        yield database


def all_at_once(
    database: SqliteDatabase, write: Callable[[int], None], threads: int = THREADS
) -> list[Future[None]]:
    """What became of the writing of each thread; all of them waited before the first one wrote."""
    together = database._together  # noqa: SLF001 - who waits for his turn is seen from within
    with ThreadPoolExecutor(threads) as pool, together.turn:
        writers = [pool.submit(write, thread) for thread in range(threads)]
        while together._queued < threads:  # noqa: SLF001 - see above
            pass
    return writers


@contextmanager
def commits(database: SqliteDatabase) -> Iterator[list[int]]:
    """One entry for each commit."""
    seen: list[int] = []
    listener = lambda _connection: seen.append(1)  # noqa: E731 - to be removed again
    event.listen(database.engine, "commit", listener)
    yield seen
    event.remove(database.engine, "commit", listener)


@contextmanager
def statements(database: SqliteDatabase) -> Iterator[list[str]]:
    """What is said to the database."""
    seen: list[str] = []
    listener = lambda _connection, _cursor, said, *_: seen.append(said)  # noqa: E731 - see above
    event.listen(database.engine, "before_cursor_execute", listener)
    yield seen
    event.remove(database.engine, "before_cursor_execute", listener)


def fail(_connection: object) -> None:
    raise FULL


def threads_in(database: SqliteDatabase) -> list[int]:
    with database.reading() as connection:
        found = connection.exec_driver_sql("SELECT thread FROM written ORDER BY thread")
        return [thread for (thread,) in found]


def test_threads_that_wait_for_their_turn_wait_for_the_disk_together(
    database: SqliteDatabase,
) -> None:
    def write(thread: int) -> None:
        with database.writing() as connection:
            connection.exec_driver_sql("INSERT INTO written VALUES (?)", (thread,))
        assert thread in threads_in(database)  # on disk, for another connection to see

    with commits(database) as seen:
        for writer in all_at_once(database, write):
            writer.result()
    assert threads_in(database) == list(range(THREADS))
    assert len(seen) == 2, "fifteen of them in one transaction, five in another"


def test_one_statement_is_put_between_no_others_when_nobody_waits(
    database: SqliteDatabase,
) -> None:
    with statements(database) as said, database.writing(at_once=True) as connection:
        connection.exec_driver_sql("INSERT INTO written VALUES (1)")
    assert said == ["INSERT INTO written VALUES (1)"]
    assert threads_in(database) == [1]


def test_one_statement_waits_for_the_disk_together_with_others(database: SqliteDatabase) -> None:
    def write(thread: int) -> None:
        with database.writing(at_once=True) as connection:
            connection.exec_driver_sql("INSERT INTO written VALUES (?)", (thread,))
        assert thread in threads_in(database)

    with commits(database) as seen:
        for writer in all_at_once(database, write):
            writer.result()
    assert threads_in(database) == list(range(THREADS))
    assert len(seen) == 2


def test_one_statement_that_fails_leaves_the_others_alone(database: SqliteDatabase) -> None:
    with pytest.raises(LedgerError), database.writing(at_once=True) as connection:
        connection.exec_driver_sql("INSERT INTO missing VALUES (1)")
    with database.writing() as connection:
        connection.exec_driver_sql("INSERT INTO written VALUES (2)")
    assert threads_in(database) == [2]


def test_whoever_writes_together_with_one_that_fails_is_told(database: SqliteDatabase) -> None:
    went: list[tuple[str, int]] = []

    def write(thread: int) -> None:
        with database.writing() as connection:
            connection.exec_driver_sql("INSERT INTO written VALUES (?)", (thread,))
            database.then(
                lambda: went.append(("written", thread)), lambda: went.append(("undone", thread))
            )
            if len(went) == 0 and thread == failing:
                raise ZeroDivisionError

    failing = 3
    writers = all_at_once(database, write, 10)
    failures = [writer.exception() for writer in writers]
    kept = [thread for thread, failure in enumerate(failures) if failure is None]
    assert isinstance(failures[failing], ZeroDivisionError)
    told = [failure for thread, failure in enumerate(failures) if failure and thread != failing]
    assert all(isinstance(failure, LedgerError) for failure in told)
    assert threads_in(database) == kept
    assert sorted(went) == sorted(
        ("written" if thread in kept else "undone", thread) for thread in range(10)
    )


def test_one_that_fails_leaves_the_next_a_transaction_of_its_own(database: SqliteDatabase) -> None:
    event.listen(database.engine, "commit", fail, once=True)
    with pytest.raises(LedgerError, match="disk is full"), database.writing() as connection:
        connection.exec_driver_sql("INSERT INTO written VALUES (1)")
    with database.writing() as connection:
        connection.exec_driver_sql("INSERT INTO written VALUES (2)")
    assert threads_in(database) == [2]


def test_marks_that_could_not_be_folded_in_are_folded_in_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recent, "ROWS_AT_ONCE", 10)
    place = Place(None, tmp_path / "account")
    with place.open() as ledger:
        number = ledger.claim("orders").number
        marks = events(number, range(35))
        ledger.settle(None, events=marks)
        engine = ledger._database.engine  # noqa: SLF001 - a disk that is full for a moment
        event.listen(engine, "commit", fail, once=True)
        with pytest.raises(LedgerError):
            ledger.forgettable("orders")
        assert len(ledger.known_events(marks)) == 35
    with sqlite_rows(place) as rows:
        assert rows("SELECT count(*) FROM clevertap_ledger_event") == [(35,)]
    with suppress(LedgerError), place.open() as ledger:
        assert len(ledger.known_events(marks)) == 35
