"""On a full disk, what CleverTap has answered is still written down."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING

import pytest

from tests.support.pipeline import config, lines, record, schema, state

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.sandbox import Sandbox

SCRIPT = """
    import sys
    from pathlib import Path
    from target_clevertap.errors import LedgerError
    from tests.ledger.places import Place, events

    folder = Path(sys.argv[1])
    place = Place(None, folder / "account")
    ledger = place.open()
    calls = []
    for call in range(15):
        marks = events(1, range(call * 1000, call * 1000 + 1000))
        calls.append((ledger.note(marks, b""), marks))
    filler = (folder / "filler").open("wb", buffering=0)
    try:
        while filler.write(bytes(4096)):
            pass
    except OSError:
        filler.close()
    for number, marks in calls:
        ledger.settle(number, events=marks)
    try:
        ledger.note(events(1, ["next"]), b"")
    except LedgerError as error:
        print("note:", error)
    ledger.close()
    (folder / "filler").unlink()
    with place.open() as ledger:
        known = sum(len(ledger.known_events(marks)) for _, marks in calls)
        print("known:", known, "recovered:", ledger.recovered.events)
"""

RUN_TWICE = """
    import subprocess, sys
    from pathlib import Path

    work = Path(sys.argv[1])
    (work / "filler").write_bytes(bytes(6_000_000))
    settings, rows = (work.parent / name for name in ("config.json", "rows.jsonl"))
    command = [sys.executable, "-m", "target_clevertap", "--config", settings, "--input", rows]
    print("first:", subprocess.run(command, check=False).returncode)
    (work / "filler").unlink()
    print("second:", subprocess.run(command, check=False).returncode)
"""

ORDERS = {"type": "event", "identifier": {"identity": "user"}, "event_name": "Ordered"}
ROWS = 50_000


def test_every_call_that_was_answered_is_settled_in_the_reserve(tmp_path: Path) -> None:
    said = on_a_small_disk(tmp_path, SCRIPT)
    assert "note: The ledger" in said
    assert "Make room on its disk" in said
    assert "known: 15000 recovered: 0" in said


def test_no_event_is_sent_twice_when_the_disk_was_full(sandbox: Sandbox, tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    settings = config(sandbox, work, streams={"orders": ORDERS})
    del settings["ledger_url"]
    (tmp_path / "config.json").write_text(json.dumps(settings))
    rows = [record("orders", id=number, user=f"u{number % 100}") for number in range(ROWS)]
    messages = [schema("orders", "id", id="integer", user="string"), *rows, state(1)]
    (tmp_path / "rows.jsonl").write_bytes(lines(messages))
    said = on_a_small_disk(work, RUN_TWICE)
    assert "first: 1" in said
    assert "second: 0" in said
    assert len(sandbox.events()) == ROWS


def on_a_small_disk(folder: Path, script: str) -> str:
    """What a script prints whose argument is a folder with room for 12 MB."""
    unshare = shutil.which("unshare")
    mounted = f"mount -t tmpfs -o size=12m tmpfs {folder}"
    if unshare is None:
        pytest.skip("no unshare here")
    trial = [unshare, "-rm", "sh", "-c", mounted]
    if subprocess.run(trial, check=False).returncode:  # noqa: S603 - a fixed command
        pytest.skip("no file system can be mounted here")
    run = f'{mounted} && exec "$0" -c "$1" {folder}'
    command = [unshare, "-rm", "sh", "-c", run, sys.executable, textwrap.dedent(script)]
    return subprocess.check_output(command, text=True)  # noqa: S603 - the script above
