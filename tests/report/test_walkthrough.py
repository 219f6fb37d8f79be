"""The failing run of docs/report.md, start to end, through the real command and the sandbox."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from target_clevertap.report.model import Report
from tests.report.test_documentation import TEXT

if TYPE_CHECKING:
    from tests.support.sandbox import Sandbox

PROGRAM = Path(sys.executable).with_name("target-clevertap")


def block(language: str) -> str:
    """What the documentation shows in a language, all of it."""
    return "".join(re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL))


def commands() -> list[str]:
    """What is typed, without the questions for the exit code."""
    typed = re.findall(r"^\$ (.*)$", block("console"), re.MULTILINE)
    return [line for line in typed if line != "echo $?"]


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    words = shlex.split(command)
    program = str(PROGRAM) if words[0] == "target-clevertap" else words[0]
    return subprocess.run(  # noqa: S603 - commands of our own documentation
        [program, *words[1:]], cwd=folder, capture_output=True, text=True, check=False, timeout=120
    )


def test_a_failing_run_is_seen_mended_and_replayed(sandbox: Sandbox, tmp_path: Path) -> None:
    mapping = {
        "type": "profile",
        "identifier": {"identity": "id"},
        "properties": {"Email": "email"},
    }
    config = {
        "account_id": sandbox.account_id,
        "passcode": sandbox.passcode,
        "api_url": sandbox.url,
        "work_dir": str(tmp_path / "state"),
        "streams": {"users": mapping},
    }
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "users.jsonl").write_text(block("jsonl"))
    fail, mend, replay = commands()
    shown = re.search(r"^users: .*$", block("console"), re.MULTILINE)
    assert shown is not None

    failed = run(fail, tmp_path)
    assert failed.returncode == 3, failed.stderr
    assert shown[0] in failed.stderr
    (folder,) = (tmp_path / "state" / sandbox.account_id / "runs").iterdir()
    assert str(folder) in failed.stderr
    report = msgspec.json.decode((folder / "report.json").read_bytes(), type=Report)
    assert report.run.exit_code == 3
    assert report.totals.rejected == report.totals.read == 2
    assert report.rejected_file == str(folder / "rejected.jsonl")
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert f"--input {folder / 'rejected.jsonl'}" in page
    assert "example.com" not in page

    assert run(mend, folder).returncode == 0
    replayed = run(replay.replace("config.json", str(tmp_path / "config.json")), folder)
    assert replayed.returncode == 0, replayed.stderr
    assert {profile["properties"]["Email"] for profile in sandbox.profiles()} == {
        "ann@example.com",
        "bob@example.com",
    }
