"""Faults as the command line spells them: `503 calls=3,8-12`, `reset_after rate=0.01`, or JSON."""

from __future__ import annotations

from typing import Any

import msgspec

from target_clevertap.sandbox.faults import AnyFault

MOST_CALLS = 100_000


def parse_fault(text: str, seed: int = 0) -> AnyFault:
    """The fault that `text` orders; ValueError says what is wrong with it.

    The first word is its kind, or a status; each other word is `field=value`. `seed` counts where
    the text names none.
    """
    text = text.strip()
    fields = msgspec.json.decode(text, type=dict[str, Any]) if text[:1] == "{" else _fields(text)
    fault: AnyFault = msgspec.convert({"seed": seed, **fields}, AnyFault, strict=False)
    return fault


def _fields(text: str) -> dict[str, Any]:
    kind, *words = text.split() or [""]
    fields: dict[str, Any] = {"kind": kind}
    if kind.isdecimal():
        fields = {"kind": "status", "status": int(kind)}
    for word in words:
        name, sign, value = word.partition("=")
        if not sign:
            raise ValueError(f"{word} is not written as field=value")
        fields[name] = _numbers(value) if name in {"calls", "positions"} else value
    return fields


def _numbers(text: str) -> list[int]:
    """`3,8-12` as a list."""
    numbers: list[int] = []
    for part in text.split(","):
        first, sign, last = part.partition("-")
        if not first.isdecimal() or (sign and not last.isdecimal()):
            raise ValueError(f"{text} is not written as 3 or 3,8-12")
        span = range(int(first), int(last or first) + 1)
        if len(span) + len(numbers) > MOST_CALLS:
            raise ValueError(f"{text} is more than {MOST_CALLS} numbers")
        numbers += span
    return numbers
