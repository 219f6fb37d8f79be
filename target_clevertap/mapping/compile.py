"""Compiles the mapping of a stream against its SCHEMA, before the first record."""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, TypeVar, overload

from target_clevertap.errors import SettingsError
from target_clevertap.mapping.columns import Columns, Reading, direct, nowhere
from target_clevertap.mapping.dates import pattern_works, timestamps
from target_clevertap.mapping.identifiers import identifiers
from target_clevertap.mapping.names import event_name_mistake, is_charged
from target_clevertap.mapping.operators import ACCUMULATING, COUNTING
from target_clevertap.mapping.properties import PropertyCompiler
from target_clevertap.mapping.rules import (
    EventName,
    EventRules,
    ProfileRules,
    Rules,
    SegmentRules,
    Time,
    name_of,
    time_of,
)
from target_clevertap.mapping.tables import compile_table
from target_clevertap.settings import EventMapping, ProfileMapping, SegmentMapping
from target_clevertap.settings.parsing import Mistakes, below

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from target_clevertap.mapping.converters import Kind
    from target_clevertap.mapping.policies import Policies
    from target_clevertap.mapping.shapes import JsonSchema
    from target_clevertap.settings import IdentifierSource, StreamMapping, TimeSource


@overload
def compile_mapping(
    mapping: ProfileMapping,
    schema: JsonSchema,
    policies: Policies,
    *,
    path: str,
    key_properties: Sequence[str],
) -> ProfileRules: ...
@overload
def compile_mapping(
    mapping: EventMapping,
    schema: JsonSchema,
    policies: Policies,
    *,
    path: str,
    key_properties: Sequence[str],
) -> EventRules: ...
@overload
def compile_mapping(
    mapping: SegmentMapping,
    schema: JsonSchema,
    policies: Policies,
    *,
    path: str,
    key_properties: Sequence[str],
) -> SegmentRules: ...
@overload
def compile_mapping(
    mapping: StreamMapping,
    schema: JsonSchema,
    policies: Policies,
    *,
    path: str,
    key_properties: Sequence[str],
) -> ProfileRules | EventRules | SegmentRules: ...
def compile_mapping(
    mapping: StreamMapping,
    schema: JsonSchema,
    policies: Policies,
    *,
    path: str,
    key_properties: Sequence[str],
) -> Rules:
    """The rules for a stream's records; `path` is where its mapping stands in the settings.

    Raises:
        SettingsError: with one line per mistake, all of them, each beginning with its path.
    """
    stream = _Stream.of(mapping, schema, policies, path)
    # In an order of their own: taps may name the columns of a key in another one each time.
    key = tuple(Reading(name, direct(name), _as_it_is) for name in sorted(key_properties))
    rules: Rules
    if isinstance(mapping, ProfileMapping):
        rules = _profile(mapping, stream, key)
    elif isinstance(mapping, EventMapping):
        rules = _event(mapping, stream, key)
    elif isinstance(mapping, SegmentMapping):
        rules = _segment(mapping, stream, key)
    else:
        raise TypeError(type(mapping))
    if stream.mistakes.lines:
        raise SettingsError(dict.fromkeys(stream.mistakes.lines))
    return rules


T = TypeVar("T")
Key = tuple[Reading[object], ...]

_KEYLESS = (
    "must name the columns that make a row the same event (the stream has no key of its own): "
    "without them no event could be sent once only. Or set ledger_url: off"
)

DOCUMENTED_IN_LISTS = frozenset({"identity", "objectId"})
"""The identifiers that a custom list is documented to hold (P-CL, 2026)."""


@dataclass(frozen=True, slots=True)
class _Stream:
    """The parts of a mapping that are not properties, compiled for one stream."""

    path: str
    policies: Policies
    mistakes: Mistakes
    properties: PropertyCompiler

    @classmethod
    def of(
        cls, mapping: StreamMapping, schema: JsonSchema, policies: Policies, path: str
    ) -> _Stream:
        mistakes = Mistakes()
        kind: Kind = "event" if isinstance(mapping, EventMapping) else "profile"
        compiler = PropertyCompiler(kind, Columns.of(schema), policies, mistakes, set())
        return cls(path, policies, mistakes, compiler)

    def reading(self, column: str, setting: str, of: Callable[[object], T]) -> Reading[T]:
        found = self.properties.find(column, below(self.path, setting))
        return Reading(found.alone, found.getter, of) if found else Reading(None, nowhere, of)

    def identify(self, source: IdentifierSource) -> Reading[str]:
        return self.reading(source.column, f"identifier.{source.kind}", identifiers(source.kind))

    def time(self, source: TimeSource | None, *, required: bool) -> Time | None:
        if source is None:
            return None
        if source.format is not None and not pattern_works(source.format):
            where = below(self.path, "timestamp.format")
            self.mistakes.add(where, "must be a pattern of strptime, such as %d.%m.%Y %H:%M")
        seconds = timestamps(self.policies.zone, source.format, source.unit)
        return self.reading(source.column, "timestamp", time_of(seconds, required=required))

    def event_name(self, mapping: EventMapping) -> EventName:
        if mapping.event_name_column is not None:
            return self.reading(mapping.event_name_column, "event_name_column", name_of)
        name = mapping.event_name or ""
        if mistake := event_name_mistake(name):
            self.mistakes.add(below(self.path, "event_name"), mistake)
        return Reading(None, nowhere, lambda _value: name)


def _profile(mapping: ProfileMapping, stream: _Stream, key: Key) -> ProfileRules:
    identify = stream.identify(mapping.identifier)
    time = stream.time(mapping.timestamp, required=False)
    table = compile_table(mapping, stream.properties, stream.path)
    return ProfileRules(
        identifier_kind=mapping.identifier.kind,
        identify=identify,
        key=key,
        keyed=stream.policies.keyed,
        notices=table.notices,
        deletes=mapping.on_delete == "delete",
        # Not in the order of the mapping, or of the SCHEMA: another one is no change of a profile.
        steps=tuple(sorted(table.steps, key=attrgetter("name"))),
        time=time,
        accumulating=table.using(ACCUMULATING),
        counting=table.using(COUNTING),
    )


def _event(mapping: EventMapping, stream: _Stream, key: Key) -> EventRules:
    identify = stream.identify(mapping.identifier)
    name = stream.event_name(mapping)
    time = stream.time(mapping.timestamp, required=True)
    fixed = mapping.event_name
    charged = fixed is not None and is_charged(fixed)
    table = compile_table(mapping, stream.properties, stream.path, charged=charged)
    # After the table: what makes an event the same is a property of it like any other.
    columns = sorted(mapping.event_key)
    named = tuple(stream.reading(name, "event_key", _as_it_is) for name in columns)
    if stream.policies.keyed and not (named or key):
        stream.mistakes.add(below(stream.path, "event_key"), _KEYLESS)
    return EventRules(
        identifier_kind=mapping.identifier.kind,
        identify=identify,
        key=named or key,
        keyed=stream.policies.keyed,
        notices=table.notices,
        name=name,
        time=time,
        steps=table.steps,
        charged_steps=table.steps if fixed is not None else table.if_charged(),
    )


def _segment(mapping: SegmentMapping, stream: _Stream, key: Key) -> SegmentRules:
    kind = mapping.identifier.kind
    return SegmentRules(
        identifier_kind=kind,
        identify=stream.identify(mapping.identifier),
        key=key,
        notices=() if kind in DOCUMENTED_IN_LISTS else (_undocumented(kind),),
        member_type="g" if kind == "objectId" else "i",
    )


def _undocumented(kind: str) -> str:
    return (
        f"the members are given by {kind}; CleverTap documents lists of identities and CleverTap "
        "IDs only, so look at the mail about the first upload"
    )


def _as_it_is(value: object) -> object:
    return value
