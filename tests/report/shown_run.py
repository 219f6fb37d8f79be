"""A run that shows how it stands, as a process of its own: for a terminal to look at.

The argument says how it ends: `well`, `state` (it writes one), `raise`, `slow`, `much` (is logged)
or `at_once`.
"""

from __future__ import annotations

import logging
import os
import sys
import warnings
from typing import TYPE_CHECKING

from target_clevertap.report import Tally
from target_clevertap.report.progress import Progress, progress

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger(__name__)

HANDLER = logging.StreamHandler(sys.stderr)


class Clock:
    """Seconds that pass only when told to."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def shown(tallies: dict[str, Tally], clock: Callable[[], float]) -> Progress:
    """What the program itself would choose, by another clock."""
    chosen = progress(tallies, lambda: 7)
    return Progress(tallies, lambda: 7, chosen.view, clock)


def main(ending: str) -> None:
    """Read some rows, log something, and end."""
    logging.basicConfig(level="INFO", handlers=[HANDLER], format="%(levelname)s %(message)s")
    clock, users, orders = Clock(), Tally(), Tally(read=5, rejected=2)
    tallies = {"public-users": users}
    live = shown(tallies, clock)
    for second in range(12):
        clock.now += 1
        users.read += 1000
        users.accepted += 990
        live.tick()
        if second == 5:
            log.info("A line that is longer than the terminal: %s", "long " * 20)
            tallies["orders [bold]"] = orders
    if ending == "state":
        live.wipe()
        os.write(2, b'{"bookmarks": {}}\n')  # standard output is the same terminal, say
        clock.now += 1
        live.tick()
    if ending == "much":
        for number in range(300):
            log.info("Line %d", number)
    if ending == "slow":
        clock.now += 30
        live.tick()
    if ending == "at_once":
        os._exit(143)
    try:
        if ending == "raise":
            raise RuntimeError("made for a test")
    finally:
        live.wipe()
        log.info("The end.")


if __name__ == "__main__":
    warnings.simplefilter("error")
    main(sys.argv[1])
