"""One measured run: a side in a process of its own, against a null server in another."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from benchmarks import tap
from benchmarks.null_server import Seen

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.plan import Case

Side = Literal["ours", "plain", "floor"]

SIDES: Final[tuple[Side, ...]] = ("ours", "plain", "floor")
COMMAND: Final = Path(sys.executable).with_name("target-clevertap")
_ROOT: Final = Path(__file__).parents[1]
_KIB: Final = 1024
_MEGABYTE: Final = 1_000_000


class BenchFailed(Exception):
    """A run that did not do what it was to do; its figures would mean nothing."""


@dataclass(frozen=True, slots=True)
class Process:
    """What a finished process used: seconds, and megabytes of memory at its peak."""

    seconds: float
    cpu_seconds: float
    peak_megabytes: float


@dataclass(frozen=True, slots=True)
class Run:
    """What a run used, and what the server saw of it."""

    process: Process
    seen: Seen


def records_a_second(run: Run) -> float:
    """From the arrival of the first call to the last answer, without the first call's records.

    So neither the start of the process nor the reading of the first batch is in it.
    """
    seen = run.seen
    return (seen.records - seen.first_records) / (seen.last - seen.first)


def cpu_seconds_a_million(run: Run) -> float:
    """CPU seconds, user and system, of the whole process for a million records."""
    return run.process.cpu_seconds * 1e6 / run.seen.records


def peak_megabytes(run: Run) -> float:
    """The most memory that the process had at once."""
    return run.process.peak_megabytes


@dataclass(slots=True)
class Server:
    """A running null server; `seen` is there when it has ended."""

    url: str
    seen: Seen


@contextmanager
def null_server(latency: float = 0.0, keep: Path | None = None) -> Iterator[Server]:
    """A null server in a process of its own, which ends with the block."""
    options = ["--latency", str(latency), *(["--keep", str(keep)] if keep else [])]
    with subprocess.Popen(  # noqa: S603 - our own server
        [sys.executable, "-m", "benchmarks.null_server", *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=_ROOT,
    ) as process:
        assert process.stdin is not None  # noqa: S101 - a pipe was asked for
        assert process.stdout is not None  # noqa: S101 - a pipe was asked for
        server = Server(process.stdout.readline().strip(), Seen())
        try:
            yield server
        finally:
            process.stdin.close()
            server.seen = Seen(**json.loads(process.stdout.readline() or "{}"))


def measured(command: Sequence[str | Path], log: Path) -> Process:
    """Run a command to its end; its output goes to `log`.

    The peak is the kernel's for the child. It begins with the memory of this process, from which
    the child is made, so this process must stay smaller than what it measures.

    Raises:
        BenchFailed: when the command fails.
    """
    with log.open("wb") as output:
        began = time.monotonic()
        process = subprocess.Popen(command, stdout=output, stderr=output, cwd=_ROOT)  # noqa: S603 - the sides of this bench
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.monotonic() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        said = log.read_text(encoding="utf-8", errors="replace")[-2000:]
        raise BenchFailed(f"{command[0]} ended with {process.returncode}:\n{said}")
    return Process(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss * _KIB / _MEGABYTE)


def load(case: Case, file: Path, rows: int, folder: Path, keep: Path | None = None) -> Run:
    """Let the side of a case load a file of so many rows; the server keeps the bodies if asked.

    Raises:
        BenchFailed: when not every row has arrived.
    """
    side = case.side
    with null_server(case.latency, keep) as server:
        process = measured(_command(side, file, server.url, folder), folder / f"{side}.log")
    if server.seen.records != rows:
        raise BenchFailed(f"{side}: {server.seen.records} of {rows} records have arrived")
    return Run(process, server.seen)


@dataclass(frozen=True, slots=True)
class WithLedger:
    """Three loads of the same file: without a ledger, with a new one, and once more with it."""

    off: Process
    first: Process
    second: Process


def load_with_ledger(kind: str, file: Path, rows: int, folder: Path) -> WithLedger:
    """Load a file three times, at 0 ms a call.

    Raises:
        BenchFailed: when another number of rows has arrived than should have.
    """
    off = _load_once(kind, file, folder, rows, ledger=False)
    first = _load_once(kind, file, folder, rows)
    second = _load_once(kind, file, folder, 0)
    shutil.rmtree(folder / "ledger")
    return WithLedger(off, first, second)


@dataclass(frozen=True, slots=True)
class LargeLedger:
    """A first load with a ledger: what the process used, and the megabytes that the ledger has."""

    process: Process
    megabytes: float


def load_into_ledger(file: Path, rows: int, folder: Path) -> LargeLedger:
    """Load a file of profiles with a new ledger, at 0 ms a call.

    Raises:
        BenchFailed: when not every row has arrived.
    """
    process = _load_once("profiles", file, folder, rows)
    (ledger,) = (folder / "ledger").glob("*/ledger.sqlite")
    size = ledger.stat().st_size / _MEGABYTE
    shutil.rmtree(folder / "ledger")
    return LargeLedger(process, size)


def _load_once(
    kind: str, file: Path, folder: Path, arriving: int, *, ledger: bool = True
) -> Process:
    settings = tap.config("", folder / "ledger")
    if ledger:
        del settings["ledger_url"]
    config = folder / "ledger.json"
    with null_server() as server:
        config.write_text(json.dumps(settings | {"api_url": server.url}), encoding="utf-8")
        process = measured([COMMAND, "--config", config, "--input", file], folder / "ledger.log")
    if server.seen.records != arriving:
        raise BenchFailed(f"{kind}: {server.seen.records} rows have arrived, not {arriving}")
    return process


def _command(side: Side, file: Path, url: str, folder: Path) -> list[str | Path]:
    if side == "floor":
        return [sys.executable, "-m", "benchmarks.floor", url, file]
    settings = tap.config(url, folder / "work")
    if side == "plain":
        settings = {name: settings[name] for name in ("account_id", "passcode", "api_url")}
    config = folder / f"{side}.json"
    config.write_text(json.dumps(settings), encoding="utf-8")
    program = [COMMAND] if side == "ours" else [sys.executable, "-m", "benchmarks.plain"]
    return [*program, "--config", config, "--input", file]
