"""What rows say about the members of a custom list, gathered on disk instead of in memory.

The files have no name any more once they are open: whatever ends the run, no member is left behind.
"""

from __future__ import annotations

import csv
import os
import sqlite3
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from tempfile import NamedTemporaryFile, TemporaryFile
from typing import TYPE_CHECKING, BinaryIO, TextIO

from target_clevertap.errors import WorkDirError
from target_clevertap.folders import hold

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from target_clevertap.mapping import Member

MEMBERS_PER_INSERT = 1000
BLOCK_BYTES = 1 << 20
HEADER = ("Type", "Identity")  # CleverTap: custom list segments, 2026


@dataclass(frozen=True, slots=True)
class ListFile:
    """The file of a custom list, open, with its bytes and members, and what stands for them."""

    content: BinaryIO
    size: int
    members: int
    digest: bytes


class Spool:
    """Members that rows have added or removed, in a temporary SQLite file; the last word counts."""

    def __init__(self, folder: Path) -> None:
        try:
            self._held = hold(folder)
            with NamedTemporaryFile(prefix="segment-", dir=folder) as file:
                self._db = sqlite3.connect(file.name, isolation_level=None, check_same_thread=False)
                # Nothing is lost with it that another run would not bring.
                self._db.execute("PRAGMA journal_mode = OFF")
                self._db.execute("PRAGMA synchronous = OFF")
                self._db.execute(
                    "CREATE TABLE member (type TEXT, identity TEXT, gone INTEGER,"
                    " PRIMARY KEY (type, identity)) WITHOUT ROWID"
                )
        except (OSError, sqlite3.Error) as error:
            raise _unwritable(folder, error) from error
        self._folder = folder
        self._list: TextIO | None = None
        self._pending: list[tuple[str, str, bool]] = []

    def add(self, member: Member, *, gone: bool = False) -> None:
        """Note a member, or that it is `gone`; doing so twice is the same as once.

        Raises:
            WorkDirError: when the disk does not take it.
        """
        self._pending.append((*member, gone))
        if len(self._pending) >= MEMBERS_PER_INSERT:
            self._insert()

    def members(self, *, gone: bool = False) -> Iterator[tuple[str, str]]:
        """The members that there are, or those that are gone; sorted."""
        self._insert()
        try:
            yield from self._db.execute(
                "SELECT type, identity FROM member WHERE gone = ? ORDER BY type, identity", (gone,)
            )
        except sqlite3.Error as error:
            raise _unwritable(self._folder, error) from error

    def write(self, members: Iterable[tuple[str, str]]) -> ListFile:
        """A list as CleverTap wants it: `Type,Identity`, UTF-8, one member a line.

        Raises:
            WorkDirError: when the disk does not take it.
        """
        count = 0
        try:
            file: TextIO = TemporaryFile(  # noqa: SIM115 - it is uploaded, and closed at the end
                "w+", encoding="utf-8", newline="", dir=self._folder
            )
            self._list = file
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(HEADER)
            for count, member in enumerate(members, start=1):  # noqa: B007 - how many there were
                writer.writerow(member)
            file.flush()
            size = file.buffer.tell()
            digest = _sha256(file.buffer)
        except OSError as error:
            raise _unwritable(self._folder, error) from error
        return ListFile(file.buffer, size, count, digest)

    def close(self) -> None:
        """Forget the members."""
        self._db.close()
        os.close(self._held)
        if self._list is not None:
            with suppress(OSError):  # what a full disk did not take is of no use any more
                self._list.close()

    def _insert(self) -> None:
        members, self._pending = self._pending, []
        try:
            self._db.execute("BEGIN")
            self._db.executemany("INSERT OR REPLACE INTO member VALUES (?, ?, ?)", members)
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            raise _unwritable(self._folder, error) from error


def _sha256(file: BinaryIO) -> bytes:
    digest = sha256()
    file.seek(0)
    while block := file.read(BLOCK_BYTES):
        digest.update(block)
    return digest.digest()


def _unwritable(folder: Path, error: Exception) -> WorkDirError:
    return WorkDirError(
        f"The members of a segment cannot be gathered in {folder}: {error}. "
        "Make room, or set work_dir to a folder that can be written."
    )
