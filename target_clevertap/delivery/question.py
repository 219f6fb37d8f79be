"""What the ledger is asked about a thousand rows at once, in a thread beside the reading one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from target_clevertap.delivery.batch import Entry
    from target_clevertap.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Known:
    """What the ledger says: events by their marks and whether they are held; unchanged profiles."""

    events: Mapping[bytes, bool] = field(default_factory=dict)
    unchanged: Sequence[Entry] = ()

    @property
    def nothing(self) -> bool:
        """Whether all that was asked about is new."""
        return not self.events and not self.unchanged


@dataclass(frozen=True, slots=True)
class Question:
    """Rows in their order, read at `since`, and those among them that the ledger may know.

    Nothing may be under way for these: what is said of them stays true until it is taken up.
    `differ` tells that no two events among the rows are the same.
    """

    entries: Sequence[Entry]
    since: float
    events: Sequence[Entry]
    profiles: Sequence[Entry]
    differ: bool

    def __bool__(self) -> bool:
        """Whether there is anything to ask."""
        return bool(self.events or self.profiles)

    def ask(self, ledger: Ledger) -> Known:
        """What the ledger says.

        Raises:
            LedgerError: when it cannot be read.
        """
        return Known(self._known_events(ledger), self._unchanged(ledger))

    def _known_events(self, ledger: Ledger) -> Mapping[bytes, bool]:
        events = self.events
        marks = b"".join([entry.mark for entry in events])
        return {events[at].mark: held for at, held in ledger.known_events(marks)}

    def _unchanged(self, ledger: Ledger) -> Sequence[Entry]:
        profiles = self.profiles
        marks = b"".join([entry.mark for entry in profiles])
        contents = b"".join([entry.content for entry in profiles])
        found = ledger.unchanged_profiles(marks, contents)
        return profiles if len(found) == len(profiles) else [profiles[at] for at in found]
