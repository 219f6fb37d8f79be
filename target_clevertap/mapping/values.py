"""Values of the plain types: text, number, integer, boolean, JSON text.

A converter takes a value that is neither null nor absent and returns what is sent in its place;
None means that the value counts as null (blank text where a number is wanted). It raises `Fault`
for a value that is not of its type and `Cut` for one that had to be shortened.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from math import isfinite
from typing import TYPE_CHECKING, Final

import msgspec

from target_clevertap.mapping.inline import inlined
from target_clevertap.mapping.limits import MAX_TEXT
from target_clevertap.mapping.rejections import Cut, Fault

if TYPE_CHECKING:
    from target_clevertap.settings import LongPolicy

Converter = Callable[[object], object]

encode: Final = msgspec.json.Encoder(decimal_format="number").encode
"""JSON of a value: decimals as numbers with all their digits, integers of any size."""

_decode = msgspec.json.Decoder(float_hook=Decimal).decode
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_INTEGER = re.compile(r"[+-]?\d+", re.ASCII)
_TRUE = frozenset({"true", "t", "yes", "y", "on", "1"})
_FALSE = frozenset({"false", "f", "no", "n", "off", "0"})
_PLAIN_EXPONENT = 400
_NOT_FINITE = (b"null", b"NaN", b"Infinity")


@cache
def text(on_long: LongPolicy) -> Converter:
    """Anything as text of at most 512 characters."""

    @inlined(str, source="{v}")
    def convert(value: object) -> object:
        if type(value) is str and len(value) <= MAX_TEXT:
            return value
        return fitting(as_text(value), on_long)

    return convert


def json(on_long: LongPolicy) -> Converter:
    """Anything as JSON text; text that is JSON already stays as it is (and `null` is null)."""

    def convert(value: object) -> object:
        if isinstance(value, str):
            try:
                holds_null = decoded(value) is None
            except NotJson:
                return fitting(as_json(value), on_long)
            return None if holds_null else fitting(value, on_long)
        return fitting(as_json(value), on_long)

    return convert


@inlined(int, Decimal, source="{v}")
def number(value: object) -> object:
    """The number itself, exact, or the one that a text spells; blank text is null."""
    kind = type(value)
    if kind is int or (kind is float and isfinite(value)):  # type: ignore[arg-type]  # kind says it is a float
        return value
    if isinstance(value, str):
        return _spelled(value.strip()) if value.strip() else None
    if isinstance(value, Decimal) and value.is_finite():
        return value
    raise Fault("number_invalid")


@inlined(int, source="{v}")
def integer(value: object) -> object:
    """A number without a fraction, as an integer; blank text is null."""
    if type(value) is int:
        return value
    try:
        exact = number(value)
    except Fault:
        raise Fault("integer_invalid") from None
    return None if exact is None else whole(exact)


@inlined(bool, source="{v}")
def boolean(value: object) -> object:
    """True or false: also 0 and 1, yes and no, on and off, in any case; blank text is null."""
    if value is True or value is False:
        return value
    if isinstance(value, str):
        word = value.strip().lower()
        if not word:
            return None
        if word in _TRUE or word in _FALSE:
            return word in _TRUE
    elif isinstance(value, int | float | Decimal) and _is_finite(value) and value in (0, 1):
        return bool(value)
    raise Fault("boolean_invalid")


def whole(value: object) -> int:
    """An integral number as an int.

    Raises:
        Fault: for a fraction, or a power of ten that no integer should be made of.
    """
    if isinstance(value, int):
        return value
    exact = Decimal(repr(value)) if isinstance(value, float) else value
    if (
        isinstance(exact, Decimal)
        and exact.adjusted() < _PLAIN_EXPONENT
        and exact == exact.to_integral_value()
    ):
        return int(exact)
    raise Fault("integer_invalid")


def _spelled(spelling: str) -> int | Decimal:
    if not _NUMBER.fullmatch(spelling):
        raise Fault("number_invalid")
    try:
        exact = int(spelling) if _INTEGER.fullmatch(spelling) else Decimal(spelling)
    except (ValueError, InvalidOperation):
        raise Fault("number_invalid") from None
    return exact


def as_text(value: object) -> str:
    """Text of any value: numbers by their digits, booleans as true and false, others as JSON."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | Decimal):
        return _digits(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    return as_json(value)


def _digits(value: float | Decimal) -> str:
    """A number without an exponent, unless that would take hundreds of zeros."""
    exact = Decimal(repr(value)) if isinstance(value, float) else value
    try:
        if not isinstance(exact, Decimal):
            return str(exact)
    except ValueError:  # more digits than Python is willing to print
        raise Fault("number_invalid") from None
    if not exact.is_finite():
        raise Fault("number_invalid")
    short = -_PLAIN_EXPONENT < exact.adjusted() < _PLAIN_EXPONENT
    return format(exact, "f") if short else str(exact)


def as_json(value: object) -> str:
    """JSON text of a value.

    Raises:
        Fault: for what JSON cannot express: NaN, endless nesting, kinds it does not know.
    """
    try:
        encoded = encode(value)
        if any(word in encoded for word in _NOT_FINITE) and not _is_finite(value):
            raise Fault("number_invalid")
    except UnicodeEncodeError:
        raise Fault("text_invalid") from None
    except (TypeError, ValueError, RecursionError):
        raise Fault("json_invalid") from None
    return encoded.decode()


def _is_finite(value: object) -> bool:
    """Whether no number in a value is NaN or infinite: the encoder makes nulls of those."""
    if isinstance(value, dict):
        return all(map(_is_finite, value.values()))
    if isinstance(value, list | tuple):
        return all(map(_is_finite, value))
    if isinstance(value, float):
        return isfinite(value)
    return not isinstance(value, Decimal) or value.is_finite()


class NotJson(Exception):
    """A text that is not JSON, or holds numbers beyond what can be kept."""


def decoded(json_text: str) -> object:
    """What a JSON text holds, numbers exact.

    Raises:
        NotJson: for any other text.
    """
    try:
        found: object = _decode(json_text)
    except (msgspec.MsgspecError, UnicodeEncodeError, InvalidOperation, RecursionError):
        raise NotJson from None
    return found


def fitting(long_or_not: str, on_long: LongPolicy) -> str:
    """The text when it fits into CleverTap's 512 characters.

    Raises:
        Cut: when it was shortened.
        Fault: when the policy is to reject it.
    """
    if len(long_or_not) <= MAX_TEXT:
        return long_or_not
    if on_long == "reject":
        raise Fault("value_too_long")
    raise Cut(("value_truncated",), long_or_not[:MAX_TEXT])
