"""Counts that are kept as things happen, so that no page has to count a million rows."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from target_clevertap.sandbox.store import Store

HOUR = 3600
Tally: TypeAlias = tuple[str, str]
"""What is counted, and which of them: `("rejections", "515")`."""


class Tallies:
    """Adds to the counts; in the transaction of what they count."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, counts: Mapping[Tally, int]) -> None:
        """Let counts grow, or shrink by a negative number."""
        self._store.executemany(
            "INSERT INTO tallies (what, which, count) VALUES (?, ?, ?) "
            "ON CONFLICT (what, which) DO UPDATE SET count = count + excluded.count",
            ((*tally, count) for tally, count in counts.items()),
        )

    def add_events(self, events: Iterable[tuple[str, int]]) -> None:
        """Count events, each with its name and its time in seconds since the epoch."""
        hours = Counter((name, ts // HOUR) for name, ts in events)
        self._store.executemany(
            "INSERT INTO event_hours (name, hour, count) VALUES (?, ?, ?) "
            "ON CONFLICT (name, hour) DO UPDATE SET count = count + excluded.count",
            ((name, hour, count) for (name, hour), count in hours.items()),
        )
        names: Counter[Tally] = Counter()
        for (name, _), count in hours.items():
            names["events", name] += count
        self.add(names)

    def of(self, what: str) -> dict[str, int]:
        """The counts of one thing, without those that are zero."""
        rows = self._store.execute(
            "SELECT which, count FROM tallies WHERE what = ? AND count <> 0 ORDER BY which", (what,)
        )
        return dict(rows.fetchall())
