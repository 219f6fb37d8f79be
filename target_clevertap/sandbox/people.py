"""Profiles and the identifiers that lead to them."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from target_clevertap.sandbox.codec import decode_json, encode_json
from target_clevertap.sandbox.tallies import Tallies

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from target_clevertap.sandbox.identifiers import Identifier
    from target_clevertap.sandbox.store import Store

RECOUNT = """
UPDATE segments SET
    members = (SELECT COUNT(profile) FROM members WHERE segment = segments.id),
    unknown = (SELECT COUNT(*) FROM members WHERE segment = segments.id AND profile IS NULL)
"""
"""Write the sizes of segments anew; all of them, or with a condition on `segments` fewer."""
CHUNK = 1000
"""Values per query; below SQLite's limit of parameters, and the size of a full upload."""


class People:
    """Reads and writes profiles, many at a time."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def next_id(self) -> int:
        """An id that no profile has had; the events of a deleted one keep its id."""
        row = self._store.execute(
            "SELECT MAX((SELECT COALESCE(MAX(id), 0) FROM profiles), "
            "(SELECT COALESCE(MAX(profile), 0) FROM events)) + 1"
        ).fetchone()
        return int(row[0])

    def find(self, identifiers: Iterable[Identifier]) -> dict[Identifier, int]:
        """The profile id of each identifier that is known."""
        by_kind: dict[str, set[str]] = {}
        for kind, value in identifiers:
            by_kind.setdefault(kind, set()).add(value)
        return {
            (kind, value): profile
            for kind, values in by_kind.items()
            for value, profile in self._find_kind(kind, values)
        }

    def _find_kind(self, kind: str, values: Iterable[str]) -> Iterator[tuple[str, int]]:
        for chunk in _chunks(values):
            yield from self._store.execute(
                "SELECT value, profile FROM identifiers "  # noqa: S608 - placeholders only
                f"WHERE kind = ? AND value IN ({_placeholders(chunk)})",
                (kind, *chunk),
            )

    def id_by_email(self, email: str) -> int | None:
        """The profile whose `Email` this is, the oldest if there are several; None without one."""
        row = self._store.execute(
            "SELECT id FROM profiles WHERE json_extract(properties, '$.Email') = ? ORDER BY id",
            (email,),
        ).fetchone()
        return row[0] if row else None

    def properties(self, ids: Iterable[int]) -> dict[int, dict[str, Any]]:
        """The properties of each profile."""
        found: dict[int, dict[str, Any]] = {}
        for chunk in _chunks(ids):
            rows = self._store.execute(
                f"SELECT id, properties FROM profiles WHERE id IN ({_placeholders(chunk)})",  # noqa: S608 - placeholders only
                chunk,
            )
            found.update((number, decode_json(text)) for number, text in rows)
        return found

    def identifiers(self, profile: int) -> list[Identifier]:
        """Every identifier of one profile."""
        return self._store.execute(
            "SELECT kind, value FROM identifiers WHERE profile = ?", (profile,)
        ).fetchall()

    def bind(self, identifiers: Iterable[tuple[Identifier, int]]) -> None:
        """Let identifiers lead to profiles; one that leads elsewhere already is left alone."""
        self._store.executemany(
            "INSERT OR IGNORE INTO identifiers (kind, value, profile) VALUES (?, ?, ?)",
            ((kind, value, profile) for (kind, value), profile in identifiers),
        )

    def write(self, profiles: Iterable[tuple[int, dict[str, Any]]], call: int, now: float) -> None:
        """Store properties under profile ids, new or known."""
        self._store.executemany(
            "INSERT INTO profiles (id, properties, first_call, last_call, last_seen) "
            "VALUES (?1, ?2, ?3, ?3, ?4) ON CONFLICT (id) DO UPDATE "
            "SET properties = ?2, last_call = ?3, last_seen = ?4",
            ((number, encode_json(value).decode(), call, now) for number, value in profiles),
        )

    def remove(self, identifier: Identifier) -> None:
        """Delete a profile with all its identifiers; its events stay (DOC)."""
        for profile in self.find([identifier]).values():
            for statement in (
                "DELETE FROM profiles WHERE id = ?",
                "DELETE FROM identifiers WHERE profile = ?",
                "DELETE FROM devices WHERE profile = ?",
            ):
                self._store.execute(statement, (profile,))
            self._leave_segments(profile)
            Tallies(self._store).add({("profiles", ""): -1})

    def _leave_segments(self, profile: int) -> None:
        """Let the rows of a profile in segments stand, as unknown ones."""
        left = self._store.execute(
            "UPDATE members SET profile = NULL WHERE profile = ?", (profile,)
        )
        if left.rowcount:
            self._store.execute(RECOUNT)


def _chunks(values: Iterable[Any]) -> Iterator[tuple[Any, ...]]:
    iterator = iter(values)
    while chunk := tuple(islice(iterator, CHUNK)):
        yield chunk


def _placeholders(values: Sequence[object]) -> str:
    return ",".join("?" * len(values))
