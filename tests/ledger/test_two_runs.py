"""Two runs at a time, and runs that were cut off: real processes, killed with SIGKILL."""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from target_clevertap.errors import LedgerBusy
from target_clevertap.ledger import Recovered
from tests.ledger.other_run import kill, running
from tests.ledger.places import digests, events, profiles, sqlite_rows

if TYPE_CHECKING:
    from target_clevertap.ledger import Ledger
    from tests.ledger.places import Place

KEYS = ("done", "flying")


def known(ledger: Ledger) -> list[tuple[int, bool]]:
    number = ledger.claim("rows").number
    return ledger.known_events(events(number, KEYS))


def unchanged(ledger: Ledger) -> list[int]:
    number = ledger.claim("rows").number
    return ledger.unchanged_profiles(profiles(number, KEYS), digests("xx"))


def test_a_second_run_is_told_who_is_first(place: Place) -> None:
    with running(place) as process, pytest.raises(LedgerBusy) as error, place.open() as ledger:
        ledger.claim("rows")
    said = str(error.value)
    assert f"process {process.pid} on {socket.gethostname()}, started 20" in said
    assert said.endswith("Wait until it has ended, or end it.")


def test_a_second_run_of_the_same_process_is_refused_as_well(place: Place) -> None:
    with place.open() as ledger:
        ledger.claim("rows")
        with pytest.raises(LedgerBusy), place.open() as second:
            second.claim("rows")


def test_a_run_begins_when_the_other_has_ended(place: Place) -> None:
    with running(place) as process:
        process.communicate()
    with place.open() as ledger:
        assert known(ledger)[0] == (0, False)


def test_a_stream_is_new_in_the_first_run_that_has_it(place: Place) -> None:
    for is_new in (True, False):
        with place.open() as ledger:
            assert ledger.claim("rows").is_new == is_new


def test_a_stream_is_free_at_once_when_its_run_has_ended(postgres: Place) -> None:
    with postgres.open() as second:
        for number in range(50):
            with postgres.open() as first:
                first.claim(f"rows {number}")
            assert second.claim(f"rows {number}").number


def test_a_killed_run_does_not_block_the_next_one(place: Place) -> None:
    with running(place) as process:
        kill(process)
        with place.open() as ledger:
            assert ledger.claim("rows").number


def test_what_was_settled_outlives_a_kill(place: Place) -> None:
    with running(place) as process:
        kill(process)
    with place.open() as ledger:
        assert known(ledger) == [(0, False)]
        assert unchanged(ledger) == [0]


def test_rows_in_flight_at_a_kill_are_sent_again(place: Place) -> None:
    with running(place) as process:
        kill(process)
    with place.open(uncertain="resend") as ledger:
        assert known(ledger) == [(0, False)]
        assert ledger.recovered == Recovered(events=1, profiles=1)


def test_events_in_flight_at_a_kill_are_held_if_wanted(place: Place) -> None:
    with running(place) as process:
        kill(process)
    with place.open(uncertain="hold") as ledger:
        assert known(ledger) == [(0, False), (1, True)]
        assert unchanged(ledger) == [0]  # a profile can be sent again without harm


def test_a_kill_is_recovered_from_once(place: Place) -> None:
    with running(place) as process:
        kill(process)
    with place.open(uncertain="hold"):
        pass
    with place.open(uncertain="hold") as ledger:
        assert ledger.recovered == Recovered()
        assert known(ledger) == [(0, False), (1, True)]


def test_a_run_that_ends_with_a_call_in_flight_is_recovered_from_as_well(place: Place) -> None:
    with place.open() as ledger:
        ledger.note(events(ledger.claim("rows").number, ["flying"]), b"")
    with place.open(uncertain="hold") as ledger:
        assert known(ledger) == [(1, True)]


def test_a_note_that_was_decided_about_is_gone(sqlite: Place) -> None:
    with sqlite.open() as ledger:
        ledger.note(events(ledger.claim("rows").number, ["flying"]), b"")
    with sqlite_rows(sqlite) as rows:
        assert len(rows("SELECT run FROM clevertap_ledger_call")) == 1
    with sqlite.open():
        pass
    with sqlite_rows(sqlite) as rows:
        assert rows("SELECT run FROM clevertap_ledger_call") == []
        assert rows("SELECT id FROM clevertap_ledger_run") == []


class TestOnAServer:
    """Several runs with different streams share a database."""

    def test_the_calls_of_a_live_run_are_left_alone(self, postgres: Place) -> None:
        with running(postgres), postgres.open(uncertain="hold") as ledger:
            ledger.claim("others")
            assert ledger.recovered == Recovered()
        with postgres.open(uncertain="hold") as ledger:
            ledger.claim("rows")
            assert ledger.recovered == Recovered(events=1, profiles=1)

    def test_a_run_that_was_killed_since_is_recovered_from_at_its_stream(
        self, postgres: Place
    ) -> None:
        with running(postgres) as process, postgres.open(uncertain="hold") as ledger:
            with pytest.raises(LedgerBusy):
                ledger.claim("rows")
            kill(process)
            wait_for_end(ledger)
            assert known(ledger) == [(0, False), (1, True)]


def wait_for_end(ledger: Ledger) -> None:
    """Returns when the server has noticed that the other process is gone."""
    for _ in range(1000):
        with suppress(LedgerBusy):
            ledger.claim("rows")
            return
