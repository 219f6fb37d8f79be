"""Singer messages from the lines of a tap: bytes in, one dict a message, lines numbered.

The reader is also where the program waits: it wakes up for what is due (`tick`) while the tap is
silent. A line that cannot be read stops the run. Its number and length are said, never its content.
"""

from __future__ import annotations

import json
import logging
import os
import select
import signal
import sys
import threading
from collections import Counter
from contextlib import suppress
from decimal import Decimal
from itertools import count, islice
from typing import IO, TYPE_CHECKING, Any

import msgspec
from singer_sdk.singerlib.encoding.base import GenericSingerReader
from typing_extensions import override

from target_clevertap.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

log = logging.getLogger(__name__)

Message = dict[str, Any]

RECORD_MEMBER = b'"record"'
"""What comes before it in a RECORD line tells whose row it is."""

CHUNK_BYTES = 120_000
"""Read at once, at most: little enough for the C library to have it ready (`process.py`).

A pipe gives 64 KiB.
"""


LINES_AT_ONCE = 256
"""Taken together, at most: what each of them costs does not get less with more."""


LOOK_AT_TAP = "The tap broke the Singer contract; run it by itself and look at that line."


class StateLine(msgspec.Struct):
    """A STATE message whose value stays the very bytes that the tap wrote."""

    value: msgspec.Raw


class LineReader(GenericSingerReader[bytes]):
    """Reads messages line by line until the input ends or `stop` is called."""

    def __init__(self) -> None:
        super().__init__()
        self.line = b""
        self.line_number = 0
        self.batch_rows = 0
        """Rows that came in the files of BATCH messages until now."""
        self.tick: Callable[[], float | None] = lambda: None
        """Is called between lines, and while there are none: does what is due, and returns in how
        many seconds something will be, if anything will."""
        self.take: Callable[[Iterable[bytes], Iterable[int]], int] = lambda *_: 0
        """May take the next lines undecoded, with their numbers; returns how many it took."""
        self.before: Callable[[bytes], None] = lambda _: None
        """Is called once, before any line is processed, with the first one that is no SCHEMA: it
        tells what kind of input this is. It is empty when the input has no such line."""
        self.failed: Callable[[BaseException], None] = lambda _: None
        """Is told what has ended the reading before the input did."""
        self._stopped = False
        self._bell: tuple[int, int] | None = None
        self._without_end: bytes | None = None
        """The last line of the input, if no line end came after it."""

    @property
    def row_number(self) -> int:
        """That of the current line, if the rows of batch files were lines of their own."""
        return self.line_number + self.batch_rows

    @property
    @override
    def default_input(self) -> IO[bytes]:
        if sys.stdin is None:
            raise InputError("Standard input is closed: pipe a tap in, or name a file by --input.")
        if sys.stdin.isatty():
            log.info(
                "Waiting for a tap on standard input, which is a terminal: pipe one in "
                "(tap | target-clevertap), or name a file by --input."
            )
        return sys.stdin.buffer

    @override
    def process_lines(
        self,
        file_input: IO[bytes] | IO[str] | None,
        callbacks: Mapping[str, Callable[[Message], None]],
    ) -> Counter[str]:
        """Hands every message to the callback of its type; returns how many of each there were."""
        try:
            return self._process(file_input or self.default_input, callbacks)
        except BaseException as error:
            self.failed(error)
            raise

    def _process(
        self, source: IO[bytes] | IO[str], callbacks: Mapping[str, Callable[[Message], None]]
    ) -> Counter[str]:
        counts: Counter[str] = Counter()
        taken = 0
        for lines in self._told_of(self._lines(source)):
            at = 0
            while at < len(lines) and not self._stopped:
                some = islice(lines, at, at + LINES_AT_ONCE)
                if took := self.take(some, count(self.row_number + 1)):
                    at += took
                    taken += took
                    self.line_number += took
                    continue
                self.line_number += 1
                self.line = line = lines[at]
                at += 1
                if line and not line.isspace():
                    counts[self._dispatch(line, callbacks)] += 1
        counts["RECORD"] += taken
        return counts

    def _told_of(self, source: Iterator[list[bytes]]) -> Iterator[list[bytes]]:
        """The same lines, held back until `before` was told of the first that is no SCHEMA."""
        held: list[bytes] = []
        first = b""
        for lines in source:
            held += lines
            first = next((line for line in lines if not _only_announces(line)), b"")
            if first:
                break
        if not self._stopped:
            self.before(first)
            yield held
        yield from source

    def _dispatch(self, line: bytes, callbacks: Mapping[str, Callable[[Message], None]]) -> str:
        """Hand the message in a line to the callback of its type; returns the type."""
        message = self.deserialize_json(line)
        kind = message.get("type")
        if not isinstance(kind, str) or kind not in callbacks:
            raise self.error("is not a Singer message of a known type")
        if not isinstance(message.get("stream", ""), str):
            raise self.error("has a stream whose name is no text")
        callbacks[kind](message)
        return kind

    def _lines(self, source: IO[bytes] | IO[str]) -> Iterator[list[bytes]]:
        """The lines of the input, as many at a time as are there."""
        try:
            descriptor = source.fileno()
        except OSError:
            # Not a file of the system's: whatever it is, it has all its lines already.
            lines = [line.encode() if isinstance(line, str) else line for line in source]
            if lines and not lines[-1].endswith(b"\n"):
                self._without_end = lines[-1]
            yield lines
            return
        rest: list[bytes] = []
        while chunk := self._chunk(descriptor):
            first, *others = chunk.split(b"\n")
            rest.append(first)
            if others:
                last = others.pop()
                yield [b"".join(rest), *others]
                rest = [last]
        if not self._stopped:
            self._without_end = b"".join(rest)
            yield [self._without_end]

    def _chunk(self, descriptor: int) -> bytes:
        """The next bytes of the input; none when it has ended, or the reading was stopped.

        The wait for them ends early for what is due, and for the bell.
        """
        bell = self._hear()
        while not self._stopped:
            due = self.tick()
            ready, _, _ = select.select([descriptor, bell], [], [], due)
            if bell in ready:
                os.read(bell, CHUNK_BYTES)  # rung any number of times, it is answered once
            if descriptor in ready:
                return os.read(descriptor, CHUNK_BYTES)
        return b""

    def _hear(self) -> int:
        """The end of a pipe that can be read when the reader was to wake up."""
        if self._bell is None:
            self._bell = os.pipe()
            for descriptor in self._bell:
                os.set_blocking(descriptor, False)
            if threading.current_thread() is threading.main_thread():
                # A signal that comes just before the wait would else not end it.
                signal.set_wakeup_fd(self._bell[1], warn_on_full_buffer=False)
        return self._bell[0]

    def ring(self) -> None:
        """Wake the reader while it waits, so that it calls `tick`. For any thread."""
        if self._bell is not None:
            with suppress(BlockingIOError):  # full: it was rung often enough
                os.write(self._bell[1], b"!")

    def stop(self) -> None:
        """Read no further line. For signal handlers too."""
        self._stopped = True
        self.ring()

    def close(self) -> None:
        """Let go of what `ring` needs; nobody may ring any more."""
        if self._bell is not None:
            if threading.current_thread() is threading.main_thread():
                signal.set_wakeup_fd(-1)
            for descriptor in self._bell:
                os.close(descriptor)
            self._bell = None

    @override
    def deserialize_json(self, line: bytes) -> Message:
        """The message in a line.

        Raises:
            InputError: when it is not a JSON object.
        """
        try:
            message = decode(line)
        except (ValueError, RecursionError):
            raise self.error(self._fault_of(line)) from None
        if not isinstance(message, dict):
            raise self.error("is not a Singer message")
        return message

    def _fault_of(self, line: bytes) -> str:
        """Why a line that could not be decoded is no JSON."""
        if _is_cut_off(line.rstrip(b"\r\n")):
            if line is self._without_end:
                return "is cut off: the input ends in the middle of a line"
            return "has only the beginning of a message, which must be on one line (jq -c)"
        try:
            line.decode()
        except UnicodeDecodeError:
            return "is not UTF-8 text"
        return "is not valid JSON"

    @override
    def assert_line_requires(self, line_dict: Message, requires: set[str]) -> None:  # type: ignore[override] # knows the line
        """Pass a message that has all of `requires`; the SDK's own text would quote it.

        Raises:
            InputError: naming what is missing.
        """
        if missing := sorted(requires - line_dict.keys()):
            raise self.error(f"lacks {', '.join(missing)}")

    def error(self, problem: str, advice: str = LOOK_AT_TAP) -> InputError:
        """What is wrong with the current line, by number and length, and what to do."""
        return InputError(
            f"Line {self.line_number} of the input ({len(self.line)} bytes) {problem}. {advice}"
        )


def _only_announces(line: bytes) -> bool:
    """Whether a line is a SCHEMA, or blank."""
    if not line or line.isspace():
        return True
    try:
        message = decode(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(message, dict) and message.get("type") == "SCHEMA"


def _is_cut_off(line: bytes) -> bool:
    """Whether a line is the beginning of JSON, and no more than that."""
    try:
        msgspec.json.decode(line)
    except msgspec.DecodeError as error:
        return "truncated" in str(error)  # msgspec's only way to tell
    except (ValueError, RecursionError):
        return False
    return False


def beginning_of(line: bytes, stream: str) -> bytes | None:
    """What comes before the record in a RECORD line of a stream.

    None when it says more than type and stream: it may then be another in the next line.
    """
    beginning = line[: line.find(RECORD_MEMBER)]
    try:
        message = decode(beginning + RECORD_MEMBER + b":0}")
    except ValueError:
        return None
    return beginning if message == {"type": "RECORD", "stream": stream, "record": 0} else None


_decoder = msgspec.json.Decoder(float_hook=Decimal)


def decode(line: bytes) -> Any:  # noqa: ANN401 - any JSON value
    """The JSON value of a line: integers and decimals with every digit that the tap wrote.

    msgspec refuses `NaN` and `Infinity`, which taps written in Python emit for such numbers.
    They are read as floats here, and the mapping decides about the column.

    Raises:
        ValueError: when it is not JSON.
    """
    try:
        return _decoder.decode(line)
    except msgspec.DecodeError:
        return json.loads(line, parse_float=Decimal)
