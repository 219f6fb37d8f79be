"""A terminal of a few escape sequences, fed by a real pseudo-terminal."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

SEQUENCE = re.compile(r"\x1b\[(\??[\d;]*)([A-Za-z])|([\r\n])|([^\x1b\r\n]+)")


@dataclass
class Terminal:
    """The lines that a person would see, without an end of what scrolls away."""

    lines: list[str] = field(default_factory=lambda: [""])
    row: int = 0
    column: int = 0
    cursor_visible: bool = True
    colours: set[str] = field(default_factory=set)
    frames: list[str] = field(default_factory=list)

    def feed(self, output: str) -> None:
        """Follow what a program wrote."""
        for found in SEQUENCE.finditer(output):
            argument, command, control, text = found.groups()
            if command:
                self._command(argument, command)
            elif control == "\r":
                self.column = 0
            elif control == "\n":
                self.row += 1
                self.lines += [""] * (self.row + 1 - len(self.lines))
            else:
                self._put(text)

    @property
    def text(self) -> str:
        """What is seen, without empty lines."""
        return "\n".join(line.rstrip() for line in self.lines if line.strip())

    def _put(self, text: str) -> None:
        line = self.lines[self.row].ljust(self.column)
        self.lines[self.row] = line[: self.column] + text + line[self.column + len(text) :]
        self.column += len(text)
        if "in flight" in text:
            self.frames.append(self.text)

    def _command(self, argument: str, command: str) -> None:
        if command == "A":
            self.row = max(0, self.row - int(argument or 1))
        elif (command, argument) == ("K", "2"):
            self.lines[self.row] = ""
        elif argument == "?25":
            self.cursor_visible = command == "h"
        elif command == "m":
            self.colours |= {part for part in argument.split(";") if re.fullmatch(r"[34]\d", part)}
        else:
            raise AssertionError(
                f"a sequence that this terminal does not know: {argument}{command}"
            )


@dataclass
class Ended:
    """What is left of a process that wrote its standard error to a terminal."""

    terminal: Terminal
    stdout: str
    code: int
    modes_kept: bool


def run_in_terminal(
    module: str, *arguments: str, environment: Mapping[str, str], width: int = 80, height: int = 24
) -> Ended:
    """A module of the tests, run with a terminal for its standard error."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
    before: list[Any] = termios.tcgetattr(theirs)
    process = subprocess.Popen(  # noqa: S603 - a module of our own
        [sys.executable, "-m", module, *arguments],
        stdout=subprocess.PIPE,
        stderr=theirs,
        env={"PATH": os.environ["PATH"], **environment},
        text=True,
    )
    output = _read_all(ours, process, theirs)
    stdout, _ = process.communicate(timeout=20)
    kept = termios.tcgetattr(theirs) == before
    os.close(theirs)
    os.close(ours)
    terminal = Terminal()
    terminal.feed(output)
    return Ended(terminal, stdout, process.returncode, kept)


def _read_all(ours: int, process: subprocess.Popen[str], theirs: int) -> str:
    """What was written to the terminal until the process ended.

    Our own end of it stays open, so that its modes can be looked at afterwards: the end is told
    by a mark that is written when the process is gone.
    """
    written = b""
    mark = b"\x00end"
    while process.poll() is None:
        written += _available(ours)
    os.write(theirs, mark)
    while mark not in written:
        written += _available(ours)
    return written.partition(mark)[0].decode()


def _available(descriptor: int) -> bytes:
    """What can be read by now, or comes within a moment."""
    ready, _, _ = select.select([descriptor], [], [], 0.05)
    return os.read(descriptor, 65536) if ready else b""
