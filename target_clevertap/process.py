"""How the process is set up for a long stream of rows and many calls at once, and how it ends.

And what it calls itself.
"""

from __future__ import annotations

import ctypes
import gc
import sys
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from typing import Final, NoReturn

SWITCH_SECONDS: Final = 0.0005
"""How long a thread that has an answer waits for the reading one to let it go on.

Python's own 5 ms, several times in each call, left 3 % of the limit unused at 200 ms a call.
"""

LARGE_BYTES: Final = 128 * 1024
"""From this size on a block of memory goes back to the system as soon as it is free.

That is where glibc begins too, but it raises the size whenever such a block is freed (mallopt(3),
M_MMAP_THRESHOLD). The bodies of the calls then come to lie among small blocks, and the memory of
a run grows by a tenth in five million rows.
"""

_M_MMAP_THRESHOLD: Final = -3


@cache
def program_version() -> str:
    """The version that was installed; to look it up takes files, so it is done once."""
    return version("target-clevertap")


def tune() -> None:
    """Let threads take turns quickly, and memory stay flat where the C library is glibc."""
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.freeze()  # what is imported stays: nobody need look through it for garbage
    with suppress(AttributeError, OSError, TypeError):  # another C library, or Windows
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, LARGE_BYTES)


def end(code: int) -> NoReturn:
    """End the process, without a look through all of its memory for what could be freed.

    That look takes as long as the start of the program, and the system frees everything anyway.
    """
    gc.freeze()
    sys.exit(code)
