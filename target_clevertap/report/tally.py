"""Counts of one stream: every row read ends in exactly one of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Tally:
    """read = accepted + rejected + ignored, once the run is over."""

    read: int = 0
    accepted: int = 0
    rejected: int = 0
    ignored: int = 0
    adjusted: int = 0

    def __str__(self) -> str:
        """What happened to the rows of a stream, in one sentence."""
        parts = [f"{self.accepted:,} accepted", f"{self.rejected:,} rejected"]
        if self.ignored:
            parts.append(f"{self.ignored:,} ignored")
        if self.adjusted:
            parts.append(f"{self.adjusted:,} of them adjusted")
        return f"{self.read:,} read: {', '.join(parts)}"
