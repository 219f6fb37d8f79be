"""The SQLite database that holds what a sandbox was sent: a file, or memory."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

VERSION = 3
CACHE_KIB = 65_536
PAGE_BYTES = 16_384
"""Bodies are long: with SQLite's usual pages an upload costs a tenth more."""
CHECKPOINT_PAGES = 4_000

SCHEMA = """
CREATE TABLE profiles (
    id INTEGER PRIMARY KEY,
    properties TEXT NOT NULL,
    first_call INTEGER NOT NULL,
    last_call INTEGER NOT NULL,
    last_seen REAL NOT NULL
);
CREATE TABLE identifiers (
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    profile INTEGER NOT NULL,
    PRIMARY KEY (kind, value)
) WITHOUT ROWID;
CREATE INDEX identifiers_by_profile ON identifiers (profile);
CREATE TABLE events (
    id INTEGER PRIMARY KEY,
    profile INTEGER NOT NULL,
    identity TEXT NOT NULL,
    name TEXT NOT NULL,
    ts INTEGER NOT NULL,
    properties TEXT NOT NULL,
    call INTEGER NOT NULL
);
CREATE INDEX events_by_profile ON events (profile, ts);
CREATE INDEX events_by_name ON events (name);
CREATE TABLE devices (
    object_id TEXT PRIMARY KEY,
    profile INTEGER NOT NULL,
    token TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE calls (
    number INTEGER PRIMARY KEY,
    entry TEXT NOT NULL,
    path TEXT NOT NULL,
    trouble INTEGER NOT NULL
);
CREATE INDEX calls_in_trouble ON calls (number) WHERE trouble;
CREATE TABLE bodies (
    call INTEGER PRIMARY KEY,
    request BLOB NOT NULL,
    answer BLOB
);
CREATE TABLE rejections (
    id INTEGER PRIMARY KEY,
    call INTEGER NOT NULL,
    position INTEGER NOT NULL,
    code INTEGER NOT NULL,
    error TEXT NOT NULL,
    record TEXT NOT NULL
);
CREATE INDEX rejections_by_code ON rejections (code);
CREATE INDEX rejections_by_call ON rejections (call);
CREATE TABLE error_stream (
    id INTEGER PRIMARY KEY,
    call INTEGER NOT NULL,
    error TEXT NOT NULL,
    name TEXT NOT NULL,
    property TEXT,
    record TEXT NOT NULL
);
CREATE TABLE deletions (
    due REAL NOT NULL,
    kind TEXT NOT NULL,
    value TEXT NOT NULL
);
CREATE TABLE segments (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    customer_id TEXT UNIQUE,
    status TEXT NOT NULL,
    members INTEGER NOT NULL DEFAULT 0,
    unknown INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE list_uploads (
    id INTEGER PRIMARY KEY,
    segment INTEGER NOT NULL,
    entry TEXT NOT NULL
);
CREATE TABLE members (
    segment INTEGER NOT NULL,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    profile INTEGER,
    PRIMARY KEY (segment, kind, value)
) WITHOUT ROWID;
CREATE INDEX members_unknown ON members (segment, kind, value) WHERE profile IS NULL;
CREATE TABLE mails (
    id INTEGER PRIMARY KEY,
    mail TEXT NOT NULL
);
CREATE TABLE tallies (
    what TEXT NOT NULL,
    which TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (what, which)
) WITHOUT ROWID;
CREATE TABLE event_hours (
    name TEXT NOT NULL,
    hour INTEGER NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (name, hour)
) WITHOUT ROWID;
CREATE TABLE search_terms (
    term TEXT NOT NULL,
    profile INTEGER NOT NULL,
    PRIMARY KEY (term, profile)
) WITHOUT ROWID;
CREATE TABLE search_waiting (
    id INTEGER PRIMARY KEY,
    profiles BLOB NOT NULL
);
"""

TABLES = (
    "profiles",
    "identifiers",
    "events",
    "devices",
    "calls",
    "rejections",
    "error_stream",
    "deletions",
    "segments",
    "list_uploads",
    "members",
    "mails",
)
"""What was sent, and what became of it."""
DERIVED = ("bodies", "tallies", "event_hours", "search_terms", "search_waiting")
"""What makes the same quick to look at."""


class OtherVersionError(Exception):
    """The file was written by a sandbox with other tables, or by another program."""


class Store:
    """One connection to the database; every call is one transaction."""

    def __init__(self, path: Path | None = None) -> None:
        self._connection = sqlite3.connect(path or ":memory:", isolation_level=None)
        self.execute = self._connection.execute
        self.executemany = self._connection.executemany
        self._prepare()

    def _prepare(self) -> None:
        # A sandbox may lose its last call with the machine's power, but not with its own process.
        self.execute(f"PRAGMA page_size = {PAGE_BYTES}")
        self.execute("PRAGMA journal_mode = WAL")
        self.execute("PRAGMA synchronous = OFF")
        self.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        self.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
        version = self.execute("PRAGMA user_version").fetchone()[0]
        if version == 0 and not self.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
            self._connection.executescript(SCHEMA)
            self.execute(f"PRAGMA user_version = {VERSION}")
        elif version != VERSION:
            raise OtherVersionError

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Write all of the block, or nothing if it raises."""
        self.execute("BEGIN")
        try:
            yield
        except BaseException:
            self.execute("ROLLBACK")
            raise
        self.execute("COMMIT")

    def insert(self, statement: str, values: tuple[object, ...]) -> int:
        """The id of the row that `statement` inserts."""
        return self.execute(statement, values).lastrowid or 0

    def count(self, table: str) -> int:
        """Rows of `table`, which is a name from `TABLES`."""
        row: tuple[int] = self.execute(f"SELECT COUNT(*) FROM {table}").fetchone()  # noqa: S608 - own name
        return row[0]

    def clear(self, tables: Iterable[str] = (*TABLES, *DERIVED)) -> None:
        """Empty the tables."""
        with self.transaction():
            for table in tables:
                self.execute(f"DELETE FROM {table}")  # noqa: S608 - own name

    @property
    def changes(self) -> int:
        """A number that grows with every row that is written or removed."""
        return self._connection.total_changes

    def close(self) -> None:
        """Close the database."""
        self._connection.close()
