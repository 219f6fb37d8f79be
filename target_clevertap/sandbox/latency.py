"""How long an answer takes: `200ms`, or `200ms±50ms` drawn evenly by seed."""

from __future__ import annotations

import random
import re
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

_DURATION = r"(\d+(?:\.\d+)?)(ms|s)"
_SPELLING = re.compile(rf"{_DURATION}(?:(?:±|\+-){_DURATION})?")

Seconds = Annotated[float, Meta(ge=0, le=3600)]


class Latency(Struct, frozen=True, forbid_unknown_fields=True):
    """`seconds` plus or minus `jitter`; the same `seed` gives the same series."""

    seconds: Seconds = 0.0
    jitter: Seconds = 0.0
    seed: int = 0


class LatencySource:
    """Draws the delay of one call after another."""

    def __init__(self, latency: Latency) -> None:
        self._latency = latency
        self._random = random.Random(latency.seed)  # noqa: S311 - a simulation, not a secret

    def draw(self) -> float:
        """Seconds to wait before the next call is processed, never negative."""
        latency = self._latency
        spread = self._random.uniform(-latency.jitter, latency.jitter)
        return max(0.0, latency.seconds + spread)


def parse_latency(text: str, seed: int = 0) -> Latency:
    """The latency that `text` spells; ValueError says what is wrong with it."""
    match = _SPELLING.fullmatch(text.replace(" ", ""))
    if match is None:
        raise ValueError("a latency is written as 200ms, 1.5s or 200ms±50ms")
    amount, unit, jitter, jitter_unit = match.groups()
    spread = _seconds(jitter, jitter_unit) if jitter else 0.0
    fields = {"seconds": _seconds(amount, unit), "jitter": spread, "seed": seed}
    return msgspec.convert(fields, Latency)


def _seconds(amount: str, unit: str) -> float:
    return float(amount) / (1000 if unit == "ms" else 1)
