"""Carries a plan out: every figure with its repetitions, the sides taking turns."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from itertools import chain
from statistics import median
from typing import TYPE_CHECKING, Final

from benchmarks import tap
from benchmarks.lists import ListRun, loads_of_lists
from benchmarks.plan import SLOW, Case, Plan
from benchmarks.runs import (
    COMMAND,
    SIDES,
    LargeLedger,
    Run,
    WithLedger,
    cpu_seconds_a_million,
    load,
    load_into_ledger,
    load_with_ledger,
    measured,
    null_server,
    peak_megabytes,
    records_a_second,
)
from benchmarks.sameness import check_same_items
from benchmarks.sandbox_speed import SandboxRun, sandbox_speed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from benchmarks.runs import Side
    from benchmarks.tap import Kind

    Figure = Callable[[Run], float]

START: Final = "target-clevertap --version"
BARE_START: Final = "python -c 'import singer_sdk'"


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured; the n-th runs of two sides were made one after the other."""

    loads: dict[Case, list[Run]] = field(default_factory=dict)
    memory: dict[int, list[Run]] = field(default_factory=dict)
    """Runs of ours with as many calls under way as may be, by their number of rows."""
    start_ups: dict[str, list[float]] = field(default_factory=dict)
    """Seconds of each run of a command, by its text."""
    ledger: dict[Kind, list[WithLedger]] = field(default_factory=dict)
    """Loads without a ledger, with a new one and with one that knows all, by the kind of rows."""
    large_ledgers: dict[int, LargeLedger] = field(default_factory=dict)
    """First loads of so many profiles with a ledger."""
    lists: list[ListRun] = field(default_factory=list)
    """Loads of custom lists, the smallest first."""
    sandbox: list[SandboxRun] = field(default_factory=list)
    """What the sandbox took of profiles and of events, its database on disk."""
    blast: list[Run] = field(default_factory=list)
    """The null server against threads that only send."""
    phones: str = ""
    """What a phone number costs, as a table."""

    @property
    def kinds(self) -> list[Kind]:
        """The kinds of rows that were loaded, in the order in which they were."""
        return list(dict.fromkeys(case.kind for case in self.loads))

    def median(self, case: Case, figure: Figure) -> float:
        """The median of a figure over the runs of a case."""
        return median(map(figure, self.loads[case]))

    def ratio(self, kind: Kind, latency: float, other: Side, figure: Figure) -> float:
        """Ours over another side: the median of what the pairs of neighbouring runs give."""
        ours = self.loads[Case("ours", kind, latency)]
        others = self.loads[Case(other, kind, latency)]
        return median(
            figure(run) / figure(beside) for run, beside in zip(ours, others, strict=True)
        )

    def peak(self, rows: int) -> float:
        """The median peak of ours after so many profiles, in megabytes."""
        return median(map(peak_megabytes, self.memory[rows]))

    def highest_peak(self) -> float:
        """The highest peak of ours in any run, at any latency, in megabytes."""
        loads = [runs for case, runs in self.loads.items() if case.side == "ours"]
        return max(map(peak_megabytes, chain(*loads, *self.memory.values())))

    def ledger_ratios(self, kind: Kind) -> tuple[float, float]:
        """The speed of a first load with a ledger, and of the same load again, over that without.

        Of whole processes, from start to end; medians of neighbouring runs.
        """
        runs = self.ledger[kind]
        return (
            median(run.off.seconds / run.first.seconds for run in runs),
            median(run.off.seconds / run.second.seconds for run in runs),
        )

    def start_up_ratio(self) -> float:
        """The start-up of ours over the bare one: the median of the pairs."""
        pairs = zip(self.start_ups[START], self.start_ups[BARE_START], strict=True)
        return median(ours / bare for ours, bare in pairs)


def measure(plan: Plan, folder: Path) -> Figures:
    """Everything in the plan, with its files in `folder`.

    Raises:
        BenchFailed: when a side fails, loses a row, or sends something else than the others.
    """
    _say("Do all sides send the same?")
    check_same_items(folder, plan.same_rows)
    figures = Figures(phones=_phones(folder) if plan.phones else "")
    for _ in range(plan.rounds):
        figures.blast.append(_blast(plan, folder))
    _start_ups(plan, folder, figures)
    for latency in (0.0, SLOW):
        for kind in plan.kinds:
            for case, run in _loads(plan, kind, latency, folder):
                figures.loads.setdefault(case, []).append(run)
    _memory(plan, folder, figures)
    _ledger(plan, folder, figures)
    for one in loads_of_lists(plan.list_members, folder):
        figures.lists.append(one)
        _say(f"{one.membership} of {one.members:,}: {one.process.peak_megabytes:.0f} MB")
    _say("How fast is the sandbox?")
    figures.sandbox.extend(sandbox_speed(plan.sandbox_calls, plan.rounds))
    return figures


def _loads(plan: Plan, kind: Kind, latency: float, folder: Path) -> Iterator[tuple[Case, Run]]:
    cases = [Case(side, kind, latency) for side in SIDES]
    files = {plan.rows(case): folder / f"{kind}-{plan.rows(case)}.jsonl" for case in cases}
    for rows, file in files.items():
        tap.write(file, kind, rows)
    for turn in range(plan.rounds):
        # Each side comes first in its turn, should a neighbour on the machine come or go.
        for case in cases[turn % len(cases) :] + cases[: turn % len(cases)]:
            run = load(case, files[plan.rows(case)], plan.rows(case), folder)
            _say_run(case, run)
            yield case, run
    for file in files.values():
        file.unlink()


def _memory(plan: Plan, folder: Path, figures: Figures) -> None:
    """With every connection kept waiting: memory is for what is under way.

    Answered at once, the peak would tell how often the machine happened to stall. The smallest
    input comes several times, since the others are compared with it.
    """
    for rows in plan.memory_rows:
        file = folder / f"memory-{rows}.jsonl"
        tap.write(file, "profiles", rows)
        times = plan.rounds if rows == min(plan.memory_rows) else 1
        case = Case("ours", "profiles", SLOW)
        figures.memory[rows] = [load(case, file, rows, folder) for _ in range(times)]
        _say(f"{rows:,} profiles: {figures.peak(rows):.1f} MB")
        file.unlink()


def _ledger(plan: Plan, folder: Path, figures: Figures) -> None:
    for kind in plan.ledger_kinds:
        file = folder / f"ledger-{kind}.jsonl"
        tap.write(file, kind, plan.ledger_rows)
        figures.ledger[kind] = [
            load_with_ledger(kind, file, plan.ledger_rows, folder) for _ in range(plan.rounds)
        ]
        first, second = figures.ledger_ratios(kind)
        _say(f"{kind} with a ledger: {first:.2f} of the speed without, once more {second:.2f}")
        file.unlink()
    for rows in plan.large_ledger_rows:
        file = folder / f"ledger-{rows}.jsonl"
        tap.write(file, "profiles", rows)
        large = figures.large_ledgers[rows] = load_into_ledger(file, rows, folder)
        _say(
            f"{rows:,} profiles with a ledger: {large.process.peak_megabytes:.0f} MB, "
            f"{large.megabytes:.0f} MB on disk"
        )
        file.unlink()


def _start_ups(plan: Plan, folder: Path, figures: Figures) -> None:
    commands: dict[str, Sequence[str | Path]] = {
        START: [COMMAND, "--version"],
        BARE_START: [sys.executable, "-c", "import singer_sdk"],
    }
    for _ in range(plan.start_ups):
        for text, command in commands.items():
            process = measured(command, folder / "start.log")
            figures.start_ups.setdefault(text, []).append(process.seconds)
    for text, seconds in figures.start_ups.items():
        _say(f"{text}: {median(seconds):.3f} s")


def _blast(plan: Plan, folder: Path) -> Run:
    with null_server() as server:
        command = [sys.executable, "-m", "benchmarks.blast", server.url, str(plan.blast_calls)]
        process = measured(command, folder / "blast.log")
    run = Run(process, server.seen)
    _say(f"the null server alone: {records_a_second(run):,.0f} records/s")
    return run


def _phones(folder: Path) -> str:
    _say("What does a phone number cost?")
    log = folder / "phones.log"
    measured([sys.executable, "-m", "benchmarks.phones"], log)
    return log.read_text(encoding="utf-8").strip()


def _say_run(case: Case, run: Run) -> None:
    _say(
        f"{case.kind} at {case.latency * 1000:.0f} ms, {case.side}: "
        f"{records_a_second(run):,.0f} records/s, "
        f"{cpu_seconds_a_million(run):.1f} CPU s a million, {peak_megabytes(run):.0f} MB"
    )


def _say(line: str) -> None:
    """Tell on standard error, which is not kept, how far it is."""
    sys.stderr.write(line + "\n")
