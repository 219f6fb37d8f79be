"""What was delivered is known, and nothing else is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from target_clevertap.ledger import recent
from tests.ledger.places import Place, digests, events, profiles, rejected, sqlite_rows

if TYPE_CHECKING:
    from pathlib import Path

    from target_clevertap.ledger import Ledger


def delivered(ledger: Ledger, marks: bytes) -> list[int]:
    return [position for position, held in ledger.known_events(marks) if not held]


def test_an_event_is_known_when_it_was_delivered(place: Place) -> None:
    with place.open() as ledger:
        marks = events(ledger.claim("orders").number, "abcd")
        ledger.settle(ledger.note(marks, b""), events=marks[20:60])
        assert ledger.known_events(marks) == [(1, False), (2, False)]


def test_an_event_whose_call_is_under_way_is_not_known(place: Place) -> None:
    with place.open() as ledger:
        marks = events(ledger.claim("orders").number, "a")
        call = ledger.note(marks, b"")
        assert ledger.known_events(marks) == []
        ledger.settle(call)
        assert ledger.known_events(marks) == []


def test_events_can_be_remembered_without_a_call(place: Place) -> None:
    with place.open() as ledger:
        marks = events(ledger.claim("orders").number, "ab")
        ledger.settle(None, events=marks)
        assert delivered(ledger, marks) == [0, 1]


def test_a_thousand_events_are_looked_up_at_once(place: Place) -> None:
    with place.open() as ledger:
        number = ledger.claim("orders").number
        ledger.settle(None, events=events(number, range(0, 1000, 2)))
        assert delivered(ledger, events(number, range(1000))) == list(range(0, 1000, 2))


def test_the_same_event_twice_in_a_question_is_found_twice(place: Place) -> None:
    with place.open() as ledger:
        number = ledger.claim("orders").number
        ledger.settle(None, events=events(number, "a"))
        assert delivered(ledger, events(number, "aba")) == [0, 2]


def test_no_marks_are_no_question(place: Place) -> None:
    with place.open() as ledger:
        assert ledger.known_events(b"") == []
        assert ledger.unchanged_profiles(b"", b"") == []


def test_a_held_event_is_known_as_held(place: Place) -> None:
    with place.open() as ledger:
        marks = events(ledger.claim("orders").number, "ab")
        ledger.settle(ledger.note(marks, b""), events=marks[:20], held=marks[20:])
        assert ledger.known_events(marks) == [(0, False), (1, True)]


def test_a_held_event_that_is_delivered_after_all_is_held_no_longer(place: Place) -> None:
    with place.open() as ledger:
        marks = events(ledger.claim("orders").number, "a")
        ledger.settle(None, held=marks)
        ledger.settle(None, events=marks)
        assert ledger.known_events(marks) == [(0, False)]
    with place.open() as ledger:
        assert ledger.known_events(marks) == [(0, False)]


def test_a_delivered_event_is_never_held_again(place: Place) -> None:
    with place.open() as ledger:
        marks = events(ledger.claim("orders").number, "a")
        ledger.settle(None, events=marks)
        ledger.settle(None, held=marks)
        assert ledger.known_events(marks) == [(0, False)]
    with place.open() as ledger:
        assert ledger.known_events(marks) == [(0, False)]


def test_the_same_key_in_two_streams_is_two_events(place: Place) -> None:
    with place.open() as ledger:
        orders, clicks = ledger.claim("orders").number, ledger.claim("clicks").number
        ledger.settle(None, events=events(orders, "a"))
        assert delivered(ledger, events(orders, "a")) == [0]
        assert delivered(ledger, events(clicks, "a")) == []


def test_a_profile_is_unchanged_when_its_content_is_the_one_last_accepted(place: Place) -> None:
    with place.open() as ledger:
        marks = profiles(ledger.claim("users").number, "abc")
        call = ledger.note(b"", marks)
        ledger.settle(call, profiles=marks, contents=digests(["one", "two", "three"]))
        assert ledger.unchanged_profiles(marks, digests(["one", "2", "three"])) == [0, 2]


def test_a_profile_that_changed_is_unchanged_from_then_on(place: Place) -> None:
    with place.open() as ledger:
        marks = profiles(ledger.claim("users").number, "a")
        for content in ("one", "two"):
            ledger.settle(ledger.note(b"", marks), profiles=marks, contents=digests([content]))
        assert ledger.unchanged_profiles(marks, digests(["two"])) == [0]
        assert ledger.unchanged_profiles(marks, digests(["one"])) == []


def test_a_refused_profile_keeps_the_content_it_had(place: Place) -> None:
    with place.open() as ledger:
        marks = profiles(ledger.claim("users").number, "ab")
        ledger.settle(None, profiles=marks, contents=digests(["one", "two"]))
        call = ledger.note(b"", marks)
        ledger.settle(call, profiles=marks[:20], contents=digests(["new"]))
        assert ledger.unchanged_profiles(marks, digests(["new", "two"])) == [0, 1]


def test_the_last_content_counts_when_a_profile_comes_twice_in_a_call(place: Place) -> None:
    with place.open() as ledger:
        marks = profiles(ledger.claim("users").number, "aa")
        ledger.settle(None, profiles=marks, contents=digests(["one", "two"]))
        assert ledger.unchanged_profiles(marks[:20], digests(["two"])) == [0]


def test_a_deleted_profile_is_forgotten_in_all_streams(place: Place) -> None:
    with place.open() as ledger:
        users, plans = ledger.claim("users").number, ledger.claim("plans").number
        marks = profiles(users, "ab") + profiles(plans, "ab")
        contents = digests(["u", "u", "p", "p"])
        ledger.settle(None, profiles=marks, contents=contents)
        ledger.settle(ledger.note(b"", marks[:20]), forgotten=digests("a"))
        assert ledger.unchanged_profiles(marks, contents) == [1, 3]
    with place.open() as ledger:
        assert ledger.unchanged_profiles(marks, contents) == [1, 3]


def test_a_forgotten_profile_can_be_accepted_again(place: Place) -> None:
    with place.open() as ledger:
        marks, content = profiles(ledger.claim("users").number, "a"), digests(["one"])
        ledger.settle(None, profiles=marks, contents=content)
        ledger.settle(None, forgotten=digests("a"))
        ledger.settle(None, profiles=marks, contents=content)
    with place.open() as ledger:
        assert ledger.unchanged_profiles(marks, content) == [0]


def test_what_was_delivered_is_known_to_the_next_run(place: Place) -> None:
    with place.open() as ledger:
        number = ledger.claim("rows").number
        ledger.settle(None, events=events(number, "a"), held=events(number, "b"))
        ledger.settle(None, profiles=profiles(number, "c"), contents=digests(["one"]))
    with place.open() as ledger:
        assert ledger.claim("rows").number == number
        assert ledger.known_events(events(number, "abc")) == [(0, False), (1, True)]
        assert ledger.unchanged_profiles(profiles(number, "c"), digests(["one"])) == [0]


def test_the_first_run_of_a_stream_is_over_when_all_of_it_has_come(place: Place) -> None:
    for _ in range(2):
        with place.open() as ledger:  # ends well, but for the stream
            assert ledger.claim("orders").first_run
            ledger.finish_run()
    with place.open() as ledger:
        assert ledger.claim("orders").first_run
        assert ledger.claim("clicks").first_run
        ledger.end_first_runs({"orders", "others"})
        assert ledger.claim("orders").first_run  # this one still is
    with place.open() as ledger:
        assert not ledger.claim("orders").first_run
        assert ledger.claim("clicks").first_run


def test_accounts_share_a_database_and_nothing_else(place: Place, tmp_path: Path) -> None:
    shared = Place(place.url or f"sqlite:///{tmp_path}/shared.db", tmp_path)
    with shared.open("ONE") as ledger:
        one = ledger.claim("rows").number
        ledger.settle(None, profiles=profiles(one, "a"), contents=digests("x"))
        ledger.wait([rejected("rows", "k")])
        ledger.segment_uploaded("vip", 3, digests("x"))
        ledger.change_members("vip", [("identity", "a")], [])
        ledger.finish_run()
    with shared.open("TWO") as ledger:
        two = ledger.claim("rows")
        assert two.first_run
        assert two.number != one
        assert not ledger.waits_for("rows")
        assert list(ledger.waiting()) == []
        assert ledger.segment("vip") is None
        assert ledger.member_count("vip") == 0
        ledger.settle(None, forgotten=digests("a"))
    with shared.open("ONE") as ledger:
        assert ledger.unchanged_profiles(profiles(one, "a"), digests("x")) == [0]
        assert ledger.waits_for("rows")


def test_the_file_is_for_its_owner_only(sqlite: Place) -> None:
    with sqlite.open() as ledger:
        ledger.settle(None, events=events(1, "a"))
        modes = {path.stat().st_mode & 0o777 for path in sqlite.folder.iterdir()}
        assert modes == {0o600}
        assert sqlite.folder.stat().st_mode & 0o777 == 0o700


class TestOfWhatIsNotInItsPlaceYet:
    """A file takes settled marks to their places bit by bit: with few rows, too, in these tests."""

    @pytest.fixture(autouse=True)
    def _small(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(recent, "ROWS", 10)

    def test_every_event_is_known_on_its_whole_way(self, sqlite: Place) -> None:
        with sqlite.open() as ledger:
            number = ledger.claim("orders").number
            for key in range(100):
                ledger.settle(None, events=events(number, [key]))
                assert delivered(ledger, events(number, range(key + 2))) == list(range(key + 1))

    def test_the_newest_content_counts_on_its_whole_way(self, sqlite: Place) -> None:
        with sqlite.open() as ledger:
            number = ledger.claim("users").number
            marks = profiles(number, "ab")
            for version in range(60):
                if version % 10 == 5:  # many at once: older contents are long on their way
                    others = range(version * 100, version * 100 + 30)
                    ledger.settle(None, events=events(number, others))
                contents = digests([version, version // 7])
                ledger.settle(None, profiles=marks, contents=contents)
                assert ledger.unchanged_profiles(marks, contents) == [0, 1]
                assert ledger.unchanged_profiles(marks, digests([version - 1, -1])) == []

    def test_a_forgotten_profile_stays_forgotten_on_its_whole_way(self, sqlite: Place) -> None:
        with sqlite.open() as ledger:
            number = ledger.claim("users").number
            marks, content = profiles(number, "a"), digests("x")
            ledger.settle(None, profiles=marks, contents=content)
            for key in range(25):
                if key == 5:
                    ledger.settle(None, forgotten=digests("a"))
                ledger.settle(None, profiles=profiles(number, [key]), contents=content)
                assert ledger.unchanged_profiles(marks, content) == ([0] if key < 5 else [])

    def test_marks_get_to_their_places_by_age_as_well(self, sqlite: Place) -> None:
        now = [1_000_000.0]
        with sqlite.open(clock=lambda: now[0]) as ledger:
            number = ledger.claim("orders").number
            ledger.settle(None, events=events(number, "a"))
            now[0] += recent.SECONDS
            ledger.settle(None, events=events(number, "b"))
            ledger.settle(None, events=events(number, "c"))
            with sqlite_rows(sqlite) as rows:
                assert rows("SELECT count(*) FROM clevertap_ledger_event") == [(2,)]
            assert delivered(ledger, events(number, "abc")) == [0, 1, 2]

    def test_a_closed_ledger_has_everything_in_its_place(self, sqlite: Place) -> None:
        with sqlite.open() as ledger:
            ledger.settle(None, events=events(1, range(25)))
            ledger.settle(None, profiles=profiles(1, "ab"), contents=digests("xy"))
            ledger.settle(None, forgotten=digests("a"))
        with sqlite_rows(sqlite) as rows:
            assert rows("SELECT count(*) FROM clevertap_ledger_event") == [(25,)]
            assert rows("SELECT count(*) FROM clevertap_ledger_settled") == [(0,)]
