"""A run: the process that has the ledger, so that a second one can say who is first."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING
from uuid import uuid4

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Run:
    """One run on one account; `started_at` is in seconds since the epoch."""

    id: str
    account: str
    process: int
    host: str
    started_at: int

    @classmethod
    def begin(cls, account: str, clock: Callable[[], float]) -> Run:
        """The run of this process."""
        return cls(uuid4().hex, account, os.getpid(), socket.gethostname(), int(clock()))

    def __str__(self) -> str:
        return f"process {self.process} on {self.host}, started {moment(self.started_at)}"


def moment(seconds: int) -> str:
    """A time for people, in UTC."""
    return f"{datetime.fromtimestamp(seconds, timezone.utc):%Y-%m-%d %H:%M:%S} UTC"
