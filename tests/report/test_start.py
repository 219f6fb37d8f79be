"""The start of a run: it does not wait for what is needed later, and leaves nothing if it fails."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from target_clevertap.errors import LedgerBusy
from target_clevertap.ledger import open_ledger
from tests.support.pipeline import config, load

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.sandbox import Sandbox
USERS = {"type": "profile", "identifier": {"identity": "id"}}


def test_what_writes_and_draws_is_loaded_when_it_is_needed() -> None:
    needed = "import sys, target_clevertap.report.folder, target_clevertap.report.progress"
    shown = "print(sorted({'jinja2', 'rich', 'target_clevertap.report.model'} & set(sys.modules)))"
    loaded = subprocess.run(  # noqa: S603 - our own Python
        [sys.executable, "-c", f"{needed}; {shown}"], capture_output=True, text=True, check=True
    )
    assert loaded.stdout.strip() == "[]"


def test_a_run_that_cannot_begin_leaves_no_folder(
    sandbox: Sandbox, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = config(sandbox, tmp_path, streams={"users": USERS}, ledger_url=None)
    account = sandbox.account_id
    folder = tmp_path / account
    with (
        open_ledger(None, account=account, folder=folder, uncertain="hold"),
        pytest.raises(LedgerBusy),
    ):
        load(settings, [], capsys)
    assert list(folder.glob("runs")) == []
