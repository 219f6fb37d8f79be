"""Figures as people read them."""

from __future__ import annotations

import math
from typing import Final

MINUTE: Final = 60
HOUR: Final = 3600
THOUSAND: Final = 1000

UNKNOWN: Final = "not known"


def number(count: int | None) -> str:
    """A count with its thousands apart; says so when it is not known."""
    return UNKNOWN if count is None else f"{count:,}"


def short_number(count: float) -> str:
    """A count in a few characters, for an axis: 250, 1.5k, 12k, 3M."""
    for size, letter in ((THOUSAND**3, "G"), (THOUSAND**2, "M"), (THOUSAND, "k")):
        if count >= size:
            return f"{count / size:g}{letter}"
    return f"{count:g}"


def share(percent: float) -> str:
    """Hundredths of a whole, rounded down, so that only all of it is 100 %."""
    tenths = math.floor(percent * 10)
    return f"{tenths / 10:g} %" if tenths else "less than 0.1 %"


def duration(seconds: float) -> str:
    """A time in its two largest units: 210 ms, 1.25 s, 4 min 5 s, 9 h 2 min."""
    if seconds < 1:
        return f"{seconds * THOUSAND:.3g} ms" if seconds else "0 s"
    if seconds < MINUTE:
        return f"{math.floor(seconds * 100) / 100:.3g} s"
    whole = int(seconds)
    if whole < HOUR:
        return _two(whole // MINUTE, "min", whole % MINUTE, "s")
    return _two(whole // HOUR, "h", whole % HOUR // MINUTE, "min")


def _two(large: int, unit: str, small: int, small_unit: str) -> str:
    return f"{large} {unit} {small} {small_unit}" if small else f"{large} {unit}"
