"""Workers that share a ledger on a server: each tries again what waits of the streams it has."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.pipeline import Message, config, lines, load, record, rejected, schema, state

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from tests.ledger.places import Place
    from tests.support.sandbox import Sandbox

Capture = pytest.CaptureFixture[str]

USERS = {
    "type": "profile",
    "identifier": {"identity": "user"},
    "properties": {"Name": "name", "Phone": "phone"},
}
ORDERS = {
    "type": "event",
    "identifier": {"identity": "user"},
    "event_name": "Ordered",
    "properties": {"Number": "id"},
}
USERS_SCHEMA = schema("users", "user", user="string", name="string", phone="string")
ORDERS_SCHEMA = schema("orders", "id", id="integer", user="string")
GOOD = {"invalid_properties": "drop"}


def user(number: int, name: str = "Ada", phone: str = "12") -> Message:
    return record("users", user=f"u{number}", name=name, phone=phone)


def order(number: int) -> Message:
    return record("orders", id=number, user="buyer")


def name_of(sandbox: Sandbox, identity: str) -> object:
    profile = sandbox.profile(identity)
    return profile and profile["properties"]["Name"]


@pytest.fixture
def settings(sandbox: Sandbox, postgres: Place, tmp_path: Path) -> dict[str, Any]:
    streams = {"users": USERS, "orders": ORDERS}
    return config(sandbox, tmp_path / "work", streams=streams, ledger_url=postgres.url)


class Worker:
    """A real process that goes on for as long as its tap has more to say."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def take(self, messages: Iterable[Message]) -> Any:  # noqa: ANN401 - any JSON
        """The state that the process writes after so many messages."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(lines(messages))
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


@contextmanager
def working(settings: dict[str, Any], folder: Path) -> Iterator[Worker]:
    """A worker whose tap has nothing more to say when the block ends."""
    file = folder / "worker.json"
    file.write_text(json.dumps(settings))
    command = [sys.executable, "-m", "target_clevertap", "--config", str(file)]
    with subprocess.Popen(  # noqa: S603 - our own command
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        yield Worker(process)
        process.communicate(timeout=60)
    assert process.returncode == 0


def test_a_worker_takes_no_stream_for_the_sake_of_rows_that_wait(
    settings: dict[str, Any], sandbox: Sandbox, tmp_path: Path, capsys: Capture
) -> None:
    load(settings, [USERS_SCHEMA, user(1)], capsys)
    settings |= GOOD | {"batch_wait_limit_seconds": 0}
    with working(settings, tmp_path) as first:
        assert first.take([ORDERS_SCHEMA, order(1), state(1)]) == 1
        assert sandbox.profile("u1") is None
        assert load(settings, [USERS_SCHEMA, user(2), state(2)], capsys) == [2]
        assert [name_of(sandbox, "u1"), name_of(sandbox, "u2")] == ["Ada", "Ada"]
        assert first.take([order(2), state(3)]) == 3, "it has gone on meanwhile"


def test_what_waits_is_tried_when_its_stream_begins_and_before_its_rows(
    settings: dict[str, Any], sandbox: Sandbox, tmp_path: Path, capsys: Capture
) -> None:
    load(settings, [USERS_SCHEMA, user(1, "Old"), user(2)], capsys)
    rows = [ORDERS_SCHEMA, order(1), USERS_SCHEMA, user(1, "New"), USERS_SCHEMA, state(1)]
    assert load(settings | GOOD, rows, capsys) == [1]
    assert [name_of(sandbox, "u1"), name_of(sandbox, "u2")] == ["New", "Ada"]
    sent = [call["records"] for call in sandbox.calls("/1/upload")]
    load(settings | GOOD | {"resync": True}, [USERS_SCHEMA], capsys)
    assert [call["records"] for call in sandbox.calls("/1/upload")] == sent, "nothing waits"
    assert len(rejected(tmp_path)) == 2


def test_what_waits_is_tried_once_in_a_run(
    settings: dict[str, Any], tmp_path: Path, capsys: Capture, caplog: pytest.LogCaptureFixture
) -> None:
    load(settings, [USERS_SCHEMA, user(1)], capsys)
    caplog.set_level("INFO")
    wider = schema("users", "user", user="string", name="string", phone="string", city="string")
    load(settings, [USERS_SCHEMA, user(2, phone=""), wider, user(3, phone="")], capsys)
    assert "users: 1 tried again: 0 accepted, 1 rejected" in caplog.text
    assert "users: 2 read: 2 accepted, 0 rejected" in caplog.text
    assert len(rejected(tmp_path)) == 2


def test_the_taps_own_schema_is_in_force_after_what_waited(
    settings: dict[str, Any], sandbox: Sandbox, capsys: Capture
) -> None:
    load(settings, [USERS_SCHEMA, user(1)], capsys)
    cities = USERS | {"properties": {"Name": "name", "City": "city"}}
    settings |= {"streams": {"users": cities}}
    wider = schema("users", "user", user="string", name="string", city="string")
    row = record("users", user="u2", name="Grace", city="Bonn")
    assert load(settings, [wider, row, state(1)], capsys) == [1]
    profile = sandbox.profile("u2")
    assert profile is not None
    assert profile["properties"] == {"Name": "Grace", "City": "Bonn"}
    assert sandbox.profile("u1") is None, "its mapping fits no longer, so it waits on"


def test_what_waits_comes_by_the_name_that_its_tap_knows(
    settings: dict[str, Any], sandbox: Sandbox, capsys: Capture
) -> None:
    settings |= {"stream_maps": {"people": {"__alias__": "users"}}}
    people = USERS_SCHEMA | {"stream": "people"}
    load(settings, [people, user(1) | {"stream": "people"}], capsys)
    assert load(settings | GOOD, [people, state(1)], capsys) == [1]
    assert name_of(sandbox, "u1") == "Ada"


def test_nothing_else_is_tried_while_mended_rows_are_replayed(
    settings: dict[str, Any], sandbox: Sandbox, tmp_path: Path, capsys: Capture
) -> None:
    load(settings, [USERS_SCHEMA, user(1), user(2)], capsys)
    mended = rejected(tmp_path)[0]
    mended["record"]["phone"] = ""
    load(settings | GOOD, [USERS_SCHEMA, mended], capsys)
    assert [name_of(sandbox, "u1"), name_of(sandbox, "u2")] == ["Ada", None]
