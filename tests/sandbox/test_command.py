"""The command `clevertap-sandbox`: starting, stopping, and what it refuses to do."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import requests

from target_clevertap.sandbox import cli, server
from target_clevertap.sandbox.latency import Latency, LatencySource, parse_latency
from tests.sandbox.api import complete_list, event, list_url, profile, put_list, upload
from tests.support.sandbox import Sandbox, running_sandbox

if TYPE_CHECKING:
    from pathlib import Path


def refusal(capsys: pytest.CaptureFixture[str], *options: str) -> tuple[object, str]:
    """Exit code and words of a command that does not start."""
    with pytest.raises(SystemExit) as exit_:
        cli.main(options)
    said = capsys.readouterr()
    assert said.out == ""
    return exit_.value.code, said.err


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_it_says_one_line_and_stops_cleanly(stop: signal.Signals) -> None:
    command = [sys.executable, "-m", "target_clevertap.sandbox", "--port", "0"]
    with subprocess.Popen(  # noqa: S603 - our own server
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert re.fullmatch(r"clevertap-sandbox listening on http://127\.0\.0\.1:\d+\n", line)
        with requests.Session() as session:  # a connection that is kept open does not delay the end
            session.get(line.split()[-1] + "/_sandbox/state", timeout=10)
            process.send_signal(stop)
            rest, errors = process.communicate(timeout=20)
    assert (process.returncode, rest, errors) == (0, "", "")


def test_options_make_the_account() -> None:
    with running_sandbox(
        *("--account-id", "TEST-1", "--passcode", "secret", "--concurrency", "1"),
        *("--admin-email", "a@x.org", "--admin-email", "b@x.org", "--discard-event", "Old"),
        *("--latency", "1ms", "--phone-needs-plus", "--unknown-profile-not-found"),
        *("--fault", '{"kind": "status", "status": 503, "calls": [1]}'),
    ) as started:
        sandbox = Sandbox(started.url, "TEST-1", "secret")
        assert [upload(sandbox).status_code for _ in range(2)] == [503, 200]
        refused = upload(sandbox, event("OLD"), profile(Phone="12345")).json()["unprocessed"]
        assert [each["code"] for each in refused] == [528, 516]
        put_list(url := list_url(sandbox), "Type,Identity\n")
        assert complete_list(sandbox, url, email="b@x.org").status_code == 200
        assert sandbox.settings()["unknown_profile_not_found"]
        sandbox.close()


def test_a_database_outlives_the_process_until_it_is_reset(tmp_path: Path) -> None:
    db = ("--db", str(tmp_path / "sandbox.db"))
    with running_sandbox(*db) as sandbox:
        upload(sandbox, profile("a", Name="A"), event("E", "a"))
        sandbox.settings(list_processing_seconds=60)
        put_list(url := list_url(sandbox), "Type,Identity\n")
        complete_list(sandbox, url)
    with running_sandbox(*db) as sandbox:
        upload(sandbox, profile("a", Age=5))
        [only] = sandbox.profiles()
        assert only["properties"] == {"Name": "A", "Age": 5}
        assert [each["number"] for each in sandbox.calls()] == [1, 2, 3, 4, 5]
        assert [each["status"] for each in sandbox.segments()] == ["failed"]
    with running_sandbox(*db, "--reset") as sandbox:
        assert sandbox.profiles() == sandbox.events() == sandbox.calls() == []


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "example.com", "::"])  # noqa: S104 - refused
def test_a_host_that_is_not_loopback_is_refused(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    monkeypatch.setattr(server, "serve", lambda *_: pytest.fail("it started"))
    code, said = refusal(capsys, "--host", host)

    assert code == 2
    assert "--allow-remote" in said


def test_without_the_extra_it_names_the_extra(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "NEEDED", ("starlette", "no_such_package"))

    assert refusal(capsys) == (
        1,
        "clevertap-sandbox needs no_such_package: install target-clevertap[sandbox].\n",
    )


def test_a_port_that_is_taken_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        code, said = refusal(capsys, "--port", str(port))

    assert code == 1
    assert said.startswith(f"Cannot listen on 127.0.0.1 port {port}: ")
    assert said.count("\n") == 1


def test_a_file_that_is_no_database_of_its_own_is_left_alone(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("important " * 1000)

    assert refusal(capsys, "--db", str(file), "--reset") == (
        1,
        f"{file} is not a database of this version of clevertap-sandbox.\n",
    )
    assert file.read_text() == "important " * 1000


@pytest.mark.parametrize(
    "options",
    [
        ("--latency", "fast"),
        ("--latency", "9999s"),
        ("--fault", "429 calls"),
        ("--fault", '{"kind": "fire"}'),
        ("--concurrency", "0"),
        ("--port", "65536"),
        ("--unauthorized-text", "No"),
    ],
)
def test_an_option_that_cannot_be_is_explained(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, options: tuple[str, str]
) -> None:
    monkeypatch.setattr(server, "serve", lambda *_: pytest.fail("it started"))
    code, said = refusal(capsys, *options)

    assert code == 2
    assert "Error: " in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("text", "latency"),
    [
        ("200ms", Latency(0.2)),
        ("1.5s", Latency(1.5)),
        ("200ms±50ms", Latency(0.2, 0.05)),
        ("1s +- 100ms", Latency(1, 0.1)),
    ],
)
def test_a_latency_is_spelled_with_units(text: str, latency: Latency) -> None:
    assert parse_latency(text) == latency


def test_jitter_spreads_evenly_and_repeats_by_seed() -> None:
    first, again, other = (LatencySource(Latency(0.2, 0.05, seed)) for seed in (1, 1, 2))
    delays = [first.draw() for _ in range(100)]

    assert delays == [again.draw() for _ in range(100)]
    assert delays != [other.draw() for _ in range(100)]
    assert 0.15 <= min(delays) < 0.16
    assert 0.24 < max(delays) <= 0.25


def test_a_delay_is_never_negative() -> None:
    source = LatencySource(Latency(0.0, 1.0))

    assert min(source.draw() for _ in range(100)) == 0
