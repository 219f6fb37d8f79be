"""A local CleverTap in a process of its own, and what can be seen in it."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import requests

from examples.shop.processes import running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ACCOUNT_ID: Final = "TEST-SANDBOX"
PASSCODE: Final = "sandbox"
TIMEOUT_SECONDS: Final = 30
_ALL: Final = 100_000
_GREETING: Final = "listening on "


class SandboxFailed(Exception):
    """The sandbox did not start; the message ends with what it said."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """What a part of the calls brought: profiles written, events added, both by name."""

    profiles: int
    events: dict[str, int]

    @property
    def event_count(self) -> int:
        """All events, whatever their name."""
        return sum(self.events.values())


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A running `clevertap-sandbox`; fractions come back as decimals with all their digits."""

    url: str

    def last_call(self) -> int:
        """The number of the latest call; 0 before the first."""
        return max((call["number"] for call in self._list("calls")), default=0)

    def profiles(self) -> list[dict[str, Any]]:
        """Every profile, as stored."""
        return self._list("profiles")

    def profile(self, identity: str) -> dict[str, Any]:
        """The properties of the one profile with an identity."""
        (profile,) = self._list("profiles", identity=identity)
        properties: dict[str, Any] = profile["properties"]
        return properties

    def events(self) -> list[dict[str, Any]]:
        """Every event, as stored."""
        return self._list("events")

    def segments(self) -> list[dict[str, Any]]:
        """Every segment with its size."""
        return self._list("segments")

    def members(self, segment: int) -> list[dict[str, Any]]:
        """The members of a segment, those without a profile included."""
        return self._list(f"segments/{segment}/members")

    def mails(self) -> list[dict[str, Any]]:
        """The mails about processed lists."""
        return self._list("mails")

    def rejections(self) -> list[dict[str, Any]]:
        """The records that the sandbox refused."""
        return self._list("rejections")

    def arrived_after(self, call: int) -> Arrival:
        """What came with the calls after one."""
        events: dict[str, int] = {}
        for event in self.events():
            if event["call"] > call:
                events[event["evtName"]] = events.get(event["evtName"], 0) + 1
        written = [profile for profile in self.profiles() if profile["last_call"] > call]
        return Arrival(len(written), events)

    def _list(self, path: str, **query: str) -> list[dict[str, Any]]:
        with requests.Session() as http:
            http.trust_env = False  # a proxy has no business between two programs on one machine
            answer = http.get(
                f"{self.url}/_sandbox/{path}",
                params={"limit": str(_ALL)} | query,
                timeout=TIMEOUT_SECONDS,
            )
        answer.raise_for_status()
        found: list[dict[str, Any]] = answer.json(parse_float=Decimal)
        return found


@contextmanager
def start_sandbox(log: Path, *options: str) -> Iterator[Sandbox]:
    """A running sandbox on a free port, ended at the end.

    Raises:
        SandboxFailed: when it does not start.
    """
    command = [sys.executable, "-m", "target_clevertap.sandbox", "--port", "0", *options]
    with running(command, log) as process:
        greeting = process.stdout.readline() if process.stdout else ""
        if _GREETING not in greeting:
            said = log.read_text(encoding="utf-8", errors="replace").strip().rpartition("\n")[2]
            raise SandboxFailed(f"clevertap-sandbox did not start: {said}")
        yield Sandbox(greeting.split(_GREETING)[1].strip())
