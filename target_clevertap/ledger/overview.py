"""What is in a ledger, for people: read beside a run that writes, without stopping it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import case, func, select

from target_clevertap.ledger import tables
from target_clevertap.ledger.forgetting import COUNTERS
from target_clevertap.ledger.packed import DIGEST_BYTES, STREAM_BYTES, split
from target_clevertap.ledger.packed import marks as about
from target_clevertap.ledger.sqlite import SqliteDatabase
from target_clevertap.ledger.statements import (
    FORGOTTEN,
    KNOWN_EVENTS,
    KNOWN_PROFILES,
    positions_in,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sqlalchemy import Connection, Select

    from target_clevertap.ledger.database import Database

MARKS_AT_ONCE = 1000


@dataclass(slots=True)
class Rows:
    """How many marks there are, by the number of their stream."""

    delivered: Counter[int] = field(default_factory=Counter)
    held: Counter[int] = field(default_factory=Counter)
    profiles: Counter[int] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class StreamOverview:
    """A stream and its rows; times in seconds since the epoch, None when there was no such run.

    `held` are events and counters that may have been delivered.
    """

    name: str
    delivered: int
    held: int
    profiles: int
    waiting: int
    first_run_done_at: int | None
    last_run_at: int | None


@dataclass(frozen=True, slots=True)
class SegmentOverview:
    """A custom list: its members at the last upload, and those that are kept here."""

    name: str
    members: int | None
    kept: int
    uploaded_at: int | None


@dataclass(frozen=True, slots=True)
class Overview:
    """All that is known about one account; the size is that of the whole database."""

    place: str
    size: int
    streams: Sequence[StreamOverview]
    segments: Sequence[SegmentOverview]


def overview(database: Database, account: str) -> Overview:
    """What the ledger of an account holds.

    Raises:
        LedgerError: it cannot be read.
    """
    with database.reading() as connection:
        if isinstance(database, SqliteDatabase):
            # One moment for all, or a mark could be on its way from where it is looked for next.
            connection.exec_driver_sql("BEGIN")
        streams = list(_streams(connection, account))
        segments = list(_segments(connection, account))
        connection.rollback()
    return Overview(database.place, database.size(), streams, segments)


def _streams(connection: Connection, account: str) -> Iterator[StreamOverview]:
    rows = _rows(connection)
    row = tables.waiting
    waiting = Counter(_pairs(connection, select(row.c.stream, func.count()).group_by(row.c.stream)))
    table = tables.stream
    found = select(table).where(table.c.account == account).order_by(table.c.name)
    for one in connection.execute(found).all():
        yield StreamOverview(
            one.name,
            rows.delivered[one.number],
            rows.held[one.number],
            rows.profiles[one.number],
            waiting[one.number],
            one.first_run_done_at,
            one.last_run_at,
        )


def _segments(connection: Connection, account: str) -> Iterator[SegmentOverview]:
    table, member = tables.segment, tables.member
    counts = select(member.c.segment, func.count()).group_by(member.c.segment)
    kept = _pairs(connection, counts)
    found = select(table).where(table.c.account == account).order_by(table.c.name)
    for row in connection.execute(found).all():
        yield SegmentOverview(row.name, row.members, kept.get(row.number, 0), row.uploaded_at)


def _rows(connection: Connection) -> Rows:
    """The marks in their places, and those that are on their way there."""
    rows = Rows()
    event, profile = tables.event, tables.profile
    of_event = func.substr(event.c.mark, 1, STREAM_BYTES, type_=event.c.mark.type).label("of")
    held = func.sum(case((event.c.held, 1), else_=0))
    for of, total, kept in connection.execute(
        select(of_event, func.count(), held).group_by(of_event)
    ).all():
        rows.delivered[_number(of)] += total - kept
        rows.held[_number(of)] += kept
    begin = DIGEST_BYTES + 1
    stream = func.substr(profile.c.mark, begin, STREAM_BYTES, type_=event.c.mark.type)
    of_profile = stream.label("of")
    counts = select(of_profile, func.count()).group_by(of_profile)
    for of, total in connection.execute(counts).all():
        rows.profiles[_number(of)] += total
    counter = tables.counter.c
    uncertain = select(counter.stream, COUNTERS).where(counter.call.is_(None))
    rows.held.update(_pairs(connection, uncertain.group_by(counter.stream)))
    _add_journal(connection, rows)
    return rows


def _add_journal(connection: Connection, rows: Rows) -> None:
    """Rows of the journal count if their marks are not in their places yet."""
    events: set[bytes] = set()
    contents: dict[bytes, bytes] = {}
    journal = tables.settled
    for row in connection.execute(select(journal).order_by(journal.c.id)).all():
        events.update(split(row.events))
        contents.update(zip(split(row.profiles), split(row.contents, DIGEST_BYTES), strict=True))
    for marks in _chunks(events):
        placed, kept = connection.execute(KNOWN_EVENTS, about(b"".join(marks))).one()
        there, held = set(positions_in(placed)), set(positions_in(kept))
        for position, mark in enumerate(marks):
            number = _number(mark[:STREAM_BYTES])
            rows.delivered[number] += position not in there or position in held
            rows.held[number] -= position in held
    for marks in _chunks(contents):
        there = set(positions_in(connection.scalar(KNOWN_PROFILES, about(b"".join(marks)))))
        for position, mark in enumerate(marks):
            exists = contents[mark] != FORGOTTEN
            rows.profiles[_number(mark[DIGEST_BYTES:])] += exists - (position in there)


def _pairs(connection: Connection, statement: Select[Any]) -> dict[int, int]:
    """The two columns of the rows."""
    return {row[0]: row[1] for row in connection.execute(statement).all()}


def _chunks(marks: Iterable[bytes]) -> Iterator[list[bytes]]:
    every = list(marks)
    for begin in range(0, len(every), MARKS_AT_ONCE):
        yield every[begin : begin + MARKS_AT_ONCE]


def _number(stream: bytes) -> int:
    return int.from_bytes(stream, "big")
