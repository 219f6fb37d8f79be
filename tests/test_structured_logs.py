"""Logs for programs, as the SDK offers them: a line about one stream has it as `stream_name`."""

from __future__ import annotations

import json
import re
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


def test_what_becomes_of_a_stream_names_it(settings: dict[str, Any], tmp_path: Path) -> None:
    odd = schema("visits", id="string", **{"a$b": "string"})
    rows = [row("users", "1"), row("users", "2", "nobody"), record("visits", id="3"),
            row("vip", "1"), row("east", "1"), row("west", "2"), record("other", id="1"), state(1)]  # fmt: skip
    lines = logged(settings, [*SCHEMAS, odd, schema("other", id="string"), *rows], tmp_path)
    begun = {
        message.split(" members")[0].split(" read")[0]: name for message, name in lines.items()
    }
    assert begun["users: 2"] == "users"
    assert begun["visits: 1"] == "visits"
    assert begun["Segment 'VIP': 1"] == "vip"
    assert begun["Segment 'All': 2"] is None, "two streams make it"
    bad = "users: 1 rejected, email_invalid: Email is not a valid e-mail address"
    assert lines[bad] == "users"
    assert lines["Stream other has no mapping under `streams`: its rows are not sent."] == "other"
    (notice,) = (message for message in lines if "a$b" in message)
    assert lines[notice] == "visits"
    for message, name in lines.items():
        if message.startswith(("Rejected rows are kept", "Under way", "METRIC http")):
            assert name is None, message


def test_measurements_and_lines_of_the_sdk_name_it_too(
    settings: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config_file = tmp_path / "logging.yaml"
    config_file.write_text(config_file.read_text().replace("level: INFO", "level: DEBUG"))
    lines = logged(settings, [*SCHEMAS, row("users", "1"), row("vip", "1"), state(1)], tmp_path, 3)
    assert lines["METRIC batch_processing_time users"] == "users"
    assert lines["METRIC record_count vip"] == "vip"
    assert lines["METRIC http_request_duration None"] is None
    assert lines["Setting up users"] == "users"


def test_what_is_wrong_with_a_stream_names_it(settings: dict[str, Any], tmp_path: Path) -> None:
    rows = [row("users", "1", "nobody"), record("visits", id=None), row("vip", "1")]
    strict = settings | {"max_rejected_percent": 10}
    lines = logged(strict, [*SCHEMAS[:3], *rows], tmp_path, 1)
    named = {message.split(",")[0]: name for message, name in lines.items()}
    assert named["users: 1 of 1 rows were rejected"] == "users"
    assert named["visits: 1 of 1 rows were rejected"] == "visits"
    (missing,) = (message for message in lines if message.startswith("Segment 'VIP' was not"))
    assert lines[missing] == "vip"

    lines = logged(settings, [], tmp_path)
    assert lines["users: 1 tried again: 0 accepted, 1 rejected"] == "users"
    columns = {"properties": {"Email": "nowhere"}}
    changed = settings | {"streams": STREAMS | {"users": STREAMS["users"] | columns}}
    lines = logged(changed, [], tmp_path)
    (waiting,) = (message for message in lines if "rejected rows wait on" in message)
    assert lines[waiting] == "users"
    (mistake,) = (
        name
        for message, name in logged(changed, [*SCHEMAS], tmp_path, 2).items()
        if message.startswith("streams.users.properties.Email")
    )
    assert mistake == "users"
