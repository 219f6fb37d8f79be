"""The report of a run as it is kept: `report.json`, version 1.

Everything in it may be shown to whoever may see the run's folder. Of the records it holds nothing
but the first keys of rejected rows.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypeVar

import msgspec
from msgspec import Meta

from target_clevertap.report.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Iterable

    from typing_extensions import Self

VERSION: Final = 1
"""Grows when a reader of the former version would misread a report; a new member alone does not."""

KEYS_SHOWN: Final = 5
"""Of the rows that were rejected for one reason."""

KEY_CHARACTERS: Final = 64
"""Longer keys are cut: a key is to find a row by, not to read it from."""

UNCERTAIN: Final = "uncertain"
"""The code of rows of which no answer tells whether CleverTap has them."""

Count = Annotated[int, Meta(ge=0)]
Seconds = Annotated[float, Meta(ge=0)]
Outcome = Literal["delivered", "rejections", "refused", "interrupted", "stopped"]
StreamKind = Literal["profile", "event", "segment", "ignored"]
SegmentOutcome = Literal["uploaded", "unchanged", "refused", "incomplete", "not_uploaded"]


class ReportedRun(msgspec.Struct, frozen=True, kw_only=True):
    """When the run was, how it ended, and what made it."""

    id: Annotated[str, Meta(description="The name of the run's folder.")]
    started: Annotated[datetime, Meta(tz=True, description="In UTC.")]
    ended: Annotated[datetime, Meta(tz=True, description="In UTC.")]
    seconds: Annotated[float, Meta(ge=0, description="From the start to the end.")]
    exit_code: Annotated[int, Meta(ge=0, le=255, description="What the process ends with.")]
    outcome: Annotated[
        Outcome,
        Meta(
            description=(
                "delivered: all rows; rejections: all but rejected rows, within the limit; "
                "refused: exit code 3; interrupted: by a signal; stopped: could not go on."
            )
        ),
    ]
    sentence: Annotated[str, Meta(description="What happened, in one sentence.")]
    problems: Annotated[
        tuple[str, ...], Meta(description="Why the exit code is not 0; the first one decided.")
    ] = ()
    program_version: Annotated[str, Meta(description="Of target-clevertap.")]
    dry_run: Annotated[bool, Meta(description="Everything was checked and nothing stored.")] = False


class Fates(msgspec.Struct, frozen=True, kw_only=True):
    """read = accepted + unchanged + already_delivered + rejected + ignored + unsettled."""

    read: Annotated[int, Meta(ge=0, description="Rows that the tap sent.")] = 0
    accepted: Annotated[int, Meta(ge=0, description="Rows that CleverTap has taken.")] = 0
    unchanged: Annotated[
        int, Meta(ge=0, description="Rows not sent: CleverTap has what they say.")
    ] = 0
    already_delivered: Annotated[
        int, Meta(ge=0, description="Events not sent: they were sent before.")
    ] = 0
    rejected: Annotated[int, Meta(ge=0, description="Rows kept in rejected_file.")] = 0
    ignored: Annotated[
        int, Meta(ge=0, description="Rows that are not sent by the configuration.")
    ] = 0
    unsettled: Annotated[
        int,
        Meta(ge=0, description="Rows without an outcome when the run ended; they come again."),
    ] = 0
    adjusted: Annotated[
        int, Meta(ge=0, description="Of the accepted: with a value cut or left out.")
    ] = 0

    @property
    def there(self) -> int:
        """Rows that CleverTap has, from this run or another; in a dry run, those it would take."""
        return self.accepted + self.unchanged + self.already_delivered


class Counts(Fates, frozen=True, kw_only=True):
    """What became of the rows that the tap sent."""

    uncertain: Annotated[
        int,
        Meta(ge=0, description="Of the rejected: no answer tells whether CleverTap has them."),
    ] = 0


class TriedAgain(Fates, frozen=True, kw_only=True):
    """Rows that former runs have rejected; none of them is among those that the tap sent."""

    read: Annotated[int, Meta(ge=0, description="Rows out of the ledger.")] = 0
    rejected: Annotated[int, Meta(ge=0, description="Once more; they wait on.")] = 0
    given_up: Annotated[
        int, Meta(ge=0, description="Of the rejected: too often; they wait no more.")
    ] = 0


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """Why rows of a stream were rejected, and how many; those tried again are among them."""

    code: Annotated[str, Meta(description="Stable, to be compared with.")]
    reason: Annotated[str, Meta(description="One sentence.")]
    property: Annotated[str | None, Meta(description="Of CleverTap, if one is at fault.")] = None
    count: Count
    first_keys: Annotated[
        tuple[str, ...],
        Meta(max_length=KEYS_SHOWN, description="What names the first rows in their stream."),
    ] = ()


class ReportedStream(Counts, frozen=True, kw_only=True):
    """What became of the rows of one stream."""

    name: str
    kind: Annotated[StreamKind, Meta(description="ignored: no mapping is for the stream.")]
    tried_again: TriedAgain = TriedAgain()
    rejections: Annotated[
        tuple[Reason, ...], Meta(description="The reason with the most rows first.")
    ] = ()

    @classmethod
    def of(  # noqa: PLR0913 - what is known of a stream
        cls,
        name: str,
        kind: StreamKind,
        tally: Tally,
        *,
        again: Tally | None = None,
        given_up: int = 0,
        rejections: Iterable[Reason] = (),
    ) -> Self:
        """The report on a stream, its keys cut to what may be shown.

        Args:
            name: of the stream.
            kind: of its mapping.
            tally: of the rows that the tap sent.
            again: of the rows that former runs have rejected.
            given_up: of those, the ones that will not be tried again.
            rejections: the rows of both, by reason.
        """
        reasons = sorted(map(_shown, rejections), key=lambda reason: -reason.count)
        return cls(
            name=name,
            kind=kind,
            **_fates(tally),
            uncertain=sum(reason.count for reason in reasons if reason.code == UNCERTAIN),
            tried_again=TriedAgain(**_fates(again or Tally()), given_up=given_up),
            rejections=tuple(reasons),
        )


class Latency(msgspec.Struct, frozen=True, kw_only=True):
    """How long calls took, in seconds; the percentiles are off by 5 % at most, `max` is exact."""

    p50: Seconds = 0.0
    p90: Seconds = 0.0
    p99: Seconds = 0.0
    max: Seconds = 0.0


class LatencyBand(msgspec.Struct, frozen=True, kw_only=True):
    """So many calls took longer than `over` seconds and up to `up_to`."""

    over: Seconds
    up_to: Seconds
    count: Count


class CallCounts(msgspec.Struct, frozen=True, kw_only=True):
    """Calls to CleverTap; every try of a call counts as one."""

    made: Count = 0
    records: Annotated[
        int, Meta(ge=0, description="In all of them; sent twice, counted twice.")
    ] = 0
    retries: Annotated[int, Meta(ge=0, description="Calls made again after one that failed.")] = 0
    throttled: Annotated[int, Meta(ge=0, description="Answered 429: too many at once.")] = 0
    lost: Annotated[
        int, Meta(ge=0, description="Maybe received, but the answer could not be read.")
    ] = 0
    failed: Annotated[
        int, Meta(ge=0, description="All without the answer that was hoped for, those too.")
    ] = 0


class CallKind(CallCounts, frozen=True, kw_only=True):
    """The calls of one kind."""

    name: str
    latency: Latency
    bands: Annotated[
        tuple[LatencyBand, ...], Meta(description="How long they took; empty bands are left out.")
    ] = ()


class ReportedCalls(CallCounts, frozen=True, kw_only=True):
    """All calls of a run; their number by kind is what they add up to."""

    kinds: tuple[CallKind, ...] = ()


class Interval(msgspec.Struct, frozen=True, kw_only=True):
    """What happened in one piece of the run's time."""

    at: Annotated[float, Meta(ge=0, description="Its beginning: seconds since the start.")]
    accepted: Annotated[int, Meta(ge=0, description="Rows; those tried again are among them.")] = 0
    rejected: Annotated[int, Meta(ge=0, description="Rows; those tried again are among them.")] = 0
    calls: Annotated[int, Meta(ge=0, description="Begun in it.")] = 0
    most_in_flight: Annotated[int, Meta(ge=0, description="Calls under way at once.")] = 0
    throttled: Annotated[int, Meta(ge=0, description="Calls answered 429 in it.")] = 0
    retries: Annotated[int, Meta(ge=0, description="Of the calls that ended in it.")] = 0


class Timeline(msgspec.Struct, frozen=True, kw_only=True):
    """The run in pieces of equal length: 1 second, or so many that few enough pieces remain."""

    seconds: Annotated[float, Meta(gt=0, description="Length of each interval.")]
    intervals: tuple[Interval, ...]


class ReportedSegment(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one custom list."""

    name: str
    before: Annotated[
        int | None, Meta(description="Members at its last upload; null: not known.")
    ] = None
    after: Annotated[int | None, Meta(description="Members now; null: not known.")] = None
    outcome: Annotated[
        SegmentOutcome,
        Meta(
            description=(
                "refused: by its guard; incomplete: the input may have been cut off; "
                "not_uploaded: by CleverTap, or the run did not come to it."
            )
        ),
    ]
    reason: Annotated[str | None, Meta(description="Why it was not uploaded.")] = None


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What happened in one run of target-clevertap."""

    version: Annotated[Literal[1], Meta(description="Of this form of the report.")] = VERSION
    run: ReportedRun
    settings: Annotated[
        dict[str, Any], Meta(description="As they were used, defaults too; secrets are left out.")
    ]
    totals: Annotated[Counts, Meta(description="Of all streams.")]
    streams: tuple[ReportedStream, ...]
    calls: ReportedCalls
    timeline: Timeline
    segments: tuple[ReportedSegment, ...] = ()
    rejected_file: Annotated[
        str | None, Meta(description="Path of the rejected rows; null: there are none.")
    ] = None


FatesT = TypeVar("FatesT", bound=Fates)


def total(kind: type[FatesT], streams: Iterable[FatesT]) -> FatesT:
    """The sum of all streams, of one kind of counts."""
    sums = dict.fromkeys(kind.__struct_fields__, 0)
    for stream in streams:
        for name in sums:
            sums[name] += getattr(stream, name)
    return kind(**sums)


def writable(report: Report) -> Report:
    """The report without what UTF-8 cannot write: JSON and paths may hold halves of characters."""
    try:
        msgspec.json.encode(report)
    except UnicodeEncodeError:
        return msgspec.convert(_replaced(msgspec.to_builtins(report)), Report)
    return report


def _replaced(value: object) -> object:
    if isinstance(value, dict):
        return {_replaced(name): _replaced(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_replaced(item) for item in value]
    return value.encode(errors="replace").decode() if isinstance(value, str) else value


def _fates(tally: Tally) -> dict[str, int]:
    return {name: getattr(tally, name) for name in Fates.__struct_fields__}


def _shown(reason: Reason) -> Reason:
    keys = tuple(map(_cut, reason.first_keys[:KEYS_SHOWN]))
    return msgspec.structs.replace(reason, first_keys=keys)


def _cut(key: str) -> str:
    """A key without what would hide or turn around the text beside it, and not too long."""
    shown = key if len(key) <= KEY_CHARACTERS else f"{key[: KEY_CHARACTERS - 1]}…"
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in shown)
