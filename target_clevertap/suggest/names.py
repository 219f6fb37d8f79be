"""Names that CleverTap takes, made of those that a tap gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from target_clevertap.mapping.limits import MAX_NAME
from target_clevertap.mapping.names import (
    PROHIBITED_IN_EVENTS,
    PROHIBITED_IN_PROFILES,
    event_name_mistake,
)
from target_clevertap.mapping.own_properties import own_property
from target_clevertap.suggest.words import singular, words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from target_clevertap.mapping.converters import Kind

IDENTIFIERS: Final = ("identity", "objectId", "FBID", "GPID")
"""As a property of a profile each of these would name a second identity of it."""

_UNNAMED: Final = "Unnamed"


class PropertyNames:
    """Gives each column of a stream a property's name that nothing else in the stream has."""

    def __init__(self, kind: Kind, taken: Iterable[str]) -> None:
        self._is_profile = kind == "profile"
        self._prohibited = PROHIBITED_IN_PROFILES if self._is_profile else PROHIBITED_IN_EVENTS
        self._taken = {name.casefold() for name in taken}

    def free(self, column: str) -> str:
        """The column's own name where CleverTap takes it, else the nearest to it that is free.

        Names that differ in case only count as one, and those of CleverTap's own properties as
        taken: they have rules for their values.
        """
        name = _takeable(column, self._prohibited)
        if self._is_profile and name.startswith("MSG-"):
            name = name.replace("-", " ", 1)
        number, free = 1, name
        while not self._is_free(free):
            number += 1
            free = f"{name[: MAX_NAME - len(str(number)) - 1]} {number}"
        self._taken.add(free.casefold())
        return free

    def _is_free(self, name: str) -> bool:
        if name.casefold() in self._taken:
            return False
        return not self._is_profile or (own_property(name) is None and name not in IDENTIFIERS)


def event_name(table: str) -> str:
    """A name for the events of a stream: `page_views` gives `Page view`."""
    *first, last = words(_takeable(table, PROHIBITED_IN_EVENTS)) or (_UNNAMED,)
    name = " ".join((*first, singular(last)))[:MAX_NAME].rstrip()
    name = name[0].upper() + name[1:]
    return name if event_name_mistake(name) is None else f"Imported {name}"[:MAX_NAME].rstrip()


def _takeable(name: str, prohibited: frozenset[str]) -> str:
    """The name with spaces for what CleverTap, or a line, does not take."""
    spaced = "".join(
        char if char.isprintable() and char not in prohibited else " " for char in name
    )
    short = " ".join(spaced.split())[:MAX_NAME].rstrip() if spaced != name else name[:MAX_NAME]
    return (short.strip() and short) or _UNNAMED
