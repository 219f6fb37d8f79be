"""What to do after a run."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from target_clevertap.report.model import UNCERTAIN
from target_clevertap.settings import LEDGER_OFF

if TYPE_CHECKING:
    from collections.abc import Iterator

    from target_clevertap.report.model import Report

WRONG_SETTINGS: Final = 2


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do, and the commands that do it."""

    text: str
    commands: tuple[str, ...] = ()


def steps(report: Report) -> Iterator[Step]:
    """What is left to do, in order; nothing after a run that delivered everything."""
    yield from _after_a_stop(report)
    yield from _about_rejections(report)
    if report.run.dry_run and report.run.exit_code == 0:
        yield Step("Nothing was stored. To deliver, run again with dry_run: false.")


def _after_a_stop(report: Report) -> Iterator[Step]:
    run = report.run
    if run.exit_code == WRONG_SETTINGS:
        yield Step("Correct the settings that are named above, then run again.")
    elif run.outcome in {"stopped", "interrupted"}:
        cause = "When the cause is gone, run" if run.outcome == "stopped" else "Run"
        yield Step(
            f"{cause} again. The state covers only what was settled, so the tap sends the rest "
            "once more; nothing is lost."
        )


def _about_rejections(report: Report) -> Iterator[Step]:
    if report.rejected_file is None:
        return
    if report.totals.uncertain:
        yield Step(
            f"Look in CleverTap whether the rows with the reason {UNCERTAIN} have arrived, and "
            "take those that have out of the file: whatever is replayed is sent."
        )
    yield Step("Mend the rows in the file of rejected rows, or their source, or the mapping.")
    file = shlex.quote(report.rejected_file)
    yield Step(
        "To send the mended file, replay it, alone or through Meltano.",
        (
            f"target-clevertap --config config.json --input {file}",
            f"meltano invoke target-clevertap --input {file}",
        ),
    )
    if any(stream.kind == "segment" and stream.rejected for stream in report.streams):
        yield Step(
            "Rows of a segment whose membership is snapshot are not sent by a replay, which is not "
            "the whole list: mend them in their source, and run again."
        )
    if _tries_again(report):
        yield Step(
            "Without a replay, the next run tries rejected rows that have a key again by itself, "
            f"unless a newer version of the row has come or the reason is {UNCERTAIN}."
        )


def _tries_again(report: Report) -> bool:
    used = report.settings
    has_ledger = used.get("ledger_url") != LEDGER_OFF and not report.run.dry_run
    return has_ledger and bool(used.get("retry_rejected"))
