"""The sandbox's time, which tests may push forward."""

from __future__ import annotations

import time


class Clock:
    """The machine's time plus what `advance` added: expiry and processing without waiting."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time() + self._ahead

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass at once."""
        self._ahead += seconds

    def reset(self) -> None:
        """Return to the machine's time."""
        self._ahead = 0.0
