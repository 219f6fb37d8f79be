"""Columns of a stream: which exist, and how their values are taken out of a record."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, Generic, TypeVar

from target_clevertap.mapping.shapes import JsonSchema, Shape

Record = Mapping[str, Any]
Getter = Callable[[Record], object]


class Absence(Enum):
    """The one value that no record can hold: nothing stands there, not even a null."""

    ABSENT = "absent"


ABSENT: Final = Absence.ABSENT

_NAMES_SHOWN = 12


T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Reading(Generic[T_co]):
    """What a record says about one thing, such as whose it is: a value, and what it means.

    `column` is where the value stands, when it is a column of its own.
    """

    column: str | None
    get: Getter
    of: Callable[[object], T_co]

    def __call__(self, record: Record) -> T_co:
        """The meaning of the record's value; may raise Rejection."""
        return self.of(self.get(record))


class UnknownColumn(Exception):
    """A column that the SCHEMA lacks; its text says so and proposes another."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column, or a place inside one.

    `keys` are the steps from the record down to the value; the first is the column itself.
    """

    keys: tuple[str, ...]
    shape: Shape

    @property
    def root(self) -> str:
        """The column of the stream that the value stands in."""
        return self.keys[0]

    @property
    def alone(self) -> str | None:
        """The name of the column, when the value is all of it."""
        return self.root if len(self.keys) == 1 else None

    @property
    def getter(self) -> Getter:
        """Takes the value out of a record: None for a null on the way, ABSENT for a gap."""
        return direct(self.root) if len(self.keys) == 1 else _deep(self.keys)


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a stream, by its SCHEMA."""

    shape: Shape

    @classmethod
    def of(cls, schema: JsonSchema) -> Columns:
        """The columns that a SCHEMA message lists under `properties`."""
        listed = {"type": "object", "properties": schema.get("properties") or {}}
        return cls(Shape.of(listed))

    @property
    def names(self) -> tuple[str, ...]:
        """The columns in the order of the SCHEMA."""
        return tuple(self.shape.properties)

    def find(self, path: str) -> Column:
        """The column of exactly this name, else what the dotted path leads to.

        Raises:
            UnknownColumn: when the SCHEMA lacks it.
        """
        keys = next(_ways(self.shape, path), None)
        if keys is None:
            raise UnknownColumn(self.complaint(path))
        return Column(keys, _shape_at(self.shape, keys))

    def complaint(self, path: str) -> str:
        """What to say about a column that does not exist."""
        known = list(_paths(self.shape))
        if close := difflib.get_close_matches(path, known, n=1):
            return f"the SCHEMA has no column {path}; did you mean {close[0]}?"
        shown = ", ".join(self.names[:_NAMES_SHOWN]) or "none at all"
        more = ", ..." if len(self.names) > _NAMES_SHOWN else ""
        return f"the SCHEMA has no column {path}; it has {shown}{more}"


def _ways(shape: Shape, path: str) -> Iterator[tuple[str, ...]]:
    """The readings of a path, the one with the longest first name before the others."""
    parts = path.split(".")
    for length in range(len(parts), 0, -1):
        head, rest = ".".join(parts[:length]), parts[length:]
        if head not in shape.properties:
            continue
        if not rest:
            yield (head,)
        elif (inner := Shape.of(shape.properties[head])).may_be_object:
            yield from ((head, *way) for way in _ways(inner, ".".join(rest)))
    if shape.is_open and all(parts):
        yield tuple(parts)


def _shape_at(shape: Shape, keys: tuple[str, ...]) -> Shape:
    for key in keys:
        shape = Shape.of(shape.properties.get(key))
    return shape


def _paths(shape: Shape, prefix: str = "") -> Iterator[str]:
    """Every path that the SCHEMA spells out, for proposals."""
    for name, schema in shape.properties.items():
        yield f"{prefix}{name}"
        yield from _paths(Shape.of(schema), f"{prefix}{name}.")


def nowhere(_record: Record) -> object:
    """The getter of what no column holds, such as a constant: never a value."""
    return ABSENT


def direct(column: str) -> Getter:
    """Takes the value of a column by its exact name."""
    return lambda record: record.get(column, ABSENT)


def _deep(keys: tuple[str, ...]) -> Getter:
    first, *rest = keys

    def get(record: Record) -> object:
        value: object = record.get(first, ABSENT)
        for key in rest:
            if value is None:
                return None
            if not isinstance(value, dict):
                return ABSENT
            value = value.get(key, ABSENT)
        return value

    return get
