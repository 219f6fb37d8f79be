"""Whoever runs the target inside of a program of their own gets errors without a value, too."""

from __future__ import annotations

import logging
from traceback import format_exception
from typing import TYPE_CHECKING, Any

import pytest

from target_clevertap.errors import TargetCleverTapError
from tests.support.pipeline import Message, config, load, record, rejected, schema, state

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.sandbox import Sandbox

MARK = "marker"
STREAMS = {
    "users": {
        "type": "profile",
        "identifier": {"identity": "user"},
        "properties": {"Name": "name", "Email": "mail", "Phone": "phone"},
    },
    "visits": {
        "type": "event",
        "identifier": {"identity": "user"},
        "event_name": "Visited",
        "properties": {"Page": "page"},
    },
    "vip": {
        "type": "segment",
        "identifier": {"identity": "user"},
        "segment_name": "VIP",
        "owner_email": "admin@example.com",
    },
}
SCHEMAS = [
    schema("users", user="string", id="integer", name="string", mail="string", phone="string"),
    schema("visits", user="string", id="integer", page="string"),
    schema("vip", user="string", id="integer"),
]


def row(stream: str, number: int, **columns: Any) -> Message:  # noqa: ANN401 - any JSON
    values = {"user": f"{MARK}-user-{number}", "id": number} | columns
    return record(stream, **values)


GOOD = [
    row("users", 1, name=f"{MARK}-name"),
    row("visits", 2, page=f"{MARK}-page"),
    row("vip", 3),
    state({"at": 1}),
]
BAD: dict[str, Message | bytes] = {
    "phone": row("users", 4, phone=f"{MARK}-phone"),
    "mail": row("users", 5, mail=f"{MARK}-mail"),
    "misfit": row("users", 6, name=[f"{MARK}-name"]),
    "cut": b'{"type":"RECORD","stream":"users","record":{"name":"' + MARK.encode(),
    "odd": b'["' + MARK.encode() + b'"]',
    "type": {"type": f"{MARK}-type"},
    "no schema": record("orders", name=f"{MARK}-name"),
    "no key": record("users", name=f"{MARK}-name"),
    "surrogate": b'{"type":"RECORD","stream":"users","record":{"id":8,"user":"'
    + MARK.encode() + b'","name":"\\ud800"}}',
}  # fmt: skip
FAULTS: dict[str, dict[str, Any]] = {
    "none": {},
    "400": {"kind": "malformed"},
    "401": {"kind": "status", "status": 401},
    "429": {"kind": "status", "status": 429},
    "500": {"kind": "status", "status": 500},
    "html": {"kind": "non_json"},
    "cut": {"kind": "truncated"},
    "reset": {"kind": "reset_after"},
    "unread": {"kind": "nothing_processed"},
}


@pytest.fixture
def settings(sandbox: Sandbox, tmp_path: Path) -> dict[str, Any]:
    return config(sandbox, tmp_path, streams=STREAMS)


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.usefixtures("sandbox")
def test_a_bad_row_leaves_no_value_behind(
    bad: str, settings: dict[str, Any], capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    told = attempt(settings, [*SCHEMAS, *GOOD, BAD[bad]], capsys, caplog)
    assert MARK not in told


@pytest.mark.parametrize("fault", FAULTS)
def test_a_failing_call_leaves_no_value_behind(
    fault: str, settings: dict[str, Any], sandbox: Sandbox, tmp_path: Path,
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    if FAULTS[fault]:
        sandbox.fault(**FAULTS[fault], calls=list(range(1, 30)))
    told = attempt(settings, [*SCHEMAS, *GOOD], capsys, caplog)
    assert MARK not in told
    assert all(MARK not in str(kept["rejected"]) for kept in rejected(tmp_path))


def test_a_refusal_by_clevertap_leaves_no_value_behind(
    settings: dict[str, Any], sandbox: Sandbox,
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    sandbox.settings(discarded_events=["Visited"])
    told = attempt(settings, [*SCHEMAS, *GOOD], capsys, caplog)
    assert "clevertap_528" in told
    assert MARK not in told


def test_the_passcode_and_the_presigned_url_are_never_told(
    settings: dict[str, Any], capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    told = attempt(settings | {"passcode": "pass-marker"}, [*SCHEMAS, *GOOD], capsys, caplog)
    told += attempt(settings, [*SCHEMAS, *GOOD], capsys, caplog)
    assert MARK not in told
    assert "Signature" not in told


def attempt(
    settings: dict[str, Any], messages: list[Message | bytes], capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> str:  # fmt: skip
    """Run the target at DEBUG; returns everything that it told: log, states, error."""
    ending = ""
    with caplog.at_level(logging.DEBUG):
        try:
            load(settings, messages, capsys)
        except TargetCleverTapError as error:
            # With the errors that have led to it, as far as Python shows them.
            ending = f"{error!r} {error} {''.join(format_exception(error))}"
    captured = capsys.readouterr()
    return caplog.text + captured.out + captured.err + ending
