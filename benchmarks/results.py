"""The figures as a page of Markdown."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Final

from benchmarks.goals import goals
from benchmarks.plan import CEILING, CONNECTIONS, ROWS_A_CALL, SLOW, Case
from benchmarks.runs import SIDES, cpu_seconds_a_million, peak_megabytes, records_a_second

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from benchmarks.goals import Goal
    from benchmarks.measure import Figures
    from benchmarks.plan import Plan
    from benchmarks.runs import Side, WithLedger

_NAMES: Final[dict[Side, str]] = {
    "ours": "target-clevertap",
    "plain": "plain SDK target",
    "floor": "hand-written loop",
}

_PREFACE: Final = """\
Three programs load the same rows into the same local server, which takes every call and does
nothing: this target; the mapping as a plain target from the Singer SDK's template, with its
`BatchSink` and a `requests.Session` (one call at a time, as it is); and a hand-written loop that
decodes, maps, encodes and posts from 15 threads, checks a phone by one compiled pattern for E.164,
and nothing else: no SCHEMA, no retries, no order, no rejected rows, no checkpoints. Before
anything is measured, all three must have sent the same items.

A row is a RECORD line of 409 bytes with 12 mapped properties, two of them dates and one a phone
number that no other row has. Each program and the server are processes of their own; they take
turns, and every figure is the median of several runs, every ratio that of neighbouring runs. A
rate is taken by the server, from the first call's arrival to the last answer, so the start of the
process is not in it; CPU seconds (user and system) and peak memory are the whole process's.
"""


def page(plan: Plan, figures: Figures, circumstances: Iterable[tuple[str, str]]) -> str:
    """The whole page; `circumstances` are the names and values to head it."""
    parts = [
        "# Benchmarks",
        "Written by `make bench`; every figure below is from one run of it.",
        _table(("measured", ""), circumstances),
        "## How it was measured",
        _PREFACE.rstrip(),
        f"## {ROWS_A_CALL:,} records a call, answered at once",
        _loads(plan, figures, 0.0),
        _server(figures),
        f"## {ROWS_A_CALL:,} records a call, answered after {SLOW * 1000:.0f} ms",
        _ceiling(),
        _loads(plan, figures, SLOW),
        "## Memory",
        _memory(figures),
        "## The ledger",
        _ledger(plan, figures),
        "## Custom lists",
        _lists(figures),
        "## The sandbox",
        _sandbox(figures),
        "## Start-up",
        _start_ups(figures),
    ]
    if figures.phones:
        parts += ["## Phone numbers", figures.phones]
    parts += ["## What must be reached", _goals(figures)]
    return "\n\n".join(parts) + "\n"


def _sandbox(figures: Figures) -> str:
    head = ("rows", "records/s of one core")
    rows = ([run.kind, f"{run.records_a_core_second:,.0f}"] for run in figures.sandbox)
    return _table(head, rows)


def _lists(figures: Figures) -> str:
    rows = (
        [
            run.membership,
            f"{run.members:,}",
            f"{run.process.seconds:.0f}",
            f"{run.process.peak_megabytes:.0f}",
        ]
        for run in figures.lists
    )
    table = _table(("membership", "members", "seconds", "peak MB"), rows)
    return f"{table}\n\nWith a new ledger, of whose cache 64 MB are for what accumulates."


def _ledger(plan: Plan, figures: Figures) -> str:
    head = ("rows", "loaded", "ledger", "seconds", "CPU s / million", "peak MB", "speed")
    rows = (
        [kind, f"{plan.ledger_rows:,}", name, *_ledger_run(plan, runs, field)]
        for kind, runs in figures.ledger.items()
        for field, name in (("off", "off"), ("first", "new"), ("second", "knows all rows"))
    )
    large = (
        [f"{rows:,}", f"{ledger.process.peak_megabytes:.0f}", f"{ledger.megabytes:.0f}"]
        for rows, ledger in figures.large_ledgers.items()
    )
    return (
        _table(head, rows)
        + "\n\n"
        + _table(("profiles, with a new ledger", "peak MB", "MB on disk"), large)
    )


def _ledger_run(plan: Plan, runs: Sequence[WithLedger], field: str) -> list[str]:
    processes = [getattr(run, field) for run in runs]
    ratios = [run.off.seconds / getattr(run, field).seconds for run in runs]
    cpu = median(process.cpu_seconds for process in processes)
    return [
        f"{median(process.seconds for process in processes):.1f}",
        f"{cpu * 1e6 / plan.ledger_rows:.1f}",
        f"{median(process.peak_megabytes for process in processes):.0f}",
        f"{median(ratios):.2f}",
    ]


def _loads(plan: Plan, figures: Figures, latency: float) -> str:
    head = [
        *("rows", "program", "loaded", "records/s", "CPU s / million", "peak MB", "ours / this"),
        *(["share of the ceiling", "most calls at once"] if latency else []),
    ]
    cases = [Case(side, kind, latency) for kind in figures.kinds for side in SIDES]
    return _table(head, (_load(plan, figures, case) for case in cases))


def _load(plan: Plan, figures: Figures, case: Case) -> list[str]:
    rate = figures.median(case, records_a_second)
    ratio = figures.ratio(case.kind, case.latency, case.side, records_a_second)
    cells = [
        case.kind,
        _NAMES[case.side],
        f"{plan.rows(case):,}",
        f"{rate:,.0f}",
        f"{figures.median(case, cpu_seconds_a_million):.1f}",
        f"{figures.median(case, peak_megabytes):.0f}",
        "" if case.side == "ours" else f"{ratio:.2f}",
    ]
    if case.latency:
        calls = max(run.seen.most_at_once for run in figures.loads[case])
        cells += [f"{rate / CEILING:.3f}", str(calls)]
    return cells


def _ceiling() -> str:
    return (
        f"{CONNECTIONS} calls at once, as many as CleverTap allows, can carry {CEILING:,.0f} "
        "records/s."
    )


def _server(figures: Figures) -> str:
    """What the server itself costs and can take, so that nobody suspects it."""
    alone = median(map(records_a_second, figures.blast))
    cost = median(run.seen.cpu_seconds * 1e6 / run.seen.records for run in figures.blast)
    return (
        f"The server alone, against {CONNECTIONS} threads that only send ready-made calls, takes "
        f"{alone:,.0f} records/s, and uses {cost:.2f} CPU seconds for a million. At 0 ms it runs "
        "on another core than the loaded program's, where there are two."
    )


def _memory(figures: Figures) -> str:
    rows = ((f"{rows:,}", f"{figures.peak(rows):.1f}") for rows in figures.memory)
    return (
        _table((f"profiles, answered after {SLOW * 1000:.0f} ms", "peak MB"), rows)
        + "\n\nMemory is for the calls under way, and all connections are waiting here. "
        f"The highest peak of this target on this page: {figures.highest_peak():.1f} MB."
    )


def _start_ups(figures: Figures) -> str:
    rows = (
        (f"`{text}`", f"{median(seconds):.3f}", f"{min(seconds):.3f}", str(len(seconds)))
        for text, seconds in figures.start_ups.items()
    )
    return _table(("command", "median s", "fastest s", "runs"), rows)


def _goals(figures: Figures) -> str:
    head = ("what", "asked", "measured", "reached")
    kinds = ", ".join(figures.kinds)
    return (
        _table(head, map(_goal, goals(figures)))
        + f"\n\nThree values are those of {kinds}; two are those of profiles and events, or of a "
        "snapshot and a list that accumulates; each must reach what is asked."
    )


def _goal(goal: Goal) -> list[str]:
    limit = f"at {'most' if goal.at_most else 'least'} {goal.asked:g}"
    values = ", ".join(f"{value:.2f}" for value in goal.measured)
    return [goal.what, limit, values, "yes" if goal.reached else "**no**"]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
