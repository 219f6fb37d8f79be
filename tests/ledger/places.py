"""Ledgers for tests: where they are, and marks to put into them."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Final, Literal

from sqlalchemy import text

from target_clevertap.ledger import Ledger, Rejected, open_ledger, tables
from target_clevertap.ledger.place import open_database
from target_clevertap.ledger.run import Run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

ACCOUNT: Final = "ACC-1"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a ledger is; None as URL means a file in the folder."""

    url: str | None
    folder: Path

    def open(
        self,
        account: str = ACCOUNT,
        uncertain: Literal["resend", "hold"] = "resend",
        clock: Callable[[], float] = time.time,
        *,
        local: bool | None = None,
    ) -> Ledger:
        """The ledger for a run of this process."""
        return open_ledger(
            self.url,
            account=account,
            folder=self.folder,
            uncertain=uncertain,
            local=local,
            clock=clock,
        )


def digest(text: object) -> bytes:
    """Sixteen bytes for a text."""
    return blake2b(str(text).encode(), digest_size=16).digest()


def digests(texts: Iterable[object]) -> bytes:
    """Digests of contents, of identities or of keys, packed."""
    return b"".join(digest(text) for text in texts)


def events(stream: int, keys: Iterable[object]) -> bytes:
    """Marks of events, packed."""
    return b"".join(stream.to_bytes(4, "big") + digest(key) for key in keys)


def profiles(stream: int, identities: Iterable[object]) -> bytes:
    """Marks of profiles, packed."""
    return b"".join(digest(identity) + stream.to_bytes(4, "big") for identity in identities)


def make_older(place: Place) -> None:
    """A ledger that is there becomes one of version 1.

    It has no counters, digests of one kind, and waiting rows without the numbers of their lines.
    """
    run = Run.begin(ACCOUNT, time.time)
    with (
        closing(open_database(place.url, place.folder, run)) as database,
        database.writing() as connection,
    ):
        tables.service.drop(connection)
        tables.counter.drop(connection)
        connection.execute(text(f"ALTER TABLE {tables.version.name} DROP COLUMN digest"))
        connection.execute(text(f"ALTER TABLE {tables.waiting.name} DROP COLUMN number"))
        connection.execute(tables.version.update().values({"version": 1}))


@contextmanager
def sqlite_rows(place: Place) -> Iterator[Callable[[str], list[tuple[object, ...]]]]:
    """Asks the file itself, as someone with another program would."""
    with closing(sqlite3.connect(place.folder / "ledger.sqlite")) as connection:
        yield lambda statement: connection.execute(statement).fetchall()


def rejected(stream: str, key: object) -> Rejected:
    """A row that is to wait."""
    return Rejected(
        stream=stream,
        key=digest(key),
        line=b"{}",
        number=1,
        schema=b"{}",
        key_properties=(),
        code="512",
    )
