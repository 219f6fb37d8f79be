"""`python -m benchmarks`: measure, print the page, and write it to `benchmarks/results.md`.

The variable BENCH_SCALE makes the inputs smaller (0.05: a look in about two minutes). Figures
of such a run mean little, so they are printed and not written.
"""

from __future__ import annotations

import os
import sys
import time
from datetime import datetime, timezone
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks import machine
from benchmarks.measure import measure
from benchmarks.plan import Plan
from benchmarks.results import page
from benchmarks.runs import BenchFailed

RESULTS: Final = Path(__file__).with_name("results.md")
IDLE: Final = 0.5
"""The load of a machine, in waiting processes, on which figures can be trusted."""


def main() -> None:
    """Carry out the whole plan, or a scaled one."""
    scale = float(os.environ.get("BENCH_SCALE", "1"))
    try:
        written = results(Plan.scaled(scale))
    except BenchFailed as failed:
        sys.exit(f"bench: {failed}")
    sys.stdout.write(written)
    if scale >= 1:
        RESULTS.write_text(written, encoding="utf-8")


def results(plan: Plan) -> str:
    """The page of a plan carried out here and now.

    Raises:
        BenchFailed: when there is nothing to compare.
    """
    load, began = machine.load(), time.monotonic()
    with TemporaryDirectory(prefix="bench-") as folder:
        figures = measure(plan, Path(folder))
    minutes = (time.monotonic() - began) / 60
    circumstances = [
        ("date", f"{datetime.now(timezone.utc):%Y-%m-%d}"),
        *machine.described(),
        ("load before", f"{load:.1f}" + (", so it was not idle" if load > IDLE else "")),
        ("took", f"{minutes:.0f} minutes"),
    ]
    return page(plan, figures, circumstances)


if __name__ == "__main__":
    main()
