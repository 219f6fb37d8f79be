"""A signal during `meltano run`: what was read is delivered, and the next run does the rest."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING, Any

import pytest
import requests

from examples.shop.processes import running
from examples.shop.project import MELTANO, Project
from examples.shop.sandbox import Sandbox, start_sandbox
from tests.support.processes import MARK, marked

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from examples.shop.postgres import Database
    from examples.shop.rows import Shop

PATIENCE_SECONDS = 60


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    with start_sandbox(tmp_path / "sandbox.log") as sandbox:
        yield sandbox


def latency(sandbox: Sandbox, seconds: float) -> None:
    body = {"seconds": seconds}
    requests.post(f"{sandbox.url}/_sandbox/latency", json=body, timeout=10).raise_for_status()


def target_of(mark: str) -> int | None:
    """The process of the target that a marked `meltano run` has started."""
    found = (pid for pid, command in marked(mark).items() if "bin/target-clevertap" in command)
    return next(found, None)


def charged_ids(sandbox: Sandbox) -> set[Any]:
    return {
        event["evtData"]["Charged ID"]
        for event in sandbox.events()
        if event["evtName"] == "Charged"
    }


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_the_target_fails_the_run_and_loses_nothing(
    number: signal.Signals, shop: Shop, database: Database, sandbox: Sandbox, tmp_path: Path
) -> None:
    project = Project(tmp_path / "project", database, sandbox.url)
    project.prepare()
    mark = f"signal-{number}-{os.getpid()}"
    slow = {MARK: mark, "TARGET_CLEVERTAP_BATCH_SIZE_ROWS": "20"}
    slow |= {"TARGET_CLEVERTAP_MAX_CONCURRENCY": "1"}
    latency(sandbox, 0.1)
    command: list[str | Path] = [MELTANO, "run", "tap-postgres", "target-clevertap"]
    environment = project._environment() | slow  # noqa: SLF001 - the demo's own way to run
    with running(command, project.log, env=environment, cwd=project.folder) as run:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while sandbox.last_call() < 3 and time.monotonic() < deadline and run.poll() is None:
            pass
        target = target_of(mark)
        assert target is not None, project.log.read_text()
        os.kill(target, number)
        output, _ = run.communicate(timeout=PATIENCE_SECONDS)
    assert run.returncode != 0
    assert f"Ended by signal {number.value}" in output + project.log.read_text()

    latency(sandbox, 0)
    project.run()
    sound = len(shop.of("orders")) - len(shop.rejected("orders"))
    assert len(charged_ids(sandbox)) == sound
