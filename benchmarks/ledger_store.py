"""What the ledger costs: looking up, noting and settling a thousand rows, and bytes on disk.

`python -m benchmarks.ledger_store [ROWS] [--postgres]` lets a ledger grow to so many events and as
many profiles, a thousand at a time, and prints a line for each fifth of the way. Times are CPU time
of this process (of a PostgreSQL server nothing is in them) and, under "wall", all that passed.
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from examples.shop.postgres import start_postgres
from target_clevertap.ledger import Ledger, open_ledger

if TYPE_CHECKING:
    from collections.abc import Iterator

ROWS: Final = 5_000_000
A_CALL: Final = 1_000
STEPS: Final = 5
AGAIN_EVERY: Final = 4
"""Of so many calls the rows of one come again, and nothing is written meanwhile."""
HEADINGS: Final = ("kind", "rows", "look up", "note", "settle", "wall", "again", "disk", "memory")
UNITS: Final = ("", "", "ms", "ms", "ms", "ms", "ms", "MB", "MB")
LINE: Final = "{:<9}{:>11}{:>9}{:>9}{:>9}{:>9}{:>9}{:>9}{:>9}"


@dataclass(slots=True)
class Spent:
    """Seconds of CPU by what they were spent on, and of time passed, over some calls."""

    calls: int = 0
    wall: float = 0.0
    cpu: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def on(self, what: str) -> Iterator[None]:
        """Adds what the block takes."""
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        self.wall += time.perf_counter() - wall
        self.cpu[what] = self.cpu.get(what, 0.0) + time.process_time() - cpu

    def each(self, what: str) -> str:
        """Milliseconds of CPU for each call."""
        return f"{self.cpu.get(what, 0.0) / max(1, self.calls) * 1000:.2f}"


def main(rows: int = ROWS, *, postgres: bool = False) -> None:
    """Fill a ledger and print a table."""
    _say(LINE.format(*HEADINGS))
    _say(LINE.format(*UNITS))
    with tempfile.TemporaryDirectory() as folder:
        if not postgres:
            _measure(None, Path(folder), rows)
            return
        with start_postgres() as server:
            place = f"{server.host}:{server.port}/{server.name}"
            _measure(f"postgresql://{server.user}:{server.password}@{place}", Path(folder), rows)


def _measure(url: str | None, folder: Path, rows: int) -> None:
    with open_ledger(url, account="bench", folder=folder, uncertain="resend") as ledger:
        stream = ledger.claim("rows").number.to_bytes(4, "big")
        for kind in ("events", "profiles"):
            _grow(ledger, kind, stream, rows)
    began = time.perf_counter()
    with open_ledger(url, account="bench", folder=folder, uncertain="resend") as ledger:
        _say(f"opened again in {time.perf_counter() - began:.1f} s, {ledger.size() / 1e6:.0f} MB")


def _grow(ledger: Ledger, kind: str, stream: bytes, rows: int) -> None:
    grow_by = _add_events if kind == "events" else _add_profiles
    for step in range(1, STEPS + 1):
        spent = Spent()
        some: list[tuple[bytes, bytes]] = []
        for call in range(rows // STEPS // A_CALL):
            marks = grow_by(ledger, stream, spent)
            spent.calls += 1
            if call % AGAIN_EVERY == 0:
                some.append(marks)
        again = Spent(calls=len(some))
        with again.on("again"):
            for asked, contents in some:
                found = (
                    ledger.unchanged_profiles(asked, contents)
                    if contents
                    else ledger.known_events(asked)
                )
                assert len(found) == A_CALL  # noqa: S101 - or the figure is about something else
        _say(_line(ledger, kind, step * rows // STEPS, spent, again))


def _line(ledger: Ledger, kind: str, rows: int, spent: Spent, again: Spent) -> str:
    cpu = [spent.each(what) for what in ("look up", "note", "settle")]
    wall = f"{spent.wall / max(1, spent.calls) * 1000:.2f}"
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    disk, most = f"{ledger.size() / 1e6:.0f}", f"{memory:.0f}"
    return LINE.format(kind, f"{rows:,}", *cpu, wall, again.each("again"), disk, most)


def _add_events(ledger: Ledger, stream: bytes, spent: Spent) -> tuple[bytes, bytes]:
    marks = b"".join([stream + os.urandom(16) for _ in range(A_CALL)])
    with spent.on("look up"):
        ledger.known_events(marks)
    with spent.on("note"):
        call = ledger.note(marks, b"")
    with spent.on("settle"):
        ledger.settle(call, events=marks)
    return marks, b""


def _add_profiles(ledger: Ledger, stream: bytes, spent: Spent) -> tuple[bytes, bytes]:
    marks = b"".join([os.urandom(16) + stream for _ in range(A_CALL)])
    contents = os.urandom(16 * A_CALL)
    with spent.on("look up"):
        ledger.unchanged_profiles(marks, contents)
    with spent.on("note"):
        call = ledger.note(b"", marks)
    with spent.on("settle"):
        ledger.settle(call, profiles=marks, contents=contents)
    return marks, contents


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    counts = [int(argument) for argument in sys.argv[1:] if argument.isdigit()]
    main(*counts[:1], postgres="--postgres" in sys.argv)
