"""Names of streams and columns as words, whatever style they are written in."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_HUMPS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_IRREGULAR: Final = {"people": "person", "men": "man", "women": "woman", "news": "news"}

PERSONS: Final = (
    *("customer", "user", "contact", "member", "client", "subscriber", "buyer", "visitor"),
    *("person", "shopper", "guest", "patient", "student", "player", "actor", "author"),
)
"""What customers are called, the surest words first."""


@lru_cache(maxsize=4096)
def folded(name: str) -> str:
    """The letters and digits of a name in small letters: `mobileNumber` is `mobile_number`."""
    return "".join(filter(str.isalnum, name)).lower()


def words(name: str) -> tuple[str, ...]:
    """The words of a name in small letters: `pageViews` and `page_views` are two words."""
    apart = _HUMPS.sub(" ", name)
    spaced = "".join(char if char.isalnum() else " " for char in apart)
    return tuple(spaced.lower().split())


def singular(word: str) -> str:
    """One of what an English plural names; any other word as it is."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word.endswith("ies") and len(word) > len("ties"):
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > len("gas"):
        return word[:-1]
    return word
