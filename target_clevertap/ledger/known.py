"""What CleverTap has taken: events by their keys, profiles by their content."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from target_clevertap.ledger.packed import DIGEST_BYTES, PROFILE_BYTES, count, split
from target_clevertap.ledger.packed import marks as about
from target_clevertap.ledger.statements import (
    FORGET_PROFILES,
    KNOWN_EVENTS,
    UNCHANGED_PROFILES,
    positions_in,
)

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from target_clevertap.ledger.database import Database


@dataclass(frozen=True, slots=True)
class Settled:
    """What the answer of a call says, as packed marks; `at` in seconds since the epoch.

    `forgotten` are the marks of profiles of which nothing is known any more.
    """

    at: int
    events: bytes = b""
    held: bytes = b""
    profiles: bytes = b""
    contents: bytes = b""
    forgotten: bytes = b""


class Known:
    """What the database knows; everything is written to its place at once."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._inserts = database.inserts

    def events(self, marks: bytes) -> list[tuple[int, bool]]:
        """Position of each mark that is there, and whether it is held."""
        if not marks:
            return []
        with self._database.reading() as connection:
            found, held = connection.execute(KNOWN_EVENTS, about(marks)).one()
        kept = set(positions_in(held))
        return [(position, position in kept) for position in positions_in(found)]

    def unchanged(self, marks: bytes, contents: bytes) -> list[int]:
        """Position of each profile whose content is the one that was taken last."""
        if not marks:
            return []
        with self._database.reading() as connection:
            found = connection.scalar(UNCHANGED_PROFILES, about(marks, contents=contents))
        return positions_in(found)

    def write(self, connection: Connection, settled: Settled) -> None:
        """Put what is settled to its place."""
        at = settled.at
        if settled.events:
            self.put_events(connection, settled.events, at)
        if settled.held:
            connection.execute(self._inserts.held, about(settled.held, at=at, held=True))
        if settled.profiles:
            pieces = split(settled.contents, DIGEST_BYTES)
            newest = dict(zip(split(settled.profiles), pieces, strict=True))
            values = about(b"".join(newest), contents=b"".join(newest.values()), at=at)
            connection.execute(self._inserts.accepted, values)
        if settled.forgotten:
            connection.execute(FORGET_PROFILES, about(settled.forgotten))

    def put_events(self, connection: Connection, marks: bytes, at: int) -> None:
        """Put events to their places, each of which is there once."""
        connection.execute(self._inserts.delivered, about(marks, at=at, held=False))

    def put_profiles(self, connection: Connection, rows: bytes, at: int) -> None:
        """Put profiles to their places, likewise: packed, each the mark and the content of one."""
        values = {"rows": rows, "n": count(rows, PROFILE_BYTES), "at": at}
        connection.execute(self._inserts.folded, values)

    def keep_aside(self) -> None:
        """From now on as little is written for a call as can be."""

    def fold(self) -> None:
        """Returns when everything is in its place."""
