"""A report says what is left to do, and nothing more."""

from __future__ import annotations

import shlex
from pathlib import Path

import msgspec
import pytest

from target_clevertap.errors import CleverTapError, Interrupted, SettingsError
from target_clevertap.report import Tally
from target_clevertap.report.advice import steps
from target_clevertap.report.compose import kind_of
from target_clevertap.report.model import Report, ReportedStream, StreamKind
from tests.report.samples import PROFILE, Drive, clean, settings, small


def said(report: Report) -> str:
    return "\n".join(step.text for step in steps(report))


def stopped(error: BaseException) -> Report:
    stream = ReportedStream.of("public-users", "profile", Tally(read=9, accepted=3))
    return Drive().report([stream], failures=[error])


def test_nothing_is_left_after_a_run_that_delivered_everything() -> None:
    assert list(steps(clean())) == []


def test_rejected_rows_are_mended_and_replayed() -> None:
    report = small()
    (replay,) = [step.commands for step in steps(report) if step.commands]
    assert [shlex.split(command)[-2:] for command in replay] == [
        ["--input", report.rejected_file]
    ] * 2


@pytest.mark.parametrize("kind", ["segment", "profile"])
def test_rejected_members_of_a_list_are_mended_in_their_source(kind: StreamKind) -> None:
    stream = ReportedStream.of("vip", kind, Tally(read=2, accepted=1, rejected=1))
    report = msgspec.structs.replace(small(), streams=(stream,))
    assert ("are not sent by a replay" in said(report)) == (kind == "segment")


def test_a_path_with_spaces_can_be_copied() -> None:
    report = msgspec.structs.replace(small(), rejected_file="/my files/it's.jsonl")
    (replay,) = [step.commands for step in steps(report) if step.commands]
    assert all(shlex.split(command)[-1] == "/my files/it's.jsonl" for command in replay)


def test_uncertain_rows_are_looked_for_first() -> None:
    assert said(small()).startswith("Look in CleverTap whether the rows with the reason uncertain")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, True),
        ({"retry_rejected": False}, False),
        ({"ledger_url": "off"}, False),
        ({"dry_run": True}, False),
    ],
)
def test_another_try_is_promised_only_if_there_is_one(
    changes: dict[str, object],
    expected: bool,  # noqa: FBT001 - a column of the table above
) -> None:
    drive = Drive()
    stream = ReportedStream.of("public-users", "profile", Tally(read=9, accepted=8, rejected=1))
    report = drive.report([stream], used=settings(**changes))
    assert ("the next run tries rejected rows" in said(report)) == expected


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (SettingsError(["streams: wrong"]), "Correct the settings"),
        (CleverTapError("no line"), "When the cause is gone, run again."),
        (Interrupted(15), "Run again."),
    ],
)
def test_a_run_that_stopped_is_run_again(error: BaseException, advice: str) -> None:
    assert said(stopped(error)).startswith(advice)


def test_a_dry_run_is_followed_by_a_real_one() -> None:
    report = Drive().report([], used=settings(dry_run=True))
    assert "run again with dry_run: false" in said(report)


def test_no_file_is_named_when_nothing_was_rejected() -> None:
    assert small().rejected_file is not None
    assert Path(str(small().rejected_file)).name == "rejected.jsonl"
    assert clean().rejected_file is None


def test_a_stream_is_of_the_kind_of_its_mapping() -> None:
    used = settings(streams={"a-*": PROFILE, "*-b": PROFILE, "x": PROFILE})
    assert [kind_of(used, name) for name in ("x", "a-1", "none", "a-b")] == [
        "profile",
        "profile",
        "ignored",
        "ignored",
    ]
