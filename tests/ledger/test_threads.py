"""Calls are noted and settled by many threads at once, while the main one looks up."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from target_clevertap.ledger import MARK_BYTES, recent
from tests.ledger.places import digest, digests, events, profiles

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pytest

    from target_clevertap.ledger import Ledger
    from tests.ledger.places import Place

THREADS = 15
CALLS = 60
ROWS = 20


def call(ledger: Ledger, number: int, which: int) -> None:
    """Half of the rows of a call are accepted, the others refused; of every second all is held."""
    keys = range(which * ROWS, (which + 1) * ROWS)
    marks, people = events(number, keys), profiles(number, keys)
    note = ledger.note(marks, people, b"".join(counters(number, keys)))
    half = ROWS // 2
    ledger.settle(
        note,
        events=marks[: half * 20],
        profiles=people[: half * 20],
        contents=digests(keys[:half]),
        hold_counters=which % 2 == 0,
    )


def counters(number: int, keys: Iterable[int]) -> list[bytes]:
    return [profiles(number, [key]) + digest(key) for key in keys]


def test_exactly_what_was_settled_is_known(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent, "ROWS", 100)
    accepted = [key for key in range(CALLS * ROWS) if key % ROWS < ROWS // 2]
    every = range(CALLS * ROWS)
    with place.open() as ledger:
        number = ledger.claim("rows").number
        with ThreadPoolExecutor(THREADS) as pool:
            calls = [pool.submit(call, ledger, number, which) for which in range(CALLS)]
            while not all(one.done() for one in calls):
                done = [at for at, one in enumerate(calls) if one.done()]
                found = {at for at, _ in ledger.known_events(events(number, every))}
                # A call that was settled when it was asked is known, on every way to its place.
                assert found >= {key for key in accepted if key // ROWS in done}
            for one in calls:
                one.result()
    with place.open(uncertain="hold") as ledger:
        assert ledger.recovered == type(ledger.recovered)()
        assert ledger.known_events(events(number, every)) == [(key, False) for key in accepted]
        found_people = ledger.unchanged_profiles(profiles(number, every), digests(every))
        assert found_people == accepted
        ledger.claim("rows")
        held = [
            key
            for key, row in zip(every, counters(number, every), strict=True)
            if ledger.take_held_counter(row[:MARK_BYTES], row[MARK_BYTES:])
        ]
        assert held == [key for key in every if key // ROWS % 2 == 0]
