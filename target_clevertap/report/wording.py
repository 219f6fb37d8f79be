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
    if seconds < MINUTE:
        return _below_a_minute(seconds)
    whole = int(seconds)
    if whole < HOUR:
        return _two(whole // MINUTE, "min", whole % MINUTE, "s")
    return _two(whole // HOUR, "h", whole % HOUR // MINUTE, "min")


def _below_a_minute(seconds: float) -> str:
    """In three digits, rounded down: what took less than a second does not read as one."""
    size, unit = (1, "s") if seconds >= 1 or not seconds else (THOUSAND, "ms")
    digits = 10 ** (2 - math.floor(math.log10(max(seconds * size, 1))))
    # What is a whole number of digits stays one in spite of how floats are kept.
    return f"{math.floor(seconds * size * digits + 1e-6) / digits:g} {unit}"


def _two(large: int, unit: str, small: int, small_unit: str) -> str:
    return f"{large} {unit} {small} {small_unit}" if small else f"{large} {unit}"
