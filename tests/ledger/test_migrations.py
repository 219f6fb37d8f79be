"""Tables are brought up to date when a ledger is opened, version by version."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import inspect, text

from target_clevertap.errors import LedgerError
from target_clevertap.ledger import tables
from target_clevertap.ledger.migrations import MIGRATIONS, migrate
from target_clevertap.ledger.place import open_database
from target_clevertap.ledger.run import Run
from tests.ledger.places import (
    ACCOUNT,
    digest,
    digests,
    events,
    make_older,
    profiles,
    rejected,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from target_clevertap.ledger.database import Database
    from tests.ledger.places import Place


@pytest.fixture
def opened(place: Place) -> Iterator[Database]:
    run = Run.begin(ACCOUNT, lambda: 0)
    with closing(open_database(place.url, place.folder, run)) as database:
        yield database


def add_column(connection: Connection) -> None:
    connection.execute(text(f"ALTER TABLE {tables.segment.name} ADD COLUMN note TEXT"))


def columns(database: Database) -> set[str]:
    with database.writing() as connection:
        return {column["name"] for column in inspect(connection).get_columns(tables.segment.name)}


def version(database: Database) -> int | None:
    with database.reading() as connection:
        return connection.scalar(tables.version.select())


def test_an_older_ledger_is_brought_up_to_date_and_keeps_what_it_holds(place: Place) -> None:
    with place.open() as ledger:
        ledger.settle(None, events=events(1, "a"))
        ledger.segment_uploaded("vip", 3, digests("x"))
    with closing(open_database(place.url, place.folder, Run.begin(ACCOUNT, lambda: 0))) as database:
        migrate(database, (*MIGRATIONS, add_column))
        assert "note" in columns(database)
        assert version(database) == len(MIGRATIONS) + 1
        with database.reading() as connection:
            assert connection.execute(tables.event.select()).all()
            assert connection.execute(tables.segment.select()).all()


def test_a_ledger_that_knew_no_counters_keeps_what_it_holds_and_holds_them(place: Place) -> None:
    with place.open() as ledger:
        number = ledger.claim("rows").number
        ledger.settle(None, events=events(number, "a"))
        ledger.note(events(number, "b"), profiles(number, "c"))
    make_older(place)
    for _ in range(2):  # brought up to date, and found so
        with place.open(uncertain="hold") as ledger:
            assert ledger.claim("rows").number == number
            assert ledger.known_events(events(number, "ab")) == [(0, False), (1, True)]
            ledger.note(b"", profiles(number, "c"), profiles(number, "c") + digests("x"))
    with place.open(uncertain="hold") as ledger:
        ledger.claim("rows")
        assert ledger.take_held_counter(profiles(number, "c"), digests("x"))


def test_a_ledger_that_did_not_know_its_clevertap_takes_that_of_the_next_run(place: Place) -> None:
    with place.open() as ledger:
        number = ledger.claim("rows").number
        ledger.settle(None, events=events(number, "a"))
    make_older(place)
    with place.open(local=True) as ledger:
        assert ledger.known_events(events(number, "a")) == [(0, False)]
    with pytest.raises(LedgerError, match="to the real one"):
        place.open(local=False)


def test_rows_that_wait_in_a_ledger_that_knew_no_lines_are_older_than_any(place: Place) -> None:
    with place.open() as ledger:
        ledger.wait([rejected("rows", "a"), rejected("rows", "b")])
    make_older(place)
    for _ in range(2):  # brought up to date, and found so
        with place.open() as ledger:
            assert [row.key for row in ledger.waiting()] == [digest("a"), digest("b")]
    with place.open() as ledger:
        ledger.superseded("rows", {digest("a"): 0})
        assert [row.key for row in ledger.waiting()] == [digest("b")]


def test_each_step_is_taken_once(opened: Database) -> None:
    for _ in range(2):
        migrate(opened, (*MIGRATIONS, add_column))
    assert version(opened) == len(MIGRATIONS) + 1


def test_a_step_that_fails_leaves_the_version_before_it(opened: Database) -> None:
    def fail(connection: Connection) -> None:
        add_column(connection)
        connection.execute(text("SELECT no_such_column FROM nowhere"))

    with pytest.raises(LedgerError):
        migrate(opened, (*MIGRATIONS, fail))
    assert version(opened) == len(MIGRATIONS)
    assert "note" not in columns(opened)


def test_two_runs_that_begin_at_once_make_the_tables_once(postgres: Place) -> None:
    with ExitStack() as stack, ThreadPoolExecutor(4) as pool:
        for ledger in pool.map(lambda _: postgres.open(), range(4)):
            stack.enter_context(ledger)
        with suppress(LedgerError):
            assert ledger.claim("rows").first_run
