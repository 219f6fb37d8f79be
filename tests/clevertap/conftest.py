"""What the tests of the client share: a time that passes by itself, and a client of a server."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from target_clevertap.clevertap import Attempt, Client, Credentials, Retries, Timeouts
from tests.clevertap.scripted import Scripted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CREDENTIALS = Credentials("ACCOUNT-1", "secret-passcode")


@dataclass
class Time:
    """A clock that moves when somebody sleeps, and only then."""

    now: float = 1000.0
    sleeps: list[float] = field(default_factory=list)

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.now += seconds

    def retries(self, limit_seconds: float = 600.0) -> Retries:
        return Retries(limit_seconds=limit_seconds, sleep=self.sleep, clock=self.clock)


@pytest.fixture
def time() -> Time:
    return Time()


@dataclass
class Bench:
    """A client, the server it calls, and every attempt it told of."""

    server: Scripted
    client: Client
    attempts: list[Attempt]


@pytest.fixture
def bench(time: Time) -> Iterator[Callable[..., Bench]]:
    """Makes a server with these reactions and a client of it."""
    with ExitStack() as stack:

        def make(*reactions: Any, limit_seconds: float = 600.0, **options: Any) -> Bench:  # noqa: ANN401 - Client's own
            server = stack.enter_context(Scripted(*reactions))
            attempts: list[Attempt] = []
            settings = {
                "timeouts": Timeouts(connect=5, read=5),
                "retries": time.retries(limit_seconds),
                "on_attempt": attempts.append,
                **options,
            }
            client = stack.enter_context(Client(server.url, CREDENTIALS, **settings))
            return Bench(server, client, attempts)

        yield make
