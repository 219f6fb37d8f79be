"""Custom lists: what was uploaded last, and the members of lists to which rows add."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, delete, func, select, tuple_

from target_clevertap.ledger import tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sqlalchemy import ColumnElement, Connection

    from target_clevertap.ledger.database import Database
    from target_clevertap.ledger.run import Run

MEMBERS_AT_ONCE: Final = 10_000

NOT_KNOWN_YET: Final = b""
"""The digest of a list while its first upload goes on."""


@dataclass(frozen=True, slots=True)
class SegmentEntry:
    """The last upload of a list; `uploaded_at` in seconds since the epoch."""

    members: int
    digest: bytes
    uploaded_at: int


class Segments:
    """The custom lists of one account."""

    def __init__(self, database: Database, run: Run, clock: Callable[[], float]) -> None:
        self._database = database
        self._account = run.account
        self._clock = clock

    def last_upload(self, name: str) -> SegmentEntry | None:
        """What was uploaded last; None when nothing was."""
        table = tables.segment
        found = select(table.c.members, table.c.digest, table.c.uploaded_at)
        with self._database.reading() as connection:
            row = connection.execute(found.where(self._is(name))).one_or_none()
        return None if row is None or row.uploaded_at is None else SegmentEntry(*row)

    def may_have_uploaded(self, name: str) -> bool:
        """Whether a list was uploaded, or an upload has begun whose end nobody has seen."""
        found = select(tables.segment.c.digest).where(self._is(name))
        with self._database.reading() as connection:
            return connection.scalar(found) is not None

    def begun(self, name: str) -> None:
        """A list is about to be uploaded for the first time."""
        self._set(name, digest=NOT_KNOWN_YET)

    def refused(self, name: str) -> None:
        """The upload that had begun has failed."""
        self._set(name, digest=None)

    def uploaded(self, name: str, members: int, digest: bytes) -> None:
        """A list has been uploaded."""
        self._set(name, members=members, digest=digest, uploaded_at=int(self._clock()))

    def change_members(
        self, name: str, added: Iterable[tuple[str, str]], removed: Iterable[tuple[str, str]]
    ) -> None:
        """Remove members, then add some; again does no harm."""
        table = tables.member
        gone = delete(table).where(
            table.c.segment == bindparam("s"),
            table.c.type == bindparam("t"),
            table.c.identity == bindparam("i"),
        )
        new = self._database.inserts.into(table).values(
            segment=bindparam("s"), type=bindparam("t"), identity=bindparam("i")
        )
        with self._database.writing() as connection:
            number = self._number(connection, name)
        for statement, members in ((gone, removed), (new.on_conflict_do_nothing(), added)):
            for rows in _chunks(members, number):
                with self._database.writing() as connection:
                    connection.execute(statement, rows)

    def members(self, name: str) -> Iterator[tuple[str, str]]:
        """Type and identity of each member, in the order of their bytes."""
        table = tables.member
        found = (
            select(table.c.type, table.c.identity)
            .join_from(table, tables.segment, tables.segment.c.number == table.c.segment)
            .where(self._is(name))
            .order_by(table.c.type, table.c.identity)
            .limit(MEMBERS_AT_ONCE)
        )
        last = (b"", b"")
        while True:
            # Page by page: an open cursor would hold back what is written meanwhile.
            after = tuple_(table.c.type, table.c.identity) > last
            with self._database.reading() as connection:
                page = connection.execute(found.where(after)).all()
            for kind, identity in page:
                yield kind.decode(), identity.decode()
            if len(page) < MEMBERS_AT_ONCE:
                return
            last = tuple(page[-1])

    def member_count(self, name: str) -> int:
        """How many members there are."""
        table = tables.member
        found = select(func.count()).join_from(
            table, tables.segment, tables.segment.c.number == table.c.segment
        )
        with self._database.reading() as connection:
            return connection.scalar(found.where(self._is(name))) or 0

    def _set(self, name: str, **values: object) -> None:
        with self._database.writing() as connection:
            this = tables.segment.c.number == self._number(connection, name)
            connection.execute(tables.segment.update().where(this).values(values))

    def _is(self, name: str) -> ColumnElement[bool]:
        return (tables.segment.c.account == self._account) & (tables.segment.c.name == name)

    def _number(self, connection: Connection, name: str) -> int:
        new = self._database.inserts.into(tables.segment).values(account=self._account, name=name)
        connection.execute(new.on_conflict_do_nothing(index_elements=["account", "name"]))
        found = select(tables.segment.c.number).where(self._is(name))
        return int(connection.scalars(found).one())


def _chunks(members: Iterable[tuple[str, str]], number: int) -> Iterator[list[dict[str, object]]]:
    rest = iter(members)
    while chunk := list(islice(rest, MEMBERS_AT_ONCE)):
        yield [{"s": number, "t": kind.encode(), "i": one.encode()} for kind, one in chunk]
