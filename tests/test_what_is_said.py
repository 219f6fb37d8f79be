"""What a run says for itself: while it goes on, when a signal comes, and at its end."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import sys
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from target_clevertap.errors import SettingsError
from target_clevertap.options import print_check, print_line, print_suggestion
from target_clevertap.target import TargetCleverTap
from tests.support.pipeline import Message, command, config, lines, record, schema, state
from tests.test_cli import wait_for_call

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.sandbox import Sandbox

USERS = {
    "type": "profile",
    "identifier": {"identity": "id"},
    "properties": {"Name": "name", "Email": "mail"},
}
VIP = {
    "type": "segment",
    "identifier": {"identity": "id"},
    "segment_name": "VIP",
    "owner_email": "admin@example.com",
}
USERS_SCHEMA = schema("users", id="integer", name="string", mail="string")
ADA = record("users", id=1, name="Ada")


@pytest.fixture
def settings(sandbox: Sandbox, tmp_path: Path) -> dict[str, Any]:
    return config(sandbox, tmp_path / "work", streams={"users": USERS, "vip": VIP})


def test_a_call_that_is_tried_again_says_why_and_the_run_still_counts_as_well(
    settings: dict[str, Any], sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.fault(kind="status", status=503, calls=[1])
    done = command(settings | {"retry_limit_seconds": 60}, [USERS_SCHEMA, ADA, state(1)], tmp_path)
    assert (done.code, done.states) == (0, [1])
    assert done.log.count("is not well (503). It is tried again, for 60 s at most") == 1
    # `meltano config test` takes these words for a failure.
    assert "error" not in done.log.lower()
    assert "exception" not in done.log.lower()


@contextmanager
def running(settings: dict[str, Any], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The real command, which waits for its input."""
    file = folder / "config.json"
    file.write_text(json.dumps(settings))
    process = subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-m", "target_clevertap", "--config", str(file)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def feed(process: subprocess.Popen[bytes], messages: list[Message]) -> None:
    assert process.stdin
    process.stdin.write(lines(messages))
    process.stdin.flush()


def log_until(process: subprocess.Popen[bytes], words: str, within_seconds: float = 30) -> str:
    """What is logged up to some words; fails when they do not come in time."""
    assert process.stderr
    logged = b""
    while words.encode() not in logged:
        ready, _, _ = select.select([process.stderr], [], [], within_seconds)
        assert ready, logged.decode()
        piece = os.read(process.stderr.fileno(), 65536)
        assert piece, logged.decode()
        logged += piece
    return logged.decode()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_acknowledged_while_clevertap_is_away_and_a_second_one_says_what_it_did(
    number: signal.Signals, settings: dict[str, Any], tmp_path: Path
) -> None:
    away = {"api_url": "http://127.0.0.1:9", "retry_limit_seconds": 600, "batch_size_rows": 1}
    with running(settings | away, tmp_path) as process:
        feed(process, [USERS_SCHEMA, ADA])
        log_until(process, "127.0.0.1:9 cannot be reached: Connection refused. It is tried again")
        process.send_signal(number)
        said = log_until(process, "A second signal ends the run at once.")
        assert f"{number.name}: no further line is read" in said
        process.send_signal(number)
        log_until(process, "Ended at once by a second signal: calls under way may or may not have")
        assert process.wait(timeout=30) == 128 + number


def test_a_signal_during_the_upload_of_a_list_is_acknowledged_too(
    settings: dict[str, Any], sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.fault(kind="status", status=503, path="/get_custom_list_segment_url")
    with running(settings | {"retry_limit_seconds": 600}, tmp_path) as process:
        feed(process, [schema("vip", id="string"), record("vip", id="1"), state(1)])
        assert process.stdin
        process.stdin.close()
        log_until(process, "It is tried again")
        process.send_signal(signal.SIGTERM)
        log_until(process, "SIGTERM: no further line is read")
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 128 + signal.SIGTERM


def test_a_signal_before_a_list_is_whole_tells_of_the_rows_that_come_again(
    settings: dict[str, Any], sandbox: Sandbox, tmp_path: Path
) -> None:
    with running(settings | {"batch_size_rows": 1}, tmp_path) as process:
        members = [record("vip", id="1"), record("vip", id="2")]
        feed(process, [schema("vip", id="string"), *members, USERS_SCHEMA, ADA])
        wait_for_call(sandbox, 1)
        process.send_signal(signal.SIGTERM)
        said = log_until(process, "does the rest.")
    assert "vip: 2 read: 0 accepted, 0 rejected, 2 without an outcome (come again)" in said
    assert (
        "Ended by signal 15: of what had been read, 2 rows have no outcome (a segment is uploaded "
        "only when all of it was read); all else is delivered, the next run does the rest." in said
    )


def test_a_signal_when_everything_has_its_outcome_says_that_it_is_delivered(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    with running(settings | {"batch_size_rows": 1}, tmp_path) as process:
        feed(process, [USERS_SCHEMA, ADA, state(1)])
        assert process.stdout
        assert process.stdout.readline() == b"1\n"
        process.send_signal(signal.SIGINT)
        said = log_until(process, "does the rest.")
    assert "SIGINT: no further line is read; what was read is being delivered." in said
    assert "Ended by signal 2: what had been read is delivered, the next run does the rest." in said


def test_the_counts_of_a_run_that_could_not_go_on_add_up(
    settings: dict[str, Any], sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.fault(kind="status", status=503)
    done = command(settings, [USERS_SCHEMA, ADA, state(1)], tmp_path)
    assert done.code == 1
    assert "users: 1 read: 0 accepted, 0 rejected, 1 without an outcome (comes again)" in done.log


def test_adjusted_rows_are_told_as_some_of_the_accepted(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    rows = [
        record("users", id=1, name="x" * 600),
        record("users", id=2, name="Bob"),
        record("users", id=3, mail="no address"),
    ]
    done = command(settings, [USERS_SCHEMA, *rows, state(1)], tmp_path)
    assert "users: 3 read: 2 accepted (1 of them adjusted), 1 rejected" in done.log


HOMELESS = """
import pwd
def nobody(_uid):
    raise KeyError
pwd.getpwuid = nobody
from target_clevertap.cli import main
main()
"""
"""The command as a user who is in no list of users, as in many a container."""


@pytest.mark.parametrize(("options", "code"), [([], 2), (["--check"], 1)])
@pytest.mark.parametrize("work_dir", [None, "~/kept"])
def test_a_user_without_a_home_is_told_to_set_work_dir(
    options: list[str], code: int, work_dir: str | None, settings: dict[str, Any], tmp_path: Path
) -> None:
    settings.pop("work_dir")
    homeless = settings | ({"work_dir": work_dir} if work_dir else {})
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-c", HOMELESS, "--config", "/dev/stdin", *options],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"]},
        input=json.dumps(homeless).encode(),
        capture_output=True,
        check=False,
    )
    assert done.returncode == code
    said = (done.stdout + done.stderr).decode()
    assert "work_dir: this user has no home folder; set work_dir" in said
    assert "Unforeseen" not in said


def test_a_state_that_has_nowhere_to_go_is_told_in_a_sentence(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "config.json").write_text(json.dumps(settings))
    (tmp_path / "in.jsonl").write_bytes(lines([USERS_SCHEMA, ADA, state(1)]))
    run = f"{sys.executable} -m target_clevertap --config config.json --input in.jsonl >&-"
    done = subprocess.run(  # noqa: S602 - our own command, whose output a shell closes
        run, shell=True, cwd=tmp_path, capture_output=True, check=False
    )
    assert done.returncode == 1
    said = done.stderr.decode()
    assert "A STATE could not be written: standard output is closed." in said
    assert "Unforeseen" not in said


def test_an_answer_that_has_nowhere_to_go_is_told_in_a_sentence(
    settings: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog = tmp_path / "catalog.json"
    catalog.write_text(json.dumps({"streams": [{"stream": "u", "schema": {}}]}))
    check = partial(print_check, partial(TargetCleverTap.typed, settings))
    monkeypatch.setattr(sys, "stdout", None)
    for answer in (check, partial(print_suggestion, catalog), partial(print_line, "a row")):
        with pytest.raises(SettingsError, match="standard output is closed, where the answer"):
            answer()


def test_a_closed_standard_error_keeps_nothing_from_being_delivered(
    settings: dict[str, Any], tmp_path: Path, sandbox: Sandbox
) -> None:
    (tmp_path / "config.json").write_text(json.dumps(settings))
    (tmp_path / "in.jsonl").write_bytes(lines([USERS_SCHEMA, ADA, state(1)]))
    run = f"{sys.executable} -m target_clevertap --config config.json --input in.jsonl 2>&-"
    done = subprocess.run(  # noqa: S602 - as above
        run, shell=True, cwd=tmp_path, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, b"1\n")
    assert len(sandbox.profiles()) == 1


def page(folder: Path) -> str:
    """The one report of a work folder that the log has named."""
    (report,) = folder.rglob("report.html")
    return report.read_text()


def test_a_run_without_a_rejected_row_names_its_report_too(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    done = command(settings, [USERS_SCHEMA, ADA, state(1)], tmp_path)
    (report,) = tmp_path.rglob("report.html")
    assert f"The report of the run is {report}" in done.log
    assert "Dry run" not in done.log


def test_the_last_lines_say_of_each_stream_what_happened(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    settings |= {"streams": settings["streams"] | {"visitors": settings["streams"]["users"]}}
    del settings["ledger_url"]
    visitors = USERS_SCHEMA | {"stream": "visitors"}
    bad = record("users", id=2, mail="no address")
    for _ in range(2):
        done = command(settings, [USERS_SCHEMA, ADA, bad, visitors, state(1)], tmp_path)
    said = [line.partition("users: ")[2] or line for line in done.log.splitlines()[-3:]]
    assert said[0].startswith("1 tried again: 0 accepted"), done.log
    assert said[1].startswith("2 read: 0 accepted, 1 unchanged"), done.log
    assert "visitors: 0 read" in said[2], done.log


def test_a_run_that_failed_says_why_after_that(settings: dict[str, Any], tmp_path: Path) -> None:
    bad = record("users", id=2, mail="no address")
    done = command(settings | {"max_rejected_percent": 10}, [USERS_SCHEMA, bad], tmp_path)
    *_, of_stream, why = done.log.splitlines()
    assert "users: 1 read: 0 accepted" in of_stream
    assert "max_rejected_percent" in why


def test_a_run_that_delivered_nothing_does_not_speak_of_the_rest(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    rows = [record("users", id=number, mail="no address") for number in range(2)]
    limit = {"max_rejected_percent": 10}
    done = command(settings | limit, [USERS_SCHEMA, *rows, state(1)], tmp_path)
    assert done.code == 3
    assert "(10) allows. Nothing is delivered. The rejected rows are in " in done.log
    assert "<title>Nothing delivered" in page(tmp_path)


def test_a_run_that_delivered_some_says_so(settings: dict[str, Any], tmp_path: Path) -> None:
    rows = [record("users", id=number, mail="no address") for number in range(2, 22)]
    limit = {"max_rejected_percent": 10}
    done = command(settings | limit, [USERS_SCHEMA, ADA, *rows, state(1)], tmp_path)
    assert done.code == 3
    assert "Everything that was not rejected is delivered. The rejected rows are" in done.log
    assert "<title>Delivered in part" in page(tmp_path)


def test_a_run_that_left_rows_does_not_call_them_delivered(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    rows = [record("users", id=number, mail="no address") for number in range(2, 22)]
    limit = {"max_rejected_percent": 10}
    cut_off = [schema("vip", id="string"), record("vip", id="a"), record("vip", id="b")]
    done = command(settings | limit, [USERS_SCHEMA, ADA, *rows, state(1), *cut_off], tmp_path)
    assert done.code == 1
    assert "Also 2 rows have no outcome; everything that was neither of these is deliv" in done.log


def test_a_signal_does_not_make_rejected_rows_delivered_ones(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    with running(settings | {"batch_size_rows": 1}, tmp_path) as process:
        feed(process, [USERS_SCHEMA, ADA, record("users", id=2, mail="no address"), state(1)])
        assert process.stdout
        assert process.stdout.readline() == b"1\n"
        process.send_signal(signal.SIGTERM)
        said = log_until(process, "the next run does the rest.")
    assert "Ended by signal 15: what had been read is delivered or kept as rejected, the" in said


def test_a_dry_run_says_that_nothing_was_stored(settings: dict[str, Any], tmp_path: Path) -> None:
    done = command(settings | {"dry_run": True}, [USERS_SCHEMA, ADA, state(1)], tmp_path)
    assert (done.code, done.states) == (0, [])
    assert "Dry run: nothing was stored, and no STATE was written." in done.log
    assert "<title>Checked" in page(tmp_path)


def test_the_check_shows_that_dry_run_is_on(settings: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(settings | {"dry_run": True}))
    done = subprocess.run(
        [sys.executable, "-m", "target_clevertap", "--config", "config.json", "--check"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0
    said = done.stdout.decode()
    assert "settings: ok (2 stream mappings; dry_run is on: a run would store nothing)" in said


def test_on_a_terminal_it_says_that_it_waits_for_a_tap(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "config.json").write_text(json.dumps(settings))
    ours, theirs = pty.openpty()
    command_line = [sys.executable, "-m", "target_clevertap", "--config", "config.json"]
    with subprocess.Popen(  # noqa: S603 - our own command
        command_line, cwd=tmp_path, stdin=theirs, stderr=subprocess.PIPE
    ) as process:
        log_until(process, "Waiting for a tap on standard input, which is a terminal")
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 128 + signal.SIGTERM
    os.close(theirs)
    os.close(ours)


def test_a_closed_standard_input_is_told_in_a_sentence(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "config.json").write_text(json.dumps(settings))
    run = f"{sys.executable} -m target_clevertap --config config.json <&-"
    done = subprocess.run(  # noqa: S602 - our own command, whose input a shell closes
        run, shell=True, cwd=tmp_path, capture_output=True, check=False
    )
    assert done.returncode == 1
    assert b"Standard input is closed: pipe a tap in" in done.stderr
    assert b"Unforeseen" not in done.stderr
