"""Compiles what the mapping says about each property into the steps of the hot loop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from msgspec import UNSET

from target_clevertap.mapping import operators
from target_clevertap.mapping.charged import ITEMS, charged_items
from target_clevertap.mapping.columns import ABSENT, Column, Columns, Getter, UnknownColumn, nowhere
from target_clevertap.mapping.converters import Conversions, Kind
from target_clevertap.mapping.dates import pattern_works
from target_clevertap.mapping.names import (
    PROHIBITED_IN_EVENTS,
    PROHIBITED_IN_PROFILES,
    property_name_fault,
)
from target_clevertap.mapping.own_properties import OwnProperty, own_property
from target_clevertap.mapping.rejections import REASONS, Cut, Fault
from target_clevertap.mapping.shapes import Shape
from target_clevertap.mapping.steps import Step
from target_clevertap.mapping.templates import BadTemplate, filled, pieces
from target_clevertap.settings.parsing import Mistakes, below

if TYPE_CHECKING:
    from target_clevertap.mapping.policies import Policies
    from target_clevertap.mapping.values import Converter
    from target_clevertap.settings import Operator, Source, ValueType

_PROHIBITED = {"profile": PROHIBITED_IN_PROFILES, "event": PROHIBITED_IN_EVENTS}
_TYPES_OF_OPERATORS: dict[Operator, frozenset[ValueType]] = {
    "set": frozenset({"string", "list"}),
    "add": frozenset({"string", "list"}),
    "remove": frozenset({"string", "list"}),
    "increment": frozenset({"integer", "number"}),
    "decrement": frozenset({"integer", "number"}),
}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a property's values come from: a getter, and what is known about their shape."""

    get: Getter
    shape: Shape
    column: str | None = None


@dataclass(frozen=True, slots=True)
class PropertyCompiler:
    """Compiles the properties of one stream; what is wrong goes to `mistakes`, with its path.

    `charged` says that the stream's rows are all the event Charged; `roots` gathers the columns
    that the compiled properties use.
    """

    kind: Kind
    columns: Columns
    policies: Policies
    mistakes: Mistakes
    roots: set[str]

    def name_fault(self, name: str) -> str | None:
        """Why CleverTap would refuse a property of this name, or None."""
        return property_name_fault(name, _PROHIBITED[self.kind])

    def find(self, path: str, where: str) -> Column | None:
        """The column that a setting names; a mistake at `where` when the SCHEMA lacks it."""
        try:
            column = self.columns.find(path)
        except UnknownColumn as unknown:
            self.mistakes.add(where, str(unknown))
            return None
        self.roots.add(column.root)
        return column

    def step(self, name: str, source: Source, path: str, *, charged: bool = False) -> Step | None:
        """The step of one property, or None when something about it is wrong.

        `charged` says that it belongs to the event Charged, whose `Items` is a list of objects.
        """
        before = len(self.mistakes.lines)
        if fault := self.name_fault(name):
            self.mistakes.add(path, fault)
        self._check_words(name, source, path, charged=charged)
        origin = self._origin(source, path)
        if origin is None or len(self.mistakes.lines) > before:
            return None
        convert = self._converter(name, source, origin.shape, charged=charged)
        step = self._filled(name, source, origin, convert, path)
        return step if len(self.mistakes.lines) == before else None

    # where values come from

    def _origin(self, source: Source, path: str) -> Origin | None:
        if source.template is not None:
            origin = self._template(source.template, below(path, "template"))
        elif source.column is not None:
            origin = self._column(source.column, below(path, "column"))
        else:
            origin = Origin(nowhere, Shape.of({}))
        if source.country is None:
            return origin
        country = self.find(source.country, below(path, "country"))
        return _beside(origin, country) if origin and country else None

    def _column(self, name: str, path: str) -> Origin | None:
        column = self.find(name, path)
        if column is None:
            return None
        direct = column.root if len(column.keys) == 1 else None
        return Origin(column.getter, column.shape, direct)

    def _template(self, template: str, path: str) -> Origin | None:
        try:
            parsed = pieces(template)
        except BadTemplate as bad:
            self.mistakes.add(path, str(bad))
            return None
        found = [(piece, piece.column and self.find(piece.column, path)) for piece in parsed]
        if any(piece.column and not column for piece, column in found):
            return None
        parts = [(piece.literal, column.getter if column else None) for piece, column in found]
        return Origin(filled(parts), Shape.of({"type": "string"}))

    # what they become

    def _converter(self, name: str, source: Source, shape: Shape, *, charged: bool) -> Converter:
        conversions = Conversions(
            self.kind,
            self.policies.zone,
            self.policies.default_country,
            source.on_long or self.policies.long_values,
        )
        if charged and name == ITEMS:
            return charged_items(conversions.in_items())
        own = own_property(name) if self.kind == "profile" else None
        plain = _own_or_plain(name, own, source, shape, conversions)
        if source.operator is None:
            return plain
        if source.operator == "delete":
            return operators.deletion(plain if own is None and source.type else _as_it_is)
        if source.operator in operators.COUNTING:
            return operators.counter(source.operator)
        return operators.multi_value(
            source.operator, conversions.on_long, reads_json=source.type == "list"
        )

    def _filled(
        self, name: str, source: Source, origin: Origin, convert: Converter, path: str
    ) -> Step:
        """The step with its constants: the value itself, the default, what a null becomes."""
        default: object = ABSENT
        for word, constant in (("value", source.value), ("default", source.default)):
            if constant is not UNSET and not (word == "default" and constant is None):
                default = self._constant(name, constant, convert, below(path, word))
        null = default
        if default is ABSENT and self._deletes_nulls(source):
            null = operators.DELETE
        drop = (source.on_invalid or self.policies.invalid_properties) == "drop"
        get = None if origin.column is not None else origin.get
        return Step(name, origin.column or "", get, convert, default, null, drop)

    def _constant(self, name: str, constant: object, convert: Converter, path: str) -> object:
        code: str | None = None
        try:
            converted = None if constant is None else convert(constant)
        except Fault as fault:
            code = fault.code
        except Cut as cut:
            code = {"list_truncated": "list_too_long"}.get(cut.codes[0], "value_too_long")
        if code is not None:
            self.mistakes.add(path, REASONS[code].format(property=name))
            return ABSENT
        if converted is None:
            self.mistakes.add(path, "must not be empty")
        return converted

    def _deletes_nulls(self, source: Source) -> bool:
        """The setting for all properties stops where a null means that nothing is added."""
        if source.nulls is None and source.operator in {*operators.ACCUMULATING, "delete"}:
            return False
        nulls = source.nulls or self.policies.nulls
        return self.kind == "profile" and nulls == "delete"

    # what may stand together

    def _check_words(self, name: str, source: Source, path: str, *, charged: bool) -> None:
        if source.country is not None and source.column is None and source.template is None:
            self.mistakes.add(below(path, "country"), "needs a number from the same row")
        if source.format is not None and not pattern_works(source.format):
            self.mistakes.add(below(path, "format"), "must be a pattern of strptime, like %d.%m.%Y")
        if self.kind == "event":
            self._check_event(name, source, path, charged=charged)
        elif own := own_property(name):
            self._check_own(name, own, source, path)
        elif source.operator is not None:
            self._check_operator(source.operator, source, path)

    def _check_event(self, name: str, source: Source, path: str, *, charged: bool) -> None:
        if source.operator is not None:
            self.mistakes.add(below(path, "operator"), "only profiles have operators")
        if source.nulls == "delete":
            self.mistakes.add(below(path, "nulls"), "must be omit: nothing is deleted from events")
        if source.type == "list":
            self.mistakes.add(below(path, "type"), "must not be list: events have no lists")
        elif charged and name == ITEMS and source.type not in {None, "json"}:
            self.mistakes.add(below(path, "type"), "must be left out: Items is a list of objects")

    def _check_own(self, name: str, own: OwnProperty, source: Source, path: str) -> None:
        if source.type is not None and source.type not in own.types:
            allowed = " or ".join(sorted(own.types))
            self.mistakes.add(below(path, "type"), f"must be {allowed}, or left out, for {name}")
        if source.country is not None and "phone" not in own.types:
            self.mistakes.add(below(path, "country"), "belongs to telephone numbers only")
        for word in ("format", "unit"):
            if getattr(source, word) is not None and "date" not in own.types:
                self.mistakes.add(below(path, word), "belongs to dates only")
        if source.operator not in {None, "delete"}:
            self.mistakes.add(below(path, "operator"), f"must be delete, or left out, for {name}")

    def _check_operator(self, operator: Operator, source: Source, path: str) -> None:
        allowed = _TYPES_OF_OPERATORS.get(operator)
        named = _type_of(source)
        if allowed is not None and named is not None and named not in allowed:
            words = " or ".join(sorted(allowed))
            self.mistakes.add(
                below(path, "type"), f"must be {words}, or left out, with operator {operator}"
            )
        if operator == "delete" and source.nulls == "delete":
            self.mistakes.add(below(path, "nulls"), "must be omit with operator delete")


def _beside(origin: Origin, country: Column) -> Origin:
    """A telephone number with the country in another column of its row."""
    from target_clevertap.mapping.phones import with_country  # noqa: PLC0415 - see converters

    return Origin(with_country(origin.get, country.getter), origin.shape)


def _own_or_plain(
    name: str, own: OwnProperty | None, source: Source, shape: Shape, conversions: Conversions
) -> Converter:
    if own is not None and own.convert is not None:
        return own.convert
    kind: ValueType | None = _type_of(source)
    if own is not None:
        kind = "phone" if name == "Phone" else "date"
    if kind is None:
        return conversions.inferred(shape)
    return conversions.typed(kind, source.format, source.unit)


def _type_of(source: Source) -> ValueType | None:
    """The type that the mapping names, or that its other words leave no doubt about."""
    if source.type is not None:
        return source.type
    if source.country is not None:
        return "phone"
    return "date" if source.format is not None or source.unit is not None else None


def _as_it_is(value: object) -> object:
    return value
