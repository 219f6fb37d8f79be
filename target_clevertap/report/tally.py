"""Counts of one stream: every row read ends in exactly one of them."""

from __future__ import annotations

from dataclasses import dataclass

ALL_PERCENT = 100
FEWEST_JUDGED = 20


@dataclass(slots=True)
class Tally:
    """read = accepted + unchanged + already delivered + rejected + ignored, after the run."""

    read: int = 0
    accepted: int = 0
    unchanged: int = 0
    already_delivered: int = 0
    rejected: int = 0
    ignored: int = 0
    adjusted: int = 0

    def too_many_rejected(self, percent: int) -> bool:
        """Whether more than so many of a hundred rows were rejected, or all of the few there were.

        A handful of rows tells nothing about the rest; 100 percent are never too many.
        """
        if percent >= ALL_PERCENT or not self.rejected:
            return False
        if self.read < FEWEST_JUDGED:
            return self.rejected == self.read
        return self.rejected * ALL_PERCENT > self.read * percent

    @property
    def there(self) -> int:
        """Rows that CleverTap has, from this run or another."""
        return self.accepted + self.unchanged + self.already_delivered

    @property
    def unsettled(self) -> int:
        """Rows without an outcome by now; after the run, they come again."""
        return self.read - self.there - self.rejected - self.ignored

    def __str__(self) -> str:
        """What happened to the rows of a stream, in one sentence."""
        return f"{self.read:,} read: {self.outcomes}"

    @property
    def left(self) -> str:
        """The rest of that sentence when the run has ended without an outcome for some rows."""
        if not self.unsettled:
            return ""
        come = "comes" if self.unsettled == 1 else "come"
        return f", {self.unsettled:,} without an outcome ({come} again)"

    @property
    def outcomes(self) -> str:
        """How many rows ended in which way; which ways there were."""
        adjusted = f" ({self.adjusted:,} of them adjusted)" if self.adjusted else ""
        parts = [f"{self.accepted:,} accepted{adjusted}"]
        if self.unchanged:
            parts.append(f"{self.unchanged:,} unchanged")
        if self.already_delivered:
            parts.append(f"{self.already_delivered:,} already delivered")
        parts.append(f"{self.rejected:,} rejected")
        if self.ignored:
            parts.append(f"{self.ignored:,} ignored")
        return ", ".join(parts)
