"""Rows of Parquet files as the JSON that a tap would have written for them."""

from __future__ import annotations

import io
import json
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from target_clevertap.parquet_rows import parquet_rows
from target_clevertap.reader import decode

UTC = timezone.utc


def rows_of(table: Any, **options: Any) -> list[bytes]:  # noqa: ANN401 - pyarrow has no types
    file = io.BytesIO()
    pq.write_table(table, file, **options)
    return list(parquet_rows(file))


def value_of(array: Any) -> str:  # noqa: ANN401 - pyarrow has no types
    (row,) = rows_of(pa.table({"x": array}))
    return row.decode().removeprefix('{"x":').removesuffix("}")


@pytest.mark.parametrize(
    ("array", "json_text"),
    [
        (pa.array([9_007_199_254_740_993]), "9007199254740993"),
        (pa.array([2**64 - 1], pa.uint64()), "18446744073709551615"),
        (pa.array([Decimal("1.10")]), "1.10"),
        (pa.array([Decimal(10**37 + 1)]), "1" + "0" * 36 + "1"),
        (pa.array([0.1]), "0.1"),
        (pa.array([float("nan")]), "NaN"),
        (pa.array([float("-inf")]), "-Infinity"),
        (pa.array([True]), "true"),
        (pa.array([None], pa.int64()), "null"),
        (pa.array([None], pa.timestamp("us")), "null"),
        (pa.array(["é"]), '"é"'),
        (pa.array(["a"]).dictionary_encode(), '"a"'),
        (pa.array([b"\xff"]), '"/w=="'),
        (pa.array([date(1815, 12, 10)]), '"1815-12-10"'),
        (pa.array([time(1, 2, 3)]), '"01:02:03"'),
        (pa.array([timedelta(days=1, seconds=2)]), '"P1DT2S"'),
        (pa.array([1], pa.duration("ns")), '"P0D"'),
        (pa.array([datetime(2026, 1, 2, 3, 4, 5)]), '"2026-01-02T03:04:05"'),  # noqa: DTZ001 - without a zone on purpose
        (pa.array([1_500], pa.timestamp("ms", "UTC")), '"1970-01-01T00:00:01.500+00:00"'),
        (pa.array([1], pa.timestamp("ns")), '"1970-01-01T00:00:00.000000001"'),
        (pa.array([0], pa.timestamp("us", "Asia/Kolkata")), '"1970-01-01T00:00:00+00:00"'),
        (pa.array([10**7], pa.date32()), '"29349-01-26"'),
        (pa.array([["a", None]]), '["a",null]'),
        (pa.array([[0]], pa.list_(pa.timestamp("s"))), '["1970-01-01T00:00:00"]'),
        (pa.array([[0.5, float("inf")]], pa.list_(pa.float64(), 2)), "[0.5,Infinity]"),
        (pa.array([[0]], pa.large_list(pa.date32())), '["1970-01-01"]'),
        (pa.array([{"a": {"b": date(2026, 1, 2)}}]), '{"a":{"b":"2026-01-02"}}'),
        (pa.array([None], pa.struct([("a", pa.date32())])), "null"),
        (pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int64())), '{"k":1}'),
        (pa.array([[("k", 0)]], pa.map_(pa.string(), pa.date32())), '{"k":"1970-01-01"}'),
        (pa.array([None], pa.map_(pa.string(), pa.date32())), "null"),
    ],
    ids=str,
)
def test_a_value_is_written_as_a_tap_would_write_it(array: Any, json_text: str) -> None:  # noqa: ANN401 - pyarrow has no types
    assert value_of(array) == json_text


TEXT = st.text(max_size=10)
VALUES = {
    "integer": st.integers(-(2**63), 2**63 - 1),
    "number": st.floats(allow_nan=False, allow_infinity=False),
    "decimal": st.decimals(-(10**20), 10**20, places=4),
    "text": TEXT,
    "boolean": st.booleans(),
    "day": st.dates(),
    "at": st.datetimes(timezones=st.just(UTC)),
    "tags": st.lists(TEXT, max_size=3),
    "address": st.fixed_dictionaries({"city": TEXT}),
}
SCHEMA = pa.schema(
    {
        "integer": pa.int64(),
        "number": pa.float64(),
        "decimal": pa.decimal128(38, 4),
        "text": pa.string(),
        "boolean": pa.bool_(),
        "day": pa.date32(),
        "at": pa.timestamp("us", "UTC"),
        "tags": pa.list_(pa.string()),
        "address": pa.struct({"city": pa.string()}),
    }
)
RECORDS = st.fixed_dictionaries({name: st.none() | values for name, values in VALUES.items()})


@settings(deadline=None)  # the first example imports pyarrow
@given(st.lists(RECORDS, max_size=3))
def test_rows_come_back_as_the_records_that_were_written(records: list[dict[str, Any]]) -> None:
    rows = rows_of(pa.Table.from_pylist(records, SCHEMA))
    assert [decode(row) for row in rows] == [_as_record_line(record) for record in records]


def test_row_groups_follow_each_other_in_order() -> None:
    rows = rows_of(pa.table({"x": list(range(5000))}), row_group_size=1500)
    assert [json.loads(row)["x"] for row in rows] == list(range(5000))


def _as_record_line(record: dict[str, Any]) -> Any:  # noqa: ANN401 - any JSON
    """What is read from a RECORD line with the same values, dates as the SDK writes them."""
    shown = {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in record.items()
    }
    exact = {name: value for name, value in shown.items() if isinstance(value, Decimal)}
    return decode(json.dumps(shown | dict.fromkeys(exact)).encode()) | {
        name: decode(str(value).encode()) for name, value in exact.items()
    }
