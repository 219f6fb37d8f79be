"""Values as they are shown: each with the type that CleverTap gives it."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from target_clevertap.sandbox.codec import encode_json

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST = 20_000
"""Characters of one value; more is cut, and the body that brought it has the rest."""
_DATE = re.compile(r"\$D_(-?[0-9]{1,18})")
_KINDS_BY_NAME = {"Phone": "phone", "Email": "e-mail"}


class Value(Struct, frozen=True, kw_only=True):
    """One value; `parts` are the items of a list."""

    kind: str
    text: str = ""
    note: str = ""
    """What stands in the record where that is not what is shown."""
    parts: tuple[str, ...] = ()


class Property(Struct, frozen=True):
    """A property and its value."""

    name: str
    value: Value


def properties_of(values: Mapping[str, Any]) -> list[Property]:
    """The properties of a profile or an event, in the order sent."""
    return [Property(name, value_of(value, name)) for name, value in values.items()]


def value_of(value: object, name: str = "") -> Value:
    """A value with its type; some are known by the name of their property."""
    if isinstance(value, str):
        return _text(value, name)
    if isinstance(value, bool):
        return Value(kind="boolean", text="true" if value else "false")
    if isinstance(value, (int, float, Decimal)):
        return Value(kind=_KINDS_BY_NAME.get(name, "number"), text=str(value))
    if value is None:
        return Value(kind="null", text="null")
    if isinstance(value, list) and not any(isinstance(item, (dict, list)) for item in value):
        return Value(kind="list", parts=tuple(cut(_item(item)) for item in value))
    return Value(kind="items" if isinstance(value, list) else "object", text=pretty(value))


def _text(value: str, name: str) -> Value:
    date = _DATE.fullmatch(value)
    if date is not None:
        return Value(kind="date", text=moment(int(date[1])), note=value)
    return Value(kind=_KINDS_BY_NAME.get(name, "string"), text=cut(value))


def _item(item: object) -> str:
    return item if isinstance(item, str) else encode_json(item).decode()


def pretty(value: object) -> str:
    """A value as JSON over several lines."""
    return cut(msgspec.json.format(encode_json(value), indent=2).decode())


def cut(text: str) -> str:
    """A text that is not too long to be shown."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(text):,} characters)"


def moment(seconds: float) -> str:
    """A time with its zone, or for a number that is no time in any calendar, that number."""
    try:
        return f"{datetime.fromtimestamp(seconds, timezone.utc):%Y-%m-%d %H:%M:%S} UTC"
    except (ValueError, OverflowError, OSError):
        return f"{seconds} (after the year 9999, if these are seconds)"


def summary(properties: list[Property]) -> str:
    """Properties on one line."""
    texts = (
        f"{each.name}: {each.value.text or ', '.join(each.value.parts)}" for each in properties
    )
    return " · ".join(" ".join(text.split())[:80] for text in texts)[:200]
