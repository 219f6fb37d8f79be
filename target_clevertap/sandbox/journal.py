"""What was called and what was refused, kept for tests and for people."""

from __future__ import annotations

from collections import Counter
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from target_clevertap.sandbox.codec import encode_json
from target_clevertap.sandbox.tallies import Tallies

if TYPE_CHECKING:
    from collections.abc import Iterable

    from target_clevertap.sandbox.store import Store
    from target_clevertap.sandbox.tallies import Tally

_decoder: msgspec.json.Decoder[Entry]


class Entry(Struct, frozen=True, kw_only=True):
    """One call. `status` is None when the connection was reset instead of an answer."""

    number: int
    method: str
    path: str
    """With its query."""
    status: int | None
    records: int
    accepted: int
    codes: tuple[int, ...]
    """The code of each rejected record."""
    dry_run: bool
    body_bytes: int
    header_names: tuple[str, ...]
    """Lower-case, in the order sent; values are never kept."""
    passcode_sent: bool
    in_flight: int
    """Calls of the same route in flight when this one arrived, itself included."""
    fault: str | None
    started: float
    ended: float
    """Seconds since the epoch by the sandbox's clock: arrival and end of processing."""

    @property
    def trouble(self) -> bool:
        """Whether the client did not get what it wanted, for the call or for one of its records."""
        return self.status != HTTPStatus.OK or bool(self.codes)


class Rejection(Struct, frozen=True, kw_only=True):
    """One record that was refused."""

    call: int
    position: int
    code: int
    error: str
    record: Any


_decoder = msgspec.json.Decoder(Entry)


class Journal:
    """Writes and reads the calls and rejections of a sandbox."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._tallies = Tallies(store)

    def last_number(self) -> int:
        """The number of the newest call, or 0."""
        row = self._store.execute("SELECT COALESCE(MAX(number), 0) FROM calls").fetchone()
        return int(row[0])

    def add(self, entry: Entry) -> None:
        """Keep one call."""
        self._store.execute(
            "INSERT INTO calls (number, path, entry, trouble) VALUES (?, ?, ?, ?)",
            (
                entry.number,
                entry.path.partition("?")[0],
                encode_json(entry).decode(),
                entry.trouble,
            ),
        )
        self._tallies.add(_counts(entry))

    def add_rejections(self, rejections: Iterable[Rejection]) -> None:
        """Keep refused records."""
        self._store.executemany(
            "INSERT INTO rejections (call, position, code, error, record) VALUES (?, ?, ?, ?, ?)",
            (
                (each.call, each.position, each.code, each.error, encode_json(each.record).decode())
                for each in rejections
            ),
        )

    def entries(self, path: str | None, offset: int, limit: int) -> list[Entry]:
        """Calls by number, all or those of one path without its query."""
        rows = self._store.execute(
            "SELECT entry FROM calls WHERE ?1 IS NULL OR path = ?1 "
            "ORDER BY number LIMIT ?3 OFFSET ?2",
            (path, offset, limit),
        )
        return [_decoder.decode(entry) for (entry,) in rows]

    def rejections(self, offset: int, limit: int) -> list[Rejection]:
        """Refused records in the order of their calls."""
        rows = self._store.execute(
            "SELECT call, position, code, error, record FROM rejections "
            "ORDER BY id LIMIT ?2 OFFSET ?1",
            (offset, limit),
        )
        return [
            Rejection(
                call=call,
                position=position,
                code=code,
                error=error,
                record=msgspec.Raw(record.encode()),
            )
            for call, position, code, error, record in rows
        ]


def _counts(entry: Entry) -> Counter[Tally]:
    """What a call adds to the counts; a dry run changes nothing, and counts as a call alone."""
    counts: Counter[Tally] = Counter({("calls", str(entry.status or "reset")): 1})
    if not entry.dry_run:
        counts["records", "accepted"] += entry.accepted
        counts["records", "rejected"] += len(entry.codes)
        counts.update(("rejections", str(code)) for code in entry.codes)
    return counts
