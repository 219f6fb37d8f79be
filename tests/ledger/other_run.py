"""A run in a process of its own: it settles one call, has one in flight, and waits.

`python -m tests.ledger.other_run URL FOLDER STREAM` (`-` as URL: a file in the folder) says "ready"
and waits for the end of its input. It has delivered the event and the profile `done`, and does not
know about those called `flying`.
"""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.ledger.places import Place, digests, events, profiles

if TYPE_CHECKING:
    from collections.abc import Iterator


def main(url: str, folder: str, stream: str) -> None:
    """Be the other run."""
    with Place(None if url == "-" else url, Path(folder)).open() as ledger:
        number = ledger.claim(stream).number
        known = profiles(number, ["done", "flying"])
        ledger.settle(None, profiles=known, contents=digests(["x", "x"]))
        call = ledger.note(events(number, ["done"]), b"")
        ledger.settle(call, events=events(number, ["done"]))
        ledger.note(events(number, ["flying"]), profiles(number, ["flying"]))
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.read()


@contextmanager
def running(place: Place, stream: str = "rows") -> Iterator[subprocess.Popen[str]]:
    """The process, with its call in flight; killed at the end, if it has not ended by then."""
    arguments = [place.url or "-", str(place.folder), stream]
    command = [sys.executable, "-m", "tests.ledger.other_run", *arguments]
    with subprocess.Popen(  # noqa: S603 - this file
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()


def kill(process: subprocess.Popen[str]) -> None:
    """SIGKILL: it can do nothing about it."""
    process.kill()
    process.wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
