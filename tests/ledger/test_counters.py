"""Counters that a crash may have cut off are held once for each time, and then forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_clevertap.ledger import Recovered
from target_clevertap.ledger.packed import MARK_BYTES, split
from tests.ledger.places import digest, profiles

if TYPE_CHECKING:
    from collections.abc import Iterable

    from target_clevertap.ledger import Ledger
    from tests.ledger.places import Place


def rows(stream: int, people: Iterable[object], content: object = "+1") -> bytes:
    """Profiles with a counter, packed."""
    return b"".join(mark + digest(content) for mark in split(profiles(stream, people)))


def note(ledger: Ledger, people: Iterable[object], *, stream: str = "visits") -> int:
    """A call with counters is under way."""
    number, people = ledger.claim(stream).number, list(people)
    return ledger.note(b"", profiles(number, people), rows(number, people))


def held(
    ledger: Ledger, people: Iterable[object], content: object = "+1", *, stream: str = "visits"
) -> list[bool]:
    """Whether each row is held, as they come."""
    packed = split(rows(ledger.claim(stream).number, people, content), MARK_BYTES + 16)
    return [ledger.take_held_counter(row[:MARK_BYTES], row[MARK_BYTES:]) for row in packed]


def crash(place: Place, *calls: Iterable[object]) -> None:
    """A run that has ended with calls under way."""
    with place.open(uncertain="hold") as ledger:
        for people in calls:
            note(ledger, people)


def test_a_counter_that_was_cut_off_is_held_when_it_comes_again_and_only_once(
    place: Place,
) -> None:
    crash(place, "ab")
    with place.open(uncertain="hold") as ledger:
        assert ledger.recovered == Recovered(profiles=2, counters=2)
        assert held(ledger, "abcab") == [True, True, False, False, False]


def test_a_counter_that_was_cut_off_is_sent_again_if_that_is_wanted(place: Place) -> None:
    crash(place, "ab")
    with place.open(uncertain="resend") as ledger:
        assert ledger.recovered == Recovered(profiles=2, counters=2)
        assert not ledger.holds_counters
        assert held(ledger, "ab") == [False, False]


def test_rows_that_say_the_same_are_held_as_often_as_they_were_cut_off(place: Place) -> None:
    crash(place, "aa", "ab")
    with place.open(uncertain="hold") as ledger:
        assert held(ledger, "aaaab") == [True, True, True, False, True]


def test_of_rows_that_say_the_same_as_many_are_forgotten_as_have_come(place: Place) -> None:
    crash(place, "aab", "ac")
    with place.open(uncertain="hold") as ledger:
        assert held(ledger, "ab") == [True, True]
        ledger.finish_run()
        ledger.finish_run()
    with place.open(uncertain="hold") as ledger:
        assert held(ledger, "aaabc") == [True, True, False, False, True]


def test_another_content_or_stream_or_profile_is_a_new_row(place: Place) -> None:
    crash(place, "a")
    with place.open(uncertain="hold") as ledger:
        assert held(ledger, "a", "+2") == [False]
        assert held(ledger, "a", stream="purchases") == [False]
        assert held(ledger, "b") == [False]
        assert held(ledger, "a") == [True]


def test_what_was_answered_is_not_held(place: Place) -> None:
    with place.open(uncertain="hold") as ledger:
        ledger.settle(note(ledger, "a"))
        note(ledger, "b")
    with place.open(uncertain="hold") as ledger:
        assert held(ledger, "ab") == [False, True]


def test_a_counter_stays_held_until_a_run_in_which_it_came_has_ended_well(place: Place) -> None:
    crash(place, "ab")
    with place.open(uncertain="hold") as ledger:
        assert held(ledger, "a") == [True]
    with place.open(uncertain="hold") as ledger:
        assert ledger.recovered == Recovered()
        assert held(ledger, "a") == [True]
        ledger.finish_run()
    with place.open(uncertain="hold") as ledger:
        assert held(ledger, "ab") == [False, True]
        ledger.finish_run()
    with place.open(uncertain="hold") as ledger:
        ledger.claim("visits")
        assert not ledger.holds_counters


def test_a_run_without_the_stream_forgets_nothing_of_it(place: Place) -> None:
    crash(place, "a")
    with place.open(uncertain="hold") as ledger:
        assert held(ledger, "a", stream="purchases") == [False]
        ledger.finish_run()
    with place.open(uncertain="hold") as ledger:
        assert held(ledger, "a") == [True]


def test_a_lost_answer_is_not_held_in_its_run_but_when_it_ends_badly_in_the_next(
    place: Place,
) -> None:
    """Its row was rejected there; a state that covers it may not have been written."""
    for ends_well in (False, True):
        with place.open(uncertain="hold") as ledger:
            assert held(ledger, "a") == [ends_well]
            ledger.settle(note(ledger, "a"), hold_counters=True)
            assert held(ledger, "a") == [False]
            if ends_well:
                ledger.finish_run()
    with place.open(uncertain="hold") as ledger:
        assert held(ledger, "a") == [False]


def test_a_stream_whose_holder_died_meanwhile_is_looked_up_when_it_is_claimed(
    postgres: Place,
) -> None:
    with postgres.open(uncertain="hold") as second:
        crash(postgres, "a")
        assert held(second, "a") == [True]


def test_forgetting_a_stream_forgets_what_is_held_of_it(place: Place) -> None:
    crash(place, "abc")
    with place.open(uncertain="hold") as ledger:
        assert ledger.forgettable("visits").counters == 3
        ledger.forget("visits", before=1)
        assert ledger.forgettable("visits").counters == 3
        ledger.forget("visits")
        assert not ledger.forgettable("visits")
        assert held(ledger, "a") == [False]
