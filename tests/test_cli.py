"""The real command in a process of its own: exit codes, and one sentence for what went wrong."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from target_clevertap import cli
from tests.support.pipeline import Message, command, config, lines, record, schema, state

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.sandbox import Sandbox

USERS = {"type": "profile", "identifier": {"identity": "id"}, "properties": {"Name": "name"}}
VIP = {
    "type": "segment",
    "identifier": {"identity": "id"},
    "segment_name": "VIP",
    "owner_email": "admin@example.com",
}
USERS_SCHEMA = schema("users", id="integer", name="string")
ADA = record("users", id=1, name="Ada")


@pytest.fixture
def settings(sandbox: Sandbox, tmp_path: Path) -> dict[str, Any]:
    return config(sandbox, tmp_path / "work", streams={"users": USERS, "vip": VIP})


def test_a_run_that_went_well_ends_with_0_and_only_states_on_stdout(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    done = command(settings, [USERS_SCHEMA, ADA, state({"n": 1})], tmp_path)
    assert (done.code, done.states) == (0, [{"n": 1}])
    assert "users: 1 read: 1 accepted, 0 rejected" in done.log
    # `meltano config test` takes these words for a failure.
    assert "error" not in done.log.lower()
    assert "exception" not in done.log.lower()


@pytest.mark.parametrize("storage", ["s3://u:marker@x", {"root": ["marker"]}, {"params": "marker"}])
def test_a_setting_of_the_sdk_that_is_wrong_is_told_without_its_value(
    storage: object, settings: dict[str, Any], tmp_path: Path
) -> None:
    done = command(settings | {"batch_config": {"storage": storage}}, [], tmp_path)
    assert done.code == 2
    assert "batch_config.storage" in done.log
    assert "marker" not in done.log


def test_wrong_settings_end_with_2_before_anything_is_read(
    settings: dict[str, Any], tmp_path: Path, sandbox: Sandbox
) -> None:
    wrong = settings | {"region": "mars", "batch_size_rows": 0, "flattening_enabled": "x"}
    done = command(wrong, [b"never read"], tmp_path)
    assert (done.code, done.states) == (2, [])
    assert "region: must be one of eu1" in done.log
    assert "batch_size_rows: must be an integer >= 1" in done.log
    assert "flattening_enabled: must be boolean or null, not a string" in done.log
    assert "Traceback" not in done.log
    assert sandbox.calls() == []


def test_a_mapping_that_does_not_fit_the_schema_ends_with_2(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    wrong = settings | {"streams": {"users": USERS | {"properties": {"Name": "nmae"}}}}
    done = command(wrong, [USERS_SCHEMA, ADA], tmp_path)
    assert done.code == 2
    assert "streams.users.properties.Name" in done.log
    assert "did you mean name?" in done.log


def test_a_broken_contract_ends_with_1_and_keeps_what_is_true(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    messages: list[Message | bytes] = [USERS_SCHEMA, ADA, state(1), b"{secret marker}"]
    done = command(settings | {"batch_size_rows": 1}, messages, tmp_path)
    assert (done.code, done.states) == (1, [1])
    assert "Line 4 of the input (15 bytes) is not valid JSON" in done.log
    assert "marker" not in done.log
    assert "Traceback" not in done.log


def test_a_passcode_that_is_refused_ends_with_1_and_advice(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    done = command(settings | {"passcode": "marker"}, [USERS_SCHEMA, ADA, state(1)], tmp_path)
    assert (done.code, done.states) == (1, [])
    assert "passcode" in done.log
    assert "marker" not in done.log
    assert "Traceback" not in done.log


def test_a_segment_refused_by_its_guard_ends_with_3(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    done = command(settings, [schema("vip", id="string"), state(1)], tmp_path)
    assert (done.code, done.states) == (3, [1])
    assert "would be empty" in done.log


def test_a_host_that_does_not_answer_ends_with_1(settings: dict[str, Any], tmp_path: Path) -> None:
    nowhere = settings | {"api_url": "http://127.0.0.1:9"}
    done = command(nowhere, [USERS_SCHEMA, ADA, state(1)], tmp_path)
    assert (done.code, done.states) == (1, [])
    assert "127.0.0.1" in done.log
    assert "Traceback" not in done.log


def test_a_configuration_that_cannot_be_read_ends_with_2(tmp_path: Path) -> None:
    assert cli.run(["--config", str(tmp_path / "missing.json")]) == 2
    (tmp_path / "list.json").write_text("[]")
    assert cli.run(["--config", str(tmp_path / "list.json")]) == 2
    assert cli.run(["--no-such-option"]) == 2


def test_settings_come_from_yaml_and_several_files_make_one_configuration(
    settings: dict[str, Any], sandbox: Sandbox, tmp_path: Path
) -> None:
    streams = tmp_path / "streams.yml"
    streams.write_text("streams:\n  users: {type: profile, identifier: {identity: id}}\n")
    account = {name: value for name, value in settings.items() if name != "streams"}
    done = command(account, [USERS_SCHEMA, ADA], tmp_path, "--config", str(streams))
    assert done.code == 0, done.log
    assert [profile["properties"] for profile in sandbox.profiles()] == [{"name": "Ada"}]


def test_settings_come_from_the_environment_too(
    settings: dict[str, Any], sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in settings.items():
        text = value if isinstance(value, str) else json.dumps(value)
        monkeypatch.setenv(f"TARGET_CLEVERTAP_{name.upper()}", text)
    done = command({}, [USERS_SCHEMA, ADA], tmp_path, "--config", "ENV")
    assert done.code == 0
    assert len(sandbox.profiles()) == 1


@pytest.mark.parametrize(
    ("name", "text", "wanted"),
    [
        ("BATCH_SIZE_ROWS", "many", "an integer"),
        ("DRY_RUN", "tru", "true or false"),
        ("VALIDATE_RECORDS", "maybe", "true or false"),
        ("STREAMS", "{", "a JSON object"),
    ],
)
def test_a_variable_that_cannot_be_read_ends_with_2(
    name: str,
    text: str,
    wanted: str,
    settings: dict[str, Any],
    sandbox: Sandbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(f"TARGET_CLEVERTAP_{name}", text)
    done = command(settings, [USERS_SCHEMA, ADA], tmp_path, "--config", "ENV")
    assert done.code == 2
    assert f"TARGET_CLEVERTAP_{name}: must be {wanted}" in done.log
    assert sandbox.calls() == []


def test_input_can_come_from_a_file(
    settings: dict[str, Any], sandbox: Sandbox, tmp_path: Path
) -> None:
    (tmp_path / "in.jsonl").write_bytes(lines([USERS_SCHEMA, ADA, state(1)]))
    done = command(settings, [], tmp_path, "--input", str(tmp_path / "in.jsonl"))
    assert (done.code, done.states, len(sandbox.profiles())) == (0, [1], 1)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_reading_and_what_was_read_is_delivered(
    number: signal.Signals, settings: dict[str, Any], sandbox: Sandbox, tmp_path: Path
) -> None:
    with running(settings | {"batch_size_rows": 1}, tmp_path) as process:
        assert process.stdin
        assert process.stdout
        # The state after a row tells that the target waits for the next line.
        feed(process, [USERS_SCHEMA, ADA, state(1)])
        assert process.stdout.readline() == b"1\n"
        feed(process, [record("users", id=2, name="Bob")])
        os.kill(process.pid, number)
        assert process.wait(timeout=30) == 128 + number
    assert sandbox.profile("1") is not None


def test_the_last_rows_of_a_silent_tap_do_not_wait_for_the_next_one(
    settings: dict[str, Any], sandbox: Sandbox, tmp_path: Path
) -> None:
    with running(settings | {"batch_wait_limit_seconds": 0}, tmp_path) as process:
        assert process.stdout
        feed(process, [USERS_SCHEMA, ADA, state(1)])
        # Neither the end of the input nor a full batch: nothing but time brings this state.
        assert process.stdout.readline() == b"1\n"
        assert sandbox.profile("1") is not None
        close_input(process)
        assert process.wait(timeout=30) == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_in_the_middle_of_a_call_waits_for_its_answer(
    number: signal.Signals, settings: dict[str, Any], sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.fault(kind="slow", seconds=1, calls=[1])
    with running(settings | {"batch_size_rows": 1}, tmp_path) as process:
        assert process.stdout
        feed(process, [USERS_SCHEMA, ADA, state(1)])
        wait_for_call(sandbox, 1)
        os.kill(process.pid, number)
        assert process.wait(timeout=30) == 128 + number
        assert process.stdout.read() == b"1\n"
    assert sandbox.profile("1") is not None


def test_a_second_signal_ends_the_process_at_once(
    settings: dict[str, Any], sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.fault(kind="slow", seconds=30, calls=[2])
    with running(settings | {"batch_size_rows": 1}, tmp_path) as process:
        assert process.stdout
        feed(process, [USERS_SCHEMA, ADA, state(1)])
        assert process.stdout.readline() == b"1\n"
        feed(process, [record("users", id=2, name="Bob")])
        wait_for_call(sandbox, 2)
        os.kill(process.pid, signal.SIGTERM)
        os.kill(process.pid, signal.SIGINT)
        assert process.wait(timeout=10) in {128 + signal.SIGINT, 128 + signal.SIGTERM}


def test_a_bug_is_told_by_its_places_and_without_values(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, Any], tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    def stumble(*_args: object, **_kwargs: object) -> None:
        raise KeyError("marker")

    monkeypatch.setattr("target_clevertap.target.TargetCleverTap.listen", stumble)
    (tmp_path / "c.json").write_text(json.dumps(settings))
    assert cli.run(["--config", str(tmp_path / "c.json")]) == 1
    assert "Unforeseen KeyError" in caplog.text
    assert "stumble" in caplog.text
    assert "marker" not in caplog.text


def feed(process: subprocess.Popen[bytes], messages: list[Message]) -> None:
    """Write messages to a target and leave its input open."""
    assert process.stdin
    process.stdin.write(lines(messages))
    process.stdin.flush()


def close_input(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin
    process.stdin.close()


def wait_for_call(sandbox: Sandbox, number: int) -> None:
    """Returns when the sandbox has begun a call; its faults let that one take long."""
    while sandbox.state()["calls"] < number:
        pass


def running(settings: dict[str, Any], folder: Path) -> subprocess.Popen[bytes]:
    file = folder / "config.json"
    file.write_text(json.dumps(settings))
    return subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-m", "target_clevertap", "--config", str(file)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
