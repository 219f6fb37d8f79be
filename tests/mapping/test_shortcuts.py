"""The short way of a row makes the very item of the long way, or none at all."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_clevertap.errors import SettingsError
from target_clevertap.mapping import (
    EventRules,
    Item,
    Policies,
    ProfileRules,
    Rejection,
    SchemaCheck,
    compile_mapping,
    compile_shortcut,
)
from target_clevertap.reader import decode
from target_clevertap.settings import Settings

KINDS: dict[str, Any] = {
    "text": {"type": ["string", "null"]},
    "short": {"type": ["string", "null"], "maxLength": 5},
    "day": {"type": ["string", "null"], "format": "date"},
    "moment": {"type": ["string", "null"], "format": "date-time"},
    "whole": {"type": ["integer", "null"]},
    "number": {"type": ["number", "null"]},
    "either": {"type": ["integer", "number"]},
    "flag": {"type": ["boolean", "null"]},
    "tags": {"type": ["array", "null"], "items": {"type": ["string"]}},
    "prices": {"type": ["array", "null"], "items": {"type": ["number"]}},
    "object": {"type": ["object", "null"]},
    "any": {"type": ["string", "number", "integer", "array", "object", "boolean", "null"]},
}
SCHEMA = {
    "type": "object",
    "properties": {"id": {"type": ["string", "integer"]} | {"type": "string"}, **KINDS},
    "required": ["id"],
}
PROPERTIES = {f"P {column}": column for column in KINDS if column != "prices"}
SETTINGS = {"account_id": "A", "passcode": "P"}

moments = st.sampled_from(
    [
        "2024-03-01T10:00:56.9999999Z", "2024-03-01 10:00:56+02:00", "2024-03-01", "20240301",
        "1969-12-31T23:59:59.5-03:00", "0001-01-01T00:00:00+05:00", "soon", "", "1709287256",
    ]
)  # fmt: skip
scalars = (
    st.none() | st.booleans() | st.integers() | st.text() | moments
    | st.floats(allow_nan=False, allow_infinity=False) | st.just("x" * 600)
)  # fmt: skip
values = st.recursive(
    scalars, lambda v: st.lists(v, max_size=3) | st.dictionaries(st.text(), v, max_size=2)
)
decimals = st.floats(allow_nan=False, allow_infinity=False)
texts = st.text(max_size=5)
fitting: dict[str, st.SearchStrategy[Any]] = {
    "text": texts | moments,
    "short": texts,
    "day": st.dates().map(str) | moments,
    "moment": st.datetimes().map(str) | moments,
    "whole": st.integers(),
    "number": st.integers() | decimals,
    "either": st.integers() | decimals,
    "flag": st.booleans(),
    "tags": st.lists(texts, max_size=3),
    "prices": st.lists(decimals, max_size=3),
    "object": st.dictionaries(st.text(), values, max_size=2),
    "any": values,
}


def mostly(fits: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    digits = st.decimals(allow_nan=True, places=2).map(str)  # what a column of numbers must not be
    odd = values | digits
    return st.integers(0, 19).flatmap(lambda n: odd if n == 0 else fits | st.none())


records = st.fixed_dictionaries(
    {"id": st.text(min_size=2, max_size=8) | st.text(max_size=1)},
    optional={column: mostly(fits) for column, fits in fitting.items()}
    | {"_sdc_deleted_at": st.none(), "unknown": values},
)


def rules(timezone: str = "UTC", **mapping: Any) -> ProfileRules | EventRules:  # noqa: ANN401 - a mapping
    kinds = {"type": "profile", "identifier": {"identity": "id"}, "properties": PROPERTIES}
    streams = {"s": kinds | mapping}
    settings = Settings.parse(SETTINGS | {"timezone": timezone, "streams": streams})
    _, found = settings.mapping_for("s")
    compiled = compile_mapping(
        found, SCHEMA, Policies.of(settings), path="s", key_properties=["id"]
    )
    assert isinstance(compiled, ProfileRules | EventRules)
    return compiled


MAPPINGS: dict[str, dict[str, Any]] = {
    "profile": {},
    "time": {"timestamp": "moment"},
    "null": {"properties": {p: {"column": c, "nulls": "delete"} for p, c in PROPERTIES.items()}},
    "default": {"properties": {"P": {"column": "text", "default": "-"}, "Q": {"value": 1.5}}},
    "own": {"properties": {"Email": "text", "Phone": "short", "DOB": "day", "MSG-x": "flag"}},
    "own words": {
        "properties": {"Gender": "text", "Education": "text", "Married": "flag", "Age": "whole"}
    },
    "typed": {"properties": {"T": {"column": "any", "type": "string"}, "U": "any", "V": "any"}},
    "drop": {"properties": {"N": {"column": "any", "type": "number", "on_invalid": "drop"}}},
    "event": {"type": "event", "event_name": "Bought", "timestamp": "moment"},
    "zone": {"timezone": "America/St_Johns", "properties": {"D": "day", "M": "moment"}},
    "named": {"type": "event", "event_name_column": "text"},
    "charged": {"type": "event", "event_name": "Charged", "properties": {"Items": "any"}},
}


@pytest.mark.parametrize("mapping", MAPPINGS)
@given(record=records)
def test_the_short_way_gives_the_item_of_the_long_way(mapping: str, record: dict[str, Any]) -> None:
    long_way = rules(**MAPPINGS[mapping])
    short_way = compile_shortcut(long_way, SCHEMA, ["id"])
    assert short_way is not None
    line = json.dumps({"type": "RECORD", "stream": "s", "record": record}).encode()
    short = short_way(line)
    if short is None:
        return
    decoded = decode(line)["record"]
    SchemaCheck("s", SCHEMA).refuse_misfit(decoded)
    long = long_way.item(decoded)
    assert same(short, long)
    assert record.get("_sdc_deleted_at") is None


def same(short: Item, long: Item) -> bool:
    """Whether two items are one; only the sign of a zero may be written differently."""
    bodies = msgspec.json.decode(short.body) == msgspec.json.decode(long.body)
    blank = {"body": b""}
    return bodies and msgspec.structs.replace(short, **blank) == msgspec.structs.replace(
        long, **blank
    )


def test_a_clean_row_takes_the_short_way() -> None:
    short_way = compile_shortcut(rules(), SCHEMA, ["id"])
    assert short_way is not None
    record = {
        "id": "7", "text": "ü 🎉", "short": "abcde", "day": "1990-02-28", "whole": 2**70,
        "moment": "2024-03-01T10:00:56.789000+00:00", "number": 1.25, "either": 3, "flag": True,
        "tags": ["a", "b"], "object": {"k": 1}, "any": [1, "x"],
    }  # fmt: skip
    line = json.dumps({"type": "RECORD", "stream": "s", "record": record, "version": 3}).encode()
    item = short_way(line)
    assert item is not None
    assert item.body == rules().item(record).body
    assert b'"P moment":"$D_1709287256"' in item.body


@pytest.mark.parametrize(
    "record",
    [
        {"id": None},
        {"text": "no id"},
        {"id": "n/a"},
        {"id": "1", "text": 5},
        {"id": "1", "short": "abcdef"},
        {"id": "1", "text": "x" * 513},
        {"id": "1", "moment": "soon"},
        {"id": "1", "whole": 1.5},
        {"id": "1", "number": "12.5"},
        {"id": "1", "number": "NaN"},
        {"id": "1", "either": None},
        {"id": "1", "tags": ["a", None]},
        {"id": "1", "_sdc_deleted_at": "2026-01-01"},
    ],
)
def test_whatever_is_out_of_the_ordinary_takes_the_long_way(record: dict[str, Any]) -> None:
    short_way = compile_shortcut(rules(), SCHEMA, ["id"])
    assert short_way is not None
    line = json.dumps({"type": "RECORD", "stream": "s", "record": record}).encode()
    assert short_way(line) is None


def test_a_line_that_is_not_json_takes_the_long_way() -> None:
    short_way = compile_shortcut(rules(), SCHEMA, ["id"])
    assert short_way is not None
    for line in (b'{"type":"RECORD","stream":"s","record":{"id":"1"', b'{"record":{"id":NaN}}'):
        assert short_way(line) is None


@pytest.mark.parametrize(
    "schema",
    [
        {**SCHEMA, "additionalProperties": False},
        {**SCHEMA, "minProperties": 2},
        {"type": "object", "properties": {"id": {"type": "string", "pattern": "^a"}}},
        {"type": "object", "properties": {"id": {"type": "string", "enum": ["a"]}}},
        {"type": "object", "properties": {"id": {"anyOf": [{"type": "string"}]}}},
        {"type": "object", "properties": {"id": {"type": "string"}, "n": {"minimum": 3}}},
    ],
)
def test_a_schema_that_says_more_than_types_has_no_short_way(schema: dict[str, Any]) -> None:
    settings = Settings.parse(
        SETTINGS | {"streams": {"s": {"type": "profile", "identifier": {"identity": "id"}}}}
    )
    compiled = compile_mapping(
        settings.streams["s"], schema, Policies.of(settings), path="s", key_properties=[]
    )
    assert isinstance(compiled, ProfileRules)
    assert compile_shortcut(compiled, schema, []) is None


@pytest.mark.parametrize(
    "mapping",
    [
        {"properties": {"V": {"column": "whole", "operator": "increment"}}},
        {"properties": {"V": {"template": "{text}"}}},
        {"properties": {"V": "object.inner"}},
        {"properties": {"V": "prices"}},
        {"type": "event", "event_name_column": "text", "properties": {"Items": "any"}},
    ],
)
def test_a_mapping_of_more_than_single_columns_has_no_short_way(mapping: dict[str, Any]) -> None:
    assert compile_shortcut(rules(**mapping), SCHEMA, ["id"]) is None


def test_the_long_way_rejects_what_the_short_way_leaves_to_it() -> None:
    with pytest.raises(Rejection):
        rules().item({"id": "n/a"})


@pytest.mark.parametrize(
    ("kind", "name", "value", "sent"),
    [
        ("text", "Email", "asha@example.com", '"asha@example.com"'),
        ("text", "Email", " asha@example.com", '"asha@example.com"'),
        ("text", "Phone", "+919820012345", '"+919820012345"'),
        ("text", "Phone", "+91 98200 12345", '"+919820012345"'),
        ("text", "Gender", "Female", '"F"'),
        ("text", "Gender", "M", '"M"'),
        ("text", "Education", "COLLEGE", '"College"'),
        ("flag", "Married", True, '"Y"'),
        ("whole", "Age", 41, "41"),
        ("day", "DOB", "1969-12-31", '"$D_-86400"'),
        ("moment", "Seen", "1969-12-31T23:59:59.5", '"$D_-1"'),
        ("moment", "Seen", "2024-03-01T10:00:56+02:00", '"$D_1709280056"'),
        ("moment", "Seen", "2024-03-01", '"$D_1709251200"'),
    ],
)
def test_usual_values_of_each_form_take_the_short_way(
    kind: str, name: str, value: object, sent: str
) -> None:
    long_way = rules(properties={name: kind})
    short_way = compile_shortcut(long_way, SCHEMA, ["id"])
    assert short_way is not None
    record = {"id": "customer-17", kind: value}
    item = short_way(json.dumps({"record": record}).encode())
    assert item is not None
    assert item == long_way.item(record)
    assert f'"{name}":{sent}'.encode() in item.body


def test_times_without_an_offset_are_in_the_zone_of_the_settings() -> None:
    long_way = rules(properties={"Seen": "moment"}, timezone="Asia/Kolkata")
    short_way = compile_shortcut(long_way, SCHEMA, ["id"])
    assert short_way is not None
    for text, sent in (
        ("2024-03-01T10:00:56", "1709267456"),
        ("2024-03-01T10:00:56Z", "1709287256"),
    ):
        item = short_way(json.dumps({"record": {"id": "7", "moment": text}}).encode())
        assert item is not None
        assert f"$D_{sent}".encode() in item.body


@pytest.mark.parametrize("identifier", ["identity", "objectId"])
@given(value=st.text(max_size=12) | st.sampled_from(["customer.0001", "undefined  ", "a" * 65]))
def test_an_identifier_is_read_alike_on_both_ways(identifier: str, value: str) -> None:
    long_way = rules(identifier={identifier: "id"})
    short_way = compile_shortcut(long_way, SCHEMA, ["id"])
    assert short_way is not None
    short = short_way(json.dumps({"record": {"id": value}}).encode())
    assert short is None or short == long_way.item({"id": value})


@pytest.mark.parametrize("written", ["1.50", "-0.10", "12345678901234567890.123456789012345678901"])
def test_every_digit_of_a_number_is_sent_as_the_tap_wrote_it(written: str) -> None:
    for properties in ({"N": "number"}, {"N": "number", "O": "object"}):
        long_way = rules(properties=properties)
        short_way = compile_shortcut(long_way, SCHEMA, ["id"])
        assert short_way is not None
        line = b'{"record":{"id":"77","number":%s,"object":{"n":%s}}}' % ((written.encode(),) * 2)
        item = short_way(line)
        assert item is not None
        assert b'"N":%s' % written.encode() in item.body
        assert item == long_way.item(decode(line)["record"])


@pytest.mark.parametrize("written", ["1e5", "0.00000010"])
def test_an_event_whose_key_is_a_number_has_one_key_on_both_ways(written: str) -> None:
    long_way = rules(
        type="event", event_name="Bought", event_key=["number"], properties={"N": "number"}
    )
    short_way = compile_shortcut(long_way, SCHEMA, ["id"])
    assert short_way is not None
    line = b'{"record":{"id":"77","number":%s}}' % written.encode()
    item = short_way(line)
    assert item is not None
    assert item.key == long_way.item(decode(line)["record"]).key != b""


def named(properties: dict[str, str], schema: dict[str, Any]) -> ProfileRules:
    mapping = {"type": "profile", "identifier": {"identity": "id"}, "properties": properties}
    settings = Settings.parse(SETTINGS | {"streams": {"s": mapping}})
    compiled = compile_mapping(
        settings.streams["s"], schema, Policies.of(settings), path="s", key_properties=["id"]
    )
    assert isinstance(compiled, ProfileRules)
    return compiled


columns = st.text(
    st.characters(codec=None, categories=None) | st.sampled_from("\"'\\\n\x7f\x00 .c1_é"),
    max_size=6,
) | st.sampled_from(
    ["", "class", "1st", "__class__", "c1", "record", "fi", "\ufb01", "K", "\u212a", '"', "\\"]
)


@given(names=st.lists(columns, min_size=1, max_size=4, unique=True), value=texts)
def test_a_stream_with_columns_of_any_name_has_a_way(names: list[str], value: str) -> None:
    text = {"type": ["string", "null"]}
    schema = {"properties": {"id": {"type": "string"}, **dict.fromkeys(names, text)}}
    try:
        long_way = named({f"P{at}": name for at, name in enumerate(names)}, schema)
    except SettingsError:  # the name of a property, or a path into an object
        return
    short_way = compile_shortcut(long_way, schema, ["id"])
    if short_way is None:
        return
    record = {**{name: f"{value}{at}" for at, name in enumerate(names)}, "id": "customer-17"}
    item = short_way(json.dumps({"record": record}).encode())
    assert item is None or item == long_way.item(record)


@pytest.mark.parametrize("name", ["", "class", "1st", "__class__", "a b", "\ufb01", "it's", "c1"])
def test_most_names_of_columns_have_the_short_way(name: str) -> None:
    schema = {"properties": {"id": {"type": "string"}, name: {"type": "string"}}}
    assert compile_shortcut(named({"P": name}, schema), schema, ["id"]) is not None


@pytest.mark.parametrize("name", ["a\\b", 'a"b'])
def test_a_name_that_a_struct_cannot_have_has_the_long_way(name: str) -> None:
    schema = {"properties": {"id": {"type": "string"}, name: {"type": "string"}}}
    assert compile_shortcut(named({"P": name}, schema), schema, ["id"]) is None


def test_a_property_that_a_struct_cannot_have_has_the_long_way() -> None:
    schema = {"properties": {"id": {"type": "string"}, "a": {"type": "string"}}}
    assert compile_shortcut(named({"P\x07Q": "a"}, schema), schema, ["id"]) is None
