"""What rows say about the members of a custom list, gathered on disk instead of in memory."""

from __future__ import annotations

import csv
import sqlite3
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, BinaryIO

from target_clevertap.errors import WorkDirError
from target_clevertap.folders import make_private

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from target_clevertap.mapping import Member

MEMBERS_PER_INSERT = 1000
BLOCK_BYTES = 1 << 20
HEADER = ("Type", "Identity")  # CleverTap: custom list segments, 2026


@dataclass(frozen=True, slots=True)
class ListFile:
    """The file of a custom list: where it is, how many members it has, and what stands for them."""

    path: Path
    members: int
    digest: bytes


class Spool:
    """Members that rows have added or removed, in a temporary SQLite file; the last word counts."""

    def __init__(self, folder: Path) -> None:
        try:
            make_private(folder)
            self._folder = TemporaryDirectory(prefix="segment-", dir=folder)
            self._db = sqlite3.connect(
                Path(self._folder.name) / "members.sqlite", isolation_level=None
            )
        except (OSError, sqlite3.Error) as error:
            raise _unwritable(folder, error) from error
        # The file lives as long as the run: nothing is lost with it that a re-run would not bring.
        self._execute("PRAGMA journal_mode = OFF")
        self._execute("PRAGMA synchronous = OFF")
        self._execute(
            "CREATE TABLE member (type TEXT, identity TEXT, gone INTEGER,"
            " PRIMARY KEY (type, identity)) WITHOUT ROWID"
        )
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
        yield from self._execute(
            f"SELECT type, identity FROM member WHERE gone = {gone:d} ORDER BY type, identity"  # noqa: S608 - 0 or 1
        )

    def write(self, members: Iterable[tuple[str, str]]) -> ListFile:
        """A list as CleverTap wants it: `Type,Identity`, UTF-8, one member a line.

        Raises:
            WorkDirError: when the disk does not take it.
        """
        path = Path(self._folder.name) / "list.csv"
        count = 0
        try:
            with path.open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file, lineterminator="\n")
                writer.writerow(HEADER)
                for count, member in enumerate(members, start=1):  # noqa: B007 - how many there were
                    writer.writerow(member)
            with path.open("rb") as written:
                digest = _sha256(written)
        except (OSError, sqlite3.Error) as error:
            raise _unwritable(path.parent, error) from error
        return ListFile(path, count, digest)

    def close(self) -> None:
        """Forget the members and remove their files."""
        self._db.close()
        self._folder.cleanup()

    def _insert(self) -> None:
        members, self._pending = self._pending, []
        try:
            self._db.execute("BEGIN")
            self._db.executemany("INSERT OR REPLACE INTO member VALUES (?, ?, ?)", members)
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            raise _unwritable(Path(self._folder.name), error) from error

    def _execute(self, statement: str) -> sqlite3.Cursor:
        try:
            return self._db.execute(statement)
        except sqlite3.Error as error:
            raise _unwritable(Path(self._folder.name), error) from error


def _sha256(file: BinaryIO) -> bytes:
    digest = sha256()
    while block := file.read(BLOCK_BYTES):
        digest.update(block)
    return digest.digest()


def _unwritable(folder: Path, error: Exception) -> WorkDirError:
    return WorkDirError(
        f"The members of a segment cannot be gathered in {folder}: {error}. "
        "Make room, or set work_dir to a folder that can be written."
    )
