"""Which processes a test has left behind."""

from __future__ import annotations

import os
import select
from pathlib import Path
from typing import Final

MARK: Final = "SHOP_TEST_MARK"
"""A variable that everything started with it in its environment hands on to what it starts."""


def marked(value: str) -> dict[int, str]:
    """The processes, other than this one, that carry the mark: their command lines by id."""
    needle = f"{MARK}={value}".encode()
    return {
        int(folder.name): _read(folder / "cmdline").replace(b"\0", b" ").decode()
        for folder in Path("/proc").glob("[0-9]*")
        if folder.name != str(os.getpid()) and needle in _read(folder / "environ").split(b"\0")
    }


def ended(process: int, within_seconds: float) -> bool:
    """Whether a process ends in time."""
    try:
        descriptor = os.pidfd_open(process)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], within_seconds)[0])
    finally:
        os.close(descriptor)


def _read(path: Path) -> bytes:
    """What stands in a file of a process, which may be gone or somebody else's."""
    try:
        return path.read_bytes()
    except OSError:
        return b""
