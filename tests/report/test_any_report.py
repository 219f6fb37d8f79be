"""Whatever happened, and whatever it is called: a run ends with a report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

import jsonschema_rs
import msgspec
from hypothesis import given
from hypothesis import strategies as st

from target_clevertap.clevertap import Attempt
from target_clevertap.errors import CleverTapError, Throttled
from target_clevertap.report import Tally
from target_clevertap.report.model import (
    Reason,
    Report,
    ReportedSegment,
    ReportedStream,
    SegmentOutcome,
)
from target_clevertap.report.page import render
from target_clevertap.report.schema import schema
from tests.report.samples import Drive, settings

if TYPE_CHECKING:
    from collections.abc import Sequence

SCHEMA = jsonschema_rs.validator_for(schema())

names = st.text(st.characters(), max_size=30)
"""Halves of characters among them, which JSON can hold and UTF-8 cannot."""
counts = st.integers(0, 10**15)
reasons = st.builds(
    Reason,
    code=names,
    reason=names,
    property=st.none() | names,
    count=counts,
    first_keys=st.lists(names, max_size=7).map(tuple),
)
tallies = st.lists(counts, min_size=6, max_size=6).map(
    lambda n: Tally(sum(n), n[0], n[1], n[2], n[3], n[4], n[0] // 2)
)
streams = st.builds(
    ReportedStream.of,
    names,
    st.sampled_from(["profile", "event", "segment", "ignored"]),
    tallies,
    again=st.none() | tallies,
    given_up=counts,
    rejections=st.lists(reasons, max_size=4),
)
segments = st.builds(
    ReportedSegment,
    name=names,
    before=st.none() | counts,
    after=st.none() | counts,
    outcome=st.sampled_from(get_args(SegmentOutcome)),
    reason=st.none() | names,
)
attempts = st.builds(
    Attempt,
    call=names,
    number=st.integers(1, 9),
    records=st.integers(0, 1000),
    seconds=st.floats(0, 10**6),
    status=st.none() | st.just(200),
    error=st.sampled_from([None, Throttled("429")]),
)
failures = st.lists(
    names.map(CleverTapError) | names.map(KeyError) | st.builds(OSError, st.just(5), names, names),
    max_size=2,
)


@given(
    st.lists(attempts, max_size=15),
    st.lists(streams, max_size=3),
    st.lists(segments, max_size=2),
    failures,
    names,
)
def test_any_run_has_a_report_that_can_be_written_and_read(
    tried: Sequence[Attempt],
    of_streams: Sequence[ReportedStream],
    of_segments: Sequence[ReportedSegment],
    failed: Sequence[BaseException],
    work_dir: str,
) -> None:
    drive = Drive()
    for attempt in tried:
        drive.clock.now += attempt.seconds
        drive.measures.attempt(attempt)

    report = drive.report(of_streams, of_segments, failed, settings(work_dir=work_dir))

    written = msgspec.json.encode(report)
    SCHEMA.validate(msgspec.json.decode(written))
    assert msgspec.json.decode(written, type=Report) == report
    assert render(report).encode().endswith(b"</html>")
    told: Any = report.totals
    assert told.unsettled == sum(stream.unsettled for stream in of_streams)
