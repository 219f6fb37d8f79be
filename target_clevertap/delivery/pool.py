"""Calls under way in threads, their results handed back in the one thread that decides."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

SECONDS_BETWEEN_BEATS = 0.25

READY_AHEAD = 3
"""Calls that may wait for a thread: none of them then waits for the reading thread to make one."""


class Pool:
    """Runs calls in threads. What follows from a result runs in the thread that asks for it.

    So everything that counts and decides (batches, outcomes, checkpoints) is touched by one
    thread only, and needs no lock.
    """

    def __init__(
        self,
        size: int,
        wake: Callable[[], None] = lambda: None,
        beat: Callable[[], object] = lambda: None,
    ) -> None:
        """Nothing runs yet.

        Args:
            size: how many threads.
            wake: is called, in any thread, when a result is there.
            beat: is called now and then while results are awaited, in the thread that awaits them.
        """
        self._size = size
        self._wake = wake
        self._beat = beat
        self._threads = ThreadPoolExecutor(size, thread_name_prefix="clevertap")
        self._done: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self.under_way = 0
        """Calls whose results nobody has taken yet."""

    @property
    def full(self) -> bool:
        """Whether no further call should be started: all threads have one, and a few wait."""
        return self.under_way >= self._size + READY_AHEAD

    def start(self, call: Callable[[], T], then: Callable[[Future[T]], None]) -> None:
        """Make a call in a thread; `then` gets its future when someone takes the result."""
        self.under_way += 1

        def done(future: Future[T]) -> None:
            self._done.put(partial(_follow_up, then, future))
            self._wake()

        self._threads.submit(call).add_done_callback(done)

    def take_one(self) -> None:
        """Wait for one result, and do what follows from it."""
        while True:
            # Python runs signal handlers between two waits for sure, but not during one.
            with suppress(Empty):
                result = self._done.get(timeout=SECONDS_BETWEEN_BEATS)
                break
            self._beat()
        self._follow(result)
        self._beat()

    def take_finished(self) -> None:
        """Do what follows from the results that are there, without waiting."""
        while True:
            try:
                result = self._done.get_nowait()
            except Empty:
                return
            self._follow(result)

    def take_all(self) -> None:
        """Wait until nothing is under way any more, also not what followed from a result."""
        while self.under_way:
            self.take_one()

    def give_up(self) -> None:
        """Begin no call any more: those that wait for a thread are never made."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def close(self) -> None:
        """End the threads; they must have nothing left to do."""
        self._threads.shutdown()

    def _follow(self, result: Callable[[], None]) -> None:
        self.under_way -= 1
        result()


def _follow_up(then: Callable[[Future[T]], None], future: Future[T]) -> None:
    if not future.cancelled():
        then(future)
