"""Calls in threads: as many at once as allowed, a few more ready, results in the asking thread."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from target_clevertap.delivery.pool import READY_AHEAD, Pool

if TYPE_CHECKING:
    from collections.abc import Iterator

THREADS = 2


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """What holds every call back; opened in any case, so that no thread is left."""
    gate = threading.Event()
    yield gate
    gate.set()


@pytest.fixture
def pool(gate: threading.Event) -> Iterator[Pool]:
    pool = Pool(THREADS)
    yield pool
    gate.set()
    pool.close()


def test_a_thread_that_is_done_finds_its_next_call_ready(pool: Pool, gate: threading.Event) -> None:
    started: list[int] = []

    def call(number: int) -> None:
        started.append(number)
        gate.wait()

    number = 0
    while not pool.full:
        pool.start(lambda number=number: call(number), lambda _: None)  # type: ignore[misc] # its own number
        number += 1
    assert number == THREADS + READY_AHEAD
    gate.set()
    pool.take_all()
    assert sorted(started) == list(range(number))


def test_what_follows_from_a_result_runs_in_the_thread_that_asks(
    pool: Pool, gate: threading.Event
) -> None:
    gate.set()
    threads: list[int] = []
    pool.start(threading.get_ident, lambda made_in: threads.append(made_in.result()))
    pool.start(gate.wait, lambda _: threads.append(threading.get_ident()))
    pool.take_all()
    assert threading.get_ident() in threads
    assert len(set(threads)) == 2
