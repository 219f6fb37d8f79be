"""Runs the target on messages: in this process for speed, or as the real command."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from target_clevertap.target import TargetCleverTap

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import pytest

    from tests.support.sandbox import Sandbox

Message = dict[str, Any]


def schema(stream: str, key: str | None = "id", **columns: Any) -> Message:  # noqa: ANN401 - JSON Schema
    """A SCHEMA message; a column is a JSON type, or a JSON Schema."""
    properties = {
        name: {"type": ["null", kind]} if isinstance(kind, str) else kind
        for name, kind in columns.items()
    }
    return {
        "type": "SCHEMA",
        "stream": stream,
        "schema": {"type": "object", "properties": properties},
        "key_properties": [key] if key else [],
    }


def record(stream: str, **columns: Any) -> Message:  # noqa: ANN401 - any JSON
    """A RECORD message."""
    return {"type": "RECORD", "stream": stream, "record": columns}


def state(value: object) -> Message:
    """A STATE message."""
    return {"type": "STATE", "value": value}


def lines(messages: Iterable[Message | bytes]) -> bytes:
    """Messages as a tap writes them; bytes stay as they are."""
    parts = (part if isinstance(part, bytes) else json.dumps(part).encode() for part in messages)
    return b"".join(part + b"\n" for part in parts)


def config(sandbox: Sandbox, work_dir: Path, **settings: Any) -> dict[str, Any]:  # noqa: ANN401
    """Settings that point at the sandbox."""
    return {
        "account_id": sandbox.account_id,
        "passcode": sandbox.passcode,
        "api_url": sandbox.url,
        "work_dir": str(work_dir),
        "retry_limit_seconds": 0,
        "ledger_url": "off",
        "max_rejected_percent": 100,
    } | settings


@dataclass(frozen=True)
class Outcome:
    """What a finished command left behind."""

    code: int
    states: list[Any]
    log: str


def load(
    settings: dict[str, Any],
    messages: Iterable[Message | bytes],
    capsys: pytest.CaptureFixture[str],
) -> list[Any]:
    """Run the target in this process; returns the states it wrote. Its errors are raised."""
    handlers = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    target = TargetCleverTap(config=settings)
    signal.signal(signal.SIGINT, handlers[0])
    signal.signal(signal.SIGTERM, handlers[1])
    capsys.readouterr()
    try:
        target.listen(io.BytesIO(lines(messages)))  # type: ignore[arg-type] # our reader takes bytes
    finally:
        written.states = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return written.states


class _Written:
    """The states of the latest `load`, also when it raised."""

    states: list[Any]


written = _Written()


def command(
    settings: dict[str, Any], messages: Iterable[Message | bytes], folder: Path, *options: str
) -> Outcome:
    """Run the real command in a process of its own."""
    file = folder / "config.json"
    file.write_text(json.dumps(settings))
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "target_clevertap", "--config", str(file), *options],
        input=lines(messages),
        capture_output=True,
        timeout=60,
        check=False,
    )
    states = [json.loads(line) for line in done.stdout.splitlines()]
    return Outcome(done.returncode, states, done.stderr.decode())


def rejected(work_dir: Path) -> list[Message]:
    """The RECORD lines of all rejected.jsonl files below a work folder."""
    return [
        message
        for path in sorted(work_dir.rglob("rejected.jsonl"))
        for message in map(json.loads, path.read_text().splitlines())
        if message["type"] == "RECORD"
    ]
