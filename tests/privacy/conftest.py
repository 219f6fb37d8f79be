"""What the tests of privacy stand on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.privacy.children import Children, forking
from tests.privacy.marks import PASSCODE, Marks
from tests.privacy.rows import STREAMS, bad_streams
from tests.support.pipeline import config

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.sandbox import Sandbox


@pytest.fixture
def marks() -> Marks:
    """Marks of one test."""
    return Marks()


@pytest.fixture(scope="session")
def server() -> Iterator[subprocess.Popen[bytes]]:
    """One process that forks all children."""
    with forking() as server:
        yield server


@pytest.fixture
def children(server: subprocess.Popen[bytes], tmp_path: Path) -> Children:
    """Runs in an empty folder."""
    return Children(server, tmp_path)


@pytest.fixture
def settings(sandbox: Sandbox, children: Children) -> dict[str, Any]:
    """Settings with every stream and the ledger, whose passcode is a mark."""
    sandbox.settings(passcode=PASSCODE)
    settings = config(sandbox, children.work, passcode=PASSCODE, streams=STREAMS | bad_streams())
    del settings["ledger_url"]
    return settings
