"""What the dashboard's Error Stream would tell: losses that no answer of the API reports (DOC)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Raw, Struct

from target_clevertap.sandbox.codec import encode_json

if TYPE_CHECKING:
    from collections.abc import Iterable

    from target_clevertap.sandbox.schema import Violation
    from target_clevertap.sandbox.store import Store


class StreamLine(Struct, frozen=True, kw_only=True):
    """One line of the Error Stream, with the number of the call that brought the record."""

    call: int
    error: str
    name: str
    property: str | None
    record: Raw


class ErrorStream:
    """Writes and reads the Error Stream."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, call: int, violations: Iterable[Violation]) -> None:
        """Tell of records that one call brought."""
        self._store.executemany(
            "INSERT INTO error_stream (call, error, name, property, record) VALUES (?, ?, ?, ?, ?)",
            (
                (call, each.error, each.name, each.property, encode_json(each.record).decode())
                for each in violations
            ),
        )

    def lines(self, offset: int, limit: int) -> list[StreamLine]:
        """The lines in the order in which they came."""
        rows = self._store.execute(
            "SELECT call, error, name, property, record FROM error_stream "
            "ORDER BY id LIMIT ?2 OFFSET ?1",
            (offset, limit),
        )
        return [
            StreamLine(
                call=call, error=error, name=name, property=prop, record=Raw(record.encode())
            )
            for call, error, name, prop, record in rows
        ]
