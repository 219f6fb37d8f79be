"""How the program stops, and everything that it has started with it.

A signal can strike between the start of a process and the line that remembers whom to end. What
must happen as a whole stands in a `with whole():` block: a signal waits for its end. Against a
program that is killed outright, with no time to end anything, processes are asked beforehand to
end by themselves when it is gone (`ends_with_this`).
"""

from __future__ import annotations

import ctypes
import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

STOPPING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_PR_SET_PDEATHSIG: Final = 1  # linux/prctl.h


class Stopped(KeyboardInterrupt):
    """A signal asked the program to stop."""

    def __init__(self, signum: int) -> None:
        self.signum = signum
        super().__init__(signum)


class _Request:
    """The signal that has come, if one has, and how many blocks it waits for."""

    signum: int | None = None
    waits_for: int = 0

    def heed(self) -> None:
        if self.signum is not None and not self.waits_for:
            signum, self.signum = self.signum, None
            raise Stopped(signum)


_request = _Request()


def stop_on_signals() -> None:
    """Let the first signal raise `Stopped` in the main thread; further ones are ignored."""
    for signum in STOPPING:
        signal.signal(signum, _stop)


@contextmanager
def whole() -> Iterator[None]:
    """A block that a signal does not interrupt; `Stopped` is raised at its end instead."""
    _request.waits_for += 1
    try:
        yield
    finally:
        _request.waits_for -= 1
    _request.heed()


def ends_with_this(signum: signal.Signals) -> Callable[[], None] | None:
    """What a new process does first (`preexec_fn`) to get a signal when this program is gone.

    Linux only; None elsewhere.
    """
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl
    return lambda: prctl(_PR_SET_PDEATHSIG, int(signum))


def _stop(signum: int, _: FrameType | None) -> None:
    # What follows is the clearing away, which no second signal shall cut short.
    for each in STOPPING:
        signal.signal(each, signal.SIG_IGN)
    _request.signum = signum
    _request.heed()
