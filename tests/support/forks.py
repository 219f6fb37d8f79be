"""Real processes of the target, made in milliseconds: one process imports it and forks the others.

`python -m tests.support.forks` reads a JSON list a line: the command line of a run, the file of its
standard output, and one that gets what became of its calls. It answers with the process id, and
with how the process ended.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

from target_clevertap.delivery.calls import Calls, NotedCalls

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from target_clevertap.clevertap import UploadAnswer
    from target_clevertap.delivery.batch import Entry


class Forks:
    """Starts runs, which their owner may kill."""

    def __init__(self, server: subprocess.Popen[str]) -> None:
        self._server = server

    def start(self, arguments: Sequence[str], output: Path, told: Path) -> int:
        """Start `target-clevertap` with arguments; returns its process id.

        `told` gets a line `["answered", KEYS]` when the answer of a call has been read, and
        `["settled", KEYS]` when the ledger knows it, with the keys of events and of counters.
        """
        assert self._server.stdin is not None
        request = [list(arguments), str(output), str(told)]
        self._server.stdin.write(json.dumps(request) + "\n")
        self._server.stdin.flush()
        process = self._answer()
        # Whoever kills 0 kills the tests, and all that run beside them.
        assert process > 1, "the last process was not awaited"
        return process

    def ended(self) -> int:
        """The exit code of the process, when it has ended; -9 when it was killed."""
        return self._answer()

    def _answer(self) -> int:
        assert self._server.stdout is not None
        return int(self._server.stdout.readline())


@contextmanager
def forking() -> Iterator[Forks]:
    """The process that forks; ended afterwards."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.support.forks"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        try:
            yield Forks(server)
        finally:
            assert server.stdin is not None
            server.stdin.close()


def main() -> None:
    """Serve until standard input ends."""
    from target_clevertap import cli  # noqa: PLC0415 - not for those who import `forking`

    for line in sys.stdin:
        arguments, output, told = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _run(cli, arguments, output, told)
        _say(pid)
        _, status = os.waitpid(pid, 0)
        _say(os.waitstatus_to_exitcode(status))


def _say(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


def _run(cli: Any, arguments: list[str], output: str, told: str) -> NoReturn:  # noqa: ANN401 - the module
    """The life of a forked process."""
    for number, path in ((1, output), (2, f"{output}.log")):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    _tell(os.open(told, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
    code = cli.run(arguments)
    os._exit(code)


def _tell(descriptor: int) -> None:
    """Write down the calls of this process, which nobody can ask when it is killed."""
    _after(Calls, "answered", descriptor)
    _after(NotedCalls, "settled", descriptor)


def _after(calls: type[Calls], what: str, descriptor: int) -> None:
    upload = calls.upload

    def told(calls: Calls, entries: Sequence[Entry], retry_on: Any) -> UploadAnswer:  # noqa: ANN401
        answer = upload(calls, entries, retry_on)
        once = [entry for entry in entries if entry.item.kind == "event" or not entry.item.plain]
        keys = [[entry.stream.name, *json.loads(entry.item.key)] for entry in once]
        os.write(descriptor, json.dumps([what, keys]).encode() + b"\n")
        return answer

    calls.upload = told  # type: ignore[assignment, method-assign] # only in this process


if __name__ == "__main__":
    main()
