"""What becomes of nulls, defaults, faults and lengths: by the settings or a property's words."""

from __future__ import annotations

from typing import Any

import pytest

from target_clevertap.mapping import Adjustment, Rejection
from tests.mapping.streams import (
    ANYTHING,
    INTEGER,
    NUMBER,
    TEXT,
    TEXTS,
    event,
    of_event,
    of_profile,
    profile,
    properties,
)

DELETE = {"P": {"$delete": 1}}
LONG = "é" * 513


@pytest.mark.parametrize(
    ("setting", "words", "value", "expected"),
    [
        ("omit", {}, None, {}),
        ("delete", {}, None, DELETE),
        ("omit", {"nulls": "delete"}, None, DELETE),
        ("delete", {"nulls": "omit"}, None, {}),
        ("delete", {"default": "-"}, None, {"P": "-"}),
        ("delete", {}, "a", {"P": "a"}),
        ("delete", {"type": "number"}, " ", DELETE),
        ("omit", {"type": "number", "default": "7"}, " ", {"P": 7}),
        ("omit", {"default": None}, None, {}),
        # a null adds nothing, and that is no reason to delete what was gathered
        ("delete", {"operator": "add"}, None, {}),
        ("delete", {"operator": "increment"}, None, {}),
        ("delete", {"operator": "delete"}, None, {}),
        ("omit", {"operator": "add", "nulls": "delete"}, None, DELETE),
        ("delete", {"operator": "set"}, None, DELETE),
    ],
)
def test_a_null_of_a_profile(
    setting: str, words: dict[str, Any], value: object, expected: object
) -> None:
    item = of_profile({"column": "c", **words}, ANYTHING, value, nulls=setting)
    assert properties(item) == expected


def test_a_null_of_an_event_is_never_a_deletion() -> None:
    assert properties(of_event("c", TEXT, None, nulls="delete")) == {}


@pytest.mark.parametrize("nulls", ["omit", "delete"])
def test_a_column_that_the_record_lacks_leaves_the_property_alone(nulls: str) -> None:
    mapping = {"properties": {"P": "c", "Q": {"column": "c", "default": "-"}}}
    rules = profile(mapping, {"c": TEXT}, nulls=nulls)
    assert properties(rules.item({"id": "1"})) == {"Q": "-"}


@pytest.mark.parametrize(
    ("setting", "words", "is_dropped"),
    [("reject", {}, False), ("drop", {}, True), ("reject", {"on_invalid": "drop"}, True),
     ("drop", {"on_invalid": "reject"}, False)],
)  # fmt: skip
def test_a_fault_rejects_the_row_or_drops_the_property(
    setting: str, words: dict[str, Any], *, is_dropped: bool
) -> None:
    mapping = {"properties": {"P": {"column": "c", **words}, "Q": "q"}}
    for compile_one in (profile, event):
        rules = compile_one(mapping, {"c": NUMBER, "q": TEXT}, invalid_properties=setting)
        record = {"id": "1", "c": "many", "q": "x"}
        if is_dropped:
            item = rules.item(record)
            assert properties(item) == {"Q": "x"}
            assert item.adjusted == (Adjustment("number_invalid", "P"),)
        else:
            with pytest.raises(Rejection):
                rules.item(record)


def test_a_dropped_value_is_not_replaced_by_the_default() -> None:
    source = {"column": "c", "type": "number", "default": 0}
    item = of_profile(source, ANYTHING, "many", invalid_properties="drop")
    assert properties(item) == {}


def test_broken_text_rejects_the_row_even_where_faults_are_dropped() -> None:
    for value in ("\ud800", {"a": "\ud800"}):
        with pytest.raises(Rejection) as caught:
            of_profile("c", ANYTHING, value, invalid_properties="drop")
        assert (caught.value.code, caught.value.property) == ("text_invalid", "P")


@pytest.mark.parametrize(
    ("setting", "words", "is_cut"),
    [("truncate", {}, True), ("reject", {}, False), ("truncate", {"on_long": "reject"}, False),
     ("reject", {"on_long": "truncate"}, True)],
)  # fmt: skip
def test_long_text_is_cut_or_rejects_the_row(
    setting: str, words: dict[str, Any], *, is_cut: bool
) -> None:
    source = {"column": "c", **words}
    for of in (of_profile, of_event):
        if is_cut:
            item = of(source, TEXT, LONG, long_values=setting)
            assert properties(item) == {"P": LONG[:512]}
            assert item.adjusted == (Adjustment("value_truncated", "P"),)
        else:
            with pytest.raises(Rejection) as caught:
                of(source, TEXT, LONG, long_values=setting, invalid_properties="drop")
            assert caught.value.code == "value_too_long"


def test_text_of_512_characters_is_not_long() -> None:
    item = of_profile("c", TEXT, LONG[:512], long_values="reject")
    assert (properties(item), item.adjusted) == ({"P": LONG[:512]}, ())


@pytest.mark.parametrize("value", [{"a": LONG}, [[LONG]]])
def test_json_text_is_cut_like_any_other(value: object) -> None:
    item = of_profile("c", ANYTHING, value)
    assert len(properties(item)["P"]) == 512
    assert item.adjusted == (Adjustment("value_truncated", "P"),)


def test_a_list_keeps_its_last_hundred_values() -> None:
    item = of_profile("c", TEXTS, [str(n) for n in range(101)])
    assert properties(item)["P"]["$set"] == [str(n) for n in range(1, 101)]
    assert item.adjusted == (Adjustment("list_truncated", "P"),)


def test_a_hundred_different_values_are_not_too_many() -> None:
    item = of_profile("c", TEXTS, [str(n % 100) for n in range(300)], long_values="reject")
    assert len(properties(item)["P"]["$set"]) == 100


def test_values_of_a_list_are_cut_one_by_one() -> None:
    item = of_profile("c", TEXTS, ["a", LONG, LONG + "x"])
    assert properties(item)["P"]["$set"] == ["a", LONG[:512]]
    assert item.adjusted == (Adjustment("value_truncated", "P"),)


def test_both_cuts_of_a_list_are_counted() -> None:
    item = of_profile("c", TEXTS, [LONG, *map(str, range(100))])
    assert [code for code, _ in item.adjusted] == ["value_truncated", "list_truncated"]


@pytest.mark.parametrize(
    ("value", "code"),
    [([str(n) for n in range(101)], "list_too_long"), (["a", LONG], "value_too_long")],
)
def test_a_long_list_rejects_the_row_where_that_is_asked_for(value: object, code: str) -> None:
    with pytest.raises(Rejection) as caught:
        of_profile("c", TEXTS, value, long_values="reject")
    assert caught.value.code == code


def test_a_number_is_never_too_long() -> None:
    item = of_profile("c", INTEGER, 10**600, long_values="reject")
    assert properties(item) == {"P": 10**600}
