"""Texts put together from columns: `"{street}, {address.city}"`."""

from __future__ import annotations

from string import Formatter
from typing import TYPE_CHECKING, NamedTuple

from target_clevertap.mapping.columns import ABSENT
from target_clevertap.mapping.values import as_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from target_clevertap.mapping.columns import Getter, Record


class BadTemplate(Exception):
    """A template that cannot be read; its text says what would be right."""


class Piece(NamedTuple):
    """Text, and the column that follows it, if one does."""

    literal: str
    column: str | None


def pieces(template: str) -> list[Piece]:
    """The parts of a template in `str.format`'s syntax, of which only names are allowed.

    Raises:
        BadTemplate: for unbalanced braces, conversions, format specifications, no column at all.
    """
    try:
        parsed = list(Formatter().parse(template))
    except ValueError:
        raise BadTemplate(
            "has a brace without its other half; {{ and }} stand for braces"
        ) from None
    for _, name, spec, conversion in parsed:
        if spec or conversion:
            raise BadTemplate("takes the names of columns in braces, without ! or :")
        if name == "":
            raise BadTemplate("has braces without the name of a column")
    found = [Piece(literal, name) for literal, name, _, _ in parsed]
    if all(piece.column is None for piece in found):
        raise BadTemplate("names no column; use value for a constant")
    return found


def filled(parts: Sequence[tuple[str, Getter | None]]) -> Getter:
    """Fills the template from a record; a null reads as nothing, nothing but nulls as null."""

    def get(record: Record) -> object:
        texts: list[str] = []
        result: object = ABSENT
        for literal, column in parts:
            texts.append(literal)
            value = ABSENT if column is None else column(record)
            if value is None:
                result = None if result is ABSENT else result
            elif value is not ABSENT:
                texts.append(as_text(value))
                result = texts
        return "".join(texts) if result is texts else result

    return get
