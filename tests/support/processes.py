"""Which processes a test has left behind."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

MARK: Final = "SHOP_TEST_MARK"
"""A variable that everything started with it in its environment hands on to what it starts."""


def marked(value: str) -> list[str]:
    """The command lines of the processes, other than this one, that carry the mark."""
    needle = f"{MARK}={value}".encode()
    return [
        _read(folder / "cmdline").replace(b"\0", b" ").decode()
        for folder in Path("/proc").glob("[0-9]*")
        if folder.name != str(os.getpid()) and needle in _read(folder / "environ").split(b"\0")
    ]


def _read(path: Path) -> bytes:
    """What stands in a file of a process, which may be gone or somebody else's."""
    try:
        return path.read_bytes()
    except OSError:
        return b""
