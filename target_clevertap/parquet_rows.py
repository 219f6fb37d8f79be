"""Rows of Parquet files as JSON, a few in memory at a time.

What Parquet knows and JSON does not is written as a tap would write it: dates and times as ISO
8601, instants in UTC; decimals as numbers with all their digits; maps as objects; bytes as base64.
"""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Convert = Callable[[Any], Any]

ROWS_AT_ONCE: Final = 1000
COLUMN_BYTES: Final = 1 << 20
"""Read at once of a column, so that a row group of any size takes no more memory than this."""

_encode = msgspec.json.Encoder(decimal_format="number").encode
_FRACTION_DIGITS: Final = {"s": 0, "ms": 3, "us": 6, "ns": 9}


def parquet_rows(file: BinaryIO) -> Iterator[bytes]:
    """The rows of a file, each as a JSON object.

    Raises:
        ImportError: when pyarrow is not installed.
        ValueError, OSError, NotImplementedError: pyarrow's, when the file is not as it should be.
    """
    import pyarrow.parquet  # noqa: PLC0415 - an extra, and slow to import

    parquet = pyarrow.parquet.ParquetFile(file, buffer_size=COLUMN_BYTES, pre_buffer=False)
    written = pyarrow.struct(list(parquet.schema_arrow))
    without_zones, readable = _each(written, _without_zone), _each(written, _as_text)
    convert = _converter(written)
    for batch in parquet.iter_batches(ROWS_AT_ONCE, use_threads=False):
        rows = batch.to_struct_array().cast(without_zones, safe=False).cast(readable, safe=False)
        for row in rows.to_pylist():
            yield _encode(convert(row) if convert else row)


def _each(kind: Any, leaf: Convert) -> Any:  # noqa: ANN401 - pyarrow's types are told by functions
    """A type with `leaf` applied to what it is made of; dictionaries become what they stand for."""
    import pyarrow as pa  # noqa: PLC0415 - an extra

    if pa.types.is_dictionary(kind):
        return _each(kind.value_type, leaf)
    if pa.types.is_struct(kind):
        return pa.struct([field.with_type(_each(field.type, leaf)) for field in kind])
    if pa.types.is_map(kind):
        return pa.map_(kind.key_type, kind.item_field.with_type(_each(kind.item_type, leaf)))
    if _is_list(kind):
        field = kind.value_field.with_type(_each(kind.value_type, leaf))
        return pa.large_list(field) if pa.types.is_large_list(kind) else pa.list_(field)
    return leaf(kind)


def _without_zone(kind: Any) -> Any:  # noqa: ANN401 - as above
    """An instant as its time in UTC: pyarrow needs no database of time zones for that."""
    import pyarrow as pa  # noqa: PLC0415 - an extra

    return pa.timestamp(kind.unit) if pa.types.is_timestamp(kind) else kind


def _as_text(kind: Any) -> Any:  # noqa: ANN401 - as above
    """Times become text in pyarrow: Python's own have neither nanoseconds nor every year."""
    import pyarrow as pa  # noqa: PLC0415 - an extra

    if pa.types.is_duration(kind):
        return pa.duration("us")
    return pa.string() if _is_time(kind) else kind


def _converter(kind: Any) -> Convert | None:  # noqa: ANN401 - as above
    """What makes JSON of the Python value of a type; None when the value is fine as it is."""
    import pyarrow as pa  # noqa: PLC0415 - an extra

    if pa.types.is_dictionary(kind):
        return _converter(kind.value_type)
    if pa.types.is_struct(kind):
        return _members({field.name: _converter(field.type) for field in kind})
    if pa.types.is_map(kind):
        return _entries(_converter(kind.item_type))
    if _is_list(kind):
        return _items(_converter(kind.value_type))
    if pa.types.is_floating(kind):
        return _float
    return _time_converter(kind) if _is_time(kind) else None


def _members(converters: dict[str, Convert | None]) -> Convert | None:
    needed = [(name, convert) for name, convert in converters.items() if convert]

    def convert_members(value: dict[str, Any] | None) -> dict[str, Any] | None:
        if value is not None:
            for name, convert in needed:
                value[name] = convert(value[name])
        return value

    return convert_members if needed else None


def _entries(convert: Convert | None) -> Convert:
    def convert_entries(value: list[tuple[Any, Any]] | None) -> dict[Any, Any] | None:
        if value is None:
            return None
        return {key: convert(item) if convert else item for key, item in value}

    return convert_entries


def _items(convert: Convert | None) -> Convert | None:
    if convert is None:
        return None
    return lambda value: None if value is None else [convert(item) for item in value]


def _time_converter(kind: Any) -> Convert | None:  # noqa: ANN401 - as above
    """ISO 8601 as Python's `isoformat` writes it: a T between, no fraction that is nothing."""
    import pyarrow as pa  # noqa: PLC0415 - an extra

    if pa.types.is_date(kind):
        return None
    nothing = "." + "0" * _FRACTION_DIGITS[kind.unit]
    offset = "+00:00" if pa.types.is_timestamp(kind) and kind.tz else ""

    def convert_time(value: str | None) -> str | None:
        if value is None:
            return None
        return value.replace(" ", "T", 1).removesuffix(nothing) + offset

    return convert_time


def _float(value: float | None) -> object:
    """The number, or its name as Python writes it into JSON: encoded it would be a null."""
    if value is None or isfinite(value):
        return value
    names = {"nan": b"NaN", "inf": b"Infinity", "-inf": b"-Infinity"}
    return msgspec.Raw(names[repr(float(value))])


def _is_list(kind: Any) -> bool:  # noqa: ANN401 - as above
    from pyarrow import types  # noqa: PLC0415 - an extra

    return any(
        is_it(kind) for is_it in (types.is_list, types.is_large_list, types.is_fixed_size_list)
    )


def _is_time(kind: Any) -> bool:  # noqa: ANN401 - as above
    from pyarrow import types  # noqa: PLC0415 - an extra

    return any(is_it(kind) for is_it in (types.is_timestamp, types.is_date, types.is_time))
