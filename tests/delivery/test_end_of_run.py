"""The end of a run: what is kept before a STATE is, what is told, also when that goes wrong."""

from __future__ import annotations

import json
import os
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

import pytest

from target_clevertap.delivery.chronicle import Chronicle
from target_clevertap.delivery.segments import Segments
from target_clevertap.errors import LedgerError
from target_clevertap.ledger import Ledger
from tests.support.pipeline import config, load, record, schema, state

if TYPE_CHECKING:
    from tests.support.sandbox import Sandbox

Capture = pytest.CaptureFixture[str]

STREAMS = {
    "users": {
        "type": "profile",
        "identifier": {"identity": "id"},
        "properties": {"Phone": "phone"},
    },
    "vip": {
        "type": "segment",
        "identifier": {"identity": "user"},
        "segment_name": "VIP",
        "owner_email": "admin@example.com",
    },
}
USERS = schema("users", id="integer", phone="string")
VIP = schema("vip", "user", user="string")
BAD = record("users", id=1, phone="12")


@pytest.fixture
def settings(sandbox: Sandbox, tmp_path: Path) -> dict[str, Any]:
    return config(sandbox, tmp_path, streams=STREAMS)


def test_rejected_rows_are_on_disk_before_a_state_covers_them(
    settings: dict[str, Any], capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    happened: list[str] = []
    sync = os.fsync

    def fsync(descriptor: int) -> None:
        happened.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(
        "target_clevertap.target._write_state", lambda value: happened.append(value.decode())
    )
    load(settings, [USERS, BAD, state(1), state(2)], capsys)
    until = happened[: happened.index("2")]
    assert until.count("rejected.jsonl") == 1
    assert "runs" in until, "the folder of the run has its name on disk"


def test_the_report_knows_what_went_wrong_at_the_very_end(
    settings: dict[str, Any], tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> list[int]:
        raise LedgerError("The ledger cannot be used: its disk is full.")

    monkeypatch.setattr(Ledger, "wait", full)
    del settings["ledger_url"]
    with pytest.raises(LedgerError):  # with no STATE, nothing is written before the run closes
        load(settings, [USERS, BAD], capsys)
    (report,) = tmp_path.rglob("report.json")
    assert json.loads(report.read_text())["run"]["exit_code"] == 1


def test_the_run_says_how_it_stands_while_lists_are_uploaded(
    settings: dict[str, Any], capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    uploading, told = Event(), Event()
    tick = Chronicle.tick

    def ticked(chronicle: Chronicle) -> float:
        if uploading.is_set():
            told.set()
        return tick(chronicle)

    def upload(*_: object) -> list[Exception]:
        uploading.set()
        assert told.wait(30)
        return []

    monkeypatch.setattr(Chronicle, "tick", ticked)
    monkeypatch.setattr(Segments, "upload", upload)
    load(settings, [VIP, record("vip", user="u1"), state(1)], capsys)
    assert told.is_set()
