"""How the rows of a stream name the customer they are about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from target_clevertap.suggest.standards import EMAIL, find
from target_clevertap.suggest.words import PERSONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from target_clevertap.settings import IdentifierKind
    from target_clevertap.suggest.catalog import Column, Stream

_IDENTITIES: Final = ("identity", "clevertapidentity", "distinctid")
_OBJECT_IDS: Final = ("clevertapid", "clevertapobjectid")
_ENDINGS: Final = ("id", "uuid", "guid", "identity", "externalid", "ref")


@dataclass(frozen=True, slots=True)
class Reference:
    """A column whose values name customers, and by what it is known."""

    column: Column
    why: str
    kind: IdentifierKind = "identity"


def references(stream: Stream) -> list[Reference]:
    """The columns that name a customer, the surest first; the sole key of the stream is none."""
    key = stream.sole_key
    return [found for found in _references(stream) if found.column != key]


def by_address(stream: Stream) -> Reference | None:
    """The e-mail address, for streams in which nothing else names the customer."""
    persons = (column for column in stream.columns if column.folded in PERSONS)
    inside = [place for person in persons for place in stream.inside(person)]
    column = find(EMAIL, stream.columns) or find(EMAIL, inside)
    if column is None or not identifies(column):
        return None
    why = "nothing but the address names the customer: profiles and events must agree on it"
    return Reference(column, why)


def identifies(column: Column) -> bool:
    """Whether the values of a column can be identifiers: text that is no date, or integers."""
    return column.may_be("string", "integer") and not column.is_dated and column.name != ""


def _references(stream: Stream) -> Iterator[Reference]:
    usable = [column for column in stream.columns if identifies(column)]
    for column in usable:
        if column.folded in _IDENTITIES:
            yield Reference(column, "by its name")
    for column in usable:
        if column.folded in _OBJECT_IDS:
            yield Reference(column, "by its name: CleverTap's own id", "objectId")
    for person in PERSONS:
        names = {person + ending for ending in _ENDINGS}
        yield from (
            Reference(column, f"names a {person}") for column in usable if column.folded in names
        )
        yield from _of_person(stream, person)


def _of_person(stream: Stream, person: str) -> Iterator[Reference]:
    """A column with the very name of a person: the id itself, or an object with the id in it."""
    for column in stream.columns:
        if column.folded != person:
            continue
        if column.shape.types and column.shape.types <= {"string", "integer"}:
            if identifies(column):
                yield Reference(column, f"names a {person}")
        else:
            yield from (
                Reference(place, f"the id of the {person}")
                for place in stream.inside(column)
                if place.folded == "id" and identifies(place)
            )
