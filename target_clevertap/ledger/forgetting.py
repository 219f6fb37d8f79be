"""Forgetting on purpose: what a stream has delivered, so that it is sent again when it comes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import and_, delete, func, select, true

from target_clevertap.ledger import tables
from target_clevertap.ledger.packed import DIGEST_BYTES, STREAM_BYTES

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection, Table


@dataclass(frozen=True, slots=True)
class Forgettable:
    """How many rows of a stream there are to forget."""

    events: int = 0
    profiles: int = 0
    waiting: int = 0

    def __bool__(self) -> bool:
        return bool(self.events or self.profiles or self.waiting)


def count_rows(connection: Connection, stream: int, before: int | None) -> Forgettable:
    """What there is to forget of a stream, by its number.

    `before`: in seconds since the epoch; only what was delivered or rejected earlier. None: all.
    """
    return Forgettable(
        *(
            connection.scalar(select(func.count()).select_from(table).where(these)) or 0
            for table, these in _rows(stream, before)
        )
    )


def forget_rows(connection: Connection, stream: int, before: int | None) -> None:
    """Forget what `count_rows` counts."""
    for table, these in _rows(stream, before):
        connection.execute(delete(table).where(these))


def forget_segment(connection: Connection, account: str, name: str) -> None:
    """Forget the last upload of a list, and its members."""
    table = tables.segment
    this = (table.c.account == account) & (table.c.name == name)
    members = tables.member.c.segment.in_(select(table.c.number).where(this))
    connection.execute(delete(tables.member).where(members))
    connection.execute(delete(table).where(this))


def _rows(stream: int, before: int | None) -> list[tuple[Table, ColumnElement[bool]]]:
    event, profile, waiting = tables.event, tables.profile, tables.waiting
    begin, end = (number.to_bytes(STREAM_BYTES, "big") for number in (stream, stream + 1))
    of_profile = func.substr(
        profile.c.mark, DIGEST_BYTES + 1, STREAM_BYTES, type_=profile.c.mark.type
    )
    return [
        (event, and_(event.c.mark >= begin, event.c.mark < end, _is_old(event, before))),
        (profile, and_(of_profile == begin, _is_old(profile, before))),
        (waiting, and_(waiting.c.stream == stream, _is_old(waiting, before))),
    ]


def _is_old(table: Table, before: int | None) -> ColumnElement[bool]:
    return true() if before is None else table.c.at < before
