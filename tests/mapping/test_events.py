"""Names, times and the items of Charged: what is particular to events (and `ts`, to both)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from target_clevertap.mapping import Adjustment
from tests.mapping.streams import (
    ANYTHING,
    DATE_TIME,
    EVENT,
    PROFILE,
    TEXT,
    Json,
    event,
    mistakes,
    profile,
    properties,
    rejection,
    sent,
)

SYSTEM = [
    "App Launched",
    "app launched",
    "AppLaunched",
    "UTM Visited",
    "Web Page Viewed",
    "Identity Set",
    "Segment Membership Change",
    "AB Experiment Rolled Out",
    "Notification Sent",
]
BY_COLUMN = {"event_name_column": "kind", "properties": {}}


@pytest.mark.parametrize("name", ["Product viewed", "Charged", "Käufe 2024", "a" * 120, "App #1"])
def test_an_events_name_is_fixed_or_stands_in_a_column(name: str) -> None:
    fixed = event({"event_name": name, "properties": {}}, {}).item({"id": "1"})
    from_column = event(BY_COLUMN, {"kind": TEXT}).item({"id": "1", "kind": name})
    assert fixed.body == from_column.body
    assert sent(fixed) == {"type": "event", "identity": "1", "evtName": name, "evtData": {}}


@pytest.mark.parametrize(
    ("name", "code"),
    [
        (None, "event_name_missing"),
        (" ", "event_name_missing"),
        (5, "event_name_invalid"),
        ("Buy: now", "event_name_invalid"),
        ("50%", "event_name_invalid"),
        ("a" * 121, "event_name_too_long"),
        ("\ud800", "text_invalid"),
        *[(name, "event_name_reserved") for name in SYSTEM],
    ],
)
def test_a_name_that_clevertap_refuses_rejects_its_row(name: object, code: str) -> None:
    rules = event(BY_COLUMN, {"kind": ANYTHING}, invalid_properties="drop")
    assert rejection(rules, {"id": "1", "kind": name}).code == code


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("", "must not be empty"),
        ("a|b&c", "CleverTap does not take & | in an event's name"),
        ("a" * 121, "must have at most 120 characters"),
        ("App Launched", "is the name of a system event of CleverTap; choose another"),
    ],
)
def test_a_fixed_name_that_clevertap_refuses_is_a_mistake(name: str, line: str) -> None:
    assert mistakes(EVENT | {"event_name": name}, {}) == [f"streams.s.event_name: {line}"]


TIMES: list[tuple[object, object, int]] = [
    ("at", "2024-01-01T00:00:00Z", 1704067200),
    ("at", "2024-01-01", 1704063600),
    ("at", 1704067200, 1704067200),
    ("at", "1704067200", 1704067200),
    ("at", Decimal("1704067200.9"), 1704067200),
    ({"column": "at", "unit": "ms"}, 1704067200999, 1704067200),
    ({"column": "at", "format": "%d.%m.%Y %H:%M"}, "01.01.2024 01:00", 1704067200),
]


@pytest.mark.parametrize(("source", "value", "seconds"), TIMES)
def test_the_time_of_a_row_is_sent_as_epoch_seconds(
    source: object, value: object, seconds: int
) -> None:
    for compile_one in (profile, event):
        mapping: Json = {"timestamp": source, "properties": {}}
        rules = compile_one(mapping, {"at": ANYTHING}, timezone="Europe/Berlin")
        assert sent(rules.item({"id": "1", "at": value}))["ts"] == seconds


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("soon", "timestamp_invalid"),
        (0, "timestamp_invalid"),
        (-5, "timestamp_invalid"),
        ("1969-12-31T00:00:00Z", "timestamp_invalid"),
        ("0001-01-01T00:00:00.000000+00:00", "timestamp_invalid"),
        (True, "timestamp_invalid"),
        (float("nan"), "timestamp_invalid"),
        (10**18, "timestamp_invalid"),
        (1704067200000, "timestamp_milliseconds"),
        ("1704067200000", "timestamp_milliseconds"),
    ],
)
def test_what_is_no_time_rejects_the_row(value: object, code: str) -> None:
    for compile_one in (profile, event):
        rules = compile_one({"timestamp": "at"}, {"at": ANYTHING}, invalid_properties="drop")
        assert rejection(rules, {"id": "1", "at": value}).code == code


@pytest.mark.parametrize("record", [{}, {"at": None}, {"at": " "}])
def test_an_event_needs_its_timestamp_and_a_profile_does_not(record: Json) -> None:
    mapping: Json = {"timestamp": "at", "properties": {}}
    rules = event(mapping, {"at": DATE_TIME})
    assert rejection(rules, {"id": "1", **record}).code == "timestamp_missing"
    item = profile(mapping, {"at": DATE_TIME}).item({"id": "1", **record})
    assert "ts" not in sent(item)


def test_without_a_timestamp_in_the_mapping_there_is_no_ts() -> None:
    assert "ts" not in sent(event({}, {"at": DATE_TIME}).item({"id": "1", "at": "2024-01-01"}))


def test_a_bad_pattern_of_a_timestamp_is_a_mistake() -> None:
    mapping = PROFILE | {"timestamp": {"column": "at", "format": "%Q"}}
    assert mistakes(mapping, {"at": TEXT}) == [
        "streams.s.timestamp.format: must be a pattern of strptime, such as %d.%m.%Y %H:%M"
    ]


CHARGED: Json = {"event_name": "Charged", "properties": {"Items": "lines"}}
ITEMS: list[tuple[object, object]] = [
    ([{"name": "Tea", "price": 1.5, "new": True}], [{"name": "Tea", "price": 1.5, "new": True}]),
    ('[{"name": "Tea"}]', [{"name": "Tea"}]),
    ([{"name": None}, {"tags": ["a"], "box": {"w": 1}}], [{}, {"tags": '["a"]', "box": '{"w":1}'}]),
    ([], []),
    ([{"n": 1}] * 256, [{"n": 1}] * 256),
]


@pytest.mark.parametrize(("value", "expected"), ITEMS)
def test_items_of_charged_are_flat_objects(value: object, expected: object) -> None:
    rules = event(CHARGED, {"lines": ANYTHING})
    assert properties(rules.item({"id": "1", "lines": value})) == {"Items": expected}


def test_numbers_of_items_are_exact() -> None:
    rules = event(CHARGED, {"lines": TEXT})
    body = rules.item({"id": "1", "lines": '[{"p": 12345678901234567890.10}]'}).body
    assert b'"Items":[{"p":12345678901234567890.10}]' in body


@pytest.mark.parametrize("value", [None, "", " ", "null"])
def test_no_items_are_left_out(value: object) -> None:
    assert properties(event(CHARGED, {"lines": ANYTHING}).item({"id": "1", "lines": value})) == {}


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("Tea", "items_invalid"),
        ("5", "items_invalid"),
        ({"name": "Tea"}, "items_invalid"),
        ('{"name": "Tea"}', "items_invalid"),
        (["Tea"], "items_invalid"),
        ([{"name": "Tea"}, None], "items_invalid"),
        ([{"a.b": 1}], "items_invalid"),
        ([{"": 1}], "items_invalid"),
        ([{"n" * 121: 1}], "items_invalid"),
        ([{"p": float("nan")}], "items_invalid"),
        ([{"n": "\ud800"}], "text_invalid"),
        ([{"\ud800": 1}], "items_invalid"),
        ([{"n": 1}] * 257, "items_too_many"),
    ],
)
def test_items_that_clevertap_refuses_reject_the_row(value: object, code: str) -> None:
    why = rejection(event(CHARGED, {"lines": ANYTHING}), {"id": "1", "lines": value})
    assert (why.code, why.property) == (code, "Items")


def test_long_text_in_items_is_cut_or_rejects_the_row() -> None:
    record = {"id": "1", "lines": [{"n": "a" * 513}, {"n": "a" * 513}]}
    item = event(CHARGED, {"lines": ANYTHING}).item(record)
    assert properties(item)["Items"] == [{"n": "a" * 512}] * 2
    assert item.adjusted == (Adjustment("value_truncated", "Items"),)
    rules = event(CHARGED, {"lines": ANYTHING}, long_values="reject")
    assert rejection(rules, record).code == "value_too_long"


@pytest.mark.parametrize("name", ["Charged", "CHARGED", " charged"])
def test_with_names_from_a_column_only_charged_has_items(name: str) -> None:
    mapping: Json = {"event_name_column": "kind", "properties": {"Items": "lines", "N": "n"}}
    rules = event(mapping, {"kind": TEXT, "lines": ANYTHING, "n": TEXT})
    record = {"id": "1", "kind": name, "lines": [{"a": 1}], "n": "x"}
    assert properties(rules.item(record)) == {"Items": [{"a": 1}], "N": "x"}
    assert properties(rules.item(record | {"kind": "Viewed"})) == {"Items": '[{"a":1}]', "N": "x"}


def test_items_elsewhere_are_json_text() -> None:
    rules = event({"properties": {"Items": "lines"}}, {"lines": ANYTHING})
    assert properties(rules.item({"id": "1", "lines": [{"a": 1}]})) == {"Items": '[{"a":1}]'}


@pytest.mark.parametrize("name", [{"event_name": "Viewed"}, {"event_name_column": "kind"}])
def test_items_of_other_events_take_any_type(name: Json) -> None:
    mapping = {**name, "properties": {"Items": {"column": "lines", "type": "integer"}}}
    rules = event(mapping, {"kind": TEXT, "lines": ANYTHING})
    record = {"id": "1", "kind": "Viewed", "lines": "3"}
    assert properties(rules.item(record)) == {"Items": 3}
    if "event_name_column" in name:
        charged = record | {"kind": "Charged", "lines": [{"n": 3}]}
        assert properties(rules.item(charged)) == {"Items": [{"n": 3}]}


def test_items_of_charged_take_no_other_type() -> None:
    mapping = EVENT | {
        "event_name": "Charged",
        "properties": {"Items": {"column": "lines", "type": "string"}},
    }
    assert mistakes(mapping, {"lines": TEXT}) == [
        "streams.s.properties.Items.type: must be left out: Items is a list of objects"
    ]
