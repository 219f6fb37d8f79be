"""Rejected rows that wait for another try."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from hashlib import blake2b
from threading import Lock
from typing import TYPE_CHECKING, Final

from sqlalchemy import Integer, bindparam, delete, func, select

from target_clevertap.ledger import tables
from target_clevertap.ledger.packed import DIGEST_BYTES, number, numbers, piece, positions
from target_clevertap.reader import decode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from sqlalchemy import Connection

    from target_clevertap.ledger.database import Database
    from target_clevertap.ledger.run import Run
    from target_clevertap.ledger.streams import Streams

ROWS_AT_ONCE: Final = 500

_at = positions()
_row = tables.waiting.alias()
_is_version = (
    (_row.c.stream == bindparam("of", type_=Integer))
    & (_row.c.key == piece("keys", DIGEST_BYTES, _at.c.i))
    & (_row.c.number <= number("numbers", _at.c.i))
)
_SUPERSEDED = delete(tables.waiting).where(
    tables.waiting.c.id.in_(select(_row.c.id).join_from(_at, _row, _is_version))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """A row that is to wait: as its tap sent it, and why it was rejected.

    `key` is the digest of what names the row in its stream, `number` that of its line in this run,
    `schema` the JSON that the stream was announced with. `again`: it had waited before, so it keeps
    its place and its count goes up.
    """

    stream: str
    key: bytes
    line: bytes
    number: int
    schema: bytes
    key_properties: tuple[str, ...]
    code: str
    again: bool = False


@dataclass(frozen=True, slots=True)
class WaitingRow:
    """A rejected row as its tap sent it, with the SCHEMA that it was announced by, as JSON.

    `tries` counts how often it was tried again.
    """

    stream: str
    key: bytes
    line: bytes
    schema: bytes
    key_properties: tuple[str, ...]
    tries: int


class Waiting:
    """The rows of one account that wait; `superseded` and `waits_for` are for any thread."""

    def __init__(
        self, database: Database, streams: Streams, run: Run, clock: Callable[[], float]
    ) -> None:
        self._database = database
        self._streams = streams
        self._run = run
        self._clock = clock
        self._lock = Lock()  # what is counted is what is there
        self.count()

    def count(self) -> None:
        """Look again for which streams rows wait."""
        self._count = Counter(self._counts())

    def tidy(self) -> None:
        """Forget the SCHEMA messages by which no row was announced."""
        of, row = tables.announced, tables.waiting
        used = (row.c.stream == of.c.stream) & (row.c.announced == of.c.digest)
        unused = delete(of).where(
            of.c.stream.in_(self._streams.numbers()), ~select(row.c.id).where(used).exists()
        )
        with self._database.writing() as connection:
            connection.execute(unused)

    def waits_for(self, stream: str) -> bool:
        """Whether a row of the stream waits; asks only what is in memory."""
        return self._count[stream] > 0

    def rename(self, stream: str, before: bytes, key: bytes | None) -> None:
        """What waits under the key `before` waits under another one, unless a newer row does so.

        With no other key it waits no longer.
        """
        if key == before:
            return
        table, of = tables.waiting, self._streams.claim(stream).number
        this = (table.c.stream == of) & (table.c.key == before)
        other = (table.c.stream == of) & (table.c.key == key)
        with self._lock, self._database.writing() as connection:
            if key is None or connection.scalar(select(table.c.id).where(other)) is not None:
                connection.execute(delete(table).where(this))
                self._count[stream] -= 1
            else:
                connection.execute(table.update().where(this).values(key=key))

    def forget(self, stream: str) -> None:
        """Nothing waits of the stream any more."""
        of = self._streams.claim(stream).number
        with self._lock, self._database.writing() as connection:
            connection.execute(delete(tables.waiting).where(tables.waiting.c.stream == of))
            self._count[stream] = 0

    def begin(self, stream: str) -> None:
        """All that waits of a stream is older than the rows of this run."""
        if self.waits_for(stream):
            table, of = tables.waiting, self._streams.number(stream)
            older = table.update().where(table.c.stream == of).values(number=0)
            with self._database.writing() as connection:
                connection.execute(older)

    def wait(self, rejected: Iterable[Rejected]) -> list[int]:
        """How often each row was tried again until now; they wait in place of older versions.

        All are kept in one transaction, which costs much more than a row.
        """
        rows = list(rejected)
        for stream in {row.stream for row in rows}:
            self._streams.claim(stream)  # a transaction of its own
        with self._lock, self._database.writing() as connection:
            return [self._wait(connection, row) for row in rows]

    def _wait(self, connection: Connection, rejected: Rejected) -> int:
        number = self._streams.number(rejected.stream)
        words = json.dumps(list(rejected.key_properties))
        digest = blake2b(rejected.schema + words.encode(), digest_size=DIGEST_BYTES).digest()
        self._announce(connection, number, digest, rejected.schema, words)
        row = {
            "stream": number,
            "key": rejected.key,
            "announced": digest,
            "line": rejected.line,
            "code": rejected.code,
            "tries": 0,
            "at": int(self._clock()),
            "number": rejected.number,
        }
        tries, is_new = self._put(connection, row, rejected)
        self._count[rejected.stream] += is_new
        return tries

    def rows(self, stream: str | None = None) -> Iterator[WaitingRow]:
        """The rows that wait now, in the order in which they came; of one stream, or of all.

        Rows may be added and removed meanwhile; those that are added are not among them.
        """
        names = [name for name in self._counts() if stream in {None, name}]
        row, schema, of = tables.waiting, tables.announced, tables.stream
        found = (
            select(row, schema.c.schema, schema.c.key_properties, of.c.name)
            .join_from(row, of, of.c.number == row.c.stream)
            .join(schema, (schema.c.stream == row.c.stream) & (schema.c.digest == row.c.announced))
            .where(of.c.account == self._run.account, of.c.name.in_(names))
            .order_by(row.c.id)
            .limit(ROWS_AT_ONCE)
        )
        with self._database.reading() as connection:
            last = connection.scalar(select(func.max(row.c.id))) or 0
        begin = 0
        while True:
            with self._database.reading() as connection:
                page = connection.execute(found.where(row.c.id > begin, row.c.id <= last)).all()
            for one in page:
                properties = tuple(json.loads(one.key_properties))
                yield WaitingRow(one.name, one.key, one.line, one.schema, properties, one.tries)
            if len(page) < ROWS_AT_ONCE:
                return
            begin = page[-1].id

    def superseded(self, stream: str, versions: Mapping[bytes, int]) -> None:
        """Nothing as old as these versions waits any more: by digests of keys, numbers of lines."""
        if not versions or not self.waits_for(stream):
            return
        of = self._streams.claim(stream).number
        table = tables.waiting
        these = {
            "of": of,
            "keys": b"".join(versions),
            "numbers": numbers(versions.values()),
            "n": len(versions),
        }
        left = select(func.count()).select_from(table).where(table.c.stream == of)
        with self._lock, self._database.writing() as connection:
            connection.execute(_SUPERSEDED, these)
            # Python's SQLite counts no rows of a statement that begins with WITH.
            self._count[stream] = connection.scalar(left) or 0

    def _counts(self) -> dict[str, int]:
        row, of = tables.waiting, tables.stream
        found = (
            select(of.c.name, func.count())
            .join_from(row, of, of.c.number == row.c.stream)
            .where(of.c.account == self._run.account)
            .group_by(of.c.name)
        )
        with self._database.reading() as connection:
            return dict(connection.execute(found).all())

    def _announce(
        self, connection: Connection, number: int, digest: bytes, schema: bytes, words: str
    ) -> None:
        new = self._database.inserts.into(tables.announced)
        connection.execute(
            new.on_conflict_do_nothing(index_elements=["stream", "digest"]),
            {"stream": number, "digest": digest, "schema": schema, "key_properties": words},
        )

    def _put(
        self, connection: Connection, row: dict[str, object], rejected: Rejected
    ) -> tuple[int, bool]:
        """How often what waits was tried again, and whether nothing waited under its key.

        A row that its tap repeats is no newer version of it.
        """
        table = tables.waiting
        this = (table.c.stream == row["stream"]) & (table.c.key == row["key"])
        found = select(table.c.tries, table.c.number, table.c.line).where(this)
        former = connection.execute(found).one_or_none()
        if former is None:
            row["tries"] = int(rejected.again)
            connection.execute(table.insert(), row)
        elif former.number > row["number"]:
            return former.tries, False  # a newer version, whose outcome was known earlier
        else:
            is_newer = not rejected.again and _record(former.line) != _record(rejected.line)
            row["tries"] = 0 if is_newer else former.tries + rejected.again
            connection.execute(table.update().where(this), row)
        return int(str(row["tries"])), former is None


def _record(line: bytes) -> object:
    """What a RECORD line says of its row; the rest tells when it was read, and the like.

    So do the SDK's own columns, but for the one that tells that the row is gone.
    """
    return {
        name: value
        for name, value in decode(line)["record"].items()
        if name == "_sdc_deleted_at" or not name.startswith("_sdc_")
    }
