"""Forgetting on purpose: what a stream has delivered, so that it is sent again when it comes."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import Integer, and_, delete, func, select, true

from target_clevertap.ledger import tables
from target_clevertap.ledger.packed import DIGEST_BYTES, PROFILE_BYTES, STREAM_BYTES

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection, Table


_bytes = func.length(tables.counter.c.rows, type_=Integer)
COUNTERS: Final = func.sum(_bytes) // PROFILE_BYTES
"""How many rows of counters are packed in rows of their table."""


@dataclass(frozen=True, slots=True)
class Forgettable:
    """How many rows of a stream there are to forget."""

    events: int = 0
    profiles: int = 0
    waiting: int = 0
    counters: int = 0

    def __bool__(self) -> bool:
        return any(astuple(self))


def count_rows(connection: Connection, stream: int, before: int | None) -> Forgettable:
    """What there is to forget of a stream, by its number.

    `before`: in seconds since the epoch; only what was delivered or rejected earlier. None: all.
    """
    return Forgettable(
        *(
            connection.scalar(select(number).select_from(table).where(these)) or 0
            for table, these, number in _rows(stream, before)
        )
    )


def forget_rows(connection: Connection, stream: int, before: int | None) -> None:
    """Forget what `count_rows` counts."""
    for table, these, _ in _rows(stream, before):
        connection.execute(delete(table).where(these))


def forget_segment(connection: Connection, account: str, name: str) -> None:
    """Forget the last upload of a list, and its members."""
    table = tables.segment
    this = (table.c.account == account) & (table.c.name == name)
    members = tables.member.c.segment.in_(select(table.c.number).where(this))
    connection.execute(delete(tables.member).where(members))
    connection.execute(delete(table).where(this))


def _rows(
    stream: int, before: int | None
) -> list[tuple[Table, ColumnElement[bool], ColumnElement[int]]]:
    """The rows of a stream in each table, and how many there are in those."""
    event, profile = tables.event, tables.profile
    waiting, counter = tables.waiting, tables.counter
    held = (counter.c.stream == stream) & counter.c.call.is_(None)
    one_each = func.count()
    begin, end = (number.to_bytes(STREAM_BYTES, "big") for number in (stream, stream + 1))
    of_profile = func.substr(
        profile.c.mark, DIGEST_BYTES + 1, STREAM_BYTES, type_=profile.c.mark.type
    )
    return [
        (event, and_(event.c.mark >= begin, event.c.mark < end, _is_old(event, before)), one_each),
        (profile, and_(of_profile == begin, _is_old(profile, before)), one_each),
        (waiting, and_(waiting.c.stream == stream, _is_old(waiting, before)), one_each),
        (counter, and_(held, _is_old(counter, before)), COUNTERS),
    ]


def _is_old(table: Table, before: int | None) -> ColumnElement[bool]:
    return true() if before is None else table.c.at < before
