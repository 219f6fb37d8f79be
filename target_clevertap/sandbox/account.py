"""The emulated CleverTap account: everything a call can see or change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_clevertap.sandbox.bodies import BodyShelf
from target_clevertap.sandbox.clock import Clock
from target_clevertap.sandbox.error_stream import ErrorStream
from target_clevertap.sandbox.faults import FaultPlan
from target_clevertap.sandbox.journal import Journal
from target_clevertap.sandbox.latency import Latency, LatencySource
from target_clevertap.sandbox.limits import InFlight
from target_clevertap.sandbox.list_queue import ListQueue
from target_clevertap.sandbox.people import People
from target_clevertap.sandbox.rules import RecordRules
from target_clevertap.sandbox.schema import SchemaFilter
from target_clevertap.sandbox.search import Search
from target_clevertap.sandbox.segments import Segments
from target_clevertap.sandbox.storage import Storage
from target_clevertap.sandbox.tallies import Tallies

if TYPE_CHECKING:
    from collections.abc import Sequence

    from target_clevertap.sandbox.faults import AnyFault
    from target_clevertap.sandbox.identifiers import Identifier
    from target_clevertap.sandbox.settings import Settings
    from target_clevertap.sandbox.store import Store


class Account:
    """One account with its database, clock, faults and latency; used from one thread only."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        latency: Latency | None = None,
        faults: Sequence[AnyFault] = (),
    ) -> None:
        self._at_start = settings, latency or Latency(), tuple(faults)
        self.store = store
        self.clock = Clock()
        self.journal = Journal(store)
        self.error_stream = ErrorStream(store)
        self.bodies = BodyShelf(store)
        self.people = People(store)
        self.search = Search(store)
        self.segments = Segments(store)
        self.lists = ListQueue(store, self.segments)
        self.storage = Storage(self.clock)
        self.tallies = Tallies(store)
        self.generation = 0
        self._call_number = self.journal.last_number()
        self._restore()

    def _restore(self) -> None:
        settings, latency, faults = self._at_start
        self.configure(settings)
        self.set_latency(latency)
        self.in_flight = InFlight()
        self.faults = FaultPlan()
        for fault in faults:
            self.faults.add(fault)

    def configure(self, settings: Settings) -> None:
        """Let other settings hold from the next call on."""
        self.settings = settings
        self.rules = RecordRules(settings)
        self.schema = SchemaFilter(settings.schema) if settings.schema else None

    def set_latency(self, latency: Latency) -> None:
        """Let answers take another time from the next call on."""
        self.latency = LatencySource(latency)

    def next_call(self) -> int:
        """The number of a call that has just arrived, from 1."""
        self._call_number += 1
        return self._call_number

    def reset(self) -> None:
        """Forget everything that was sent, set or advanced since the start."""
        self.store.clear()
        self.bodies.clear()
        self.lists.clear()
        self.storage.clear()
        self.clock.reset()
        self._call_number = 0
        self.generation += 1
        self._restore()

    def delete_profile(self, identifier: Identifier) -> None:
        """Let a profile be deleted once the configured time has passed."""
        due = self.clock.now() + self.settings.profile_deletion_seconds
        self.store.execute(
            "INSERT INTO deletions (due, kind, value) VALUES (?, ?, ?)", (due, *identifier)
        )

    def settle(self) -> None:
        """Do what has come due by the clock: deletions, then custom lists, oldest first."""
        now = self.clock.now()
        with self.store.transaction():
            due = self.store.execute(
                "SELECT kind, value FROM deletions WHERE due <= ? ORDER BY rowid", (now,)
            ).fetchall()
            for identifier in due:
                self.people.remove(identifier)
            self.store.execute("DELETE FROM deletions WHERE due <= ?", (now,))
            self.lists.process_due(now)
