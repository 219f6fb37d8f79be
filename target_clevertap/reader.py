"""Singer messages from the lines of a tap: bytes in, one dict a message, lines numbered.

A line that cannot be read stops the run. Its number and length are said, never its content.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from decimal import Decimal
from typing import IO, TYPE_CHECKING, Any

import msgspec
from singer_sdk.singerlib.encoding.base import GenericSingerReader
from typing_extensions import override

from target_clevertap.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Message = dict[str, Any]


class StateLine(msgspec.Struct):
    """A STATE message whose value stays the very bytes that the tap wrote."""

    value: msgspec.Raw


class LineReader(GenericSingerReader[bytes]):
    """Reads messages line by line until the input ends or `stop` is called."""

    def __init__(self) -> None:
        super().__init__()
        self.line = b""
        self.line_number = 0
        self._waiting = False
        self._stopped = False

    @property
    @override
    def default_input(self) -> IO[bytes]:
        return sys.stdin.buffer

    @override
    def process_lines(
        self,
        file_input: IO[bytes] | IO[str] | None,
        callbacks: Mapping[str, Callable[[Message], None]],
    ) -> Counter[str]:
        """Hands every message to the callback of its type; returns how many of each there were."""
        counts: Counter[str] = Counter()
        for line in self._lines(file_input or self.default_input):
            message = self.deserialize_json(line)
            kind = message.get("type")
            if not isinstance(kind, str) or kind not in callbacks:
                raise self.error("is not a Singer message of a known type")
            callbacks[kind](message)
            counts[kind] += 1
        return counts

    def _lines(self, source: IO[bytes] | IO[str]) -> Any:  # noqa: ANN401 - a generator of bytes
        """The lines of the input, without the blank ones."""
        while not self._stopped:
            # `stop` may interrupt the wait for a line from a signal handler, nothing else.
            self._waiting = True
            try:
                line = source.readline()
            except _Stop:
                return
            finally:
                self._waiting = False
            if not line:
                return
            self.line_number += 1
            # Files opened as text reach the reader through the SDK's own test runner only.
            self.line = line.encode() if isinstance(line, str) else line
            if not self.line.isspace():
                yield self.line

    def stop(self) -> None:
        """Read no further line; also wakes the reader from waiting for one (signal handlers)."""
        self._stopped = True
        if self._waiting:
            raise _Stop

    @override
    def deserialize_json(self, line: bytes) -> Message:
        """The message in a line.

        Raises:
            InputError: when it is not a JSON object.
        """
        try:
            message = decode(line)
        except (ValueError, RecursionError):
            raise self.error("is not valid JSON") from None
        if not isinstance(message, dict):
            raise self.error("is not a Singer message")
        return message

    @override
    def assert_line_requires(self, line_dict: Message, requires: set[str]) -> None:  # type: ignore[override] # knows the line
        """Pass a message that has all of `requires`; the SDK's own text would quote it.

        Raises:
            InputError: naming what is missing.
        """
        if missing := sorted(requires - line_dict.keys()):
            raise self.error(f"lacks {', '.join(missing)}")

    def error(self, problem: str) -> InputError:
        """What is wrong with the current line, by number and length."""
        return InputError(
            f"Line {self.line_number} of the input ({len(self.line)} bytes) {problem}. "
            "The tap broke the Singer contract; run it by itself and look at that line."
        )


class _Stop(Exception):
    """Raised by `stop` to leave a blocking read."""


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
