"""What is told of a run: to logs and metrics while it goes, in sentences when it has ended."""

from __future__ import annotations

import logging
import signal
from typing import TYPE_CHECKING

from target_clevertap.delivery.waiting import MOST_TRIES
from target_clevertap.report import Measures, SdkMetrics, Tally
from target_clevertap.report.model import Reason, ReportedSegment, ReportedStream
from target_clevertap.report.progress import progress
from target_clevertap.report.troubles import Troubles

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import AbstractContextManager
    from datetime import datetime

    from target_clevertap.clevertap import Attempt
    from target_clevertap.delivery.outcomes import Outcomes
    from target_clevertap.delivery.run import Run
    from target_clevertap.delivery.segments import SegmentResult
    from target_clevertap.rejects import Group
    from target_clevertap.report.folder import RunFolder

log = logging.getLogger(__name__)

NO_LISTS = "A dry run uploads no segment."
READING_ENDED = (
    "no further line is read; what was read is being delivered. A second signal ends the run at "
    "once."
)
ENDED_BEFORE = "The run ended before it was uploaded."


class Chronicle:
    """Watches the calls of a run and the outcomes of its rows; changes nothing."""

    def __init__(self, folder: RunFolder, started: datetime, retry_limit: float) -> None:
        """The run starts now.

        Args:
            folder: for its report.
            started: what is said to be its start, in UTC.
            retry_limit: seconds for which a call is tried again.
        """
        self._folder = folder
        self._started = started
        self.measures = Measures()
        self.metrics = SdkMetrics()
        self.troubles = Troubles(retry_limit)
        self._signal: int | None = None

    def attempt(self, attempt: Attempt) -> None:
        """A try of a call has ended; for any thread."""
        self.measures.attempt(attempt)
        self.metrics.attempt(attempt)
        self.troubles.attempt(attempt)

    def holding(self, slot: AbstractContextManager[None]) -> AbstractContextManager[None]:
        """Holds a slot, and counts the call that is made meanwhile as under way."""
        return self.measures.holding(slot)

    def watch(self, outcomes: Outcomes) -> None:
        """Rows have their outcomes here, from now on."""
        self._tallies = (outcomes.tallies, outcomes.again)
        self._progress = progress(outcomes.tallies, lambda: self.measures.in_flight)

    def tick(self) -> float:
        """Show how the run stands, if that is due; returns in how many seconds it will be."""
        if self._signal is not None:
            log.warning("%s: %s", signal.Signals(self._signal).name, READING_ENDED)
            self._signal = None
        tallies = [tally for by_stream in self._tallies for tally in by_stream.values()]
        self.measures.rows(
            sum(tally.accepted for tally in tallies), sum(tally.rejected for tally in tallies)
        )
        return self._progress.tick()

    def interrupted(self, signum: int) -> None:
        """A signal has ended the reading, which the next tick says: its handler must not."""
        self._signal = signum

    def wipe(self) -> None:
        """Take what is drawn off the terminal: something else is about to be written to it."""
        self._progress.wipe()

    def close(self, run: Run) -> None:
        """Keep the report, and say what has happened, last of all in a sentence for each stream.

        Raises:
            WorkDirError: when the report cannot be kept, and nothing else went wrong.
        """
        self.tick()
        self.wipe()
        self.metrics.close()
        _tell_of_rejections(run)
        try:
            self._keep_report(run)
        finally:
            _summarise(run)

    def _keep_report(self, run: Run) -> None:
        # Only the end of a run needs what makes the report.
        from target_clevertap.report.compose import compose  # noqa: PLC0415

        report = compose(
            run_id=self._folder.path.name,
            started=self._started,
            settings=run.settings,
            measures=self.measures,
            streams=_streams(run),
            segments=_segments(run),
            rejected_file=run.rejects.path,
            failures=run.failures,
        )
        if self._folder.keep(report, after=run.failures[0] if run.failures else None):
            log.info("The report of the run is %s", self._folder.path / "report.html")


def _tell_of_rejections(run: Run) -> None:
    for group in run.rejects.groups():
        log.warning("%s", group, extra={"stream_name": group.stream})
    for stream, rows in _given_up(run).items():
        log.warning(
            "%s: %d given up after %d tries",
            stream,
            rows,
            MOST_TRIES,
            extra={"stream_name": stream},
        )
    if run.rejects.any:
        log.warning("Rejected rows are kept with their reasons in %s", run.rejects.path)


def _summarise(run: Run) -> None:
    if run.settings.dry_run:
        log.info("Dry run: nothing was stored, and no STATE was written.")
    for stream, tally in run.outcomes.again.items():
        log.info(
            "%s: %d tried again: %s%s",
            stream,
            tally.read,
            tally.outcomes,
            tally.left,
            extra={"stream_name": stream},
        )
    for stream, tally in run.outcomes.tallies.items():
        log.info("%s: %s%s", stream, tally, tally.left, extra={"stream_name": stream})


def _given_up(run: Run) -> Mapping[str, int]:
    """Rows by stream that will not be tried again."""
    return run.waiting.given_up if run.waiting else {}


def _streams(run: Run) -> Iterator[ReportedStream]:
    from target_clevertap.report.compose import kind_of  # noqa: PLC0415 - as above

    groups = list(run.rejects.groups())
    given_up = _given_up(run)
    for stream in sorted(run.outcomes.tallies.keys() | run.outcomes.again.keys()):
        yield ReportedStream.of(
            stream,
            kind_of(run.settings, stream),
            run.outcomes.tallies.get(stream, Tally()),
            again=run.outcomes.again.get(stream),
            given_up=given_up.get(stream, 0),
            rejections=[_reason(group) for group in groups if group.stream == stream],
        )


def _reason(group: Group) -> Reason:
    return Reason(
        code=group.refused.code,
        reason=group.refused.reason,
        property=group.refused.property,
        count=group.count,
        first_keys=tuple(group.keys),
    )


def _segments(run: Run) -> Iterator[ReportedSegment]:
    for result in run.segments.results:
        yield _segment(result, result.reason)
    for result in run.segments.untried:
        yield _segment(result, NO_LISTS if run.settings.dry_run else ENDED_BEFORE)


def _segment(result: SegmentResult, reason: str | None) -> ReportedSegment:
    return ReportedSegment(
        name=result.name,
        before=result.before,
        after=result.after,
        outcome=result.outcome,
        reason=reason,
    )
