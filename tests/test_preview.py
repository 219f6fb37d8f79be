"""`--preview N`: what would be sent, and that nothing is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.clevertap.scripted import Scripted, answer
from tests.support.pipeline import config, lines, load, record, schema, state

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.sandbox import Sandbox

STREAMS = {
    "users": {
        "type": "profile",
        "identifier": {"identity": "id"},
        "properties": {"Name": "name", "Phone": "phone"},
        "on_delete": "delete",
    },
    "orders": {"type": "event", "identifier": {"identity": "user"}, "event_name": "Ordered"},
    "vip": {
        "type": "segment",
        "identifier": {"identity": "user"},
        "segment_name": "VIP",
        "owner_email": "admin@example.com",
        "membership": "accumulate",
    },
}
SCHEMAS = [
    schema("users", id="integer", name="string", phone="string"),
    schema("orders", id="integer", user="string"),
    schema("vip", "user", user="string"),
]


def preview(
    settings: dict[str, Any], messages: list[Any], folder: Path, rows: int, encoding: str = "utf-8"
) -> subprocess.CompletedProcess[bytes]:
    file = folder / "config.json"
    file.write_text(json.dumps(settings))
    return subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "target_clevertap", "--config", str(file), "--preview", str(rows)],
        input=lines(messages),
        capture_output=True,
        timeout=60,
        check=False,
        env=os.environ | {"PYTHONIOENCODING": encoding},
    )


@pytest.fixture
def settings(sandbox: Sandbox, tmp_path: Path) -> dict[str, Any]:
    settings = config(sandbox, tmp_path / "work", streams=STREAMS)
    del settings["ledger_url"]
    return settings


def test_the_first_rows_of_each_stream_are_shown_as_they_would_be_sent(
    sandbox: Sandbox, settings: dict[str, Any], tmp_path: Path
) -> None:
    rows = [
        record("users", id=1, name="Ada", phone="+4915123456789"),
        record("users", id=2, name="Bob", phone="12"),
        record("users", id=3, name="Eve", phone=None, _sdc_deleted_at="2026-01-01"),
        record("users", id=4, name="Dan", phone="12"),
        record("orders", id=1, user="u1"),
        record("vip", user="u1"),
        record("vip", user="u2", _sdc_deleted_at="2026-01-01"),
        state(1),
    ]
    done = preview(settings, [*SCHEMAS, *rows], tmp_path, 3)
    assert done.returncode == 0, done.stderr
    assert done.stdout.decode().splitlines() == [
        "# users: the first 3 of 4 rows, as they would be sent",
        '{"type":"profile","identity":"1","profileData":{"Name":"Ada","Phone":"+4915123456789"}}',
        'delete {"identity":["3"]}',
        "# users: 1 of them would be rejected",
        "2: phone_country_missing: Phone has no country code and no country (default_country)",
        "# orders: the first 1 of 1 rows, as they would be sent",
        '{"type":"event","identity":"u1","evtName":"Ordered","evtData":{"id":1}}',
        "# vip: the first 2 of 2 rows, as they would be sent",
        "i,u1",
        "remove i,u2",
    ]
    assert sandbox.calls() == []
    assert not (tmp_path / "work").exists()


def test_what_is_shown_is_what_is_sent_to_the_byte(
    settings: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [
        record("users", id=1, name="Ünal \N{SNOWMAN}", phone="+4915123456789"),
        record("orders", id=12345678901234567890, user="u1"),
        record("users", id=2, name=None, phone=None),
    ]
    messages = [*SCHEMAS[:2], *rows]
    shown = preview(settings, messages, tmp_path, 2).stdout.splitlines()
    ada, nobody, order = (line for line in shown if line.startswith(b"{"))

    with Scripted(answer(200, {"status": "success", "processed": 3, "unprocessed": []})) as server:
        load(settings | {"api_url": server.url}, messages, capsys)
    assert server.heard[0].body == b'{"d":[' + b",".join([ada, order, nobody]) + b"]}"


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [("utf-8", "Zoë"), ("latin-1", "Zoë"), ("ascii", r"Zo\xeb"), ("utf-8:strict", "Zoë")],
)
def test_what_standard_output_cannot_write_is_escaped(
    encoding: str, shown: str, settings: dict[str, Any], tmp_path: Path
) -> None:
    half = b'{"type":"RECORD","stream":"orders","record":{"id":"\\ud800","user":""}}'
    name = record("users", id=1, name="Zoë")
    done = preview(settings, [*SCHEMAS, half, name], tmp_path, 2, encoding)
    assert done.returncode == 0, done.stderr
    told = done.stdout.decode(encoding.partition(":")[0])
    assert f'"Name":"{shown}"' in told
    assert r"\ud800: text_invalid: " in told


def test_a_row_that_no_call_could_hold_is_shown_as_rejected(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    settings |= {"batch_max_bytes": 1000}
    row = record("users", id=1, name="x" * 500, phone="+4915123456789")
    settings["streams"] = {
        "users": STREAMS["users"] | {"properties": {"Name": "name", "A": "name", "B": "name"}}
    }
    done = preview(settings, [SCHEMAS[0], row], tmp_path, 1)
    assert done.stdout.decode().splitlines()[1:] == [
        "# users: 1 of them would be rejected",
        "1: too_large: The record is larger than a call may be (batch_max_bytes)",
    ]


def test_what_cannot_be_read_ends_the_preview_as_it_would_end_a_run(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    order = record("orders", id=1, user="u1")
    done = preview(settings, [*SCHEMAS, order, b"{marker}"], tmp_path, 1)
    assert done.returncode == 1
    assert b"Line 5 of the input (8 bytes) is not valid JSON" in done.stderr
    assert b'"evtName":"Ordered"' in done.stdout, "what came before is shown"
    assert b"marker" not in done.stdout + done.stderr


def test_a_mistake_in_the_mapping_is_told_as_in_a_run(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    done = preview(settings, [schema("users", id="integer")], tmp_path, 1)
    assert done.returncode == 2
    assert "streams.users.properties.Name.column: the SCHEMA has no column" in done.stderr.decode()
    assert b"Traceback" not in done.stderr
