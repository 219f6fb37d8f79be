"""Fixtures for every test: a CleverTap to talk to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests.support.sandbox import Sandbox, running_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

# No test fails because the machine was busy.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(scope="session")
def sandbox_server() -> Iterator[Sandbox]:
    """One sandbox process for the whole session."""
    with running_sandbox() as server:
        yield server


@pytest.fixture
def sandbox(sandbox_server: Sandbox) -> Sandbox:
    """The sandbox as it was at its start: nothing sent, no faults, no latency."""
    sandbox_server.reset()
    return sandbox_server
