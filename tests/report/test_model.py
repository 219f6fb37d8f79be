"""The counts of a report add up, and of the records it shows the first keys only."""

from __future__ import annotations

from target_clevertap.report import Tally
from target_clevertap.report.model import Counts, Reason, ReportedStream, TriedAgain, total


def reason(count: int, *keys: str, code: str = "email_invalid") -> Reason:
    return Reason(code=code, reason="No address", property="Email", count=count, first_keys=keys)


def test_rows_without_an_outcome_are_unsettled() -> None:
    tally = Tally(read=10, accepted=3, unchanged=2, already_delivered=1, rejected=1, ignored=1)
    stream = ReportedStream.of("users", "profile", tally)
    assert stream.unsettled == 2


def test_reasons_come_by_the_number_of_their_rows() -> None:
    stream = ReportedStream.of("users", "profile", Tally(), rejections=[reason(1), reason(7)])
    assert [found.count for found in stream.rejections] == [7, 1]


def test_of_many_and_long_keys_little_is_shown() -> None:
    keys = ("short", "x" * 64, "y" * 65, "4", "5", "6")
    stream = ReportedStream.of("users", "profile", Tally(), rejections=[reason(6, *keys)])
    assert stream.rejections[0].first_keys == ("short", "x" * 64, "y" * 63 + "…", "4", "5")


def test_rows_of_which_nobody_knows_are_told() -> None:
    reasons = [reason(4, code="uncertain"), reason(9)]
    stream = ReportedStream.of("orders", "event", Tally(read=13, rejected=13), rejections=reasons)
    assert stream.uncertain == 4


def test_rows_tried_again_are_not_counted_as_read() -> None:
    stream = ReportedStream.of(
        "users",
        "profile",
        Tally(read=1, accepted=1),
        again=Tally(12, 2, 1, 3, rejected=1, ignored=1, adjusted=1),
        given_up=1,
    )
    assert (stream.read, stream.accepted, stream.rejected) == (1, 1, 0)
    assert stream.tried_again == TriedAgain(
        read=12,
        accepted=2,
        unchanged=1,
        already_delivered=3,
        rejected=1,
        ignored=1,
        unsettled=4,
        adjusted=1,
        given_up=1,
    )


def test_totals_are_the_sums_of_all_streams() -> None:
    streams = [
        ReportedStream.of("users", "profile", Tally(read=5, accepted=4, rejected=1, adjusted=2)),
        ReportedStream.of("orders", "event", Tally(read=3, already_delivered=2)),
    ]
    totals = total(Counts, streams)
    assert (totals.read, totals.accepted, totals.already_delivered) == (8, 4, 2)
    assert (totals.rejected, totals.adjusted, totals.unsettled) == (1, 2, 1)
