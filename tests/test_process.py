"""How a process is set up for a long stream of rows, and how it ends."""

from __future__ import annotations

import ctypes
import subprocess
import sys

import pytest

LARGE_BLOCKS = """
import ctypes, sys
from target_clevertap.process import tune

class Figures(ctypes.Structure):  # of mallinfo2(3); `hblks` are the blocks from the system
    names = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"
    _fields_ = [(name, ctypes.c_size_t) for name in names.split()]

figures = ctypes.CDLL(None).mallinfo2
figures.restype = Figures
if sys.argv[1] == "tuned":
    tune()
larger = bytes(4_000_000)
del larger
before = figures().hblks
body = bytes(500_000)
print(figures().hblks - before)
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallinfo2"), reason="glibc 2.33 tells it")
@pytest.mark.parametrize(("run", "from_the_system"), [("tuned", "1"), ("as it is", "0")])
def test_the_body_of_a_call_never_lies_among_small_blocks(run: str, from_the_system: str) -> None:
    command = [sys.executable, "-c", LARGE_BLOCKS, run]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - this test's own lines
    assert ended.stdout.strip() == from_the_system


LEFT_BEHIND = """
import atexit, gc
from target_clevertap.process import end

class Left:
    def __init__(self):
        self.me = self
    def __del__(self):
        print("looked for")

left = Left()
atexit.register(print, "told")
end(3)
"""


def test_a_process_ends_with_its_code_and_what_wants_to_know_told_but_memory_as_it_is() -> None:
    command = [sys.executable, "-c", f"{LEFT_BEHIND}"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - this test's own lines
    assert (ended.returncode, ended.stdout) == (3, "told\n")
