"""Whether all sides send the same: without that, no comparison of their speed means anything."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from benchmarks import tap
from benchmarks.plan import Case
from benchmarks.runs import SIDES, BenchFailed, load

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.runs import Side


def check_same_items(folder: Path, rows: int) -> None:
    """Load profiles and events from all sides; returns when the same items have arrived.

    Raises:
        BenchFailed: naming the side that sends something else.
    """
    file = folder / "same.jsonl"
    tap.write(file, "both", rows)
    items = {side: sent_items(side, file, rows, folder) for side in SIDES}
    for side in SIDES:
        if items[side] != items["floor"]:
            raise BenchFailed(f"{side} sends other items than the hand-written loop")


def sent_items(side: Side, file: Path, rows: int, folder: Path) -> list[str]:
    """Every item that a side has sent, as JSON of one spelling, in an order of its own.

    Sides fill their calls differently: profiles and events in one call, or apart.
    """
    kept = folder / f"{side}.bodies"
    load(Case(side, "both", 0.0), file, rows, folder, kept)
    bodies = map(json.loads, kept.read_bytes().splitlines())
    return sorted(json.dumps(item, sort_keys=True) for body in bodies for item in body["d"])
