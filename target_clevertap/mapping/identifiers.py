"""Whom a row is about: the four identifiers and what CleverTap takes for them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from target_clevertap.mapping.columns import ABSENT
from target_clevertap.mapping.inline import inlined
from target_clevertap.mapping.limits import MAX_IDENTITY
from target_clevertap.mapping.rejections import Rejection

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_clevertap.settings import IdentifierKind

FORBIDDEN: Final = frozenset(
    {
        *("undefined", "null", "na", "n/a", "nil", "none", "empty", "xxxxxx", "0", "-1"),
        *("infinity", "-infinity", "inf", "-inf", "nan", "-nan"),
    }
)
"""Words never to be used as an identity (CSV import page, 2026); in any case, to be safe."""

_LONGEST_FORBIDDEN = max(map(len, FORBIDDEN))
_OBJECT_ID_CHARACTERS = "A-Za-z0-9()!:@$_-"  # P-CTID, 2026; else error 526
_OBJECT_ID = re.compile(rf"[{_OBJECT_ID_CHARACTERS}]{{1,64}}")


def identifiers(kind: IdentifierKind) -> Callable[[object], str]:
    """Checks a value as an identifier; raises Rejection when CleverTap would not take it."""
    is_object_id = kind == "objectId"

    @inlined(str, source="{v} if {usual}({v}) else {convert}({v})", usual=_usual(kind))
    def read(value: object) -> str:
        if type(value) is int and not is_object_id and -1 != value != 0:
            return _digits(value)
        if type(value) is not str:
            value = _digits(value)
        word = value.strip()
        if not word:
            raise Rejection("identity_missing")
        if len(value) > MAX_IDENTITY:
            raise Rejection("identity_too_long")
        if len(word) <= _LONGEST_FORBIDDEN and word.lower() in FORBIDDEN:
            raise Rejection("identity_forbidden")
        if is_object_id and not _OBJECT_ID.fullmatch(value):
            raise Rejection("object_id_invalid")
        if not value.isascii():
            _refuse_broken(value)
        return value

    if not is_object_id:
        inlined(int, source="str({v}) if {v} > 0 else {convert}({v})")(read)
    return read


def _usual(kind: IdentifierKind) -> Callable[[str], object]:
    """Fits texts that are identifiers beyond doubt: longer than any forbidden word."""
    characters = _OBJECT_ID_CHARACTERS if kind == "objectId" else "A-Za-z0-9@._+-"
    return re.compile(rf"[{characters}]{{{_LONGEST_FORBIDDEN + 1},64}}").fullmatch


def _digits(value: object) -> str:
    if value is None or value is ABSENT:
        raise Rejection("identity_missing")
    if type(value) is int:
        try:
            return str(value)
        except ValueError:  # thousands of digits, more than Python is willing to print
            raise Rejection("identity_too_long") from None
    raise Rejection("identity_invalid")


def _refuse_broken(value: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise Rejection("text_invalid") from None
