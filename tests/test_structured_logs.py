"""Logs for programs, as the SDK offers them: a line about one stream has it as `stream_name`."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.pipeline import Message, command, config, record, schema, state

if TYPE_CHECKING:
    from tests.support.sandbox import Sandbox

Line = dict[str, Any]

DOCUMENTATION = Path(__file__).parent.parent / "docs" / "report.md"

_LIST: dict[str, Any] = {
    "type": "segment",
    "identifier": {"identity": "id"},
    "owner_email": "admin@example.com",
}
STREAMS: dict[str, dict[str, Any]] = {
    "users": {
        "type": "profile",
        "identifier": {"identity": "id"},
        "properties": {"Email": "mail"},
    },
    "visits": {
        "type": "event",
        "identifier": {"identity": "id"},
        "event_name": "Seen",
        "include_unmapped": True,
    },
    "vip": _LIST | {"segment_name": "VIP"},
    "east": _LIST | {"segment_name": "All"},
    "west": _LIST | {"segment_name": "All"},
}
SCHEMAS = [schema(stream, id="string", mail="string") for stream in STREAMS]


@pytest.fixture
def settings(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Settings, and the log configuration that the documentation shows."""
    shown = re.search(r"```yaml\n(version: 1\n.*?)```", DOCUMENTATION.read_text(), re.DOTALL)
    assert shown is not None
    (tmp_path / "logging.yaml").write_text(shown[1])
    monkeypatch.setenv("SINGER_SDK_LOG_CONFIG", str(tmp_path / "logging.yaml"))
    settings = config(sandbox, tmp_path / "work", streams=STREAMS, unmapped_streams="ignore")
    del settings["ledger_url"]
    return settings


def row(stream: str, key: str, mail: str = "ada@example.com") -> Message:
    return record(stream, id=key, mail=mail)


def logged(
    settings: dict[str, Any], messages: list[Message], folder: Path, code: int = 0
) -> dict[str, str | None]:
    """The lines that a run logs, and the stream that each is about."""
    done = command(settings, messages, folder)
    assert done.code == code, done.log
    found = [json.loads(line) for line in done.log.splitlines()]
    for line in found:
        if line["message"] == "METRIC":
            line["message"] = f"METRIC {line['metric_info']['metric']} {stream_of(line)}"
    return {line["message"]: line.get("stream_name") for line in found}


def stream_of(metric: Line) -> str | None:
    stream: str | None = metric["metric_info"]["tags"].get("stream")
    return stream


def begun(lines: dict[str, str | None]) -> dict[str, str | None]:
    """The same by what a line says first."""
    return {re.split(r" read| members|,", message)[0]: name for message, name in lines.items()}


def test_what_becomes_of_a_stream_names_it(settings: dict[str, Any], tmp_path: Path) -> None:
    odd = schema("visits", id="string", **{"a$b": "string"})
    announced = [*SCHEMAS, odd, schema("other", id="string")]
    profiles = [row("users", "1"), row("users", "2", "nobody")]
    others = [record("visits", id="3"), record("other", id="1")]
    members = [row("vip", "1"), row("east", "1"), row("west", "2")]
    lines = logged(settings, [*announced, *profiles, *others, *members, state(1)], tmp_path)
    assert begun(lines)["users: 2"] == "users"
    assert begun(lines)["visits: 1"] == "visits"
    assert begun(lines)["Segment 'VIP': 1"] == "vip"
    assert begun(lines)["Segment 'All': 2"] is None, "two streams make it"
    bad = "users: 1 rejected, email_invalid: Email is not a valid e-mail address"
    assert lines[bad] == "users"
    assert lines["Stream other has no mapping under `streams`: its rows are not sent."] == "other"
    (notice,) = (message for message in lines if "a$b" in message)
    assert lines[notice] == "visits"
    for message, name in lines.items():
        if message.startswith(("Rejected rows are kept", "Under way", "METRIC http")):
            assert name is None, message


def test_what_becomes_of_a_stream_that_comes_again_names_it(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    rows = [*SCHEMAS[:3], row("users", "1", "nobody"), row("vip", "1"), state(1)]
    logged(settings, rows, tmp_path)
    (ledger,) = (tmp_path / "work").rglob("ledger.sqlite")
    with closing(sqlite3.connect(ledger)) as database, database:
        database.execute("UPDATE clevertap_ledger_waiting SET tries = 9")
    lines = logged(settings, [SCHEMAS[2], row("vip", "1"), state(2)], tmp_path)
    assert lines["users: 1 tried again: 0 accepted, 1 rejected"] == "users"
    assert lines["users: 1 given up after 10 tries"] == "users"
    assert begun(lines)["Segment 'VIP': unchanged"] == "vip"


def test_measurements_and_lines_of_the_sdk_name_it_too(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    file = tmp_path / "logging.yaml"
    file.write_text(file.read_text().replace("level: INFO", "level: DEBUG"))
    rows = [row("users", "1"), row("vip", "1"), state(1)]
    lines = logged(settings, [*SCHEMAS[:3], *rows], tmp_path)
    assert lines["METRIC batch_processing_time users"] == "users"
    assert lines["METRIC record_count vip"] == "vip"
    assert lines["METRIC http_request_duration None"] is None
    assert lines["Setting up users"] == "users"


def test_what_is_wrong_with_a_stream_names_it(settings: dict[str, Any], tmp_path: Path) -> None:
    rows = [row("users", "1", "nobody"), record("visits", id=None), row("vip", "1")]
    strict = settings | {"max_rejected_percent": 10}
    lines = logged(strict, [*SCHEMAS[:3], *rows], tmp_path, 1)
    assert begun(lines)["users: 1 of 1 rows were rejected"] == "users"
    assert begun(lines)["visits: 1 of 1 rows were rejected"] == "visits"
    (missing,) = (message for message in lines if message.startswith("Segment 'VIP' was not"))
    assert lines[missing] == "vip"


def test_a_mapping_that_does_not_fit_its_stream_names_it(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    logged(settings, [SCHEMAS[0], row("users", "1", "nobody"), state(1)], tmp_path)
    users = STREAMS["users"] | {"properties": {"Email": "nowhere"}}
    changed = settings | {"streams": {"users": users}}
    waiting = begun(logged(changed, [], tmp_path))
    assert [name for line, name in waiting.items() if "rejected rows wait on" in line] == ["users"]
    stopped = logged(changed, SCHEMAS[:1], tmp_path, 2)
    assert [
        name for line, name in stopped.items() if line.startswith("streams.users.properties.Email")
    ] == ["users"]
