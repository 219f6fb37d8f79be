"""Which converter a value gets: by the mapping's `type`, else by the SCHEMA, else by itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Final, Literal

from target_clevertap.mapping import values
from target_clevertap.mapping.dates import dates
from target_clevertap.mapping.operators import multi_value
from target_clevertap.mapping.own_properties import email
from target_clevertap.mapping.rejections import Fault

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from target_clevertap.mapping.shapes import Shape
    from target_clevertap.mapping.values import Converter
    from target_clevertap.settings import DateUnit, LongPolicy, ValueType

Kind = Literal["profile", "event"]

_DATES: Final = frozenset({"date", "date-time"})
_DECIMALS: Final = frozenset({"singer.decimal", "x-singer.decimal"})
_NUMBERS: Final = frozenset({"number", "integer"})
_SCALARS: Final = (str, bool, int, float, Decimal, type(None))


@dataclass(frozen=True, slots=True)
class Conversions:
    """Makes the converters of one property, with the policies that hold for it."""

    kind: Kind
    zone: ZoneInfo
    default_country: str | None
    on_long: LongPolicy

    def typed(self, kind: ValueType, pattern: str | None, unit: DateUnit | None) -> Converter:
        """The converter of an explicit `type`."""
        if kind == "date":
            return dates(self.zone, pattern, unit)
        if kind == "phone":
            # The library is large: only those who map telephone numbers wait for it.
            from target_clevertap.mapping.phones import phones  # noqa: PLC0415

            return phones(self.default_country)
        by_type: dict[ValueType, Converter] = {
            "string": values.text(self.on_long),
            "number": values.number,
            "integer": values.integer,
            "boolean": values.boolean,
            "email": email,
            "json": values.json(self.on_long),
            "list": multi_value("set", self.on_long, reads_json=True),
        }
        return by_type[kind]

    def inferred(self, shape: Shape) -> Converter:
        """The converter that fits what the SCHEMA says about a value."""
        if shape.types == {"string"}:
            return self._written(shape)
        if shape.types and shape.types <= _NUMBERS:
            return values.number
        if shape.types == {"boolean"}:
            return values.boolean
        return self._by_value(self._written(shape))

    def _written(self, shape: Shape) -> Converter:
        """For text: dates and decimals by their format; a time of day and the rest stay text."""
        plain = values.text(self.on_long)
        if shape.formats and shape.formats <= _DECIMALS:
            return values.number
        if not shape.formats & _DATES:
            return plain
        as_date = dates(self.zone, None, None)
        return as_date if shape.formats <= _DATES else _date_or(plain, as_date)

    def _by_value(self, written: Converter) -> Converter:
        """For a SCHEMA with several types or none: each value is taken for what it is."""
        plain, as_date = values.text(self.on_long), dates(self.zone, None, None)
        many = _many(multi_value("set", self.on_long), plain) if self.kind == "profile" else plain

        def convert(value: object) -> object:
            kind = type(value)
            if kind is str:
                return written(value)
            if kind is bool:
                return value
            if kind is int or kind is float or kind is Decimal:
                return values.number(value)
            if kind is list:
                return many(value)
            return as_date(value) if isinstance(value, date) else plain(value)

        return convert

    def in_items(self) -> Converter:
        """For the values inside `Items` of Charged: scalars stay, the rest is JSON text."""
        return self._by_value(values.text(self.on_long))


def _date_or(plain: Converter, as_date: Converter) -> Converter:
    """For the union of dates and text that some taps declare since not every text is a date."""

    def convert(value: object) -> object:
        try:
            return as_date(value)
        except Fault:
            return plain(value)

    return convert


def _many(several: Converter, plain: Converter) -> Converter:
    """A list of scalars as a multi-value; one that holds lists or objects as JSON text."""

    def convert(value: object) -> object:
        flat = isinstance(value, list) and all(isinstance(item, _SCALARS) for item in value)
        return several(value) if flat else plain(value)

    return convert
