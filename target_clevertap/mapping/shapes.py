"""What a SCHEMA says about a value: its possible types, its formats, its own properties."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

JsonSchema = Mapping[str, Any]

_UNIONS = ("anyOf", "oneOf", "allOf")
_NOTHING: JsonSchema = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Shape:
    """The union of everything a (part of a) SCHEMA allows; null is allowed everywhere.

    `types` holds JSON Schema's words, without null; empty means that anything goes. `formats`
    are those of its text, with None for text without one. `properties` are the known ones of its
    objects; `is_open` says that an object may hold others too.
    """

    types: frozenset[str]
    formats: frozenset[str | None]
    properties: JsonSchema
    is_open: bool

    @classmethod
    def of(cls, schema: object) -> Shape:
        """The shape of a schema; of anything that is not one, the shape of anything."""
        parts = list(_parts(schema))
        types = [_types(part) for part in parts]
        known = frozenset() if frozenset() in types else frozenset[str]().union(*types)
        texts = [part for part, names in zip(parts, types, strict=True) if "string" in names]
        objects = [part for part in parts if isinstance(part.get("properties"), Mapping)]
        return cls(
            types=known - {"null"},
            formats=frozenset(part.get("format") for part in texts),
            properties={name: s for part in objects for name, s in part["properties"].items()},
            is_open=not objects or any(part.get("additionalProperties") for part in objects),
        )

    @property
    def may_be_object(self) -> bool:
        """Whether a dotted path may go on below a value of this shape."""
        return not self.types or "object" in self.types


def _parts(schema: object) -> Iterator[JsonSchema]:
    """The schema without unions: itself, or each of its alternatives, however deep.

    What stands beside `anyOf` or `oneOf` holds for every alternative; `allOf` adds to it.
    """
    if not isinstance(schema, Mapping):
        yield _NOTHING
        return
    base = {word: rule for word, rule in schema.items() if word not in _UNIONS}
    for part in _objects(schema.get("allOf")):
        base = {**part, **base}
    options = [*_objects(schema.get("anyOf")), *_objects(schema.get("oneOf"))]
    if not options:
        yield base
    for option in options:
        yield from _parts({**base, **option})


def _objects(schemas: object) -> list[JsonSchema]:
    """The members of a union; one that is no object (`true`) allows anything."""
    members = schemas if isinstance(schemas, list | tuple) else ()
    return [part if isinstance(part, Mapping) else _NOTHING for part in members]


def _types(schema: JsonSchema) -> frozenset[str]:
    """The types that one schema names; none named but properties listed means an object."""
    named = schema.get("type")
    if isinstance(named, str):
        return frozenset((named,))
    if isinstance(named, list | tuple):
        return frozenset(map(str, named))
    return frozenset(("object",)) if "properties" in schema else frozenset()
