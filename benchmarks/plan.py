"""What is measured: how many rows, how often, at which latencies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from benchmarks.tap import KINDS

if TYPE_CHECKING:
    from typing_extensions import Self

    from benchmarks.runs import Side
    from benchmarks.tap import Kind

SLOW: Final = 0.2
"""Seconds of a call where CleverTap is far away."""

CONNECTIONS: Final = 15
ROWS_A_CALL: Final = 1000
CEILING: Final = CONNECTIONS * ROWS_A_CALL / SLOW
"""Records a second, if every connection were always waiting for an answer."""

FEWEST_ROWS: Final = 4 * ROWS_A_CALL
"""A rate is taken between the first call and the last answer, so one call has none."""


@dataclass(frozen=True, slots=True)
class Case:
    """One thing to load: who, what, and how many seconds an answer takes."""

    side: Side
    kind: Kind
    latency: float


@dataclass(frozen=True, slots=True)
class Plan:
    """Numbers of rows and of repetitions; the sizes make one run of each take some seconds."""

    kinds: tuple[Kind, ...] = KINDS
    rounds: int = 3
    start_ups: int = 15
    fast_rows: int = 500_000
    slow_rows: int = 1_000_000
    plain_fast_rows: int = 30_000
    plain_slow_rows: int = 10_000
    memory_rows: tuple[int, ...] = (100_000, 1_000_000, 5_000_000)
    blast_calls: int = 3000
    same_rows: int = 5000
    ledger_kinds: tuple[Kind, ...] = ("profiles", "events")
    ledger_rows: int = 1_000_000
    large_ledger_rows: tuple[int, ...] = (1_000_000, 5_000_000)
    list_members: tuple[int, ...] = (4_000_000, 10_000_000)
    """The smaller one fills the ledger's cache already."""
    sandbox_calls: int = 200
    phones: bool = True
    """Whether to measure what a phone number costs, too."""

    @classmethod
    def scaled(cls, scale: float, **settings: int) -> Self:
        """The plan with so much more or fewer rows, in whole calls."""

        def rows(number: int) -> int:
            return max(FEWEST_ROWS, round(number * scale / ROWS_A_CALL) * ROWS_A_CALL)

        usual = cls()
        return cls(
            fast_rows=rows(usual.fast_rows),
            slow_rows=rows(usual.slow_rows),
            plain_fast_rows=rows(usual.plain_fast_rows),
            plain_slow_rows=rows(usual.plain_slow_rows),
            memory_rows=tuple(map(rows, usual.memory_rows)),
            ledger_rows=rows(usual.ledger_rows),
            large_ledger_rows=tuple(map(rows, usual.large_ledger_rows)),
            list_members=tuple(map(rows, usual.list_members)),
            **settings,  # type: ignore[arg-type]
        )

    def rows(self, case: Case) -> int:
        """How many rows a case loads."""
        if case.side == "plain":
            return self.plain_slow_rows if case.latency else self.plain_fast_rows
        return self.slow_rows if case.latency else self.fast_rows
