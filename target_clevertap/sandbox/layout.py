"""JSON in the layout of CleverTap's answers.

Objects open with `{ `, pairs are `"key" : value` joined by ` , `, and close right after the last
value; arrays likewise. Every answer recorded in March 2018 keeps to this rule to the byte (REC).
"""

from __future__ import annotations

from decimal import Decimal
from json import dumps as _dumps
from typing import TypeAlias

Json: TypeAlias = bool | int | float | Decimal | str | list["Json"] | dict[str, "Json"] | None


def encode(value: Json) -> bytes:
    """`value` as UTF-8 JSON in CleverTap's layout; numbers keep every digit."""
    return _text(value).encode()


def _text(value: Json) -> str:
    if isinstance(value, str):
        return _dumps(value, ensure_ascii=False)
    if isinstance(value, dict):
        pairs = (
            f"{_dumps(key, ensure_ascii=False)} : {_text(item)}" for key, item in value.items()
        )
        return "{ " + " , ".join(pairs) + "}"
    if isinstance(value, list):
        return "[ " + " , ".join(map(_text, value)) + "]"
    return str(value) if isinstance(value, Decimal) else _dumps(value)
