"""The tables of the ledger, the same in SQLite and in PostgreSQL.

Marks are twenty bytes: of an event its stream's number and the digest of its key, of a profile the
digest of its identity and the stream's number. Times are seconds since the epoch.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

PREFIX: Final = "clevertap_ledger_"
"""A shared database has tables of others, too."""

metadata = MetaData()

_NUMBER = BigInteger().with_variant(Integer, "sqlite")
"""SQLite numbers its rows by itself only when the type is called INTEGER."""

version = Table(
    f"{PREFIX}version",
    metadata,
    Column("version", Integer, nullable=False),
    Column("digest", Text),
)
"""One row: the version of the tables, and what makes the digests in them."""

service = Table(
    f"{PREFIX}service",
    metadata,
    Column("account", Text, primary_key=True),
    Column("local", Boolean, nullable=False),
)
"""Whether what an account has was delivered to a CleverTap on this machine, or to the real one."""

run = Table(
    f"{PREFIX}run",
    metadata,
    Column("id", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("process", Integer, nullable=False),
    Column("host", Text, nullable=False),
    Column("started_at", BigInteger, nullable=False),
)
"""One row for each run that goes on, or was cut off."""

stream = Table(
    f"{PREFIX}stream",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("account", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("run", Text),
    Column("first_run_done_at", BigInteger),
    Column("last_run_at", BigInteger),
    UniqueConstraint("account", "name"),
    sqlite_autoincrement=True,
)
"""A number is never used twice: marks of a forgotten stream must not speak for a new one."""

event = Table(
    f"{PREFIX}event",
    metadata,
    Column("mark", LargeBinary, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("held", Boolean, nullable=False),
    sqlite_with_rowid=False,
)

profile = Table(
    f"{PREFIX}profile",
    metadata,
    Column("mark", LargeBinary, primary_key=True),
    Column("content", LargeBinary, nullable=False),
    Column("at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

call = Table(
    f"{PREFIX}call",
    metadata,
    Column("id", _NUMBER, primary_key=True),
    Column("run", Text, nullable=False, index=True),
    Column("events", LargeBinary, nullable=False),
    Column("profiles", LargeBinary, nullable=False),
    Column("at", BigInteger, nullable=False),
)
"""One row for each call in flight, with the marks of all that is in it."""

counter = Table(
    f"{PREFIX}counter",
    metadata,
    Column("id", _NUMBER, primary_key=True),
    Column("call", _NUMBER, index=True),
    Column("stream", Integer, nullable=False),
    Column("rows", LargeBinary, nullable=False),
    Column("at", BigInteger, nullable=False),
)
"""Profiles with counters: of a call in flight, or without a call those that are held."""

settled = Table(
    f"{PREFIX}settled",
    metadata,
    Column("id", _NUMBER, primary_key=True),
    Column("events", LargeBinary, nullable=False),
    Column("profiles", LargeBinary, nullable=False),
    Column("contents", LargeBinary, nullable=False),
    Column("at", BigInteger, nullable=False),
)
"""The journal of what is not yet in `event` and `profile` (SQLite only)."""

segment = Table(
    f"{PREFIX}segment",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("account", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("members", BigInteger),
    Column("digest", LargeBinary),
    Column("uploaded_at", BigInteger),
    UniqueConstraint("account", "name"),
)

member = Table(
    f"{PREFIX}member",
    metadata,
    Column("segment", Integer, primary_key=True, autoincrement=False),
    Column("type", LargeBinary, primary_key=True),
    Column("identity", LargeBinary, primary_key=True),
    sqlite_with_rowid=False,
)
"""The members of lists to which rows add; as bytes their order is the same everywhere."""

announced = Table(
    f"{PREFIX}announced",
    metadata,
    Column("stream", Integer, primary_key=True, autoincrement=False),
    Column("digest", LargeBinary, primary_key=True),
    Column("schema", LargeBinary, nullable=False),
    Column("key_properties", Text, nullable=False),
)
"""The SCHEMA messages of waiting rows."""

waiting = Table(
    f"{PREFIX}waiting",
    metadata,
    Column("id", _NUMBER, primary_key=True),
    Column("stream", Integer, nullable=False),
    Column("key", LargeBinary, nullable=False),
    Column("announced", LargeBinary, nullable=False),
    Column("line", LargeBinary, nullable=False),
    Column("code", Text, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("number", BigInteger, nullable=False),
    Index(f"{PREFIX}waiting_key", "stream", "key", unique=True),
)
"""Rejected rows that will be tried again, in the order of their ids.

`number` is that of a row's line in the run that has rejected it, 0 for rows of former runs.
"""
