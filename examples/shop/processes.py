"""Programs that run beside this one and never outlive it."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from examples.shop.stopping import ends_with_this, whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

PATIENCE_SECONDS: Final = 15.0


@contextmanager
def running(
    command: Sequence[str | Path],
    log: Path,
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Iterator[subprocess.Popen[str]]:
    """A program and all that it starts, ended when the block is left, however it is left.

    Its standard output is a pipe to read from; what it says on standard error goes to the end of
    `log`. It has a process group of its own, so a Ctrl-C reaches this program only.
    """
    process: subprocess.Popen[str] | None = None
    try:
        with whole(), log.open("a", encoding="utf-8") as errors:
            process = subprocess.Popen(
                command,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=env,
                cwd=cwd,
                text=True,
                start_new_session=True,
                preexec_fn=ends_with_this(signal.SIGTERM),  # noqa: PLW1509 - one call into libc
            )
        yield process
    finally:
        if process is not None:
            _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    """Ask the whole group to end; if it does not in time, end it."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    left = _signal_group(process, signal.SIGTERM)
    while left and time.monotonic() < deadline:
        time.sleep(0.02)
        process.poll()
        left = _signal_group(process, None)
    if left:
        _signal_group(process, signal.SIGKILL)
    process.wait()
    if process.stdout is not None:
        process.stdout.close()


def _signal_group(process: subprocess.Popen[str], signum: signal.Signals | None) -> bool:
    """Whether there was anyone left in the group to get the signal; None only asks."""
    try:
        os.killpg(process.pid, signum or 0)
    except ProcessLookupError:
        return False
    return True
