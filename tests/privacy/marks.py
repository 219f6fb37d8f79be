"""Values that stand nowhere else, so that whoever tells one is found out."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

PASSCODE = "passcodemarkzq"
"""The right passcode of the account, and a mark like all others."""

FIRST_DAY = date(1911, 1, 1)


class Marks:
    """Hands out values, each one once, and finds them again in whatever form they are told."""

    def __init__(self) -> None:
        self._numbers = count(1)
        self._needles = {PASSCODE}

    def text(self, length: int = 0) -> str:
        """A word, which other letters may follow until it has a length."""
        return self._known(f"mark{next(self._numbers):04}zq").ljust(length, "x")

    def mail(self) -> str:
        """A valid e-mail address."""
        return f"{self.text()}@{self.text()}.example"

    def phone(self) -> str:
        """A valid mobile number of Germany."""
        return "+" + self._known(f"4915112{next(self._numbers):06}")

    def number(self) -> int:
        """A number that no time, size or id of these tests is near to."""
        return int(self._known(f"734500{next(self._numbers):04}"))

    def fraction(self) -> float:
        """A number with digits behind its point."""
        return float(self._known(f"7345{next(self._numbers):04}.25"))

    def time(self) -> int:
        """Seconds since the epoch, in 2009."""
        return int(self._known(f"12345{next(self._numbers):05}"))

    def day(self) -> str:
        """A date, which comes in its other form as well: as seconds since the epoch."""
        day = FIRST_DAY + timedelta(days=next(self._numbers))
        self._known(str((day - date(1970, 1, 1)) // timedelta(seconds=1)))
        return self._known(day.isoformat())

    def found(self, told: str | bytes | Iterable[str]) -> set[str]:
        """The marks that something holds."""
        if isinstance(told, bytes):
            told = told.decode("latin-1")
        elif not isinstance(told, str):
            told = "\n".join(told)
        told = told.lower()
        return {needle for needle in self._needles if needle in told}

    def _known(self, needle: str) -> str:
        self._needles.add(needle)
        return needle
