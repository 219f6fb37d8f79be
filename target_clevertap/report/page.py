"""`report.html`: the report of a run as one page that needs nothing but itself."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined

from target_clevertap.report import wording
from target_clevertap.report.advice import steps
from target_clevertap.report.model import TriedAgain
from target_clevertap.report.plots import calls_plot, latency_plot, rows_plot, trouble_plot

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from target_clevertap.report.model import Fates, Reason, Report
    from target_clevertap.report.plots import Plot

REASONS_SHOWN: Final = 20
"""At once; the others are behind a fold."""

CALLS_PLOTTED: Final = 10
"""Of a kind, at least: how fewer of them were spread says nothing that the table does not."""

LABELS: Final = {
    "delivered": "Delivered",
    "rejections": "Delivered, with rejections",
    "refused": "Delivered in part",
    "interrupted": "Interrupted",
    "stopped": "Stopped",
}

CHECKED: Final = {
    "delivered": "Checked",
    "rejections": "Checked, with rejections",
    "refused": "Checked, with too many rejections",
}
"""Of a dry run."""

NOTHING_DELIVERED: Final = "Nothing delivered"

FATES: Final = {
    "read": "Read",
    "accepted": "Accepted",
    "unchanged": "Unchanged",
    "already_delivered": "Already delivered",
    "rejected": "Rejected",
    "ignored": "Ignored",
    "unsettled": "Unsettled",
    "adjusted": "Adjusted",
}
COLUMNS: Final = FATES | {"uncertain": "Uncertain"}
"""Counts of rows; one that is 0 in all streams is not shown, but those of `ALWAYS`."""

AGAIN: Final = FATES | {"read": "Tried", "rejected": "Rejected again", "given_up": "Given up"}
"""The same of rows tried again."""

ALWAYS: Final = ("read", "accepted", "rejected", "given_up")

OUTCOMES: Final = ("accepted", "unchanged", "already_delivered", "rejected", "ignored", "unsettled")
"""Each row read has exactly one of them."""


def render(report: Report) -> str:
    """The whole page. Whatever came from outside is escaped; it has no script and no link."""
    reasons = [(stream, reason) for stream in report.streams for reason in stream.rejections]
    reasons.sort(key=lambda pair: -pair[1].count)
    again = [stream for stream in report.streams if stream.tried_again != TriedAgain()]
    return (
        _environment()
        .get_template("report.html")
        .render(
            report=report,
            run=report.run,
            label=_label(report),
            steps=list(steps(report)),
            columns=_columns(COLUMNS, [report.totals]),
            shares=list(_shares(report)),
            again=again,
            again_columns=_columns(AGAIN, [stream.tried_again for stream in again]),
            reasons=reasons[:REASONS_SHOWN],
            further_reasons=reasons[REASONS_SHOWN:],
            plots=_plots(report),
            latencies=[
                (kind, latency_plot(kind))
                for kind in report.calls.kinds
                if kind.made >= CALLS_PLOTTED
            ],
            settings=_settings(report.settings),
        )
    )


def _label(report: Report) -> str:
    """How the run ended, in a few words."""
    labels = CHECKED if report.run.dry_run else LABELS
    label = labels.get(report.run.outcome, LABELS[report.run.outcome])
    there = report.totals.there or any(stream.tried_again.there for stream in report.streams)
    if there or report.run.dry_run or report.run.outcome not in {"rejections", "refused"}:
        return label
    return NOTHING_DELIVERED


def _columns(columns: dict[str, str], rows: Sequence[Fates]) -> dict[str, str]:
    """The counts that say something about this run, by name."""
    return {
        name: label
        for name, label in columns.items()
        if name in ALWAYS or any(getattr(row, name) for row in rows)
    }


def _shares(report: Report) -> Iterator[tuple[str, str, int, float]]:
    """The outcomes that rows had: name, label, count and hundredths of all rows."""
    for name in OUTCOMES:
        if count := getattr(report.totals, name):
            yield name, COLUMNS[name], count, 100 * count / report.totals.read


def _plots(report: Report) -> dict[str, Plot | None]:
    """Those that have something to show."""
    timeline, seconds = report.timeline, report.run.seconds
    made = report.calls.made
    return {
        "rows": rows_plot(timeline, seconds) if made else None,
        "calls": calls_plot(timeline, seconds) if made else None,
        "trouble": trouble_plot(timeline, seconds) if _has_trouble(report) else None,
    }


def _has_trouble(report: Report) -> bool:
    return bool(report.calls.throttled or report.calls.retries)


def _settings(settings: dict[str, Any]) -> dict[str, str]:
    """Each setting that was given or has a default, texts as they are, all else as JSON."""
    return {
        name: value
        if isinstance(value, str)
        else msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
        for name, value in settings.items()
        if value is not None
    }


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader(__package__),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        number=wording.number,
        share=wording.share,
        duration=wording.duration,
        reason_name=_reason_name,
    )
    return environment


def _reason_name(reason: Reason) -> str:
    """The code of a reason with its property, as rejected rows carry them."""
    return f"{reason.code} · {reason.property}" if reason.property else reason.code
