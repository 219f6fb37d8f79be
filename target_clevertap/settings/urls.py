"""URLs as they may be told: in a log, a report or the sentence of an error."""

from __future__ import annotations

import re
from typing import Final

HIDDEN: Final = "***"
"""Stands for all of a URL but its scheme, where it is not clear what of it is a secret."""

_CLEAR: Final = re.compile(
    r"(?P<scheme>[^:/?#]+://)"
    r"(?:[^/?#@]*@(?!.*@))?"
    r"(?P<place>(?:\[[^\]/?#@]*\]|[^:/?#@\[\]]*)(?::\d*)?(?:/[^?#]*)?)"
    r"(?:[?#].*)?",
    re.DOTALL,
)
_ONE_READING: Final = re.compile(r"[^/?#]*://(?:[^/?#@]*@)?[^@]*")


def shown_url(url: str) -> str:
    """A URL without user, password, query and fragment; what is none, such as a path, as it is."""
    if "://" not in url:
        return url
    clear = _CLEAR.fullmatch(url)
    if clear is None:
        return f"{url.partition('://')[0]}://{HIDDEN}"
    return f"{clear['scheme']}{clear['place']}"


def has_one_reading(url: str) -> bool:
    """Whether nothing of a password in it could be taken for the host, or for what follows it."""
    return _ONE_READING.fullmatch(url) is not None
