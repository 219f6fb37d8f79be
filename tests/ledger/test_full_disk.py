"""On a full disk, what CleverTap has answered is still written down."""

from __future__ import annotations

import shutil
import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

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


def test_every_call_that_was_answered_is_settled_in_the_reserve(tmp_path: Path) -> None:
    said = on_a_small_disk(tmp_path, SCRIPT)
    assert "note: The ledger" in said
    assert "Make room on its disk" in said
    assert "known: 15000 recovered: 0" in said


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
