"""The report of a run, put together when it has ended."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from target_clevertap.errors import SettingsError
from target_clevertap.process import program_version
from target_clevertap.report.ending import ending
from target_clevertap.report.model import (
    CallCounts,
    CallKind,
    Counts,
    Interval,
    Latency,
    LatencyBand,
    Report,
    ReportedCalls,
    ReportedRun,
    ReportedSegment,
    ReportedStream,
    Timeline,
    TriedAgain,
    total,
    writable,
)
from target_clevertap.report.settings_used import settings_used
from target_clevertap.settings import EventMapping, ProfileMapping, SegmentMapping

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from target_clevertap.report.latency import Latencies
    from target_clevertap.report.measures import Kind, Measures
    from target_clevertap.report.model import StreamKind
    from target_clevertap.settings import Settings, StreamMapping


KINDS: Final[Mapping[StreamKind, type[StreamMapping]]] = {
    "profile": ProfileMapping,
    "event": EventMapping,
    "segment": SegmentMapping,
}


def compose(  # noqa: PLR0913 - what is known of a run
    *,
    run_id: str,
    started: datetime,
    settings: Settings,
    measures: Measures,
    streams: Iterable[ReportedStream],
    segments: Iterable[ReportedSegment] = (),
    rejected_file: Path | None = None,
    failures: Sequence[BaseException] = (),
) -> Report:
    """The report of a run that ends now.

    Args:
        run_id: the name of its folder.
        started: in UTC.
        settings: of the run.
        measures: of the run; they began with it.
        streams: what became of their rows.
        segments: what became of the lists.
        rejected_file: where rejected rows are kept, if there are any.
        failures: what went wrong, if anything did; the first decides about the exit code.
    """
    streams = tuple(streams)
    totals, seconds = total(Counts, streams), round(measures.seconds, 3)
    again = total(TriedAgain, (stream.tried_again for stream in streams))
    end = ending(failures, totals, again, dry_run=settings.dry_run)
    rejected_any = rejected_file is not None and bool(totals.rejected or again.rejected)
    report = Report(
        run=ReportedRun(
            id=run_id,
            started=started,
            ended=started + timedelta(seconds=seconds),
            seconds=seconds,
            exit_code=end.exit_code,
            outcome=end.outcome,
            sentence=end.sentence,
            problems=end.problems,
            program_version=program_version(),
            dry_run=settings.dry_run,
        ),
        settings=settings_used(settings),
        totals=totals,
        streams=streams,
        calls=calls_of(measures),
        timeline=timeline_of(measures),
        segments=tuple(segments),
        rejected_file=str(rejected_file) if rejected_any else None,
    )
    return writable(report)


def kind_of(settings: Settings, stream: str) -> StreamKind:
    """What the rows of a stream are, by its name in the settings."""
    try:
        _, mapping = settings.mapping_for(stream)
    except SettingsError:
        return "ignored"
    return next(kind for kind, mapped in KINDS.items() if isinstance(mapping, mapped))


def calls_of(measures: Measures) -> ReportedCalls:
    """All calls so far, the kind with the most calls first."""
    kinds = [_call_kind(name, kind) for name, kind in measures.kinds().items()]
    kinds.sort(key=lambda kind: -kind.made)
    names = CallCounts.__struct_fields__
    sums = {name: sum(getattr(kind, name) for kind in kinds) for name in names}
    return ReportedCalls(kinds=tuple(kinds), **sums)


def timeline_of(measures: Measures) -> Timeline:
    """The run from its start until now."""
    seconds, slices = measures.slices()
    return Timeline(
        seconds=seconds,
        intervals=tuple(
            Interval(at=number * seconds, **asdict(slice_)) for number, slice_ in enumerate(slices)
        ),
    )


def _call_kind(name: str, kind: Kind) -> CallKind:
    return CallKind(
        name=name,
        **{field: getattr(kind, field) for field in CallCounts.__struct_fields__},
        latency=_latency(kind.latencies),
        bands=tuple(
            LatencyBand(over=_rounded(band.over), up_to=_rounded(band.up_to), count=band.count)
            for band in kind.latencies.bands()
        ),
    )


def _latency(latencies: Latencies) -> Latency:
    return Latency(
        p50=_rounded(latencies.percentile(50)),
        p90=_rounded(latencies.percentile(90)),
        p99=_rounded(latencies.percentile(99)),
        max=_rounded(latencies.longest),
    )


def _rounded(seconds: float) -> float:
    """To the microsecond: more digits would only look exact."""
    return round(seconds, 6)
