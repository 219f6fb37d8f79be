"""How a run ended: one exit code, one sentence, and no value of a record."""

from __future__ import annotations

import signal

import pytest

from target_clevertap.errors import (
    CredentialsRefused,
    Interrupted,
    SegmentIncomplete,
    SegmentRefused,
    SettingsError,
    TooManyRejected,
)
from target_clevertap.report.ending import Ending, ending
from target_clevertap.report.model import Counts, TriedAgain

ALL_WELL = Counts(read=1200, accepted=1000, unchanged=150, already_delivered=50)
SOME_REJECTED = Counts(read=1200, accepted=1190, rejected=10)
CUT_OFF = Counts(read=1200, accepted=700, rejected=1, ignored=2, unsettled=497)

NOT_ALL = "1,190 of 1,200 rows are in CleverTap"
NOT_ALL_CHECKED = "1,190 of 1,200 rows would be taken by CleverTap"
CUT_OFF_ROWS = (
    "700 of 1,200 rows are in CleverTap, 1 was rejected, 2 were ignored, as configured, "
    "497 were left for the next run"
)


def ended(*failures: BaseException, totals: Counts = ALL_WELL, dry_run: bool = False) -> Ending:
    return ending(failures, totals, TriedAgain(), dry_run=dry_run)


@pytest.mark.parametrize(
    ("end", "code", "outcome", "sentence"),
    [
        (ended(), 0, "delivered", "Delivered: all 1,200 rows are in CleverTap."),
        (
            ended(totals=SOME_REJECTED),
            0,
            "rejections",
            f"Delivered, with rejections: {NOT_ALL}, 10 were rejected.",
        ),
        (
            ended(TooManyRejected("too many"), totals=SOME_REJECTED),
            3,
            "refused",
            f"Delivered, but too many rows were rejected: {NOT_ALL}, 10 were rejected.",
        ),
        (
            ended(SegmentRefused("too small")),
            3,
            "refused",
            "Delivered, but a segment was not replaced: all 1,200 rows are in CleverTap.",
        ),
        (
            ended(Interrupted(signal.SIGTERM), totals=CUT_OFF),
            143,
            "interrupted",
            f"Interrupted by signal 15: {CUT_OFF_ROWS}.",
        ),
        (
            ended(CredentialsRefused("401"), totals=Counts(read=1, unsettled=1)),
            1,
            "stopped",
            "Stopped: 0 of 1 row is in CleverTap, 1 was left for the next run.",
        ),
        (
            ended(SettingsError(["a: b"]), totals=Counts()),
            2,
            "stopped",
            "Stopped: the tap sent no rows.",
        ),
        (
            ended(totals=SOME_REJECTED, dry_run=True),
            0,
            "rejections",
            f"Checked, nothing stored, with rejections: {NOT_ALL_CHECKED}, 10 were rejected.",
        ),
        (
            ended(TooManyRejected("too many"), totals=Counts(read=2, rejected=2)),
            3,
            "refused",
            "Too many rows were rejected: 0 of 2 rows are in CleverTap, 2 were rejected.",
        ),
        (
            ended(SegmentRefused("too small"), totals=Counts()),
            3,
            "refused",
            "A segment was not replaced: the tap sent no rows.",
        ),
        (
            ended(totals=Counts(read=2, rejected=2)),
            0,
            "rejections",
            "Rows were rejected: 0 of 2 rows are in CleverTap, 2 were rejected.",
        ),
        (
            ended(dry_run=True),
            0,
            "delivered",
            "Checked, nothing stored: all 1,200 rows would be taken by CleverTap.",
        ),
    ],
)
def test_it_is_said_in_one_sentence(end: Ending, code: int, outcome: str, sentence: str) -> None:
    assert (end.exit_code, end.outcome, end.sentence) == (code, outcome, sentence)


def test_rows_tried_again_and_rejected_once_more_are_rejections() -> None:
    end = ending([], ALL_WELL, TriedAgain(read=3, rejected=3), dry_run=False)
    assert end.outcome == "rejections"
    assert end.sentence == (
        "Delivered, with rejections: all 1,200 rows are in CleverTap; "
        "of 3 rows tried again 0 are in CleverTap, 3 were rejected."
    )


def test_what_became_of_all_rows_that_were_tried_again_is_told() -> None:
    again = TriedAgain(
        read=15, accepted=1, unchanged=2, already_delivered=3, rejected=1, ignored=3, unsettled=5
    )
    assert ending([], Counts(), again, dry_run=False).sentence == (
        "Delivered, with rejections: the tap sent no rows; of 15 rows tried again 6 are in "
        "CleverTap, 1 was rejected, 3 were ignored, as configured, 5 were left for the next run."
    )
    one = TriedAgain(read=1, accepted=1)
    assert ending([], Counts(), one, dry_run=False).sentence == (
        "Delivered: the tap sent no rows; of 1 row tried again 1 is in CleverTap."
    )


def test_the_first_failure_decides_and_all_are_told() -> None:
    end = ended(SegmentIncomplete("VIP was not uploaded."), TooManyRejected("Too many."))
    assert end.exit_code == 1
    assert end.problems == ("VIP was not uploaded.", "Too many.")


def test_each_mistake_in_the_settings_is_a_problem() -> None:
    assert ended(SettingsError(["a: wrong", "b: wrong"])).problems == ("a: wrong", "b: wrong")


def test_a_bug_is_told_without_its_text_which_may_hold_a_value() -> None:
    (problem,) = ended(KeyError("ann@example.com")).problems
    assert "KeyError" in problem
    assert "ann" not in problem


def test_a_full_disk_is_told_with_its_file() -> None:
    end = ended(OSError(28, "No space left on device", "/x/spool"))
    assert end.exit_code == 1
    assert end.problems == ("/x/spool: No space left on device",)
