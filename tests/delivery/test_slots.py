"""How many calls may be under way follows what the account takes."""

from __future__ import annotations

import threading

import pytest

from target_clevertap.delivery.slots import Slots
from target_clevertap.errors import ServerFailed, Throttled


def throttled(slots: Slots) -> None:
    with pytest.raises(Throttled), slots.slot():
        raise Throttled("too many")


def test_the_limit_begins_at_its_ceiling_and_never_passes_it() -> None:
    slots = Slots(3)
    for _ in range(10):
        with slots.slot():
            pass
    assert slots.limit == 3.0


def test_a_429_halves_the_limit_down_to_one() -> None:
    slots = Slots(8)
    limits = []
    for _ in range(5):
        throttled(slots)
        limits.append(slots.limit)
    assert limits == [4.0, 2.0, 1.0, 1.0, 1.0]


def test_calls_that_were_under_way_together_halve_it_once() -> None:
    slots = Slots(8)
    with pytest.raises(Throttled), slots.slot(), slots.slot():
        raise Throttled("too many")
    assert slots.limit == 4.0


def test_a_round_of_calls_that_went_through_adds_about_one() -> None:
    slots = Slots(15)
    throttled(slots)
    before = slots.limit
    for _ in range(int(before)):
        with slots.slot():
            pass
    assert before + 0.8 < slots.limit <= before + 1.0


def test_another_failure_changes_nothing() -> None:
    slots = Slots(4)
    throttled(slots)
    with pytest.raises(ServerFailed), slots.slot():
        raise ServerFailed("down")
    assert slots.limit == 2.0


def test_no_more_calls_are_under_way_than_the_limit() -> None:
    slots, together = Slots(3), threading.Barrier(3)
    running, most, lock = 0, 0, threading.Lock()

    def call() -> None:
        nonlocal running, most
        with slots.slot():
            with lock:
                running += 1
                most = max(most, running)
            together.wait(10)  # three must be in here at once for any to go on
            with lock:
                running -= 1

    threads = [threading.Thread(target=call) for _ in range(9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 3
