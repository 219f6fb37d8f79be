"""The members of a custom list, gathered on disk: unique without being held in memory."""

from __future__ import annotations

import csv
import sqlite3
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from target_clevertap.errors import WorkDirError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from target_clevertap.mapping import Member

MEMBERS_PER_INSERT = 1000
HEADER = ("Type", "Identity")  # CleverTap: custom list segments, 2026


class Spool:
    """A set of members in a temporary SQLite file; the primary key is what makes it a set."""

    def __init__(self, folder: Path) -> None:
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
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
            "CREATE TABLE member (type TEXT, identity TEXT, PRIMARY KEY (type, identity))"
            " WITHOUT ROWID"
        )
        self._pending: list[Member] = []

    def add(self, member: Member) -> None:
        """Add a member; adding it twice is the same as once.

        Raises:
            WorkDirError: when the disk does not take it.
        """
        self._pending.append(member)
        if len(self._pending) >= MEMBERS_PER_INSERT:
            self._insert()

    def __len__(self) -> int:
        """How many different members there are."""
        self._insert()
        (count,) = self._execute("SELECT count(*) FROM member").fetchone()
        return int(count)

    def write_csv(self) -> Path:
        """The list as CleverTap wants it: `Type,Identity`, UTF-8, one member a line."""
        self._insert()
        path = Path(self._folder.name) / "list.csv"
        try:
            with path.open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file, lineterminator="\n")
                writer.writerow(HEADER)
                writer.writerows(self._members())
        except (OSError, sqlite3.Error) as error:
            raise _unwritable(path.parent, error) from error
        return path

    def close(self) -> None:
        """Forget the members and remove their files."""
        self._db.close()
        self._folder.cleanup()

    def _members(self) -> Iterator[tuple[str, str]]:
        yield from self._db.execute("SELECT type, identity FROM member")

    def _insert(self) -> None:
        members, self._pending = self._pending, []
        try:
            self._db.execute("BEGIN")
            self._db.executemany("INSERT OR IGNORE INTO member VALUES (?, ?)", members)
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            raise _unwritable(Path(self._folder.name), error) from error

    def _execute(self, statement: str) -> sqlite3.Cursor:
        try:
            return self._db.execute(statement)
        except sqlite3.Error as error:
            raise _unwritable(Path(self._folder.name), error) from error


def _unwritable(folder: Path, error: Exception) -> WorkDirError:
    return WorkDirError(
        f"The members of a segment cannot be gathered in {folder}: {error}. "
        "Make room, or set work_dir to a folder that can be written."
    )
