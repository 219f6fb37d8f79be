"""CleverTap's operators: what a value becomes when it is added, removed, counted or deleted.

`{"$add": [...]}`, `{"$remove": [...]}`, `{"$set": [...]}`, `{"$incr": n}`, `{"$decr": n}` and
`{"$delete": 1}` stand in a property's place (CleverTap: dashboard set-up page, 2026).
"""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from target_clevertap.mapping.limits import MAX_LIST, MAX_TEXT
from target_clevertap.mapping.rejections import Cut, Fault
from target_clevertap.mapping.values import NotJson, as_text, decoded, integer, number

if TYPE_CHECKING:
    from target_clevertap.mapping.values import Converter
    from target_clevertap.settings import LongPolicy

DELETE: Final = {"$delete": 1}
"""Removes the property from the profile."""

ACCUMULATING: Final = frozenset({"add", "remove", "increment", "decrement"})
"""What a row adds to, so that no version of a profile may stand for two."""

COUNTING: Final = frozenset({"increment", "decrement"})
"""What comes out differently when it is sent twice."""

_KEYS: Final = {
    "set": "$set",
    "add": "$add",
    "remove": "$remove",
    "increment": "$incr",
    "decrement": "$decr",
}


def multi_value(operator: str, on_long: LongPolicy, *, reads_json: bool = False) -> Converter:
    """A list, or a single value, as the texts of `$set`, `$add` or `$remove`.

    Texts are unique, the first of each is kept, and nulls are left out. Nothing to add or to
    remove counts as null. With `reads_json` a text may hold the list as JSON.
    """
    key = _KEYS[operator]

    def convert(value: object) -> object:
        try:
            texts = _texts(_members(value, reads_json=reads_json), on_long)
        except Cut as cut:
            raise Cut(cut.codes, {key: cut.instead}) from None
        return {key: texts} if texts or operator == "set" else None

    return convert


def counter(operator: str) -> Converter:
    """An integer as `$incr` or `$decr`; blank text counts as null."""
    key = _KEYS[operator]

    def convert(value: object) -> object:
        try:
            count = integer(value)
        except Fault:
            raise Fault("counter_invalid") from None
        return None if count is None else {key: count}

    return convert


def deletion(convert: Converter) -> Converter:
    """`$delete` for a value that is not false, 0 or empty; anything else counts as null."""

    def delete(value: object) -> object:
        value = convert(value)
        if isinstance(value, float | Decimal):
            value = number(value)
        return DELETE if value else None

    return delete


def _members(value: object, *, reads_json: bool) -> list[object]:
    if reads_json and isinstance(value, str) and value.lstrip().startswith("["):
        with suppress(NotJson):
            value = decoded(value)
    if isinstance(value, list):
        return value
    if isinstance(value, dict):
        raise Fault("list_invalid")
    return [value]


def _texts(members: list[object], on_long: LongPolicy) -> list[str]:
    """The members as unique texts within CleverTap's limits, of which the oldest go first."""
    whole_texts = [as_text(member) for member in members if member is not None]
    texts = list(dict.fromkeys(text[:MAX_TEXT] for text in whole_texts))
    too_long = any(len(text) > MAX_TEXT for text in whole_texts)
    if on_long == "reject" and (too_long or len(texts) > MAX_LIST):
        raise Fault("value_too_long" if too_long else "list_too_long")
    cuts = ("value_truncated",) * too_long + ("list_truncated",) * (len(texts) > MAX_LIST)
    if cuts:
        raise Cut(cuts, texts[-MAX_LIST:])
    return texts
