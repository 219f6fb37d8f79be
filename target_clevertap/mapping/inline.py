"""What a converter does with a usual value, as an expression.

Calling a Python function costs more than most converters do inside. So they also say their usual
case as source, which the short way (`shortcuts.py`) writes into the one function of a stream. It
stands beside the converter that it speaks for, and asks that for whatever is not usual.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    ConverterT = TypeVar("ConverterT", bound=Callable[[Any], object])


class Inline(NamedTuple):
    """An expression that gives what a converter gives, for values of one kind.

    `source` is Python with places to fill: `{v}` for the value, `{convert}` for the converter, and
    one for each of `names`. Text has at most 512 characters when it comes here. Whatever is raised
    sends the row the long way.
    """

    source: str
    names: Mapping[str, object]


_INLINES: WeakKeyDictionary[Callable[[Any], object], dict[object, Inline]] = WeakKeyDictionary()


def inlined(*kinds: type, source: str, **names: object) -> Callable[[ConverterT], ConverterT]:
    """Notes the expression that does the same as the decorated converter, for these kinds."""

    def note(convert: ConverterT) -> ConverterT:
        known = _INLINES.setdefault(convert, {})
        known.update(dict.fromkeys(kinds, Inline(source, names)))
        return convert

    return note


def inlined_as(other: Callable[[Any], object]) -> Callable[[ConverterT], ConverterT]:
    """Notes that what another converter does inline, if anything, is what this one does."""

    def note(convert: ConverterT) -> ConverterT:
        if other in _INLINES:
            _INLINES[convert] = _INLINES[other]
        return convert

    return note


def inline_of(convert: Callable[[Any], object], kind: object) -> Inline | None:
    """The expression for a converter and values of a kind, if it has one."""
    return _INLINES.get(convert, {}).get(kind)
