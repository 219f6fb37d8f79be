"""What `clevertap-sandbox` can take, with its database on disk.

`python -m benchmarks.sandbox_speed [CALLS [ROUNDS]]`

The sandbox is a process of its own and uses one core. Its CPU seconds are what counts, because a
machine that is shared gives a process its seconds late; they are the whole process's without its
start, and the least of some rounds, because neighbours on a core make them more and never less.
Every record is new, is checked by every rule, and is counted in the database at the end.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec
import requests

from benchmarks.plan import ROWS_A_CALL
from benchmarks.runs import BenchFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Kind = Literal["profiles", "events"]

KINDS: Final[tuple[Kind, ...]] = ("profiles", "events")
CALLS: Final = 300
ROUNDS: Final = 3
GOAL: Final = 60_000
"""Records that one core must accept in a second."""

_CONNECTIONS: Final = 2
_TIMEOUT_SECONDS: Final = 60
_HEADERS: Final = {"X-CleverTap-Account-Id": "TEST-SANDBOX", "X-CleverTap-Passcode": "sandbox"}


@dataclass(frozen=True, slots=True)
class SandboxRun:
    """One load of a sandbox of its own."""

    kind: Kind
    records: int
    seconds: float
    """From the first call to the last answer."""
    cpu_seconds: float
    """User and system, of the sandbox alone, without its start."""

    @property
    def records_a_core_second(self) -> float:
        """Records accepted for each second of CPU."""
        return self.records / self.cpu_seconds


def sandbox_speed(calls: int = CALLS, rounds: int = ROUNDS) -> list[SandboxRun]:
    """The best of some loads of profiles, and of events, each of so many calls.

    Raises:
        BenchFailed: when not every record has been accepted.
    """
    with TemporaryDirectory(prefix="bench-") as folder:
        start = _cpu_seconds(Path(folder) / "start.db", lambda _: None)[0]
        runs = [
            _run(kind, calls, Path(folder) / f"{kind}-{turn}.db", start)
            for turn in range(rounds)
            for kind in KINDS
        ]
    return [
        min((run for run in runs if run.kind == kind), key=lambda run: run.cpu_seconds)
        for kind in KINDS
    ]


def _run(kind: Kind, calls: int, db: Path, start: float) -> SandboxRun:
    cpu, seconds = _cpu_seconds(db, lambda url: _load(url, kind, calls))
    return SandboxRun(kind, calls * ROWS_A_CALL, seconds, cpu - start)


def _cpu_seconds(db: Path, use: Callable[[str], object]) -> tuple[float, float]:
    """CPU seconds of a sandbox from its start to its end, and the seconds of its use."""
    command = [sys.executable, "-m", "target_clevertap.sandbox", "--port", "0", "--db", str(db)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own server
        assert process.stdout is not None  # noqa: S101 - a pipe was asked for
        try:
            greeting = process.stdout.readline().split()
            if not greeting:
                raise BenchFailed("the sandbox has not started")
            url = greeting[-1]
            began = time.monotonic()
            use(url)
            seconds = time.monotonic() - began
        finally:
            os.kill(process.pid, signal.SIGTERM)
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
    return used.ru_utime + used.ru_stime, seconds


def _load(url: str, kind: Kind, calls: int) -> None:
    with ThreadPoolExecutor(_CONNECTIONS) as pool:
        for done in pool.map(_send, repeat(url), repeat(kind), _turns(calls)):
            if not done:
                raise BenchFailed(f"the sandbox has not accepted every one of the {kind}")
    held = requests.get(f"{url}/_sandbox/state", timeout=_TIMEOUT_SECONDS).json()[kind]
    if held != calls * ROWS_A_CALL:
        raise BenchFailed(f"the sandbox holds {held} {kind}")


def _turns(calls: int) -> Iterator[range]:
    return (range(first, calls, _CONNECTIONS) for first in range(_CONNECTIONS))


def _send(url: str, kind: Kind, calls: range) -> bool:
    """Whether all records of some calls were accepted; the bodies are made on the way."""
    accepted = 0
    with requests.Session() as http:
        http.trust_env = False
        for call in calls:
            first = call * ROWS_A_CALL
            records = [_RECORDS[kind](number) for number in range(first, first + ROWS_A_CALL)]
            body = msgspec.json.encode({"d": records})
            answer = http.post(f"{url}/1/upload", body, headers=_HEADERS, timeout=_TIMEOUT_SECONDS)
            accepted += answer.json().get("processed", 0)
    return accepted == len(calls) * ROWS_A_CALL


def _profile(number: int) -> dict[str, Any]:
    return {
        "type": "profile",
        "identity": f"customer-{number}",
        "profileData": {
            "Name": f"Jane Doe {number}",
            "Email": f"jane.{number}@example.com",
            "Phone": f"+4917{number:08d}",
            "Gender": "F",
            "DOB": "$D_631152000",
            "Plan": "gold",
            "Balance": number + 0.25,
            "City": "Berlin",
            "MSG-email": True,
            "Visits": number,
            "Last seen": f"$D_{1_700_000_000 + number}",
            "Interests": {"$set": ["jazz", "rock"]},
        },
    }


def _event(number: int) -> dict[str, Any]:
    return {
        "type": "event",
        "identity": f"customer-{number % 100_000}",
        "evtName": "Charged",
        "ts": 1_700_000_000 + number,
        "evtData": {
            "Charged ID": number,
            "Amount": 59.99,
            "Currency": "EUR",
            "Gift": False,
            "Items": [
                {"Name": "Casio Chronograph Watch", "Quantity": 1, "Price": 9.5},
                {"Name": "The millionaire next door", "Quantity": 2, "Price": 25.245},
            ],
        },
    }


_RECORDS: Final[dict[Kind, Callable[[int], dict[str, Any]]]] = {
    "profiles": _profile,
    "events": _event,
}


def main(calls: int = CALLS, rounds: int = ROUNDS) -> int:
    """Print what was measured; 1 if it is less than the goal."""
    runs = sandbox_speed(calls, rounds)
    for run in runs:
        sys.stdout.write(
            f"{run.records:,} {run.kind}: {run.records_a_core_second:,.0f} records/s on one core "
            f"({run.cpu_seconds:.1f} CPU s, {run.seconds:.1f} s)\n"
        )
    return 0 if min(run.records_a_core_second for run in runs) >= GOAL else 1


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
