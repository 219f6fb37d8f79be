"""Rejected rows: each is kept with its reason, in a file that can be mended and replayed."""

from __future__ import annotations

import errno
import json
import os
import re
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timezone
from io import FileIO
from typing import TYPE_CHECKING, Any

import msgspec

from target_clevertap.errors import WorkDirError
from target_clevertap.folders import hold, sync_names
from target_clevertap.mapping.values import encode
from target_clevertap.reader import decode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

KEYS_SHOWN = 5


@dataclass(frozen=True, slots=True, eq=False)
class Stream:
    """A stream as its tap announced it, under the name that the settings know.

    `row_key` takes what names a row out of its record as the tap sends it. `origin` is the tap's
    own name for the stream, where a stream map has given it another. Rows of a stream that is
    `retried` are tried again in the next run when they are rejected; `again` is for those of a
    former run. Rows that are `moving` are retried ones whose newer version may be about another
    profile.
    """

    name: str
    schema: dict[str, Any]
    key_properties: tuple[str, ...]
    row_key: Callable[[dict[str, Any]], Sequence[object]]
    origin: str | None = None
    retried: bool = False
    again: bool = False
    moving: bool = False

    @property
    def name_in_tap(self) -> str:
        """What its tap calls it."""
        return self.origin or self.name

    def is_like(self, other: Stream) -> bool:
        """Whether another was announced in the same words."""
        if self is other:
            return True
        return (self.schema, self.key_properties) == (other.schema, other.key_properties)


class Row(msgspec.Struct, gc=False, eq=False):
    """One RECORD line, byte for byte, so that it can be kept as it came.

    `number` is that of its line in the input, if the rows of batch files were lines of their own.
    There is one for every row in flight: as a struct it costs a sixth of a frozen dataclass, and
    the garbage collector need not look at it.
    """

    stream: Stream
    line: bytes
    number: int

    def values(self) -> Sequence[object]:
        """What names this row among those of its stream; empty when nothing does."""
        return self.stream.row_key(decode(self.line).get("record", {}))

    def key(self) -> str:
        """What names this row to a person: its key, or its number."""
        values = self.values()
        if not values or any(value is None for value in values):
            return f"row {self.number}"
        return "/".join(str(value) for value in values)

    def released(self) -> bool:
        """Whether a person sends it in spite of a doubt, out of a file of rejected rows."""
        return (refused := former_reason(self.line)) is not None and (
            refused.get("code") == UNCERTAIN.code
        )


def former_reason(line: bytes) -> dict[str, Any] | None:
    """Why a row was rejected before, if a line comes out of a file of rejected rows."""
    if b'"rejected"' not in line:
        return None
    try:
        message = decode(line)
    except (ValueError, RecursionError):
        return None
    refused = message.get("rejected") if isinstance(message, dict) else None
    return refused if isinstance(refused, dict) else None


class Refused(msgspec.Struct, frozen=True):
    """Why a row was rejected: the `rejected` member of its line."""

    code: str
    reason: str
    property: str | None = None


UNCERTAIN = Refused("uncertain", "No answer tells whether CleverTap has taken the record")
"""Such a row may have arrived: a person decides about it, no later run does."""


@dataclass(slots=True)
class Group:
    """The rows of one stream that were rejected for one reason."""

    stream: str
    refused: Refused
    count: int = 0
    keys: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """For the log, which the keys have no place in: they are values of records too."""
        return f"{self.stream}: {self.count} rejected, {self.refused.code}: {self.refused.reason}"


class Rejects:
    """The rejected rows of a run, as a Singer stream in `path`, made when the first one comes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: FileIO | None = None
        self._size = 0
        """Bytes of whole lines in it."""
        self._synced = 0
        """Of these: what stays when the power goes."""
        self._held: int | None = None
        self._schema_written: dict[str, Stream] = {}
        self._groups: dict[tuple[str, str, str | None], Group] = {}

    def add(self, row: Row, refused: Refused) -> None:
        """Keep a row with its reason; a kill of the process does it no harm when this returns.

        Raises:
            WorkDirError: when the file cannot be written.
        """
        try:
            self._write(row, refused)
        except OSError as error:
            raise self._unwritable(error) from error
        name = row.stream.name
        group = self._groups.setdefault(
            (name, refused.code, refused.property), Group(name, refused)
        )
        group.count += 1
        if len(group.keys) < KEYS_SHOWN:
            group.keys.append(row.key())

    def sync(self) -> None:
        """Returns when what was kept is there even if the power goes: before a STATE covers it.

        Raises:
            WorkDirError: when the disk does not take it.
        """
        if self._file is None or self._synced == self._size:
            return
        try:
            os.fsync(self._file.fileno())
            if not self._synced:
                sync_names(self.path.parent)
        except OSError as error:
            raise self._unwritable(error) from error
        self._synced = self._size

    def close(self) -> None:
        """Close the file; everything is in it already."""
        if self._file is not None:
            self._file.close()
            self._file = None
        if self._held is not None:
            os.close(self._held)
            self._held = None

    @property
    def any(self) -> bool:
        """Whether there are rejected rows."""
        return bool(self._groups)

    def groups(self) -> Iterator[Group]:
        """What was rejected, by stream and reason, the largest group first."""
        yield from sorted(self._groups.values(), key=lambda group: -group.count)

    def _write(self, row: Row, refused: Refused) -> None:
        lines = _record_line(row, refused)
        stream = row.stream
        written = self._schema_written.get(stream.name_in_tap)
        if written is None or not written.is_like(stream):
            lines = _schema_line(stream) + lines
        self._append(lines)
        self._schema_written[stream.name_in_tap] = stream

    def _append(self, lines: bytes) -> None:
        """Write lines at the end, all of them or none: others may follow when there is room again.

        Raises:
            OSError: when they cannot be written.
        """
        file = self._file = self._file or self._open()
        written = 0
        try:
            written = file.write(lines)
        finally:
            if written != len(lines):
                with suppress(OSError):  # why it could not be written is what counts
                    file.truncate(self._size)
        if written != len(lines):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._size += len(lines)

    def _open(self) -> FileIO:
        if self._held is None:
            self._held = hold(self.path.parent)
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._size = os.fstat(descriptor).st_size
        return FileIO(descriptor, "ab")  # unbuffered

    def _unwritable(self, error: OSError) -> WorkDirError:
        return WorkDirError(
            f"Rejected rows cannot be kept in {self.path}: {error.strerror}. "
            "Make room, or set work_dir to a folder that can be written."
        )


def _schema_line(stream: Stream) -> bytes:
    message = {
        "type": "SCHEMA",
        "stream": stream.name_in_tap,
        "schema": stream.schema,
        "key_properties": stream.key_properties,
    }
    return encode(message) + b"\n"


def _record_line(row: Row, refused: Refused) -> bytes:
    """The tap's own line with the reason beside the record."""
    at = datetime.now(timezone.utc).isoformat(timespec="seconds")
    reason = msgspec.json.encode(msgspec.structs.asdict(refused) | {"at": at})
    return without_reason(row.line.strip())[:-1] + b',"rejected":' + reason + b"}\n"


_scan = json.JSONDecoder().raw_decode
"""A JSON value, and where it ends."""

_BETWEEN = re.compile(r"[\s:]*")


def without_reason(line: bytes) -> bytes:
    """A RECORD line without a former `rejected` member; the bytes of all others stay as they are.

    They would not if the line were decoded and written anew: not every number, and not all text.
    """
    if b'"rejected"' not in line:
        return line
    text = line.decode()
    members, at = [], 0
    while text[at] != "}":
        begin = at + 1
        name, at = _scan(text, _after(begin, text))
        _, at = _scan(text, _after(at, text))
        at = _after(at, text)
        if name != "rejected":
            members.append(text[begin:at])
    return f"{{{','.join(members)}}}".encode()


def _after(at: int, text: str) -> int:
    """Where the next thing begins that is neither space nor colon."""
    return _BETWEEN.match(text, at).end()  # type: ignore[union-attr] # it matches anywhere
