"""Points in time, read from whatever a source writes, as epoch seconds.

CleverTap takes dates as text `"$D_<epoch seconds>"` in any property, and `ts` as a number of
seconds (P-UP, P-FAQ, 2026). Fractions of a second are dropped, downwards.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date, datetime, timezone
from decimal import Decimal
from functools import lru_cache
from math import floor
from typing import TYPE_CHECKING, Final

from target_clevertap.mapping.inline import inlined
from target_clevertap.mapping.rejections import Fault
from target_clevertap.mapping.values import number

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from target_clevertap.mapping.values import Converter
    from target_clevertap.settings import DateUnit

if sys.version_info < (3, 11):  # before 3.11 neither Z nor most of ISO 8601 is read
    from backports.datetime_fromisoformat import (  # type: ignore[import-not-found,unused-ignore]  # only there before 3.11
        MonkeyPatch,
    )

    MonkeyPatch.patch_fromisoformat()

Seconds = Callable[[object], "int | None"]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=timezone.utc)
_FIRST: Final = -62_135_596_800
_LAST: Final = 253_402_300_799
_BEYOND: Final = (_LAST + 1) * 1000
_LOOKS_LIKE_MILLISECONDS: Final = 100_000_000_000
_DAY: Final = 86_400
_DAY_CHARACTERS: Final = len("2024-02-29")
DAYS_REMEMBERED: Final = 1 << 15
"""Ninety years of birthdays; a few megabytes."""
_PARTS: Final = {"s": 1, "ms": 1000}


class Milliseconds(Exception):
    """A number so large that it must be milliseconds, and nobody said so."""


class NotATime(Exception):
    """A value that is no point in time between the years 1 and 9999."""


def dates(zone: ZoneInfo, pattern: str | None, unit: DateUnit | None) -> Converter:
    """Values as CleverTap's dates; blank text is null."""
    seconds = epoch_seconds(zone, pattern, unit)

    def convert(value: object) -> object:
        try:
            at = seconds(value)
        except (NotATime, Milliseconds):
            raise Fault("date_invalid") from None
        return None if at is None else f"$D_{at}"

    # There are few different days, and a day in a zone costs more than anything else here.
    of_day = lru_cache(DAYS_REMEMBERED)(convert)

    def fast(value: object) -> object:
        if type(value) is str and len(value) == _DAY_CHARACTERS:
            return of_day(value)
        return convert(value)

    if pattern is None and unit is None:
        moment = _inline_seconds(zone)
        source = f'{{of_day}}({{v}}) if len({{v}}) == {{ten}} else f"$D_{{{{{moment}}}}}"'
        names = {"of_day": of_day, "ten": _DAY_CHARACTERS, "seconds": seconds}
        inlined(str, source=source, **names, **_INLINE_NAMES)(fast)
    return fast


def timestamps(zone: ZoneInfo, pattern: str | None, unit: DateUnit | None) -> Seconds:
    """Values as `ts`, which must lie after 1970 (error 525); blank text is null."""
    seconds = epoch_seconds(zone, pattern, unit)

    def convert(value: object) -> int | None:
        try:
            at = seconds(value)
        except Milliseconds:
            raise Fault("timestamp_milliseconds") from None
        except NotATime:
            raise Fault("timestamp_invalid") from None
        if at is not None and at <= 0:
            raise Fault("timestamp_invalid")
        return at

    if pattern is None and unit is None:
        source = f"when if (when := {_inline_seconds(zone)}) > 0 else {{convert}}({{v}})"
        inlined(str, source=source, seconds=seconds, **_INLINE_NAMES)(convert)
    return convert


_INLINE_NAMES: Final = {
    "iso": datetime.fromisoformat,
    "epoch": _EPOCH,
    "wall": _EPOCH.replace(tzinfo=None),
}


def _inline_seconds(zone: ZoneInfo) -> str:
    """What `seconds` gives for text in ISO 8601; other text raises a ValueError."""
    at, day = "(at := {iso}({v}))", str(_DAY)
    if zone.key == "UTC":
        since = f"(since := at - {{epoch}} if {at}.tzinfo else at - {{wall}})"
        return f"({since}.days * {day} + since.seconds)"
    since = f"(since := at - {{epoch}}).days * {day} + since.seconds"
    return f"({since} if {at}.tzinfo else {{seconds}}({{v}}))"


def epoch_seconds(zone: ZoneInfo, pattern: str | None, unit: DateUnit | None) -> Seconds:
    """Values as whole seconds since 1970; what has no offset of its own is in `zone`.

    Raises (from the returned function):
        NotATime: for anything else.
        Milliseconds: for numbers of 12 digits and more when no unit is given.
    """
    usual = pattern is None and unit is None

    def convert(value: object) -> int | None:
        if usual and type(value) is str:
            try:
                since = datetime.fromisoformat(value) - _EPOCH
            except (ValueError, TypeError):
                pass  # no time as it stands, or one without an offset
            else:
                return since.days * _DAY + since.seconds
        if isinstance(value, str):
            written = value.strip()
            return _of_text(written, zone, pattern, unit) if written else None
        if isinstance(value, datetime):
            return _of_datetime(value, zone)
        if isinstance(value, date):
            return _of_datetime(datetime(value.year, value.month, value.day), zone)  # noqa: DTZ001 - _of_datetime adds the zone
        if pattern is not None:
            return _of_pattern(_digits(value), zone, pattern)
        return _of_number(value, unit)

    return convert


def pattern_works(pattern: str) -> bool:
    """Whether `strptime` can read back what it would write with a pattern."""
    sample = datetime(2000, 12, 31, 13, 14, 15, tzinfo=timezone.utc)
    try:
        datetime.strptime(sample.strftime(pattern), pattern)  # noqa: DTZ007 - only whether it parses
    except ValueError:
        return False
    return True


def _of_text(written: str, zone: ZoneInfo, pattern: str | None, unit: DateUnit | None) -> int:
    if pattern is not None:
        return _of_pattern(written, zone, pattern)
    if unit is None:
        try:
            return _of_datetime(datetime.fromisoformat(written), zone)
        except ValueError:
            pass
    try:
        return _of_number(number(written), unit)
    except Fault:
        raise NotATime from None


def _of_pattern(written: str, zone: ZoneInfo, pattern: str) -> int:
    try:
        return _of_datetime(datetime.strptime(written, pattern), zone)  # noqa: DTZ007 - _of_datetime adds the zone
    except ValueError:
        raise NotATime from None


def _of_datetime(at: datetime, zone: ZoneInfo) -> int:
    if at.tzinfo is None:
        at = at.replace(tzinfo=zone, fold=0)
    since = at - _EPOCH
    return since.days * _DAY + since.seconds


def _of_number(value: object, unit: DateUnit | None) -> int:
    try:
        exact = number(value)
    except Fault:
        raise NotATime from None
    # Compared and not passed through abs(), which raises for a decimal such as 1E+999999.
    if not isinstance(exact, int | float | Decimal) or not -_BEYOND < exact < _BEYOND:
        raise NotATime
    if unit is None and not -_LOOKS_LIKE_MILLISECONDS < exact < _LOOKS_LIKE_MILLISECONDS:
        raise Milliseconds
    at = floor(exact) // _PARTS[unit or "s"]
    if not _FIRST <= at <= _LAST:
        raise NotATime
    return at


def _digits(value: object) -> str:
    """A number such as 20240131, as the text that a pattern can read."""
    if type(value) is int and abs(value) < _BEYOND:
        return str(value)
    raise NotATime
