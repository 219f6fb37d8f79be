"""Runs of the real command in processes of their own, which say all they can, and may crash.

`python -m tests.privacy.children` reads an Order a line, as JSON, forks a process that carries it
out, and answers with how that ended. So a run costs a fraction of a second.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any, Final, NoReturn

import msgspec

from target_clevertap.delivery import Run
from target_clevertap.report.page import render
from target_clevertap.report.progress import LogLines
from tests.report.samples import small
from tests.support.pipeline import lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.support.pipeline import Message

LOG_CONFIG: Final = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "structured": {"()": "singer_sdk.logging.StructuredFormatter"},
        "console": {"()": "singer_sdk.logging.ConsoleFormatter"},
    },
    "handlers": {
        form: {"class": "logging.StreamHandler", "formatter": form}
        for form in ("structured", "console")
    },
    "root": {"level": "DEBUG", "handlers": ["structured", "console"]},
    # These set a level of their own, and can be asked by name only.
    "loggers": {name: {"level": "DEBUG"} for name in ("singer_sdk.mapper", "sqlalchemy.engine")},
}
"""Every line in both forms; the structured one has all that hangs on a line."""


LOADED: Final = (
    "jsonschema_rs",
    "phonenumbers",
    "sqlalchemy.dialects.sqlite",
    "target_clevertap.check",
    "target_clevertap.delivery.spool",
    "target_clevertap.ledger.cli",
    "target_clevertap.report.compose",
    "tenacity",
)
"""What a run loads when it needs it, and children have from the start."""


class Order(msgspec.Struct):
    """What a child does.

    `crash` is what fails, as `module:function` or `module:Class.method`, and `error` what it then
    raises; without one the process is killed there. The text of the error is all of the input.
    """

    folder: str
    program: str
    arguments: list[str]
    crash: str | None = None
    error: str | None = None


class Told(msgspec.Struct):
    """All that a run has told."""

    code: int
    stdout: str
    log: str


class Children:
    """Starts runs in a folder, which keeps the work folder from one to the next."""

    def __init__(self, server: subprocess.Popen[bytes], folder: Path) -> None:
        self._server = server
        self.folder = folder
        self.work = folder / "work"

    def run(
        self,
        settings: dict[str, Any],
        messages: Iterable[Message | bytes] = (),
        *options: str,
        program: str = "target_clevertap.cli:main",
        **others: str,
    ) -> Told:
        """What a run of the target, or of another program of ours, has told."""
        (self.folder / "config.json").write_text(json.dumps(settings))
        (self.folder / "log.json").write_text(json.dumps(LOG_CONFIG))
        (self.folder / "input").write_bytes(lines(messages))
        arguments = [*options, "--config", str(self.folder / "config.json")]
        order = Order(str(self.folder), program, arguments, **others)
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(msgspec.json.encode(order) + b"\n")
        self._server.stdin.flush()
        code = int(self._server.stdout.readline())
        stdout, log = ((self.folder / name).read_text() for name in ("stdout", "log"))
        return Told(code, stdout, log)

    def files(self) -> dict[str, bytes]:
        """All that is left in the work folder, by the path in it."""
        return {
            str(path.relative_to(self.work)): path.read_bytes()
            for path in self.work.rglob("*")
            if path.is_file()
        }


@contextmanager
def forking() -> Iterator[subprocess.Popen[bytes]]:
    """The process that forks children; ended afterwards."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.privacy.children"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as server:
        try:
            yield server
        finally:
            assert server.stdin is not None
            server.stdin.close()


def main() -> None:
    """Serve until standard input ends."""
    for module in LOADED:
        import_module(module)
    render(small())  # its template is compiled once
    gc.freeze()
    LogLines.first = LogLines.every = 0.01  # half a minute would be too long for a test
    Run._sleep = lambda *_: None  # type: ignore[method-assign] # noqa: SLF001 - the same
    for line in sys.stdin.buffer:
        order = msgspec.json.decode(line, type=Order)
        pid = os.fork()
        if pid == 0:
            _carry_out(order)
        _, status = os.waitpid(pid, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def _carry_out(order: Order) -> NoReturn:
    """The life of a forked process."""
    folder = Path(order.folder)
    os.dup2(os.open(folder / "input", os.O_RDONLY), 0)
    for number, name in ((1, "stdout"), (2, "log")):
        os.dup2(os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
    os.environ["SINGER_SDK_LOG_CONFIG"] = str(folder / "log.json")
    os.environ["TARGET_CLEVERTAP_LOGLEVEL"] = "DEBUG"
    if order.crash is not None:
        _arm(order.crash, order.error, (folder / "input").read_text())
    try:
        resolve_name(order.program)(order.arguments)
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    sys.stdout.flush()
    os._exit(code)


def _arm(place: str, error: str | None, text: str) -> None:
    """Let a function crash whenever it is called."""

    def crash(*_: object, **__: object) -> NoReturn:
        if error is None:
            os.kill(os.getpid(), signal.SIGKILL)
        raise resolve_name(error or "")(text) from ValueError(text)

    module, _, path = place.partition(":")
    owner, _, name = path.rpartition(".")
    setattr(resolve_name(f"{module}:{owner}" if owner else module), name, crash)


if __name__ == "__main__":
    main()
