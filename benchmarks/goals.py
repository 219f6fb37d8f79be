"""What must be reached, and what was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from benchmarks.lists import MEMBERSHIPS
from benchmarks.plan import CEILING, SLOW, Case
from benchmarks.runs import cpu_seconds_a_million, records_a_second
from benchmarks.sandbox_speed import GOAL as SANDBOX_RATE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.measure import Figures
    from benchmarks.runs import LargeLedger

MOST_MEGABYTES: Final = 160
MOST_LEDGER_MEGABYTES: Final = 400


@dataclass(frozen=True, slots=True)
class Goal:
    """One thing that must be reached, by each of its measured values."""

    what: str
    asked: float
    measured: Sequence[float]
    at_most: bool = False

    @property
    def reached(self) -> bool:
        """Whether every value keeps to what is asked."""
        if self.at_most:
            return max(self.measured) <= self.asked
        return min(self.measured) >= self.asked


def goals(figures: Figures) -> list[Goal]:
    """All goals. What is measured for several kinds of rows must be reached for each of them."""
    return [
        *_speed(figures),
        *_memory(figures),
        _start_up(figures),
        *_ledger(figures),
        _lists(figures),
        _sandbox(figures),
    ]


def _speed(figures: Figures) -> list[Goal]:
    kinds = figures.kinds
    return [
        Goal(
            "records/s at 0 ms, ours / plain SDK target",
            8,
            [figures.ratio(kind, 0, "plain", records_a_second) for kind in kinds],
        ),
        Goal(
            "records/s at 0 ms, ours / hand-written loop",
            0.7,
            [figures.ratio(kind, 0, "floor", records_a_second) for kind in kinds],
        ),
        Goal(
            f"share of the ceiling ({CEILING:,.0f} records/s) at {SLOW * 1000:.0f} ms",
            0.94,
            [
                figures.median(Case("ours", kind, SLOW), records_a_second) / CEILING
                for kind in kinds
            ],
        ),
        Goal(
            f"CPU seconds at {SLOW * 1000:.0f} ms, ours / hand-written loop",
            1.8,
            [figures.ratio(kind, SLOW, "floor", cpu_seconds_a_million) for kind in kinds],
            at_most=True,
        ),
    ]


def _memory(figures: Figures) -> list[Goal]:
    smallest, largest = min(figures.memory), max(figures.memory)
    growth = figures.peak(largest) / figures.peak(smallest)
    return [
        Goal(f"peak memory, {largest:,} / {smallest:,} records", 1.1, [growth], at_most=True),
        Goal(
            "the highest peak of all runs, MB",
            MOST_MEGABYTES,
            [figures.highest_peak()],
            at_most=True,
        ),
    ]


def _ledger(figures: Figures) -> list[Goal]:
    ratios = [figures.ledger_ratios(kind) for kind in figures.ledger]
    return [
        Goal("first load with a ledger, of the speed without", 0.6, [first for first, _ in ratios]),
        Goal("the same load again, of the speed without", 1.0, [second for _, second in ratios]),
        *_large_ledgers(figures.large_ledgers),
    ]


def _large_ledgers(ledgers: Mapping[int, LargeLedger]) -> list[Goal]:
    smallest, largest = min(ledgers), max(ledgers)
    small, large = ledgers[smallest], ledgers[largest]
    growth = large.process.peak_megabytes / small.process.peak_megabytes
    what = f"peak memory with a ledger, {largest:,} / {smallest:,} records"
    disk = f"MB on disk of a ledger with {largest:,} keys"
    return [
        Goal(what, 1.1, [growth], at_most=True),
        Goal(disk, MOST_LEDGER_MEGABYTES, [large.megabytes], at_most=True),
    ]


def _lists(figures: Figures) -> Goal:
    sizes = [run.members for run in figures.lists]
    smallest, largest = min(sizes), max(sizes)
    peaks = {(run.membership, run.members): run.process.peak_megabytes for run in figures.lists}
    growth = [peaks[kind, largest] / peaks[kind, smallest] for kind in MEMBERSHIPS]
    return Goal(f"peak memory, {largest:,} / {smallest:,} members", 1.1, growth, at_most=True)


def _sandbox(figures: Figures) -> Goal:
    rates = [run.records_a_core_second for run in figures.sandbox]
    return Goal("records/s of one core that the sandbox takes", SANDBOX_RATE, rates)


def _start_up(figures: Figures) -> Goal:
    return Goal(
        "start-up, ours / `import singer_sdk` alone", 1.25, [figures.start_up_ratio()], at_most=True
    )
