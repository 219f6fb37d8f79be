"""How a run ended: its exit code, what went wrong, and all of it in one sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from target_clevertap.errors import (
    Interrupted,
    SegmentRefused,
    SettingsError,
    TargetCleverTapError,
    TooManyRejected,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from target_clevertap.report.model import Counts, Fates, Outcome, TriedAgain

REFUSED: Final = 3
"""The exit code of a run that delivered what it could, but not as its guards allow."""

SIGNALLED: Final = 128
"""Added to the number of the signal that ended a run."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended. No text in it holds a record's value."""

    exit_code: int
    outcome: Outcome
    sentence: str
    problems: tuple[str, ...]


def ending(
    failures: Sequence[BaseException], totals: Counts, again: TriedAgain, *, dry_run: bool
) -> Ending:
    """How a run ended.

    Args:
        failures: what went wrong; the first decides about the exit code.
        totals: of the rows that the tap sent.
        again: rows of earlier runs, tried again.
        dry_run: nothing was stored.
    """
    worst = failures[0] if failures else None
    code = _exit_code(worst)
    outcome = _outcome(code, totals.rejected + again.rejected)
    done = _done(totals.there + again.there, dry_run=dry_run)
    rows = ", ".join([_rows(totals, dry_run=dry_run), *_others(totals)])
    if again.read:
        rows += f"; {', '.join([_tried_again(again), *_others(again)])}"
    sentence = f"{_lead(outcome, worst, done)}: {rows}."
    problems = (line for failure in failures for line in _lines(failure))
    return Ending(code, outcome, sentence, tuple(problems))


def _exit_code(failure: BaseException | None) -> int:
    if failure is None:
        return 0
    return failure.exit_code if isinstance(failure, TargetCleverTapError) else 1


def _outcome(code: int, rejected: int) -> Outcome:
    if code == 0:
        return "rejections" if rejected else "delivered"
    if code == REFUSED:
        return "refused"
    return "interrupted" if code > SIGNALLED else "stopped"


def _done(there: int, *, dry_run: bool) -> str | None:
    """What was done with the rows; None when nothing of them has arrived."""
    if dry_run:
        return "Checked, nothing stored"
    return "Delivered" if there else None


def _lead(outcome: Outcome, failure: BaseException | None, done: str | None) -> str:
    if isinstance(failure, Interrupted):
        return f"Interrupted by signal {failure.exit_code - SIGNALLED}"
    if isinstance(failure, TooManyRejected):
        return _but(done, "too many rows were rejected")
    if isinstance(failure, SegmentRefused):
        return _but(done, "a segment was not replaced")
    if outcome == "rejections":
        return f"{done}, with rejections" if done else "Rows were rejected"
    return (done or "Delivered") if outcome == "delivered" else "Stopped"


def _but(done: str | None, what: str) -> str:
    return f"{done}, but {what}" if done else f"{what[0].upper()}{what[1:]}"


def _rows(totals: Counts, *, dry_run: bool) -> str:
    if not totals.read:
        return "the tap sent no rows"
    how_many = "all" if totals.there == totals.read > 1 else f"{totals.there:,} of"
    return f"{how_many} {_number(totals.read)} {_are_there(totals.read, dry_run=dry_run)}"


def _tried_again(again: TriedAgain) -> str:
    """Of a run that stores what it sends: a dry one tries none again."""
    there = _are_there(again.there, dry_run=False)
    return f"of {_number(again.read)} tried again {again.there:,} {there}"


def _others(counts: Fates) -> Iterator[str]:
    """The rows that are not there; with those that are, they add up."""
    for count, what in (
        (counts.rejected, "rejected"),
        (counts.ignored, "ignored, as configured"),
        (counts.unsettled, "left for the next run"),
    ):
        if count:
            yield f"{count:,} {'was' if count == 1 else 'were'} {what}"


def _number(rows: int) -> str:
    return "1 row" if rows == 1 else f"{rows:,} rows"


def _are_there(rows: int, *, dry_run: bool) -> str:
    if dry_run:
        return "would be taken by CleverTap"
    return "is in CleverTap" if rows == 1 else "are in CleverTap"


def _lines(failure: BaseException) -> Iterator[str]:
    """What a failure says, one sentence a line; the text of a bug may hold a value and is not said.

    `filename` of an OSError is a path of this program, never a part of a record.
    """
    if isinstance(failure, SettingsError):
        yield from failure.mistakes
    elif isinstance(failure, TargetCleverTapError):
        yield str(failure)
    elif isinstance(failure, OSError):
        subject = failure.filename or "Input or output failed"
        yield f"{subject}: {failure.strerror or type(failure).__name__}"
    else:
        kind = type(failure).__name__
        yield f"Unforeseen {kind}, which is a fault of this program; the log says where it struck."
